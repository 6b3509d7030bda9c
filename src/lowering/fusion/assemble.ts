/** Groups become kernels, values buffers: the last step to a program. */
import { aval, type Aval, sizeOf } from '../../core/aval.ts'
import { InternalError } from '../../core/errors.ts'
import type { Jaxpr } from '../../core/jaxpr.ts'
import { type Buffer, type BufferId, dimVector, flattenIndex, type Index, type Kernel, type LoopKernel, type LoopStep, mayShare, type Position, type Program, type Stage, type Step, type Store } from '../kernel-ir/index.ts'
import { rowMajorStrides } from '../../core/shapes/index.ts'
import { Builder } from './builder.ts'
import { decide } from './decide.ts'
import { fuse, type Schedule } from './fuse.ts'
import { Graph } from './graph.ts'
import { type Group, type Member, type Part, PartScope, partSizes, writeMember, writeOperands } from './group.ts'
import { loweringRules } from './rules/index.ts'
import { kernelName } from './name.ts'
import { type ContractionDef, type Loop, type ScatterDef, type Sort, storage, store, type Value } from './value.ts'

/** A program that computes a jaxpr without `constVars`. */
export function assemble(jaxpr: Jaxpr): Program {
  const graph = new Graph(loweringRules)
  const inputs = jaxpr.inputs.map((v) => graph.given(v.aval))
  const outputs = graph.run(jaxpr, inputs).map((x) => {
    const v = graph.array(x)
    store(v)
    return v
  })
  decide(graph.region)
  const schedule = fuse(graph.region)
  return new Assembly().program(schedule, inputs, outputs)
}

class Assembly {
  readonly #buffers: Buffer[] = []
  /** Where a value is written, besides its own buffer. */
  readonly #copies = new Map<Value, BufferId[]>()
  #needed: ReadonlySet<Value> = new Set()

  program(schedule: Schedule, inputs: readonly Value[], outputs: readonly Value[]): Program {
    inputs.forEach((v, position) => (v.buffer = this.#buffer(aval(v.shape, v.dtype), { kind: 'input', position })))
    const outputBuffers = outputs.map((v, position) => {
      const s = storage(v)
      s.buffer ??= this.#buffer(aval(s.shape, s.dtype), { kind: 'output', position })
      return s.buffer
    })
    this.#needed = neededBy(schedule, outputs)
    this.#scatterInPlace(schedule)
    const steps = this.#steps(schedule)
    return { buffers: this.#buffers, inputs: inputs.map((v) => v.buffer!), outputs: outputBuffers, steps }
  }

  #buffer(a: Aval, role: Buffer['role']): BufferId {
    this.#buffers.push({ aval: a, role })
    return this.#buffers.length - 1
  }

  #bufferOf(v: Value): BufferId {
    v.buffer ??= this.#buffer(aval(v.shape, v.dtype), { kind: 'temp' })
    return v.buffer
  }

  /** What a scatter is the last to read is made where the result will be: then there is nothing to copy. */
  #scatterInPlace({ groups }: Schedule): void {
    const last = new Map<Value, Group>()
    for (const g of groups) for (const v of g.loads) last.set(v, g)
    for (const g of groups.toReversed()) {
      const [v] = g.members.keys()
      if (v?.def.kind !== 'scatter') continue
      const operand = storage(v.def.operand)
      if (operand.region !== g.region || operand.def.kind === 'given' || operand.buffer !== null || last.get(operand) !== g) continue
      // Updates that are read from the operand itself are wanted as they were.
      const updates = new PartScope(g, null, () => 0, (u) => u.id)
      v.def.at(new Builder(v.def.space, updates), dimVector(v.def.space.length))
      if (updates.loads.has(operand)) continue
      operand.buffer = this.#bufferOf(v)
    }
  }

