import { sizeOf } from '../../../core/aval.ts'
import { type BufferId, dimIndex, dimVector, flattenIndex, type Index, neededBy, type Node, type NodeId, type ScatterKernel, simplify } from '../../kernel-ir/index.ts'
import { Bindings, bindingCount } from '../shader/bindings.ts'
import { eachPoint } from '../shader/each-point.ts'
import { expressionText, positionText, type Scope, withinText } from '../expression/expression.ts'
import { combineText } from '../loop-kernel/fold.ts'
import { indexText } from '../expression/index-text.ts'
import { fits, type KernelContext, tooManyBindings } from '../shader/kernel-context.ts'
import { emitLoop } from '../loop-kernel/loop-kernel.ts'
import { block } from '../shader/module-text.ts'
import { boxesOf, inRanges, type Pass, passesOver, together } from '../shader/pieces.ts'
import { sortPairs } from '../sort/sort-network.ts'
import { boxAround, type Box, everywhere, type Touched } from '../shader/spans.ts'
import { unravelSome } from '../shader/variables.ts'
import type { Rows } from './rows.ts'
import { inPass, positionsOf, readsOf, scopeOf, updated } from './update.ts'

/** Sorted updates that one invocation combines. */
const chunk = 32
/** The key of an update that is dropped: behind all others. */
const dropped = '0xffffffffu'

/** Updates sorted by target, runs of one target combined: by chunks of them, then over the chunks that a run goes through. */
export class SortedScatter {
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
  /** Values in the order of the sorted updates, where a shader cannot bind all that they are made from. */
  #sorted: BufferId | null = null
  /** Chunks of the present shader, and the part of the result that it sees. */
  #range: Box[number]
  #pass: Pass | null = null

  constructor(context: KernelContext, kernel: ScatterKernel, rows: Rows) {
    this.#context = context
    this.#kernel = kernel
    this.#rows = rows
    this.#count = sizeOf(rows.updates.map((d) => kernel.space[d]!))
    this.#width = sizeOf(rows.within.map((d) => kernel.space[d]!))
    this.#chunks = Math.ceil(this.#count / chunk)
    this.#keys = context.temp('uint32', this.#count)
    this.#places = context.temp('int32', this.#count)
    this.#range = { first: 0, size: this.#chunks }
    const partials = this.#chunks === 1 ? 1 : this.#chunks * this.#width
    this.#head = context.temp(kernel.dtype, partials)
    this.#tail = context.temp(kernel.dtype, partials)
  }

