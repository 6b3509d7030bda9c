/**
 * A plain interpreter of programs: every node is computed over all points of its stage, with the cpu backend's rules for
 * elementwise arithmetic and nothing else of it. Slow and obvious. Temps live where the plan puts them, in an arena that
 * starts out as garbage, and outputs over donated inputs where the plan allows it: a wrong plan gives wrong results.
 */
import { bytesOf, sizeOf } from '../../src/core/aval.ts'
import { type DType, dtypeInfo } from '../../src/core/dtype.ts'
import { decodeNumbers, encodeNumbers, scalarBytes } from '../../src/core/bytes.ts'
import { cpuRules } from '../../src/backends/cpu/interpret.ts'
import type { HostArray } from '../../src/backends/cpu/host-array.ts'
import type { Eqn, EqnFor } from '../../src/core/jaxpr.ts'
import type { ElementwiseParams, Primitive } from '../../src/core/primitives/index.ts'
import type { BufferId, Combine, Expression, Guard, Index, Kernel, MemoryPlan, Node, Position, Program, Stage, Step, Store } from '../../src/lowering/kernel-ir/index.ts'
import '../families.ts'

export function interpretProgram(program: Program, plan: MemoryPlan, inputs: readonly Uint8Array[], donate = false): Uint8Array[] {
  const arena = new Uint8Array(plan.arenaBytes).fill(0xa5)
  const memory: (Uint8Array | undefined)[] = program.buffers.map((b, id) => {
    const bytes = bytesOf(b.aval)
    if (b.role.kind === 'input') return inputs[b.role.position]!.slice()
    if (b.role.kind === 'output') return new Uint8Array(bytes).fill(0xa5)
    const offset = plan.offsets.get(id)
    if (b.role.kind === 'temp' && offset !== undefined) {
      if (offset % 64 !== 0 || offset + bytes > plan.arenaBytes) throw new Error(`temp ${id} lies at ${offset}`)
      return arena.subarray(offset, offset + bytes)
    }
    return undefined
  })
  if (donate) for (const [out, input] of plan.donations) memory[program.outputs[out]!] = memory[program.inputs[input]!]!
  new Machine(program, memory).run(program.steps)
  return program.outputs.map((b) => memory[b]!.slice(0, bytesOf(program.buffers[b]!.aval)))
}

class Machine {
  readonly program: Program
  readonly memory: (Uint8Array | undefined)[]
  constructor(program: Program, memory: (Uint8Array | undefined)[]) {
    this.program = program
    this.memory = memory
  }

  bytes(b: BufferId): Uint8Array {
    const m = this.memory[b]
    if (m === undefined) throw new Error(`buffer ${b} has no place`)
    return m
  }

  run(steps: readonly Step[]): void {
    for (const step of steps) {
      if (step.kind === 'kernel') {
        this.kernel(step.kernel)
        continue
      }
      for (let i = 0; i < step.count; i++) {
        const t = step.reverse ? step.count - 1 - i : i
        for (const s of step.slices) {
          const { aval, role } = this.program.buffers[s]!
          if (role.kind !== 'slice') throw new Error(`buffer ${s} is no slice`)
          const size = bytesOf(aval)
          this.memory[s] = this.bytes(role.of).subarray(t * size, (t + 1) * size)
        }
        for (const c of step.carries) {
          const place = (k: number): BufferId => ((step.count - 1 - k) % 2 === 0 ? c.final : c.spare)
          this.memory[c.current] = this.bytes(i === 0 ? c.initial : place(i - 1))
          this.memory[c.next] = this.bytes(place(i))
        }
        this.run(step.body)
      }
    }
  }

  kernel(k: Kernel): void {
    switch (k.kind) {
      case 'loop': {
        const reduced: HostArray[][] = []
        for (const stage of k.stages) reduced.push(this.stage(stage, k.space, reduced))
        return
      }
      case 'contraction':
        return this.contraction(k)
      case 'scatter':
        return this.scatter(k)
      case 'sort':
        return this.sort(k)
    }
  }

