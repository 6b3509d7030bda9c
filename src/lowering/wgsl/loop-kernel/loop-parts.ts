/** One shader of a loop kernel: some of its stages, of which it may make only some results. */
import { sizeOf } from '../../../core/aval.ts'
import type { BufferId, LoopKernel, Stage } from '../../kernel-ir/index.ts'
import { Bindings } from '../shader/bindings.ts'
import { expressionText, type Scope, storeText } from '../expression/expression.ts'
import { Fold, type Lanes, treeText } from './fold.ts'
import { Kept } from './kept.ts'
import type { KernelContext } from '../shader/kernel-context.ts'
import { block } from '../shader/module-text.ts'
import { type Part, type Partials, type PartOptions, rootsOf, savedKey, usesOfParts } from '../shader/part.ts'
import { boxesOf } from '../shader/pieces.ts'
import { alone, layoutOf, type RowLayout } from './row-layout.ts'
import { boxAround, boxOf } from '../shader/spans.ts'
import { type Blocks, blockText, firstOf, isFloatSum, type SumForm, sumFormOf } from './sum-form.ts'
import { unravel, variableNames } from '../shader/variables.ts'

export function emitParts(context: KernelContext, kernel: LoopKernel, parts: readonly Part[], options: PartOptions): void {
  const ranges = chunkRangesOf(context, kernel, parts, options)
  if (ranges === null) new PartsShader(context, kernel, parts, options).emit()
  else for (const { box: [range], spans } of ranges) context.apart(spans, () => { new PartsShader(context, kernel, parts, { ...options, range: range! }).emit() })
}

/** Where chunks are of large arrays: ranges of chunks, each of which a shader can bind. */
function chunkRangesOf(context: KernelContext, kernel: LoopKernel, parts: readonly Part[], { makes, saved }: PartOptions): ReturnType<typeof boxesOf> {
  const [part] = parts
  if (makes === undefined || part === undefined) return null
  const stage = kernel.stages[part.stage]!
  const { reads } = usesOfParts(kernel, parts, saved)
  const form = sumFormOf(kernel, stage, [stage])
  const length = sizeOf(stage.inner)
  const count = form.kind === 'blocks' ? form.count : length
  const each = Math.ceil(count / makes.chunks)
  const elementsBefore = (chunk: number): number => {
    const at = Math.min(chunk * each, count)
    return at === count ? length : form.kind === 'blocks' ? firstOf(form, at) : at
  }
  return boxesOf(context, [makes.chunks], {
    buffers: reads,
    touched: (all, [chunks]) => {
      const [from, to] = [elementsBefore(chunks!.first), elementsBefore(chunks!.first + chunks!.size)]
      if (from < to) all.stage(stage, [...boxOf(kernel.space), ...boxAround(stage.inner, from, to)])
    },
    more: makes.buffers.reduce((n, { position }) => n + (position === null ? 1 : 2), 0),
  })
}

/** A workgroup that goes through all points of kernels, one kernel after the other. */
export interface OneWorkgroup {
  readonly bindings: Bindings
  /** Invocations, at least as many as share rows. */
  readonly threads: number
  readonly declarations: Set<string>
}

/** Statements that do what the shader of `emitParts` does, by one workgroup; to be run by all of its invocations. */
export const partsInOneWorkgroup = (context: KernelContext, kernel: LoopKernel, parts: readonly Part[], options: PartOptions, group: OneWorkgroup): string =>
  new PartsShader(context, kernel, parts, options, group).inOneWorkgroup(group)

/** How a kernel's stages are shared out where they are one shader. */
export const layoutOfStages = (kernel: LoopKernel, stages: readonly Stage[], options: PartOptions): RowLayout =>
  options.plain === true ? alone : layoutOf(kernel, stages, options.partials ? options.partials.chunks : Math.max(...stages.map((s) => sizeOf(s.inner))))

class PartsShader {
  readonly #context: KernelContext
  readonly #kernel: LoopKernel
  readonly #parts: readonly Part[]
  readonly #options: PartOptions
  readonly #layout: RowLayout
  readonly #points: number
  readonly #bindings: Bindings
  readonly #declarations: Set<string>
  readonly #kept: Kept
  /** What reductions leave behind goes to these. */
  readonly #targets: ReadonlyMap<number, BufferId>

