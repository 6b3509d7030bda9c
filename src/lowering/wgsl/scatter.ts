/**
 * Updates at computed places. Where no two can meet they are stored, and integers are added (or the like) atomically; else the
 * updates are sorted by their targets, equal ones in their own order, and each run of one target is combined: by chunks of sorted updates, then
 * over the chunks that a run goes through. So sums are the same bits in every run, and the last of several sets wins.
 */
import { sizeOf } from '../../core/aval.ts'
import { type BufferId, coefficientOf, dimVector, eachDim, type Expression, flattenIndex, type Index, isNested, neededBy, type NodeId, type ScatterKernel } from '../kernel-ir/index.ts'
import { Bindings, bindingCount } from './bindings.ts'
import { expressionText, positionText, type Scope, withinText } from './expression.ts'
import { combineText } from './fold.ts'
import { indexText } from './index-text.ts'
import { fits, type KernelContext } from './kernel-context.ts'
import { emitLoop } from './loop-kernel.ts'
import { block } from './module-text.ts'
import { sortPairs } from './sort.ts'
import { unravelSome, variableNames } from './variables.ts'
import { combinedPosition } from './wide-nodes.ts'

const threads = 64
/** Sorted updates that one invocation combines. */
const chunk = 32
/** The key of an update that is dropped: behind all others. */
const dropped = '0xffffffffu'
/** Buffers of the shader that combines, besides those that updates are made from. */
const ownBuffers = 5

export function emitScatter(context: KernelContext, given: ScatterKernel): void {
  context.copy(given.operand, given.out)
  if (sizeOf(given.space) === 0) return
  const kernel = simplified(context, given)
  const rows = rowsOf(kernel)
  if (rows.updates.length === 0) return direct(context, kernel)
  if (isAtomic(context, kernel)) return atomic(context, kernel)
  new SortedScatter(context, kernel, rows).emit()
}

/** Where too many buffers are read for the shaders below, updates and positions are made by others first. */
function simplified(context: KernelContext, kernel: ScatterKernel): ScatterKernel {
  const readBy = (roots: readonly NodeId[]): BufferId[] => [...neededBy(kernel.nodes, roots)].flatMap((id) => bufferOf(kernel.nodes[id]!) ?? [])
  const positions = kernel.positions.map((p) => p.position)
  const all = readBy([kernel.value, ...positions])
  if (fits(context, all, ownBuffers)) return kernel
  const index = flattenIndex(dimVector(kernel.space.length), kernel.space, kernel.space)
  const made = (root: NodeId, nodes: Expression = kernel.nodes): Expression[number] => {
    const { dtype } = nodes[root]!
    const buffer = context.temp(dtype, sizeOf(kernel.space))
    emitLoop(context, { kind: 'loop', name: kernel.name, space: kernel.space, stages: [{ kind: 'map', inner: [], nodes, stores: [{ buffer, index, node: root }] }] })
    return { op: 'load', dtype, buffer, index, guards: [], otherwise: 0 }
  }
  // Positions are one node each, or, where they alone are too many, one number each.
  if (fits(context, readBy(positions), ownBuffers + 1)) {
    const value = made(kernel.value)
    return { ...kernel, nodes: [...kernel.nodes, value], value: kernel.nodes.length }
  }
  if (1 + positions.length + ownBuffers > context.limits.storageBuffers) {
    const one = combinedPosition(kernel.nodes, kernel.positions, kernel.mode === 'drop')
    const [value, to] = [made(kernel.value), made(one.position.position, one.nodes)]
    return { ...kernel, nodes: [value, to], value: 0, positions: [{ ...one.position, position: 1 }] }
  }
  const nodes = [made(kernel.value), ...positions.map((p) => made(p))]
  return { ...kernel, nodes, value: 0, positions: kernel.positions.map((p, i) => ({ ...p, position: 1 + i })) }
}

const bufferOf = (n: Expression[number]): BufferId | null => (n.op === 'load' || n.op === 'gather' ? n.buffer : null)

/** Dimensions of the space: those that tell where an update goes, and those of the rows that are updated together. */
interface Rows {
  readonly updates: readonly number[]
  readonly within: readonly number[]
}