  stage(stage: Stage, space: readonly number[], reduced: readonly HostArray[][]): HostArray[] {
    const sizes = [...space, ...stage.inner]
    const inner = sizeOf(stage.inner)
    const points = new Points(sizes)
    if (stage.kind === 'cumulative') {
      this.cumulative(stage, sizes)
      return []
    }
    const values = this.evaluate(stage.nodes, points, (n) => spread(reduced[n.stage]![n.output]!, inner))
    if (stage.kind === 'map') {
      this.write(stage.stores, values, points)
      return []
    }
    const outer = points.count / inner
    return stage.accumulators.map(({ combine, dtype, node, position }) => {
      const xs = decodeNumbers(values[node]!.bytes, values[node]!.aval.dtype)
      const places = position === null ? null : decodeNumbers(values[position]!.bytes, 'int32')
      const out = new Float64Array(outer)
      for (let p = 0; p < outer; p++) {
        let acc = xs[p * inner]!
        let at = places?.[p * inner] ?? 0
        for (let i = 1; i < inner; i++) {
          const x = xs[p * inner + i]!
          if (places === null) acc = fold(combine, acc, x, dtype)
          else if (beats(combine, x, acc)) {
            acc = x
            at = places[p * inner + i]!
          }
        }
        out[p] = places === null ? acc : at
      }
      const type: DType = places === null ? dtype : 'int32'
      return { aval: vector(outer, type), bytes: encodeNumbers(out, type) }
    })
  }

  cumulative(stage: Extract<Stage, { kind: 'cumulative' }>, sizes: readonly number[]): void {
    const points = new Points(sizes)
    const length = stage.inner[0]
    const { combine, dtype, node } = stage.accumulators[0]!
    const xs = decodeNumbers(this.evaluate(stage.nodes.slice(0, node + 1), points, none)[node]!.bytes, dtype)
    const out = new Float64Array(points.count)
    for (let p = 0; p < points.count; p += length) {
      let acc = 0
      for (let i = 0; i < length; i++) {
        const at = p + (stage.reverse ? length - 1 - i : i)
        acc = i === 0 ? xs[at]! : fold(combine, acc, xs[at]!, dtype)
        out[at] = acc
      }
    }
    const running = { aval: vector(points.count, dtype), bytes: encodeNumbers(out, dtype) }
    this.write(stage.stores, this.evaluate(stage.nodes, points, none, running), points)
  }

  contraction(k: Extract<Kernel, { kind: 'contraction' }>): void {
    const [batch, m, n, depth] = [sizeOf(k.batch), sizeOf(k.m), sizeOf(k.n), sizeOf(k.k)]
    const all = new Points([...k.batch, ...k.m, ...k.n, ...k.k])
    const factor = (nodes: Expression): ArrayLike<number> => {
      const last = this.evaluate(nodes, all, none).at(-1)!
      if (last.aval.dtype !== k.dtype) throw new Error(`factor of ${last.aval.dtype} in a product of ${k.dtype}`)
      return decodeNumbers(last.bytes, k.dtype)
    }
    const [l, r] = [factor(k.lhs), factor(k.rhs)]
    const out = new Float64Array(batch * m * n)
    for (let p = 0; p < out.length; p++) {
      let acc = 0
      for (let i = 0; i < depth; i++) {
        const product = k.dtype === 'int32' ? Math.imul(l[p * depth + i]!, r[p * depth + i]!) : l[p * depth + i]! * r[p * depth + i]!
        acc = k.dtype === 'int32' ? (acc + product) | 0 : acc + product
      }
      out[p] = acc
    }
    const points = new Points([...k.batch, ...k.m, ...k.n])
    const sum = { aval: vector(points.count, k.dtype), bytes: encodeNumbers(out, k.dtype) }
    this.write(k.stores, this.evaluate(k.epilogue, points, none, sum), points)
  }

  scatter(k: Extract<Kernel, { kind: 'scatter' }>): void {
    const out = this.bytes(k.out)
    if (k.out !== k.operand) out.set(this.bytes(k.operand))
    const points = new Points(k.space)
    const values = this.evaluate(k.nodes, points, none)
    const width = dtypeInfo[k.dtype].bytes
    for (let p = 0; p < points.count; p++) {
      const at = place(points.index(k.index, p), k.positions, values, p, k.mode === 'clip')
      if (at === null) continue
      const target = out.subarray(at * width, (at + 1) * width)
      const update = values[k.value]!.bytes.subarray(p * width, (p + 1) * width)
      if (target.length < width) throw new Error('an update outside of the array')
      if (k.combine === 'set') target.set(update)
      else target.set(encodeNumbers([fold(k.combine, decodeNumbers(target.slice(), k.dtype)[0]!, decodeNumbers(update.slice(), k.dtype)[0]!, k.dtype)], k.dtype))
    }
  }

