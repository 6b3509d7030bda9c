/**
 * Loops whose bodies are little work, whatever their points need of each other: one workgroup runs all iterations, kernel by kernel, with barriers where shaders of their own
 * would end. A dispatch takes a device longer than so few points do, and keeps most of it idle as well.
 */
import { sizeOf } from '../../../core/aval.ts'
import type { BufferId, LoopStep } from '../../kernel-ir/index.ts'
import { Bindings } from '../shader/bindings.ts'
import type { KernelContext } from '../shader/kernel-context.ts'
import { type OneWorkgroup, partsInOneWorkgroup } from '../loop-kernel/loop-parts.ts'
import { block } from '../shader/module-text.ts'
import { partOf } from '../shader/part.ts'
import { longest } from './pointwise-loop.ts'
import { counterBase, type PlaceId } from '../shader/shader-program.ts'
import { bytesOfTrees, iterationsOf, threadsFor, type Unit, unitsOf, workOf } from './workgroup-loop-body.ts'
import { isInPlace, LoopMemory } from './workgroup-loop-memory.ts'

/**
 * Nodes that one workgroup evaluates in an iteration, at most. On SwiftShader, which runs a workgroup on one core and takes some 30 µs a dispatch, as many take as long either way. A GPU
 * keeps one of its dozens of processors busy: 128 nodes an invocation, which are a microsecond or so, about what it waits between two dispatches that depend on each other.
 */
const mostWork = 2 ** 15

/** Whether the loop was one of these, and its shader is emitted. Its number is that of the innermost loop around. */
export function emitWorkgroupLoop(context: KernelContext, step: LoopStep): boolean {
  const units = step.count < 2 ? null : unitsOf(context, step.body)
  if (units === null || units.length === 0 || units.reduce((n, u) => n + workOf(u), 0) > mostWork) return false
  const length = Math.max(1, Math.floor(longest / iterationsOf(units)))
  if (Math.ceil(step.count / length) > counterBase) return false
  const memory = new LoopMemory(context, step, units)
  if (memory.bytes + bytesOfTrees(units) > context.limits.workgroupBytes) return false
  const packed = memory.packed()
  if (packed === null) return false
  const { meetsOutside } = memory
  memory.with(packed, (shared) => new LoopShader(context, step, units, memory, shared, meetsOutside).emit(length))
  return true
}

class LoopShader {
  readonly #context: KernelContext
  readonly #step: LoopStep
  readonly #units: readonly Unit[]
  readonly #memory: LoopMemory
  readonly #shared: ReadonlyMap<PlaceId, number>
  readonly #barrier: readonly string[]
  readonly #threads: number
  /** The number of the outermost loop. */
  readonly #number: number

  constructor(context: KernelContext, step: LoopStep, units: readonly Unit[], memory: LoopMemory, shared: ReadonlyMap<PlaceId, number>, meetsOutside: boolean) {
    this.#context = context
    this.#step = step
    this.#units = units
    this.#memory = memory
    this.#shared = shared
    this.#barrier = [...(meetsOutside ? ['storageBarrier();'] : []), 'workgroupBarrier();']
    this.#threads = threadsFor(units)
    this.#number = context.loops.length - 1
  }

  /** In dispatches of so many iterations, between which carries stand where they end. */
  emit(length: number): void {
    const { count, carries } = this.#step
    const parts = Math.ceil(count / length)
    if (parts > 1) for (const c of carries) this.#context.copy(c.initial, c.final)
    for (let part = 0; part < parts; part++) this.#dispatch(part, parts, length)
  }

  #dispatch(part: number, parts: number, length: number): void {
    const { count, carries } = this.#step
    const first = carries.map((c) => (parts > 1 ? c.final : c.initial))
    const bindings = new Bindings(this.#context, [...this.#memory.reads, ...first], [...this.#memory.writes, ...carries.map((c) => c.final)], { inside: this.#number, shared: this.#shared })
    const group: OneWorkgroup = { bindings, threads: this.#threads, declarations: new Set() }
    const begin = parts === 1 ? '0i' : `${bindings.parameter('part', part)} * ${length}i`
    const end = parts === 1 ? `${count}i` : `min(begin + ${length}i, ${count}i)`
    const body = [`let begin = ${begin};`, ...this.#loop(group, this.#step, this.#number, this.#units, first, 'begin', end)]
    this.#context.dispatch({ bindings, threads: this.#threads, groups: 1, declarations: [...group.declarations], body })
  }

  #loop(group: OneWorkgroup, { count, reverse, carries }: LoopStep, number: number, units: readonly Unit[], first: readonly BufferId[], begin: string, end: string): string[] {
    const n = `n${number}`
    const moving = carries.filter((c) => !isInPlace(c))
    return [
      ...this.#copies(group, carries.map((c, i) => [first[i]!, c.current])),
      block(`for (var ${n} = ${begin}; ${n} < ${end}; ${n}++)`, [
        `let t${number} = ${reverse ? `${count - 1}i - ${n}` : n};`,
        ...units.flatMap((u) => this.#unit(group, u, number)),
        ...this.#copies(group, moving.map((c) => [c.next, c.current])),
      ]),
      ...this.#copies(group, carries.map((c) => [c.current, c.final])),
    ]
  }

  #unit(group: OneWorkgroup, unit: Unit, number: number): string[] {
    if (unit.kind === 'loop') return this.#loop(group, unit.step, number + 1, unit.units, unit.step.carries.map((c) => c.initial), '0i', `${unit.step.count}i`)
    const { kernel, plain } = unit
    const parts = kernel.stages.map((_, stage) => partOf(kernel, stage))
    return [partsInOneWorkgroup(this.#context, kernel, parts, { saved: new Map(), rows: sizeOf(kernel.space), plain }, group), ...this.#barrier]
  }

  #copies({ bindings }: OneWorkgroup, pairs: readonly (readonly [from: BufferId, to: BufferId])[]): string[] {
    const lines = pairs.map(([from, to]) => {
      const { dtype, shape } = this.#context.avalOf(to)
      return block(`for (var i = local; i < ${sizeOf(shape)}i; i += ${this.#threads}i)`, [bindings.write(to, dtype, 'i', bindings.read(from, dtype, 'i'))])
    })
    return lines.length === 0 ? [] : [...lines, ...this.#barrier]
  }
}