/**
 * Updates that only differ in a dimension on which no position depends are a row, if rows then meet only where they are one: if positions and
 * loop variables are digits of the address.
 */
function rowsOf({ space, nodes, index, positions }: ScatterKernel): Rows {
  const all = space.map((_, d) => d)
  const telling = new Set<number>()
  for (const id of neededBy(nodes, positions.map((p) => p.position))) for (const i of indicesOf(nodes[id]!)) eachDim(i, (d) => telling.add(d))
  // The same position for all: only the updates' own places must differ.
  const sized = all.map((d): [number, number] => [coefficientOf(index, d), space[d]!])
  if (telling.size === 0 && affineIn(index, all) && areDigits(sized.filter(([, count]) => count > 1))) return { updates: [], within: all }
  const digits: [stride: number, count: number][] = [...positions.map((p): [number, number] => [p.stride, p.limit + 1]), ...sized]
  // An update dimension that the address does not name only repeats updates.
  const distinct = digits.filter(([stride, count], i) => count > 1 && !(stride === 0 && i >= positions.length && telling.has(i - positions.length)))
  if (!affineIn(index, all) || !areDigits(distinct)) return { updates: all, within: [] }
  return { updates: all.filter((d) => telling.has(d)), within: all.filter((d) => !telling.has(d)) }
}

const affineIn = (index: Index, dims: readonly number[]): boolean => dims.every((d) => !isNested(index, d))

/** Whether numbers below each count, times their strides, add up to different sums. */
function areDigits(digits: readonly (readonly [stride: number, count: number])[]): boolean {
  let reach = 0
  for (const [stride, count] of digits.toSorted((a, b) => a[0] - b[0])) {
    if (stride <= reach) return false
    reach += stride * (count - 1)
  }
  return true
}

function indicesOf(n: Expression[number]): readonly Index[] {
  switch (n.op) {
    case 'load':
    case 'gather':
      return [n.index, ...n.guards.map((g) => g.index)]
    case 'index':
      return [n.index]
    case 'guarded':
      return n.guards.map((g) => g.index)
    default:
      return []
  }
}

const scopeOf = (kernel: ScatterKernel, bindings: Bindings): Scope => ({
  bindings,
  variables: { sizes: kernel.space, names: variableNames(kernel.space, 'd') },
  prefix: 's',
  reduced: () => '',
  accumulator: () => '',
})

const readsOf = (kernel: ScatterKernel, roots: readonly NodeId[]): BufferId[] => [...neededBy(kernel.nodes, roots)].flatMap((id) => bufferOf(kernel.nodes[id]!) ?? [])
const positionsOf = (kernel: ScatterKernel): NodeId[] => kernel.positions.map((p) => p.position)

/** One invocation an update: `store` is given the address and the value. */
function each(context: KernelContext, kernel: ScatterKernel, bindings: Bindings, store: (at: string, value: string) => string[]): void {
  const count = sizeOf(kernel.space)
  const scope = scopeOf(kernel, bindings)
  const { statements, values } = expressionText(scope, kernel.nodes, [kernel.value, ...positionsOf(kernel)])
  const text = (id: NodeId): string => values[id]!
  const stores = [`let to = ${positionText(indexText(kernel.index, scope.variables), kernel.positions, text)};`, ...store('to', text(kernel.value))]
  context.dispatch({
    bindings,
    threads,
    groups: Math.ceil(count / threads),
    declarations: [],
    body: [
      `let point = group * ${threads}i + local;`,
      `if (point >= ${count}i) { return; }`,
      ...unravelSome('point', kernel.space, kernel.space.map((_, d) => d), 'd'),
      ...statements,
      ...(kernel.mode === 'drop' ? [block(`if (${withinText(kernel.positions, text)})`, stores)] : stores),
    ],
  })
}

function direct(context: KernelContext, kernel: ScatterKernel): void {
  const bindings = new Bindings(context, readsOf(kernel, [kernel.value, ...positionsOf(kernel)]), [kernel.out])
  each(context, kernel, bindings, (at, value) => [bindings.write(kernel.out, kernel.dtype, at, updated(kernel, bindings, at, value))])
}

/** What becomes of the old value. */
const updated = ({ combine, dtype, out }: ScatterKernel, bindings: Bindings, at: string, value: string): string =>
  combine === 'set' ? value : combineText(combine, dtype, bindings.read(out, dtype, at), value)

