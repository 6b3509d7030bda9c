/**
 * Long cumulative operations: rows are cut into blocks, a workgroup each. The first shader folds every block; the second folds
 * what the blocks before its own gave, then runs along its own elements, each invocation along a few. The order of combination depends on
 * the row's length alone.
 */
import { sizeOf } from '../../../core/aval.ts'
import { type BufferId, foldsInOrder, type LoopKernel, type Stage } from '../../kernel-ir/index.ts'
import { Bindings } from '../shader/bindings.ts'
import { expressionText, type Scope, storeText } from '../expression/expression.ts'
import { combineText, Fold, identityOf, type Lanes, treeText, type Workgroup } from './fold.ts'
import type { KernelContext } from '../shader/kernel-context.ts'
import { type Part, type PartOptions, rootsOf, savedKey, usesOfParts } from '../shader/part.ts'
import { block } from '../shader/module-text.ts'
import { boxesOf } from '../shader/pieces.ts'
import { boxAround, type Box } from '../shader/spans.ts'
import { fromStored, storedType, toStored } from '../shader/types.ts'
import { unravel, variableNames } from '../shader/variables.ts'

const threads = 256
/** Elements that an invocation takes one after the other. */
const each = 4
const blockLength = threads * each
/** Rows of at least so many elements are worth a second shader, unless there are rows enough to go side by side. */
const longRow = 512
const manyRows = 8192

type Cumulative = Extract<Stage, { kind: 'cumulative' }>

export function isLongCumulative({ space, stages }: LoopKernel, part: Part): boolean {
  const stage = stages[part.stage]!
  return stage.kind === 'cumulative' && foldsInOrder(stage) && stage.inner[0] >= longRow && sizeOf(space) < manyRows
}

export function emitCumulative(context: KernelContext, kernel: LoopKernel, part: Part, options: PartOptions): void {
  const stage = kernel.stages[part.stage]!
  if (stage.kind !== 'cumulative') return
  const points = sizeOf(kernel.space)
  const blocks = Math.ceil(stage.inner[0] / blockLength)
  const totals = blocks === 1 ? [] : stage.accumulators.map((a) => context.temp(a.dtype, points * blocks))
  const writer = new BlockWriter(context, kernel, part, stage, options, blocks, totals)
  // All totals are needed before anything is written: results may lie over operands.
  if (blocks > 1) writer.inRanges('fold')
  writer.inRanges('run')
}

const lanes: Lanes = { count: threads, step: 1, first: '0' }

class BlockWriter {
  readonly #context: KernelContext
  readonly #kernel: LoopKernel
  readonly #part: Part
  readonly #stage: Cumulative
  readonly #options: PartOptions
  readonly #blocks: number
  readonly #totals: readonly BufferId[]
  readonly #folds: readonly Fold[]
  /** Blocks of the present shader. */
  #range: Box[number]

  constructor(context: KernelContext, kernel: LoopKernel, part: Part, stage: Cumulative, options: PartOptions, blocks: number, totals: readonly BufferId[]) {
    this.#context = context
    this.#kernel = kernel
    this.#part = part
    this.#stage = stage
    this.#options = options
    this.#blocks = blocks
    this.#totals = totals
    this.#range = { first: 0, size: sizeOf(kernel.space) * blocks }
    this.#folds = stage.accumulators.map((a, o) => new Fold(a, `c${o}`))
  }

  #scope(bindings: Bindings): Scope {
    const sizes = [...this.#kernel.space, ...this.#stage.inner]
    const per = sizeOf(this.#kernel.space) / this.#options.rows
    return {
      bindings,
      variables: { sizes, names: variableNames(sizes, 'd') },
      prefix: 's',
      reduced: (s, o) => {
        const buffer = this.#options.saved.get(savedKey(s, o))!
        return bindings.read(buffer, bindings.dtype(buffer), per === 1 ? 'point' : `point / ${per}i`)
      },
      accumulator: (o) => `c${o}`,
    }
  }

  /** Every invocation's elements, in the order of the operation. */
  #elements(lines: readonly string[]): string {
    const [length] = this.#stage.inner
    const d = `d${this.#kernel.space.length}`
    return block(`for (var e = first; e < min(first + ${each}i, select(0i, ${length}i, live)); e++)`, [`let ${d} = ${this.#stage.reverse ? `${length - 1}i - e` : 'e'};`, ...lines])
  }

