/** The checker of programs, for tests: whatever fusion makes must pass it. */
import { evalAvals } from '../../core/abstract-eval/index.ts'
import { aval, bytesOf, sizeOf } from '../../core/aval.ts'
import { dtypeInfo } from '../../core/dtype.ts'
import { InternalError, PullbackError } from '../../core/errors.ts'
import type { ElementwiseParams } from '../../core/primitives/index.ts'
import { guardKey, rangeOf, type Sizes } from './index-arithmetic.ts'
import type { Index } from './index-map.ts'
import type { BufferId, Expression, Kernel, Node, NodeId, Store } from './kernel.ts'
import type { Program, Step } from './program.ts'
import { inputsOf, readsOfKernel, writesOfKernel } from './uses.ts'

/**
 * Gives the program back if it is well formed: nodes refer to earlier ones and have the types that their operations give,
 * unguarded reads and all stores stay within their buffers, nothing is read before it is written, every output is written.
 *
 * @throws InternalError listing all problems.
 */
export function checkProgram(program: Program): Program {
  const problems = new Checker(program).problems()
  if (problems.length > 0) throw new InternalError('checkProgram', `found ${problems.length} problems:\n  ${problems.join('\n  ')}`)
  return program
}

class Checker {
  readonly #program: Program
  readonly #found: string[] = []
  #at = ''
  constructor(program: Program) {
    this.#program = program
  }