const isAtomic = (context: KernelContext, { combine, dtype, out }: ScatterKernel): boolean =>
  (combine === 'sum' || combine === 'min' || combine === 'max') && (dtype === 'int32' || dtype === 'uint32') && bindingCount(context, [out]) === 1

function atomic(context: KernelContext, kernel: ScatterKernel): void {
  const bindings = new Bindings(context, readsOf(kernel, [kernel.value, ...positionsOf(kernel)]), [kernel.out], { atomic: kernel.out })
  const operation = { sum: 'atomicAdd', min: 'atomicMin', max: 'atomicMax', set: '', prod: '' }[kernel.combine]
  each(context, kernel, bindings, (at, value) => [`${operation}(${bindings.pointer(kernel.out, at)}, ${value});`])
}

class SortedScatter {
  readonly #context: KernelContext
  readonly #kernel: ScatterKernel
  readonly #rows: Rows
  readonly #count: number
  readonly #width: number
  readonly #chunks: number
  readonly #keys: BufferId
  readonly #places: BufferId
  /** What a chunk has of a run that began before it, and of one that goes on behind it. */
  readonly #head: BufferId
  readonly #tail: BufferId

  constructor(context: KernelContext, kernel: ScatterKernel, rows: Rows) {
    this.#context = context
    this.#kernel = kernel
    this.#rows = rows
    this.#count = sizeOf(rows.updates.map((d) => kernel.space[d]!))
    this.#width = sizeOf(rows.within.map((d) => kernel.space[d]!))
    this.#chunks = Math.ceil(this.#count / chunk)
    this.#keys = context.temp('uint32', this.#count)
    this.#places = context.temp('int32', this.#count)
    const partials = this.#chunks === 1 ? 1 : this.#chunks * this.#width
    this.#head = context.temp(kernel.dtype, partials)
    this.#tail = context.temp(kernel.dtype, partials)
  }

