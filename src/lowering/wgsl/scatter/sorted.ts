import { sizeOf } from '../../../core/aval.ts'
import type { BufferId, Index, NodeId, ScatterKernel } from '../../kernel-ir/index.ts'
import { Bindings } from '../bindings.ts'
import { eachPoint } from '../each-point.ts'
import { expressionText, positionText, type Scope, withinText } from '../expression.ts'
import { combineText } from '../fold.ts'
import { indexText } from '../index-text.ts'
import type { KernelContext } from '../kernel-context.ts'
import { block } from '../module-text.ts'
import { sortPairs } from '../sort.ts'
import { unravelSome } from '../variables.ts'
import type { Rows } from './rows.ts'
import { positionsOf, readsOf, scopeOf, updated } from './update.ts'

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
    const body = [
      ...unravelSome('update', kernel.space, this.#rows.updates, 'd'),
      ...statements,
      bindings.write(this.#keys, 'uint32', 'update', kernel.mode === 'drop' ? `select(${dropped}, ${key}, ${withinText(kernel.positions, text)})` : key),
      bindings.write(this.#places, 'int32', 'update', 'update'),
    ]
    eachPoint(this.#context, bindings, this.#count, body, { name: 'update' })
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
    return [
      `let own = point / ${this.#width}i;`,
      `let within = point % ${this.#width}i;`,
      ...unravelSome('within', this.#kernel.space, this.#rows.within, 'd'),
      `let begin = own * ${chunk}i;`,
      `let end = min(begin + ${chunk}i, ${this.#count}i);`,
    ]
  }

  #dispatch(bindings: Bindings, lines: readonly string[]): void {
    eachPoint(this.#context, bindings, this.#chunks * this.#width, [...this.#where(), ...lines])
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
