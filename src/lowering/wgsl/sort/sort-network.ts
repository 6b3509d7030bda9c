/**
 * A bitonic network on pairs of a key and a place, in which every comparison puts the smaller in front: so what is past a row's end, the largest
 * of all, need not exist. It is Batcher's (1968), the first step of each merge mirrored.
 */
import type { BufferId } from '../../kernel-ir/index.ts'
import { Bindings } from '../shader/bindings.ts'
import type { KernelContext } from '../shader/kernel-context.ts'
import { block } from '../shader/module-text.ts'
import { inRanges } from '../shader/pieces.ts'
import type { Box } from '../shader/spans.ts'

/** Elements that a workgroup sorts in its memory. */
const local = 1024
const threads = 256

export interface Pairs {
  /** uint32, `rows` x `length`. */
  readonly keys: BufferId
  /** int32, alike. */
  readonly places: BufferId
}

/** Sorts the pairs of each row by key, then place. */
export function sortPairs(context: KernelContext, pairs: Pairs, rows: number, length: number): void {
  if (length < 2) return
  const size = 2 ** Math.ceil(Math.log2(length))
  blocks(context, pairs, rows, length, Math.min(size, local), 'sort')
  for (let merged = 2 * local; merged <= size; merged *= 2) {
    step(context, pairs, rows, length, size, 'mirror', merged / 2)
    for (let half = merged / 4; half >= local; half /= 2) step(context, pairs, rows, length, size, 'straight', half)
    blocks(context, pairs, rows, length, local, 'merge')
  }
}

/** Workgroups sort, or merge, blocks of a power of two in their memory; short rows share one. */
function blocks(context: KernelContext, pairs: Pairs, rows: number, length: number, size: number, what: 'sort' | 'merge'): void {
  const perRow = Math.ceil(length / size)
  // Blocks of one row each, several in a workgroup where they are short.
  const together = Math.max(1, 128 / size)
  const groups = Math.ceil((rows * perRow) / together)
  const element = (block: number): number => Math.min(Math.floor(block / perRow) * length + Math.min((block % perRow) * size, length), rows * length)
  eachRange(context, pairs, groups, ({ first, size: some }, touch) => { touch(element(first * together), element((first + some) * together)) }, (range) => { blocksInRange(context, pairs, rows, length, size, what, { together, ...range }) })
}

/** Shaders on ranges of `count`, each touching some elements of the pairs: `from` up to but not including `to`. */
function eachRange(context: KernelContext, { keys, places }: Pairs, count: number, elements: (range: Box[number], touch: (from: number, to: number) => void) => void, run: (range: Box[number]) => void): void {
  inRanges(context, [keys, places], count, (range, all) => {
    elements(range, (from, to) => {
      all.elements(keys, 'uint32', from, to - 1)
      all.elements(places, 'int32', from, to - 1)
    })
  }, run)
}

interface BlockRange {
  /** Blocks of a workgroup. */
  readonly together: number
  /** Workgroups of the shader, of all that there are. */
  readonly first: number
  readonly size: number
}