  problems(): readonly string[] {
    const written = new Set<BufferId>(this.#program.inputs)
    this.#steps(this.#program.steps, written)
    this.#at = 'outputs'
    for (const b of this.#program.outputs) if (!written.has(b) && bytesOf(this.#program.buffers[b]!.aval) > 0) this.#say(`%${b} is never written`)
    return this.#found
  }

  #say(problem: string): void {
    this.#found.push(`${this.#at}: ${problem}`)
  }

  #steps(steps: readonly Step[], written: Set<BufferId>): void {
    for (const [i, step] of steps.entries()) {
      const outer = this.#at
      this.#at = `${outer}${outer === '' ? '' : ' > '}${i}`
      if (step.kind === 'kernel') {
        for (const b of readsOfKernel(step.kernel)) if (!this.#isWritten(b, written)) this.#say(`%${b} is read before it is written`)
        this.#kernel(step.kernel)
        for (const b of writesOfKernel(step.kernel)) written.add(b)
      } else {
        if (step.count < 1) this.#say('a loop that never runs')
        for (const c of step.carries) {
          if (!this.#isWritten(c.initial, written)) this.#say(`carry %${c.initial} has no initial value`)
          written.add(c.current)
        }
        this.#steps(step.body, written)
        for (const c of step.carries) {
          if (!written.has(c.next) && bytesOf(this.#program.buffers[c.next]!.aval) > 0) this.#say(`carry %${c.next} is not written by the body`)
          written.add(c.final)
        }
        for (const s of step.slices) if (written.has(s)) this.#writeWhole(s, written)
      }
      this.#at = outer
    }
  }

  #isWritten(b: BufferId, written: ReadonlySet<BufferId>): boolean {
    const { role, aval: a } = this.#program.buffers[b]!
    return bytesOf(a) === 0 || written.has(b) || (role.kind === 'slice' && this.#isWritten(role.of, written))
  }

  #writeWhole(b: BufferId, written: Set<BufferId>): void {
    const { role } = this.#program.buffers[b]!
    if (role.kind !== 'slice') return
    written.add(role.of)
    this.#writeWhole(role.of, written)
  }

  #kernel(k: Kernel): void {
    switch (k.kind) {
      case 'loop':
        for (const stage of k.stages) {
          const sizes = [...k.space, ...stage.inner]
          this.#nodes(stage.nodes, sizes)
          if (stage.kind !== 'map') for (const a of stage.accumulators) this.#typed(stage.nodes, a.node, a.dtype)
          if (stage.kind !== 'reduce') this.#stores(stage.stores, stage.nodes, sizes)
        }
        return
      case 'contraction': {
        const sizes = [...k.batch, ...k.m, ...k.n, ...k.k]
        for (const side of [k.lhs, k.rhs]) {
          this.#nodes(side, sizes)
          this.#typed(side, side.length - 1, k.dtype)
        }
        this.#nodes(k.epilogue, sizes)
        this.#stores(k.stores, k.epilogue, sizes)
        return
      }
      case 'scatter':
        this.#nodes(k.nodes, k.space)
        this.#typed(k.nodes, k.value, k.dtype)
        if (k.nodes.some((n) => (n.op === 'load' || n.op === 'gather') && n.buffer === k.out)) this.#say(`scatters over %${k.out}, from which it reads its updates`)
        return
      case 'sort':
        if (k.keep > k.length) this.#say(`keeps ${k.keep} of ${k.length} elements`)
        if (k.operands.slice(0, k.numKeys).some((o) => o.from === null)) this.#say('sorts by places')
        for (const o of k.operands) {
          const bytes = (length: number): number => k.outer * length * k.inner * dtypeInfo[o.dtype].bytes
          if ((o.from !== null && this.#bytes(o.from) !== bytes(k.length)) || this.#bytes(o.to) !== bytes(k.keep)) this.#say(`sorts %${o.from} to %${o.to} of another size`)
          if (o.from === null && o.dtype !== 'int32') this.#say(`sorts places as ${o.dtype}`)
        }
    }
  }

  #bytes(b: BufferId): number {
    return bytesOf(this.#program.buffers[b]!.aval)
  }

  #typed(nodes: Expression, id: NodeId, dtype: Node['dtype']): void {
    if (nodes[id]?.dtype !== dtype) this.#say(`node ${id} is ${nodes[id]?.dtype ?? 'nothing'} where ${dtype} is needed`)
  }

  #nodes(nodes: Expression, sizes: Sizes): void {
    for (const [id, n] of nodes.entries()) {
      for (const i of inputsOf(n)) if (!(i < id)) this.#say(`node ${id} (${n.op}) refers to node ${i}`)
      if (n.op === 'load' && n.guards.length === 0) this.#within(n.buffer, n.index, dtypeInfo[n.dtype].bytes, sizes, `load ${id}`)
      if (n.op === 'apply') this.#apply(nodes, id, n)
      if (n.op === 'bitcast' && dtypeInfo[n.dtype].bytes !== dtypeInfo[nodes[n.input]!.dtype].bytes) this.#say(`node ${id} casts bits to another width`)
      if (n.op === 'guarded' && (nodes[n.inside]?.dtype !== n.dtype || nodes[n.outside]?.dtype !== n.dtype)) this.#say(`node ${id} chooses among other types`)
      if ((n.op === 'load' || n.op === 'gather' || n.op === 'guarded') && new Set(n.guards.map(guardKey)).size < n.guards.length) this.#say(`node ${id} has a guard twice`)
    }
  }

  #apply(nodes: Expression, id: NodeId, n: Extract<Node, { op: 'apply' }>): void {
    try {
      const scalars = n.inputs.map((i) => aval([], nodes[i]!.dtype))
      const [out] = evalAvals<keyof ElementwiseParams>(n.primitive, scalars, n.params)
      if (out?.dtype !== n.dtype) this.#say(`node ${id} (${n.primitive}) is ${n.dtype}; the operation gives ${out?.dtype ?? 'nothing'}`)
    } catch (error) {
      if (!(error instanceof PullbackError)) throw error
      this.#say(`node ${id}: ${error.message}`)
    }
  }

  #stores(stores: readonly Store[], nodes: Expression, sizes: Sizes): void {
    for (const s of stores) {
      const node = nodes[s.node]
      // As loads do, stores count in elements of what they store: a loop's keys are written word by word.
      if (node === undefined) this.#say(`stores nothing to %${s.buffer}`)
      else this.#within(s.buffer, s.index, dtypeInfo[node.dtype].bytes, sizes, 'store')
    }
  }

  #within(b: BufferId, index: Index, width: number, sizes: Sizes, what: string): void {
    if (sizeOf(sizes) === 0) return
    const { min, max } = rangeOf(index, sizes)
    if (min < 0 || (max + 1) * width > this.#bytes(b)) this.#say(`${what} touches elements ${min} to ${max} of %${b}, which has ${this.#bytes(b) / width}`)
  }
}