  emit(): void {
    this.#makeKeys()
    sortPairs(this.#context, { keys: this.#keys, places: this.#places }, 1, this.#count)
    this.#combineChunks()
    if (this.#chunks > 1) this.#combineRuns()
  }

  /** The address of an update's row; what is added within the row. */
  #address(within: boolean): Index {
    const { index } = this.#kernel
    const own = index.terms.filter(({ atom }) => (atom.kind === 'dim' && this.#rows.within.includes(atom.dim)) === within)
    return { constant: within ? 0 : index.constant, terms: own }
  }

  #makeKeys(): void {
    const kernel = this.#kernel
    const bindings = new Bindings(this.#context, readsOf(kernel, positionsOf(kernel)), [this.#keys, this.#places])
    const scope = scopeOf(kernel, bindings)
    const { statements, values } = expressionText(scope, kernel.nodes, positionsOf(kernel))
    const text = (id: NodeId): string => values[id]!
    const key = `u32(${positionText(indexText(this.#address(false), scope.variables), kernel.positions, text)})`
    this.#context.dispatch({
      bindings,
      threads,
      groups: Math.ceil(this.#count / threads),
      declarations: [],
      body: [
        `let update = group * ${threads}i + local;`,
        `if (update >= ${this.#count}i) { return; }`,
        ...unravelSome('update', kernel.space, this.#rows.updates, 'd'),
        ...statements,
        bindings.write(this.#keys, 'uint32', 'update', kernel.mode === 'drop' ? `select(${dropped}, ${key}, ${withinText(kernel.positions, text)})` : key),
        bindings.write(this.#places, 'int32', 'update', 'update'),
      ],
    })
  }

  #key(bindings: Bindings, at: string): string {
    return bindings.read(this.#keys, 'uint32', at)
  }

  /** The statement that combines a run with what stands at its target. */
  #store(scope: Scope, key: string, value: string): string {
    const { bindings } = scope
    const { out, dtype } = this.#kernel
    return `{ let to = i32(${key}) + ${indexText(this.#address(true), scope.variables)}; ${bindings.write(out, dtype, 'to', updated(this.#kernel, bindings, 'to', value))} }`
  }

  #combine(a: string, b: string): string {
    const { combine, dtype } = this.#kernel
    return combine === 'set' ? b : combineText(combine, dtype, a, b)
  }

  /** One invocation a chunk and element of the row. */
  #where(): string[] {
    const total = this.#chunks * this.#width
    return [
      `let point = group * ${threads}i + local;`,
      `if (point >= ${total}i) { return; }`,
      `let own = point / ${this.#width}i;`,
      `let within = point % ${this.#width}i;`,
      ...unravelSome('within', this.#kernel.space, this.#rows.within, 'd'),
      `let begin = own * ${chunk}i;`,
      `let end = min(begin + ${chunk}i, ${this.#count}i);`,
    ]
  }

  #dispatch(bindings: Bindings, lines: readonly string[]): void {
    this.#context.dispatch({ bindings, threads, groups: Math.ceil((this.#chunks * this.#width) / threads), declarations: [], body: [...this.#where(), ...lines] })
  }

  #combineChunks(): void {
    const kernel = this.#kernel
    const alone = this.#chunks === 1
    const bindings = new Bindings(this.#context, [...readsOf(kernel, [kernel.value]), this.#keys, this.#places], alone ? [kernel.out] : [kernel.out, this.#head, this.#tail])
    const scope = scopeOf(kernel, bindings)
    const { statements, values } = expressionText(scope, kernel.nodes, [kernel.value])
    const key = (at: string): string => this.#key(bindings, at)
    const put = (buffer: BufferId, value: string): string => bindings.write(buffer, kernel.dtype, 'point', value)
    const finished = this.#store(scope, 'run', 'sum')
    const value = [`let update = ${bindings.read(this.#places, 'int32', 'at')};`, ...unravelSome('update', kernel.space, this.#rows.updates, 'd'), ...statements]
    this.#dispatch(bindings, [
      `var run = ${key('begin')};`,
      ...(alone ? [] : [`var inherited = begin > 0i && ${key('(begin - 1i)')} == run;`]),
      'var at = begin;',
      block(`while (at < end && run != ${dropped})`, [
        ...value,
        `var sum = ${values[kernel.value]!};`,
        'at++;',
        block(`while (at < end && ${key('at')} == run)`, [...value, `sum = ${this.#combine('sum', values[kernel.value]!)};`, 'at++;']),
        ...(alone
          ? [finished]
          : [
              `let goes_on = at == end && end < ${this.#count}i && ${key('min(end, ' + `${this.#count - 1}i)`)} == run;`,
              `if (inherited) { ${put(this.#head, 'sum')} } else if (goes_on) { ${put(this.#tail, 'sum')} } else ${finished}`,
              'inherited = false;',
            ]),
        `if (at < end) { run = ${key('at')}; }`,
      ]),
    ])
  }

  /** The chunk in which a run begins that goes on behind it adds up what the others have of it. */
  #combineRuns(): void {
    const { out, dtype } = this.#kernel
    const bindings = new Bindings(this.#context, [this.#keys, this.#head, this.#tail], [out])
    const scope = scopeOf(this.#kernel, bindings)
    const key = (at: string): string => this.#key(bindings, at)
    this.#dispatch(bindings, [
      `let run = ${key('(end - 1i)')};`,
      `if (run == ${dropped} || end >= ${this.#count}i || ${key(`min(end, ${this.#count - 1}i)`)} != run) { return; }`,
      // Begun before: another chunk's.
      `if (begin > 0i && ${key('begin')} == run && ${key('max(begin - 1i, 0i)')} == run) { return; }`,
      `var sum = ${bindings.read(this.#tail, dtype, 'point')};`,
      'var next = own + 1i;',
      block(`while (next < ${this.#chunks}i)`, [
        `if (${key(`(next * ${chunk}i)`)} != run) { break; }`,
        `let more = ${bindings.read(this.#head, dtype, `(next * ${this.#width}i + within)`)};`,
        `sum = ${this.#combine('sum', 'more')};`,
        // A run that ends inside this chunk goes no further.
        `if (${key(`min((next + 1i) * ${chunk}i, ${this.#count}i) - 1i`)} != run) { break; }`,
        'next++;',
      ]),
      this.#store(scope, 'run', 'sum'),
    ])
  }
}
