/**
 * Loops whose carries stay with the point that makes them: one map, which of each carry reads the element that it makes anew. No invocation needs another's, so all
 * iterations go in one shader, the carries in variables: one dispatch, and no memory but for slices.
 */
import { sizeOf } from '../../../core/aval.ts'
import { type BufferId, indexKey, type LoopKernel, type LoopStep, type Stage, type Store } from '../../kernel-ir/index.ts'
import { Bindings } from '../shader/bindings.ts'
import { expressionText, type Scope, storeText } from '../expression/expression.ts'
import { indexText } from '../expression/index-text.ts'
import { fits, type KernelContext } from '../shader/kernel-context.ts'
import { flattened } from '../loop-kernel/loop-kernel.ts'
import { block } from '../shader/module-text.ts'
import { alone } from '../loop-kernel/row-layout.ts'
import { counterBase } from '../shader/shader-program.ts'
import { unravel, variableNames } from '../shader/variables.ts'

type MapStage = Extract<Stage, { kind: 'map' }>
type Carry = LoopStep['carries'][number]

/** Iterations of one dispatch: drivers end what takes seconds. */
export const longest = 4096

/** The loop as a kernel with carries in variables; null where it is no such loop. */
interface PointwiseLoop {
  readonly step: LoopStep
  readonly space: readonly number[]
  readonly stages: readonly MapStage[]
  /** Where each carry's next value is stored. */
  readonly stores: ReadonlyMap<Carry, Store>
  readonly carryOf: ReadonlyMap<BufferId, Carry>
}

/** Whether the loop was one of these, and its shader is emitted. Its number is that of the innermost loop around. */
export function emitPointwiseLoop(context: KernelContext, step: LoopStep): boolean {
  const [only, ...more] = step.body
  if (only?.kind !== 'kernel' || more.length > 0 || only.kernel.kind !== 'loop') return false
  const loop = pointwise(step, flattened(only.kernel))
  if (loop === null || !standsApart(context, loop)) return false
  new LoopShader(context, loop).emit()
  return true
}

function pointwise(step: LoopStep, { space, stages }: LoopKernel): PointwiseLoop | null {
  if (step.count < 2 || step.count > longest * counterBase) return null
  const maps = stages.filter((s): s is MapStage => s.kind === 'map' && s.inner.length === 0)
  if (maps.length !== stages.length) return null
  const all = maps.flatMap((s) => s.stores)
  const stores = new Map<Carry, Store>()
  for (const carry of step.carries) {
    const [store, ...others] = all.filter((s) => s.buffer === carry.next)
    if (store === undefined || others.length > 0) return null
    stores.set(carry, store)
  }
  const carryOf = new Map(step.carries.map((c) => [c.current, c]))
  const made = new Set(all.map((s) => s.buffer))
  for (const n of maps.flatMap((s) => s.nodes)) {
    if (n.op !== 'load' && n.op !== 'gather') continue
    const carry = carryOf.get(n.buffer)
    if (made.has(n.buffer) || (carry !== undefined && (n.op === 'gather' || n.guards.length > 0 || indexKey(n.index) !== indexKey(stores.get(carry)!.index)))) return null
  }
  return { step, space, stages: maps, stores, carryOf }
}

/** What other buffers than carries a loop reads. */
const readsOf = ({ stages, carryOf }: PointwiseLoop): BufferId[] =>
  stages.flatMap((s) => s.nodes.flatMap((n) => ((n.op === 'load' || n.op === 'gather') && !carryOf.has(n.buffer) ? n.buffer : [])))

/** What other stores than those of carries it makes. */
const slicesOf = ({ stages, stores }: PointwiseLoop): Store[] => {
  const carried = new Set(stores.values())
  return stages.flatMap((s) => s.stores.filter((store) => !carried.has(store)))
}

/**
 * Whether one shader binds it all, carries are read as what they are, and nothing is written where another invocation may still have to read: iterations of different
 * points are in no order.
 */