  #steps(schedule: Schedule): Step[] {
    const steps: Step[] = []
    for (const group of schedule.groups) {
      const step = this.#step(group, schedule)
      if (step !== null) steps.push(step)
    }
    return steps
  }

  #step(group: Group, schedule: Schedule): Step | null {
    const [first] = group.members.keys()
    const def = first!.def
    switch (group.kind) {
      case 'scan':
        return def.kind === 'loop' ? this.#loop(def.loop, schedule) : null
      case 'loop':
        return kernelStep(this.#loopKernel(group))
      case 'contraction':
        return kernelStep(def.kind === 'contraction' ? this.#contraction(group, first!, def) : null)
      case 'scatter':
        return kernelStep(def.kind === 'scatter' ? this.#scatter(group, first!, def) : null)
      case 'sort':
        return kernelStep(def.kind === 'sort' ? this.#sort(def.sort) : null)
    }
  }

  /** Stores of a value computed at a point: to its buffer and to every other place that waits for it. */
  #stores(group: Group, inner: readonly number[], { value, at }: Member, node: number): Store[] {
    if (sizeOf(value.shape) === 0) return []
    const index = flattenIndex(at, value.shape, partSizes(group, inner))
    return [this.#bufferOf(value), ...(this.#copies.get(value) ?? [])].map((buffer) => ({ buffer, index, node }))
  }

  #isNeeded(v: Value): boolean {
    return v.buffer !== null || this.#needed.has(v)
  }

  #scope(group: Group, part: Part | null, stageOf: (part: Part) => number): PartScope {
    return new PartScope(group, part, stageOf, (v) => this.#bufferOf(v))
  }

  #loopKernel(group: Group): LoopKernel | null {
    if (sizeOf(group.space) === 0) return null
    const stageOf = new Map<Part, number>()
    const stages: Stage[] = []
    const late: Member[] = []
    // Results of reductions that others read are written by the last stage, if it is one over the space alone.
    const lastPart = group.parts.at(-1)
    for (const part of group.parts) {
      const scope = this.#scope(group, part, (p) => stageOf.get(p)!)
      const b = new Builder(partSizes(group, part.inner), scope)
      const needed = part.members.filter((m) => this.#isNeeded(m.value))
      if (part.kind === 'map') {
        const stores = needed.flatMap((m) => this.#stores(group, part.inner, m, writeMember(b, scope, m).node))
        if (part === lastPart && part.inner.length === 0) {
          stores.push(...late.splice(0).flatMap((m) => this.#stores(group, [], m, b.read(m.value, m.at))))
        }
        if (stores.length === 0) continue
        stages.push({ kind: 'map', inner: part.inner, nodes: b.nodes, stores })
      } else if (part.kind === 'reduce') {
        const accumulators = part.members.map((m) => {
          if (m.value.def.kind !== 'reduction') throw new InternalError('fusion', 'a reduce stage holds reductions')
          const { combine, dtype } = m.value.def.accumulator
          return { combine, dtype, ...writeMember(b, scope, m) }
        })
        late.push(...needed)
        stages.push({ kind: 'reduce', inner: part.inner, nodes: b.nodes, accumulators })
      } else {
        const [m] = part.members
        if (m?.value.def.kind !== 'cumulative') throw new InternalError('fusion', 'a cumulative stage holds one value')
        const { combine, dtype, reverse } = { ...m.value.def, dtype: m.value.dtype }
        const { node } = writeMember(b, scope, m)
        const running = b.put({ op: 'accumulator', dtype, output: 0 })
        stages.push({ kind: 'cumulative', inner: [part.inner[0]!], reverse, nodes: b.nodes, accumulators: [{ combine, dtype, node, position: null }], stores: this.#stores(group, part.inner, m, running) })
      }
      stageOf.set(part, stages.length - 1)
    }
    if (late.length > 0) {
      const b = new Builder(group.space, this.#scope(group, null, (p) => stageOf.get(p)!))
      stages.push({ kind: 'map', inner: [], stores: late.flatMap((m) => this.#stores(group, [], m, b.read(m.value, m.at))), nodes: b.nodes })
    }
    if (!stages.some((s) => s.kind !== 'reduce' && s.stores.length > 0)) return null
    return { kind: 'loop', name: kernelName(stages.map((s) => s.nodes)), space: group.space, stages }
  }

  #contraction(group: Group, v: Value, def: ContractionDef): Kernel | null {
    if (sizeOf(group.space) === 0) return null
    const part = group.parts[0]!
    const { lhs, rhs } = writeOperands(def, this.#scope(group, null, () => 0))
    const scope = this.#scope(group, null, () => 0)
    const b = new Builder(group.space, scope)
    const stores = part.members.flatMap((m) => {
      if (!this.#isNeeded(m.value)) return []
      scope.writing = m.value
      const node = m.value === v ? b.put({ op: 'accumulator', dtype: def.dtype, output: 0 }) : b.read(m.value, m.at)
      return this.#stores(group, [], m, node)
    })
    if (stores.length === 0) return null
    return { kind: 'contraction', name: kernelName([lhs, rhs, b.nodes]), dtype: def.dtype, batch: def.batch, m: def.m, n: def.n, k: def.k, lhs, rhs, sliding: def.sliding, epilogue: b.nodes, stores }
  }

  #scatter(group: Group, v: Value, def: ScatterDef): Kernel | null {
    if (sizeOf(v.shape) === 0) return null
    const b = new Builder(def.space, this.#scope(group, null, () => 0))
    const { value, index, positions } = def.at(b, dimVector(def.space.length))
    const strides = rowMajorStrides(v.shape)
    const placed: Position[] = positions.map((p) => ({ position: p.node, stride: strides[p.axis]!, limit: p.limit }))
    const flat: Index = flattenIndex(index, v.shape, def.space)
    const operand = this.#bufferOf(storage(def.operand))
    return { kind: 'scatter', name: `scatter_${def.combine}`, operand, out: this.#bufferOf(v), dtype: v.dtype, space: def.space, nodes: b.nodes, index: flat, positions: placed, mode: def.mode, value, combine: def.combine }
  }

  #sort({ operands, results, rows }: Sort): Kernel | null {
    if (rows.outer * rows.keep * rows.inner === 0) return null
    return {
      kind: 'sort',
      name: 'sort',
      ...rows,
      operands: operands.map((x, i) => ({ from: x === null ? null : this.#bufferOf(storage(x)), to: this.#bufferOf(results[i]!), dtype: results[i]!.dtype })),
    }
  }

  #loop(loop: Loop, schedule: Schedule): LoopStep {
    const body = schedule.bodies.get(loop)
    if (body === undefined) throw new InternalError('fusion', 'a loop without a body')
    const carries = loop.carries.map(({ initial, current, next, final }) => {
      const a = aval(current.shape, current.dtype)
      const currentBuffer = this.#buffer(a, { kind: 'carry', side: 'current' })
      current.buffer = currentBuffer
      const nextBuffer = this.#buffer(a, { kind: 'carry', side: 'next' })
      this.#writeTo(next, nextBuffer)
      return { initial: this.#bufferOf(storage(initial)), current: currentBuffer, next: nextBuffer, final: this.#bufferOf(final) }
    })
    const slices: BufferId[] = []
    for (const { whole, slice } of loop.xs) {
      slice.buffer = this.#buffer(aval(slice.shape, slice.dtype), { kind: 'slice', of: this.#bufferOf(storage(whole)) })
      slices.push(slice.buffer)
    }
    for (const { whole, slice } of loop.ys) {
      const buffer = this.#buffer(aval(whole.shape.slice(1), whole.dtype), { kind: 'slice', of: this.#bufferOf(whole) })
      this.#writeTo(slice, buffer)
      slices.push(buffer)
    }
    const outerNeeded = this.#needed
    this.#needed = neededBy(body, [])
    this.#scatterInPlace(body)
    const steps = this.#steps(body)
    this.#needed = outerNeeded
    const placed = carries.map((c) => {
      const inPlace = mayShare(this.#buffers, steps, c.current, c.next, true)
      return { ...c, spare: inPlace ? c.final : this.#buffer(this.#buffers[c.current]!.aval, { kind: 'temp' }) }
    })
    return { kind: 'loop', count: loop.count, reverse: loop.reverse, slices, carries: placed, body: steps }
  }

  #writeTo(v: Value, buffer: BufferId): void {
    const s = storage(v)
    if (s.buffer === null) s.buffer = buffer
    else this.#copies.set(s, [...(this.#copies.get(s) ?? []), buffer])
  }
}

const kernelStep = (kernel: Kernel | null): Step | null => (kernel === null ? null : { kind: 'kernel', kernel })

/** Values that must stand in memory: what any kernel loads, and the outputs. */
function neededBy(schedule: Schedule, outputs: readonly Value[]): ReadonlySet<Value> {
  const needed = new Set<Value>(outputs.map(storage))
  for (const g of schedule.groups) for (const v of g.loads) needed.add(v)
  return needed
}