  emit(): void {
    const { value } = this.#kernel
    const own = [this.#keys, this.#head, this.#tail]
    inRanges(this.#context, [...readsOf(this.#kernel, positionsOf(this.#kernel)), this.#keys, this.#places], this.#count, (range, all) => { this.#touchesUpdates(range, all) }, (range) => { this.#makeKeys(range) })
    sortPairs(this.#context, { keys: this.#keys, places: this.#places }, 1, this.#count)
    if (fits(this.#context, [...readsOf(this.#kernel, [value]), ...own, this.#places, this.#kernel.out])) {
      this.#combineChunks()
      if (this.#chunks > 1) this.#combineRuns()
      return
    }
    this.#sorted = this.#sortedValues()
    this.#eachPart([...own, this.#sorted], (all, { first, size }) => { this.#touchesChunks(all, first, size, this.#sorted!) }, () => { this.#combineChunks() })
    if (this.#chunks > 1) this.#eachPart(own, (all, { first, size }) => { all.elements(this.#tail, this.#kernel.dtype, first * this.#width, (first + size) * this.#width - 1) }, () => { this.#combineRuns() })
  }

  /** Shaders for ranges of chunks, and of each for parts of the result. */
  #eachPart(buffers: readonly BufferId[], touched: (all: Touched, range: Box[number]) => void, run: () => void): void {
    const { out, dtype, name } = this.#kernel
    const context = this.#context
    for (const { box: [range], spans } of boxesOf(context, [this.#chunks], { buffers: new Set(buffers), touched: (all, [range]) => { touched(all, range!) }, more: 1 }) ?? [{ box: [this.#range], spans: everywhere }]) {
      const left = context.limits.storageBuffers - context.apart(spans, () => bindingCount(context, buffers))
      if (left < 1) throw tooManyBindings(context, name, [...buffers, out].map((b) => context.locate(b).place))
      this.#range = range!
      for (const pass of passesOver(context, out, dtype, left)) {
        this.#pass = pass
        context.apart(together(spans, pass.spans), run)
      }
    }
  }

  #touchesUpdates({ first, size }: Box[number], all: Touched): void {
    const { space, nodes } = this.#kernel
    const updates = boxAround(this.#rows.updates.map((d) => space[d]!), first, first + size)
    const box = space.map((n, d) => updates[this.#rows.updates.indexOf(d)] ?? { first: 0, size: n })
    all.nodes([...neededBy(nodes, positionsOf(this.#kernel))].map((id) => nodes[id]!), box)
    all.elements(this.#keys, 'uint32', first, first + size - 1)
    all.elements(this.#places, 'int32', first, first + size - 1)
  }

  /** Chunks look at the keys beside them as well. */
  #touchesChunks(all: Touched, first: number, size: number, sorted: BufferId): void {
    const { dtype } = this.#kernel
    const [begin, end] = [first * chunk, Math.min((first + size) * chunk, this.#count)]
    all.elements(this.#keys, 'uint32', begin - 1, end)
    all.elements(sorted, dtype, begin * this.#width, end * this.#width - 1)
    if (this.#chunks > 1) for (const b of [this.#head, this.#tail]) all.elements(b, dtype, first * this.#width, (first + size) * this.#width - 1)
  }

  /** Element `update * width + within`, of the sorted updates. */
  #sortedValues(): BufferId {
    const { space, nodes, value, dtype, name } = this.#kernel
    const { updates, within } = this.#rows
    const context = this.#context
    const [made, sorted] = [context.temp(dtype, this.#count * this.#width), context.temp(dtype, this.#count * this.#width)]
    const dims = [...updates, ...within]
    const index = flattenIndex(dims.map(dimIndex), dims.map((d) => space[d]!), space)
    emitLoop(context, { kind: 'loop', name, space, stages: [{ kind: 'map', inner: [], nodes, stores: [{ buffer: made, index, node: value }] }] })
    const sizes = [this.#count, this.#width]
    const place: Node = { op: 'load', dtype: 'int32', buffer: this.#places, index: simplify(dimIndex(0), sizes), guards: [], otherwise: 0 }
    const read: Node = { op: 'gather', dtype, buffer: made, index: simplify(dimIndex(1), sizes), positions: [{ position: 0, stride: this.#width, limit: this.#count - 1 }], mode: 'clip', guards: [], otherwise: 0 }
    emitLoop(context, { kind: 'loop', name, space: sizes, stages: [{ kind: 'map', inner: [], nodes: [place, read], stores: [{ buffer: sorted, index: flattenIndex(dimVector(2), sizes, sizes), node: 1 }] }] })
    return sorted
  }

  /** The address of an update's row; what is added within the row. */
  #address(within: boolean): Index {
    const { index } = this.#kernel
    const own = index.terms.filter(({ atom }) => (atom.kind === 'dim' && this.#rows.within.includes(atom.dim)) === within)
    return { constant: within ? 0 : index.constant, terms: own }
  }

  #makeKeys({ first, size }: Box[number]): void {
    const kernel = this.#kernel
    const bindings = new Bindings(this.#context, readsOf(kernel, positionsOf(kernel)), [this.#keys, this.#places])
    const scope = scopeOf(kernel, bindings)
    const { statements, values } = expressionText(scope, kernel.nodes, positionsOf(kernel))
    const text = (id: NodeId): string => values[id]!
    const key = `u32(${positionText(indexText(this.#address(false), scope.variables), kernel.positions, text)})`
    const body = [
      ...(first === 0 ? [] : [`let update = own + ${first}i;`]),
      ...unravelSome('update', kernel.space, this.#rows.updates, 'd'),
      ...statements,
      bindings.write(this.#keys, 'uint32', 'update', kernel.mode === 'drop' ? `select(${dropped}, ${key}, ${withinText(kernel.positions, text)})` : key),
      bindings.write(this.#places, 'int32', 'update', 'update'),
    ]
    eachPoint(this.#context, bindings, size, body, { name: first === 0 ? 'update' : 'own' })
  }

  #key(bindings: Bindings, at: string): string {
    return bindings.read(this.#keys, 'uint32', at)
  }

  /** The statement that combines a run with what stands at its target. */
  #store(scope: Scope, key: string, value: string): string {
    const { bindings } = scope
    const { out, dtype } = this.#kernel
    return `{ let to = i32(${key}) + ${indexText(this.#address(true), scope.variables)}; ${inPass(this.#pass, bindings.write(out, dtype, 'to', updated(this.#kernel, bindings, 'to', value)))} }`
  }

  #combine(a: string, b: string): string {
    const { combine, dtype } = this.#kernel
    return combine === 'set' ? b : combineText(combine, dtype, a, b)
  }

  /** One invocation a chunk and element of the row. */
  #where(): string[] {
    return [
      `let own = point / ${this.#width}i;`,
      `let within = point % ${this.#width}i;`,
      ...unravelSome('within', this.#kernel.space, this.#rows.within, 'd'),
      `let begin = own * ${chunk}i;`,
      `let end = min(begin + ${chunk}i, ${this.#count}i);`,
    ]
  }

  #dispatch(bindings: Bindings, lines: readonly string[]): void {
    const { first, size } = this.#range
    const name = first === 0 ? 'point' : 'own_point'
    eachPoint(this.#context, bindings, size * this.#width, [...(first === 0 ? [] : [`let point = own_point + ${first * this.#width}i;`]), ...this.#where(), ...lines], { name })
  }

  #combineChunks(): void {
    const kernel = this.#kernel
    const alone = this.#chunks === 1
    const sorted = this.#sorted
    const from = sorted === null ? [...readsOf(kernel, [kernel.value]), this.#keys, this.#places] : [sorted, this.#keys]
    const bindings = new Bindings(this.#context, from, alone ? [kernel.out] : [kernel.out, this.#head, this.#tail])
    const scope = scopeOf(kernel, bindings)
    const { statements, values } = sorted === null ? expressionText(scope, kernel.nodes, [kernel.value]) : { statements: [], values: [] }
    const key = (at: string): string => this.#key(bindings, at)
    const put = (buffer: BufferId, value: string): string => bindings.write(buffer, kernel.dtype, 'point', value)
    const finished = this.#store(scope, 'run', 'sum')
    const text = values[kernel.value] ?? 'value'
    const value = sorted !== null ? [`let value = ${bindings.read(sorted, kernel.dtype, `(at * ${this.#width}i + within)`)};`] : [`let update = ${bindings.read(this.#places, 'int32', 'at')};`, ...unravelSome('update', kernel.space, this.#rows.updates, 'd'), ...statements]
    this.#dispatch(bindings, [
      `var run = ${key('begin')};`,
      ...(alone ? [] : [`var inherited = begin > 0i && ${key('(begin - 1i)')} == run;`]),
      'var at = begin;',
      block(`while (at < end && run != ${dropped})`, [
        ...value,
        `var sum = ${text};`,
        'at++;',
        block(`while (at < end && ${key('at')} == run)`, [...value, `sum = ${this.#combine('sum', text)};`, 'at++;']),
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
