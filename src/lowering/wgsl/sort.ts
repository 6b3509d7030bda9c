/**
 * Stable sorts. A key is a u32 that orders as the elements do; it is sorted together with its place, which tells equal keys apart, by
 * a bitonic network in which every comparison puts the smaller in front: so what is past a row's end, the largest of all, need not
 * exist. Further keys are earlier passes, as in a radix sort. The order found is applied to every operand.
 *
 * The network is Batcher's (1968), the first step of each merge mirrored.
 */
import { DtypeError, InternalError } from '../../core/errors.ts'
import type { DType } from '../../core/dtype.ts'
import type { BufferId, SortKernel } from '../kernel-ir/index.ts'
import { Bindings } from './bindings.ts'
import { eachPoint } from './each-point.ts'
import type { KernelContext } from './kernel-context.ts'
import { block } from './module-text.ts'
import { typeOf } from './types.ts'

/** Elements that a workgroup sorts in its memory. */
const local = 1024
/** Points of the shaders that go element by element. */
const threads = 256

interface Pairs {
  /** uint32, `rows` x `length`. */
  readonly keys: BufferId
  /** int32, alike. */
  readonly places: BufferId
}

export function emitSort(context: KernelContext, kernel: SortKernel): void {
  const { outer, length, inner, numKeys, operands } = kernel
  const rows = outer * inner
  const count = rows * length
  if (count === 0) return
  let order: BufferId | null = null
  for (const { from, dtype } of operands.slice(0, numKeys).toReversed()) {
    if (from === null) throw new InternalError('sort', 'places are no key')
    const pairs = { keys: context.temp('uint32', count), places: context.temp('int32', count) }
    keysOf(context, kernel, from, dtype, pairs, order)
    sortPairs(context, pairs, rows, length)
    order = order === null ? pairs.places : composed(context, order, pairs.places, count, length)
  }
  if (order !== null) apply(context, kernel, order)
}

/** One shader element by element of `rows` x `length`: `i` is the element, `row` and `at` its row and place there. */
function elementwise(context: KernelContext, reads: readonly BufferId[], writes: readonly BufferId[], count: number, length: number, body: (b: Bindings) => string[]): void {
  const bindings = new Bindings(context, reads, writes)
  const lines = body(bindings)
  eachPoint(context, bindings, count, [`let row = i / ${length}i;`, `let at = i % ${length}i;`, ...lines], { name: 'i', threads })
}

/** The address of element `at` of row `row` of an array of rows of `length`. */
const addressOf = ({ inner }: SortKernel, length: number, at: string): string => `((row / ${inner}i) * ${length * inner}i + ${at} * ${inner}i + row % ${inner}i)`

function keysOf(context: KernelContext, kernel: SortKernel, from: BufferId, dtype: DType, { keys, places }: Pairs, order: BufferId | null): void {
  elementwise(context, order === null ? [from] : [from, order], [keys, places], kernel.outer * kernel.inner * kernel.length, kernel.length, (b) => [
    `let x = ${b.read(from, dtype, addressOf(kernel, kernel.length, order === null ? 'at' : b.read(order, 'int32', 'i')))};`,
    b.write(keys, 'uint32', 'i', keyText(dtype, 'x', kernel.descending)),
    b.write(places, 'int32', 'i', 'at'),
  ])
}

/** NaN after everything, -0 as +0; in descending order -0 after +0, and so NaN first. */
function keyText(dtype: DType, x: string, descending: boolean): string {
  const ascending = (): string => {
    switch (typeOf(dtype)) {
      case 'f32':
        return `sort_key(${x}, ${String(!descending)})`
      case 'i32':
        return `(bitcast<u32>(${x}) ^ 0x80000000u)`
      case 'u32':
        return x
      case 'bool':
        return `u32(${x})`
      case 'vec2<u32>':
        throw new DtypeError('sort', `${dtype} has no order`)
    }
  }
  return descending ? `~${ascending()}` : ascending()
}

/** The order that comes of one order after another. */
function composed(context: KernelContext, first: BufferId, second: BufferId, count: number, length: number): BufferId {
  const order = context.temp('int32', count)
  elementwise(context, [first, second], [order], count, length, (b) => [b.write(order, 'int32', 'i', b.read(first, 'int32', `(row * ${length}i + ${b.read(second, 'int32', 'i')})`))])
  return order
}

function apply(context: KernelContext, kernel: SortKernel, order: BufferId): void {
  const { operands, length, keep } = kernel
  const count = kernel.outer * kernel.inner * keep
  for (const { from, to, dtype } of operands) {
    // The plan may have put a result over an operand.
    const into = from !== null && context.locate(from).place === context.locate(to).place ? context.temp(dtype, count) : to
    elementwise(context, from === null ? [order] : [from, order], [into], count, keep, (b) => {
      const place = b.read(order, 'int32', `(row * ${length}i + at)`)
      return [b.write(into, dtype, addressOf(kernel, keep, 'at'), from === null ? place : b.read(from, dtype, addressOf(kernel, length, place)))]
    })
    if (into !== to) context.copy(into, to)
  }
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
function blocks(context: KernelContext, { keys, places }: Pairs, rows: number, length: number, size: number, what: 'sort' | 'merge'): void {
  const perRow = Math.ceil(length / size)
  // Blocks of one row each, several in a workgroup where they are short.
  const together = Math.max(1, 128 / size)
  const width = size * together
  const own = width / 2
  const workers = Math.min(own, threads)
  const total = rows * perRow
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
      `let number = group * ${together}i + e / ${size}i;`,
      `let at = (number % ${perRow}i) * ${size}i + e % ${size}i;`,
      `let i = (number / ${perRow}i) * ${length}i + at;`,
      `let inside = number < ${total}i && at < ${length}i;`,
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
    groups: Math.ceil(total / together),
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
function step(context: KernelContext, { keys, places }: Pairs, rows: number, length: number, size: number, what: 'mirror' | 'straight', half: number): void {
  const b = new Bindings(context, [], [keys, places])
  const comparisons = size / 2
  const count = rows * comparisons
  const far = what === 'mirror' ? 'first + 2i * half - 1i - c % half' : 'first + half + c % half'
  const power = b.parameter('power', Math.log2(half))
  context.dispatch({
    bindings: b,
    threads,
    groups: Math.ceil(count / threads),
    declarations: [],
    body: [
      `let half = 1i << u32(${power});`,
      `let number = group * ${threads}i + local;`,
      `let c = number % ${comparisons}i;`,
      'let first = (c / half) * 2i * half;',
      `let far = ${far};`,
      `if (number >= ${count}i || far >= ${length}i) { return; }`,
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