  sort(k: Extract<Kernel, { kind: 'sort' }>): void {
    const columns = k.operands.map((o) => (o.from === null ? { ...o, numbers: null, bytes: null } : { ...o, numbers: decodeNumbers(this.bytes(o.from), o.dtype).slice(), bytes: this.bytes(o.from).slice() }))
    for (let o = 0; o < k.outer; o++) {
      for (let i = 0; i < k.inner; i++) {
        const at = (r: number): number => (o * k.length + r) * k.inner + i
        const order = Array.from({ length: k.length }, (_, r) => r)
        order.sort((a, b) => {
          for (const c of columns.slice(0, k.numKeys)) {
            if (c.numbers === null) throw new Error('places are no key')
            const order = compare(c.numbers[at(a)]!, c.numbers[at(b)]!)
            if (order !== 0) return k.descending ? -order : order
          }
          return a - b
        })
        for (const c of columns) {
          const width = dtypeInfo[c.dtype].bytes
          const result = (r: number): number => (o * k.keep + r) * k.inner + i
          for (const [to, from] of order.slice(0, k.keep).entries()) {
            const element = c.bytes === null ? new Uint8Array(Int32Array.of(from).buffer) : c.bytes.subarray(at(from) * width, (at(from) + 1) * width)
            this.bytes(c.to).set(element, result(to) * width)
          }
        }
      }
    }
  }

  /** Every node of an expression, over all points. */
  evaluate(nodes: Expression, points: Points, reduced: (n: Extract<Node, { op: 'reduced' }>) => HostArray, accumulator?: HostArray): HostArray[] {
    const values: HostArray[] = []
    const count = points.count
    for (const n of nodes) values.push(this.node(n, values, points, count, reduced, accumulator))
    return values
  }

  node(n: Node, values: readonly HostArray[], points: Points, count: number, reduced: (n: Extract<Node, { op: 'reduced' }>) => HostArray, accumulator?: HostArray): HostArray {
    const aval = vector(count, n.dtype)
    const width = dtypeInfo[n.dtype].bytes
    const bytes = new Uint8Array(count * width)
    switch (n.op) {
      case 'load':
      case 'gather': {
        const from = this.bytes(n.buffer)
        const otherwise = scalarBytes(n.otherwise, n.dtype)
        for (let p = 0; p < count; p++) {
          const open = points.holds(n.guards, p)
          const at = !open ? null : n.op === 'load' ? points.index(n.index, p) : place(points.index(n.index, p), n.positions, values, p, n.mode === 'clip')
          if (at !== null && (at < 0 || (at + 1) * width > from.length)) throw new Error(`a read of element ${at} of ${from.length / width}`)
          bytes.set(at === null ? otherwise : from.subarray(at * width, (at + 1) * width), p * width)
        }
        return { aval, bytes }
      }
      case 'literal':
        for (let p = 0; p < count; p++) bytes.set(scalarBytes(n.value, n.dtype), p * width)
        return { aval, bytes }
      case 'index':
        return { aval, bytes: encodeNumbers(Array.from({ length: count }, (_, p) => points.index(n.index, p)), n.dtype) }
      case 'guarded':
        for (let p = 0; p < count; p++) bytes.set(values[points.holds(n.guards, p) ? n.inside : n.outside]!.bytes.subarray(p * width, (p + 1) * width), p * width)
        return { aval, bytes }
      case 'apply':
        return apply(n, n.inputs.map((i) => values[i]!), aval)
      case 'bitcast':
        return { aval, bytes: values[n.input]!.bytes }
      case 'threefry':
        return cpuRules.threefry2x32(n.inputs.map((i) => values[i]!), {}, [aval, aval])[n.word]!
      case 'reduced':
        return reduced(n)
      case 'accumulator':
        return accumulator ?? { aval, bytes }
    }
  }