function blocksInRange(context: KernelContext, { keys, places }: Pairs, rows: number, length: number, size: number, what: 'sort' | 'merge', range: BlockRange): void {
  const { together } = range
  const perRow = Math.ceil(length / size)
  const width = size * together
  const own = width / 2
  const workers = Math.min(own, threads)
  const last = Math.min(rows * perRow, (range.first + range.size) * together)
  const b = new Bindings(context, [], [keys, places])
  /** A step of the network; of a merge's first, which is mirrored, too. */
  const compareAll = (far: string): string =>
    block(`for (var c = local; c < ${own}i; c += ${workers}i)`, [
      'let first = (c / half) * 2i * half;',
      'let i = first + c % half;',
      `let j = ${far};`,
      'let key = w_key[i];',
      'let place = w_place[i];',
      'let other_key = w_key[j];',
      'let other_place = w_place[j];',
      'if (other_key < key || (other_key == key && other_place < place)) { w_key[i] = other_key; w_place[i] = other_place; w_key[j] = key; w_place[j] = place; }',
    ])
  const each = (lines: readonly string[]): string =>
    block(`for (var e = local; e < ${width}i; e += ${workers}i)`, [
      `let number = ${range.first === 0 ? 'group' : `(group + ${range.first}i)`} * ${together}i + e / ${size}i;`,
      `let at = (number % ${perRow}i) * ${size}i + e % ${size}i;`,
      `let i = (number / ${perRow}i) * ${length}i + at;`,
      `let inside = number < ${last}i && at < ${length}i;`,
      ...lines,
    ])
  const steps = (from: string, far: string): string => block(`for (var half = ${from}; half > 0i; half /= 2i)`, [compareAll(far), 'workgroupBarrier();'])
  const network =
    what === 'merge'
      ? steps(`${size / 2}i`, 'i + half')
      : block(`for (var merged = 2i; merged <= ${size}i; merged *= 2i)`, [steps('merged / 2i', 'select(i + half, first + merged - 1i - c % half, half * 2i == merged)')])
  context.dispatch({
    bindings: b,
    threads: workers,
    groups: range.size,
    declarations: [`var<workgroup> w_key: array<u32, ${width}>;`, `var<workgroup> w_place: array<i32, ${width}>;`],
    body: [
      each(['w_key[e] = 0xffffffffu;', 'w_place[e] = at;', `if (inside) { w_key[e] = ${b.read(keys, 'uint32', 'i')}; w_place[e] = ${b.read(places, 'int32', 'i')}; }`]),
      'workgroupBarrier();',
      network,
      each([`if (inside) { ${b.write(keys, 'uint32', 'i', 'w_key[e]')} ${b.write(places, 'int32', 'i', 'w_place[e]')} }`]),
    ],
  })
}

/** One step of comparisons over distances that no workgroup's memory holds. */
function step(context: KernelContext, pairs: Pairs, rows: number, length: number, size: number, what: 'mirror' | 'straight', half: number): void {
  const comparisons = size / 2
  const touch = (row: number, from: number, to: number, put: (from: number, to: number) => void): void => {
    if (from < length) put(row * length + from, row * length + Math.min(to, length))
  }
  eachRange(context, pairs, rows * comparisons, ({ first, size: count }, put) => {
    const [row, last] = [Math.floor(first / comparisons), Math.floor((first + count - 1) / comparisons)]
    if (row !== last) return put(row * length, (last + 1) * length)
    const [from, to] = [first % comparisons, (first + count - 1) % comparisons]
    const [segment, other] = [Math.floor(from / half), Math.floor(to / half)]
    if (segment !== other) return touch(row, 2 * half * segment, 2 * half * (other + 1), put)
    // Elements side by side, and those that they are compared with.
    const [near, far] = [2 * half * segment, 2 * half * segment + half]
    touch(row, near + (from % half), near + (to % half) + 1, put)
    if (what === 'straight') touch(row, far + (from % half), far + (to % half) + 1, put)
    else touch(row, far + half - 1 - (to % half), far + half - (from % half), put)
  }, (range) => { stepInRange(context, pairs, length, comparisons, what, half, range) })
}

function stepInRange(context: KernelContext, { keys, places }: Pairs, length: number, comparisons: number, what: 'mirror' | 'straight', half: number, range: Box[number]): void {
  const b = new Bindings(context, [], [keys, places])
  const far = what === 'mirror' ? 'first + 2i * half - 1i - c % half' : 'first + half + c % half'
  const power = b.parameter('power', Math.log2(half))
  context.dispatch({
    bindings: b,
    threads,
    groups: Math.ceil(range.size / threads),
    declarations: [],
    body: [
      `let half = 1i << u32(${power});`,
      `let number = group * ${threads}i + local${range.first === 0 ? '' : ` + ${range.first}i`};`,
      `let c = number % ${comparisons}i;`,
      'let first = (c / half) * 2i * half;',
      `let far = ${far};`,
      `if (number >= ${range.first + range.size}i || far >= ${length}i) { return; }`,
      `let row = (number / ${comparisons}i) * ${length}i;`,
      'let i = row + first + c % half;',
      'let j = row + far;',
      `let key = ${b.read(keys, 'uint32', 'i')};`,
      `let place = ${b.read(places, 'int32', 'i')};`,
      `let other_key = ${b.read(keys, 'uint32', 'j')};`,
      `let other_place = ${b.read(places, 'int32', 'j')};`,
      block('if (other_key < key || (other_key == key && other_place < place))', [
        b.write(keys, 'uint32', 'i', 'other_key'),
        b.write(places, 'int32', 'i', 'other_place'),
        b.write(keys, 'uint32', 'j', 'key'),
        b.write(places, 'int32', 'j', 'place'),
      ]),
    ],
  })
}