  constructor(context: KernelContext, kernel: LoopKernel, parts: readonly Part[], options: PartOptions, group?: OneWorkgroup) {
    this.#context = context
    this.#kernel = kernel
    this.#parts = parts
    this.#options = options
    this.#points = sizeOf(kernel.space)
    const stages = parts.map((p) => kernel.stages[p.stage]!)
    const layout = layoutOfStages(kernel, stages, options)
    this.#layout = group === undefined || layout.lanes === 1 ? layout : { ...layout, points: group.threads / layout.lanes }
    this.#declarations = group?.declarations ?? new Set()
    this.#kept = new Kept(kernel, parts, this.#layout, options)
    const { reads, writes } = usesOfParts(kernel, options.partials ? parts.slice(1) : parts, options.saved)
    for (const { value, position } of options.partials?.buffers ?? []) reads.add(value).add(position ?? value)
    for (const { value, position } of options.makes?.buffers ?? []) writes.add(value).add(position ?? value)
    this.#targets = options.saves === true ? this.#save(writes) : new Map()
    this.#bindings = group?.bindings ?? new Bindings(context, reads, writes)
  }

  #save(writes: Set<BufferId>): ReadonlyMap<number, BufferId> {
    const [part] = this.#parts
    const stage = this.#kernel.stages[part!.stage]!
    if (stage.kind !== 'reduce') return new Map()
    return new Map(
      part!.accumulators.map((o) => {
        const { dtype, position } = stage.accumulators[o]!
        const buffer = this.#context.temp(position === null ? dtype : 'int32', this.#points)
        this.#options.saved.set(savedKey(part!.stage, o), buffer)
        writes.add(buffer)
        return [o, buffer]
      }),
    )
  }

  get #cooperative(): boolean {
    return this.#layout.lanes > 1
  }

  emit(): void {
    const { lanes, points } = this.#layout
    const where = this.#cooperative ? this.#whereOfLane() : [`let point = group * ${points}i + local;`, `if (point >= ${this.#points}i) { return; }`]
    const body = this.#ofPoint()
    this.#context.dispatch({
      bindings: this.#bindings,
      threads: lanes * points,
      groups: this.#rowGroups * (this.#options.range?.size ?? this.#options.makes?.chunks ?? 1),
      declarations: [...this.#declarations],
      body: [...where, ...body],
    })
  }

  inOneWorkgroup({ threads }: OneWorkgroup): string {
    if (!this.#cooperative) return block(`for (var point = local; point < ${this.#points}i; point += ${threads}i)`, this.#ofPoint())
    return block(`for (var group = 0i; group < ${this.#rowGroups}i; group++)`, [...this.#whereOfLane(), ...this.#ofPoint()])
  }

  get #rowGroups(): number {
    return Math.ceil(this.#points / this.#layout.points)
  }

  #ofPoint(): string[] {
    const stages = this.#parts.flatMap((part) => this.#stage(part))
    return [...unravel('point', this.#kernel.space, 'd', 0), ...this.#kept.declarations(), ...stages]
  }

  /** Which point a lane works on, several of a workgroup on each. */
  #whereOfLane(): string[] {
    const { lanes, points, along } = this.#layout
    const { makes, range } = this.#options
    const [chunks, first] = [range?.size ?? makes?.chunks ?? 1, range?.first ?? 0]
    const rowGroups = this.#rowGroups
    const own = along === 'row' ? [`let lane = local % ${lanes}i;`, `let own = local / ${lanes}i;`] : [`let lane = local / ${points}i;`, `let own = local % ${points}i;`]
    return [
      ...own,
      ...(makes !== undefined ? [`let chunk = group / ${rowGroups}i${first === 0 ? '' : ` + ${first}i`};`] : []),
      `let row = ${makes !== undefined ? `(group % ${rowGroups}i)` : 'group'} * ${points}i + own;`,
      // Invocations past the end come to every barrier, and have nothing to do between them.
      `let live = row < ${this.#points}i${makes !== undefined ? ` && chunk < ${first + chunks}i` : ''};`,
      `let point = min(row, ${this.#points - 1}i);`,
    ]
  }

  #scope(part: Part, accumulator: (output: number) => string, i: number): Scope {
    const sizes = [...this.#kernel.space, ...this.#kernel.stages[part.stage]!.inner]
    return {
      bindings: this.#bindings,
      variables: { sizes, names: variableNames(sizes, 'd') },
      prefix: `s${part.stage}_`,
      reduced: (s, o) => {
        const buffer = this.#options.saved.get(savedKey(s, o))
        if (buffer === undefined || this.#parts.some((p) => p.stage === s)) return `r${s}_${o}`
        const per = this.#points / this.#options.rows
        return this.#bindings.read(buffer, this.#bindings.dtype(buffer), per === 1 ? 'point' : `point / ${per}i`)
      },
      accumulator,
      kept: (node) => this.#kept.at(node, i),
    }
  }

  #stage(part: Part, i: number = this.#parts.indexOf(part)): string[] {
    const stage = this.#kernel.stages[part.stage]!
    switch (stage.kind) {
      case 'map':
        return this.#map(part, stage, i)
      case 'reduce':
        return this.#reduce(part, stage, i)
      case 'cumulative':
        return this.#cumulative(part, stage, i)
    }
  }

  /** Lines for each element of a stage's inner dimensions. */
  #each(count: number, inside: readonly string[], kept: boolean): string[] {
    if (!this.#cooperative) return count === 1 ? [block('', inside).trimStart()] : [block(`for (var e = 0i; e < ${count}i; e++)`, inside)]
    const { lanes } = this.#layout
    if (kept) return [block(`for (var i = 0i; i < ${Math.ceil(count / lanes)}i; i++)`, [`let e = lane + i * ${lanes}i;`, block(`if (live && e < ${count}i)`, inside)])]
    const { makes } = this.#options
    if (makes === undefined) return [block(`for (var e = lane; e < select(0i, ${count}i, live); e += ${lanes}i)`, inside)]
    const length = Math.ceil(count / makes.chunks)
    return [block(`for (var e = chunk * ${length}i + lane; e < select(0i, min((chunk + 1i) * ${length}i, ${count}i), live); e += ${lanes}i)`, inside)]
  }

  #elements(stage: Stage, lines: readonly string[], i: number): string[] {
    return this.#each(sizeOf(stage.inner), [...unravel('e', stage.inner, 'd', this.#kernel.space.length), ...lines], this.#kept.uses(i))
  }

  #map(part: Part, stage: Extract<Stage, { kind: 'map' }>, i: number): string[] {
    const scope = this.#scope(part, () => '', i)
    const { statements, values } = expressionText(scope, stage.nodes, rootsOf(this.#kernel, part))
    return this.#elements(stage, [...statements, ...part.stores.map((s) => storeText(scope, stage.stores[s]!, values, stage.nodes))], i)
  }

  #reduce(part: Part, stage: Extract<Stage, { kind: 'reduce' }>, i: number): string[] {
    const form = this.#formOf(stage)
    const folds = part.accumulators.map((o) => {
      const a = stage.accumulators[o]!
      return new Fold(a, `r${part.stage}_${o}`, !isFloatSum(stage, a) ? 'plain' : form.kind === 'blocks' ? 'pair' : form.kind === 'lanes' ? 'quad' : 'plain')
    })
    const lines = [...folds.map((f) => f.start()), ...(this.#options.partials && i === 0 ? this.#foldPartials(folds, this.#options.partials) : this.#foldElements(part, stage, folds, i))]
    if (this.#cooperative) lines.push(...treeText(folds, this.#lanes(), { threads: this.#layout.lanes * this.#layout.points, bytes: this.#context.limits.workgroupBytes, subgroups: this.#context.limits.subgroups, declare: (line) => this.#declarations.add(line) }))
    return [...lines, ...folds.flatMap((f) => f.finish()), ...this.#results(part, folds)]
  }

  #lanes(): Lanes {
    const { lanes, points, along } = this.#layout
    return along === 'row' ? { count: lanes, step: 1, first: points === 1 ? '0' : `own * ${lanes}i` } : { count: lanes, step: points, first: 'own' }
  }

  #formOf(stage: Stage): SumForm {
    return this.#options.plain === true ? { kind: 'plain' } : sumFormOf(this.#kernel, stage, this.#parts.map((p) => this.#kernel.stages[p.stage]!))
  }

  #foldElements(part: Part, stage: Extract<Stage, { kind: 'reduce' }>, folds: readonly Fold[], i: number): string[] {
    const { statements, values } = expressionText(this.#scope(part, () => '', i), stage.nodes, rootsOf(this.#kernel, part))
    const takes = [...statements, ...folds.map((f) => f.take(values[f.of.node]!, f.of.position === null ? '' : values[f.of.position]!))]
    const form = this.#formOf(stage)
    return form.kind === 'blocks' ? this.#blocks(stage, form, takes, folds.flatMap((f) => f.endBlock())) : this.#elements(stage, takes, i)
  }

  /** Lines for each element of a stage's inner dimensions, and for the end of each block; lanes have every so many blocks. */
  #blocks(stage: Stage, blocks: Blocks, lines: readonly string[], ended: readonly string[]): string[] {
    const { count } = blocks
    const { makes } = this.#options
    const length = makes === undefined ? count : Math.ceil(count / makes.chunks)
    const last = makes === undefined ? `${count}i` : `min((chunk + 1i) * ${length}i, ${count}i)`
    const [from, to, step] = this.#cooperative ? [makes === undefined ? 'lane' : `chunk * ${length}i + lane`, `select(0i, ${last}, live)`, `${this.#layout.lanes}i`] : ['0i', last, '1i']
    const [first, end] = blockText(blocks, sizeOf(stage.inner), 'at')
    const inside = [...unravel('e', stage.inner, 'd', this.#kernel.space.length), ...lines]
    return [block(`for (var at = ${from}; at < ${to}; at += ${step})`, [`let first = ${first};`, `let end = ${end};`, block('for (var e = first; e < end; e++)', inside), ...ended])]
  }

  #foldPartials(folds: readonly Fold[], { chunks, buffers }: Partials): string[] {
    const at = `(point * ${chunks}i + e)`
    const read = (b: BufferId | null, place = at): string => (b === null ? '' : this.#bindings.read(b, this.#bindings.dtype(b), place))
    const pair = (b: BufferId): string => `vec2<f32>(${read(b, `(2i * ${at})`)}, ${read(b, `(2i * ${at} + 1i)`)})`
    return this.#each(chunks, folds.map((f, k) => block('', f.mergePartial(f.form === 'pair' ? pair(buffers[k]!.value) : read(buffers[k]!.value), read(buffers[k]!.position))).trimStart()), false)
  }

  /** Stores of what a reduction gave, by one invocation a row. */
  #results(part: Part, folds: readonly Fold[]): string[] {
    const { makes } = this.#options
    const stores: string[] = []
    folds.forEach((f, k) => {
      const into = makes?.buffers[k]
      if (into !== undefined) {
        const at = `(point * ${makes!.chunks}i + chunk)`
        if (f.form === 'pair') stores.push(...['x', 'y'].map((of, k) => this.#bindings.write(into.value, 'float32', `(2i * ${at} + ${k}i)`, `${f.value}.${of}`)))
        else stores.push(this.#bindings.write(into.value, f.of.dtype, at, f.value))
        if (into.position !== null) stores.push(this.#bindings.write(into.position, 'int32', at, f.name))
      }
      const target = this.#targets.get(part.accumulators[k]!)
      if (target !== undefined) stores.push(this.#bindings.write(target, f.places ? 'int32' : f.of.dtype, 'point', f.name))
    })
    if (stores.length === 0) return []
    return this.#cooperative ? [block('if (live && lane == 0i)', stores)] : stores
  }

  #cumulative(part: Part, stage: Extract<Stage, { kind: 'cumulative' }>, i: number): string[] {
    const name = (output: number): string => `c${part.stage}_${output}`
    const scope = this.#scope(part, name, i)
    const folds = part.accumulators.map((o) => new Fold(stage.accumulators[o]!, name(o)))
    const before = expressionText(scope, stage.nodes, stage.accumulators.map((a) => a.node))
    const after = expressionText(scope, stage.nodes, part.stores.map((s) => stage.stores[s]!.node), before.values)
    const [length] = stage.inner
    const d = `d${this.#kernel.space.length}`
    const place = length === 1 ? [] : [`let ${d} = ${stage.reverse ? `${length - 1}i - e` : 'e'};`]
    const stores = part.stores.map((s) => storeText(scope, stage.stores[s]!, after.values, stage.nodes))
    const inside = [...place, ...before.statements, ...folds.map((f) => f.take(before.values[f.of.node]!, '')), ...after.statements, ...stores]
    return [...folds.map((f) => f.start()), block(`for (var e = 0i; e < ${length}i; e++)`, inside)]
  }
}