  /** Shaders that each go through as many blocks as they can bind. */
  inRanges(what: 'fold' | 'run'): void {
    const part = what === 'fold' ? { ...this.#part, stores: [] } : this.#part
    const { space } = this.#kernel
    const { reads, writes } = usesOfParts(this.#kernel, [part], this.#options.saved)
    const { inner: [length], reverse } = this.#stage
    const count = sizeOf(space) * this.#blocks
    const element = (block: number): number => Math.floor(block / this.#blocks) * length + Math.min((block % this.#blocks) * blockLength, length)
    const ranges = boxesOf(this.#context, [count], {
      buffers: new Set([...reads, ...writes]),
      touched: (all, [blocks]) => {
        const { first, size } = blocks!
        // Where elements of rows are taken backwards, they are those from the end.
        const box = boxAround([...space, length], element(first), element(first + size - 1) + 1)
        const within = { first: box.at(-1)!.first, size: Math.min(length - box.at(-1)!.first, box.at(-1)!.size + blockLength - 1) }
        all.stage(part === this.#part ? this.#stage : { ...this.#stage, stores: [] }, box.with(-1, reverse ? { first: length - within.first - within.size, size: within.size } : within))
      },
      more: this.#totals.length,
    })
    if (ranges === null) return this[what]()
    for (const { box, spans } of ranges) this.#context.apart(spans, () => { this.#range = box[0]!; this[what]() })
    this.#range = { first: 0, size: count }
  }

  #where(): string[] {
    const { first, size } = this.#range
    return [
      // Workgroups past the end come to every barrier, and have nothing to do between them.
      `let live = group < ${size}i;`,
      `let number = min(group, ${size - 1}i)${first === 0 ? '' : ` + ${first}i`};`,
      `let part = number % ${this.#blocks}i;`,
      `let point = number / ${this.#blocks}i;`,
      'let lane = local;',
      `let first = part * ${blockLength}i + local * ${each}i;`,
      ...unravel('point', this.#kernel.space, 'd', 0),
    ]
  }

  #workgroup(declarations: Set<string>): Workgroup {
    return { threads, bytes: this.#context.limits.workgroupBytes, subgroups: this.#context.limits.subgroups, declare: (line) => declarations.add(line) }
  }

  /** Each block's elements folded by its workgroup. */
  #foldOwn(scope: Scope): string[] {
    const { nodes, accumulators } = this.#stage
    const { statements, values } = expressionText(scope, nodes, accumulators.map((a) => a.node))
    return [...this.#folds.map((f) => f.start()), this.#elements([...statements, ...this.#folds.map((f) => f.take(values[f.of.node]!, ''))])]
  }

  fold(): void {
    const { reads } = usesOfParts(this.#kernel, [{ ...this.#part, stores: [] }], this.#options.saved)
    const bindings = new Bindings(this.#context, reads, this.#totals)
    const declarations = new Set<string>()
    const own = this.#foldOwn(this.#scope(bindings))
    const tree = treeText(this.#folds, lanes, this.#workgroup(declarations))
    const stores = this.#folds.map((f, o) => bindings.write(this.#totals[o]!, f.of.dtype, 'number', f.value))
    this.#dispatch(bindings, declarations, [...own, ...tree, block('if (live && local == 0i)', stores)])
  }

  run(): void {
    const { reads, writes } = usesOfParts(this.#kernel, [this.#part], this.#options.saved)
    const bindings = new Bindings(this.#context, [...reads, ...this.#totals], writes)
    const scope = this.#scope(bindings)
    const declarations = new Set<string>()
    const lines: string[] = []
    const befores = this.#folds.map((f, o) => new Fold(f.of, `before${o}`))
    lines.push(...befores.map((f) => f.start()))
    if (this.#totals.length > 0) {
      const takes = befores.map((f, o) => f.take(bindings.read(this.#totals[o]!, f.of.dtype, '(number - part + e)'), ''))
      lines.push(block(`for (var e = local; e < part; e += ${threads}i)`, takes), ...treeText(befores, lanes, this.#workgroup(declarations)))
    }
    lines.push(...this.#foldOwn(scope), ...this.#folds.flatMap((f, o) => this.#exclusive(f, o, befores[o]!, declarations)))
    const { nodes, accumulators, stores } = this.#stage
    const before = expressionText(scope, nodes, accumulators.map((a) => a.node))
    const after = expressionText(scope, nodes, rootsOf(this.#kernel, this.#part), before.values)
    lines.push(
      this.#elements([
        ...before.statements,
        ...this.#folds.map((f) => f.take(before.values[f.of.node]!, '')),
        ...after.statements,
        ...this.#part.stores.map((s) => storeText(scope, stores[s]!, after.values, nodes)),
      ]),
    )
    this.#dispatch(bindings, declarations, lines)
  }

  /** The accumulator becomes what stands before the invocation's first element: each step takes from twice as far. */
  #exclusive(f: Fold, o: number, before: Fold, declarations: Set<string>): string[] {
    const { combine, dtype } = f.of
    const type = storedType(dtype)
    const w = `run${o}`
    declarations.add(`var<workgroup> ${w}: array<${type}, ${threads}>;`)
    const read = (at: string): string => fromStored(dtype, `${w}[${at}]`)
    return [
      `${w}[local] = ${toStored(dtype, f.value)};`,
      'workgroupBarrier();',
      block(`for (var far = 1i; far < ${threads}i; far *= 2i)`, [
        `var other = ${identityOf(combine, dtype)};`,
        `if (local >= far) { other = ${read('local - far')}; }`,
        'workgroupBarrier();',
        `${f.value} = ${combineText(combine, dtype, 'other', f.value)};`,
        `${w}[local] = ${toStored(dtype, f.value)};`,
        'workgroupBarrier();',
      ]),
      `${f.value} = ${before.value};`,
      `if (local > 0i) { ${f.value} = ${combineText(combine, dtype, before.value, read('local - 1i'))}; }`,
    ]
  }

  #dispatch(bindings: Bindings, declarations: ReadonlySet<string>, lines: readonly string[]): void {
    this.#context.dispatch({ bindings, threads, groups: this.#range.size, declarations: [...declarations], body: [...this.#where(), ...lines] })
  }
}