  write(stores: readonly Store[], values: readonly HostArray[], points: Points): void {
    for (const { buffer, index, node } of stores) {
      const to = this.bytes(buffer)
      const width = dtypeInfo[values[node]!.aval.dtype].bytes
      const seen = new Set<number>()
      for (let p = 0; p < points.count; p++) {
        const at = points.index(index, p)
        if (at < 0 || (at + 1) * width > to.length || seen.has(at)) throw new Error(`a second or outside store at ${at}`)
        seen.add(at)
        to.set(values[node]!.bytes.subarray(p * width, (p + 1) * width), at * width)
      }
    }
  }
}

const vector = (count: number, dtype: DType): HostArray['aval'] => ({ shape: [count], dtype, weakType: false })

const none = (): HostArray => {
  throw new Error('no reduction here')
}

function apply(n: Extract<Node, { op: 'apply' }>, inputs: readonly HostArray[], out: HostArray['aval']): HostArray {
  const rule = <P extends Primitive & keyof ElementwiseParams>(e: Pick<EqnFor<P>, 'primitive' | 'params'>): HostArray => cpuRules[e.primitive](inputs, e.params, [out])[0]!
  return rule(n as unknown as Eqn<'add'>)
}

/** All points of a space, by number. */
class Points {
  readonly sizes: readonly number[]
  readonly count: number
  constructor(sizes: readonly number[]) {
    this.sizes = sizes
    this.count = sizeOf(sizes)
  }
  index(i: Index, p: number): number {
    let n = i.constant
    for (const { coefficient, atom } of i.terms) {
      if (atom.kind === 'dim') n += coefficient * this.coordinate(atom.dim, p)
      else {
        const of = this.index(atom.of, p)
        n += coefficient * (atom.kind === 'floorDiv' ? Math.floor(of / atom.by) : ((of % atom.by) + atom.by) % atom.by)
      }
    }
    return n
  }
  coordinate(dim: number, p: number): number {
    let q = p
    for (let d = this.sizes.length - 1; d > dim; d--) q = Math.floor(q / this.sizes[d]!)
    return q % this.sizes[dim]!
  }
  holds(guards: readonly Guard[], p: number): boolean {
    return guards.every((g) => {
      const i = this.index(g.index, p)
      return i >= g.low && i < g.high
    })
  }
}

function place(start: number, positions: readonly Position[], values: readonly HostArray[], p: number, clip: boolean): number | null {
  let at = start
  for (const { position, stride, limit } of positions) {
    const i = decodeNumbers(values[position]!.bytes, 'int32')[p]!
    if (!clip && (i < 0 || i > limit)) return null
    at += stride * Math.min(Math.max(i, 0), limit)
  }
  return at
}

function spread(x: HostArray, times: number): HostArray {
  const width = dtypeInfo[x.aval.dtype].bytes
  const count = x.aval.shape[0]!
  const bytes = new Uint8Array(count * times * width)
  for (let i = 0; i < count * times; i++) bytes.set(x.bytes.subarray(Math.floor(i / times) * width, (Math.floor(i / times) + 1) * width), i * width)
  return { aval: vector(count * times, x.aval.dtype), bytes }
}

function fold(combine: Combine | 'set', a: number, b: number, dtype: DType): number {
  const wrap = (x: number): number => (dtypeInfo[dtype].kind === 'float' ? (dtype === 'float32' ? Math.fround(x) : x) : decodeNumbers(encodeNumbers([x], dtype), dtype)[0]!)
  switch (combine) {
    case 'sum':
      return wrap(a + b)
    case 'prod':
      return dtypeInfo[dtype].kind === 'float' ? wrap(a * b) : wrap(Math.imul(a, b))
    case 'max':
      return Math.max(a, b)
    case 'min':
      return Math.min(a, b)
    case 'and':
      return wrap(a & b)
    case 'or':
      return wrap(a | b)
    case 'xor':
      return wrap(a ^ b)
    case 'argmax':
    case 'argmin':
    case 'selectGe':
    case 'selectLe':
    case 'set':
      return b
  }
}

function beats(combine: Combine, x: number, best: number): boolean {
  if (combine === 'selectGe' || combine === 'selectLe') return combine === 'selectGe' ? !(best >= x) : !(best <= x)
  if (Number.isNaN(best)) return false
  return Number.isNaN(x) || (combine === 'argmax' ? x > best : x < best)
}

/** Ascending; -0 before 0, NaN last. */
function compare(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
  if (a !== b) return a < b ? -1 : 1
  return Number(Object.is(b, -0)) - Number(Object.is(a, -0))
}