function standsApart(context: KernelContext, loop: PointwiseLoop): boolean {
  const { step, stages, stores, carryOf } = loop
  const place = (b: BufferId): number => context.locate(b).place
  const [reads, written] = [readsOf(loop), new Set(slicesOf(loop).map((s) => place(s.buffer)))]
  for (const s of stages) {
    for (const n of s.nodes) if (n.op === 'load' && carryOf.has(n.buffer) && n.dtype !== context.avalOf(n.buffer).dtype) return false
    for (const store of s.stores) if (s.nodes[store.node]!.dtype !== context.avalOf(store.buffer).dtype) return false
  }
  for (const { initial, final } of step.carries) {
    const others = [...written, ...step.carries.filter((c) => c.final !== final).map((c) => place(c.final))]
    if (others.includes(place(initial)) || others.includes(place(final))) return false
  }
  if (stores.size !== step.carries.length) return false
  for (const { final } of step.carries) written.add(place(final))
  return reads.every((b) => !written.has(place(b))) && fits(context, [...reads, ...slicesOf(loop).map((s) => s.buffer), ...step.carries.flatMap((c) => [c.initial, c.final])])
}

class LoopShader {
  readonly #context: KernelContext
  readonly #loop: PointwiseLoop
  /** The number of the loop. */
  readonly #number: number

  constructor(context: KernelContext, loop: PointwiseLoop) {
    this.#context = context
    this.#loop = loop
    this.#number = context.loops.length - 1
  }

  emit(): void {
    const { count, carries } = this.#loop.step
    const parts = Math.ceil(count / longest)
    // Between dispatches carries stand where they end.
    if (parts > 1) for (const c of carries) this.#context.copy(c.initial, c.final)
    for (let part = 0; part < parts; part++) this.#dispatch(part, parts)
  }

  #dispatch(part: number, parts: number): void {
    const { step, space, stages } = this.#loop
    const { count, reverse, carries } = step
    const first = (c: Carry): BufferId => (parts > 1 ? c.final : c.initial)
    const bindings = new Bindings(this.#context, [...readsOf(this.#loop), ...carries.map(first)], [...slicesOf(this.#loop).map((s) => s.buffer), ...carries.map((c) => c.final)], { inside: this.#number })
    const variables = { sizes: space, names: variableNames(space, 'd') }
    const name = (c: Carry): string => `carry${carries.indexOf(c)}`
    const at = (c: Carry): string => indexText(this.#loop.stores.get(c)!.index, variables)
    const dtype = (c: Carry) => this.#context.avalOf(c.final).dtype
    const inside: string[] = []
    const next: string[] = []
    for (const [i, stage] of stages.entries()) {
      const scope: Scope = {
        bindings,
        variables,
        prefix: `s${i}_`,
        reduced: () => '',
        accumulator: () => '',
        kept: ({ buffer }) => {
          const carry = this.#loop.carryOf.get(buffer)
          return carry === undefined ? null : { name: name(carry), fills: false }
        },
      }
      const { statements, values } = expressionText(scope, stage.nodes, stage.stores.map((s) => s.node))
      inside.push(...statements)
      for (const store of stage.stores) {
        const carry = carries.find((c) => this.#loop.stores.get(c) === store)
        if (carry === undefined) inside.push(storeText(scope, store, values, stage.nodes))
        else next.push(`${name(carry)} = ${values[store.node]!};`)
      }
    }
    const begin = parts === 1 ? '0i' : `${bindings.parameter('part', part)} * ${longest}i`
    const points = sizeOf(space)
    this.#context.dispatch({
      bindings,
      threads: alone.points,
      groups: Math.ceil(points / alone.points),
      declarations: [],
      body: [
        `let point = group * ${alone.points}i + local;`,
        `if (point >= ${points}i) { return; }`,
        ...unravel('point', space, 'd', 0),
        ...carries.map((c) => `var ${name(c)} = ${bindings.read(first(c), dtype(c), at(c))};`),
        `let begin = ${begin};`,
        block(`for (var n = begin; n < ${parts === 1 ? `${count}i` : `min(begin + ${longest}i, ${count}i)`}; n++)`, [`let t${this.#number} = ${reverse ? `${count - 1}i - n` : 'n'};`, ...inside, ...next]),
        ...carries.map((c) => bindings.write(c.final, dtype(c), at(c), name(c))),
      ],
    })
  }
}
