import { sizeOf } from '../../../core/aval.ts'
import { eachDim, type Expression, guardKey, indexKey, type LoopKernel, neededBy, type Node, type Stage } from '../../kernel-ir/index.ts'
import { type Part, type PartOptions, rootsOf } from '../shader/part.ts'
import type { RowLayout } from './row-layout.ts'
import { typeOf } from '../shader/types.ts'

/** Invocations keep at most so many elements of a row. */
const mostKept = 16

/** Elements that several stages load: each lane keeps its own from the first stage on. */
export class Kept {
  readonly #names = new Map<string, { readonly name: string; readonly type: string; readonly first: number }>()
  readonly #stages: readonly Stage[]
  #length = 0

  constructor(kernel: LoopKernel, parts: readonly Part[], { lanes }: RowLayout, options: PartOptions) {
    this.#stages = parts.map((p) => kernel.stages[p.stage]!)
    if (lanes === 1 || options.partials || options.makes) return
    const seen = new Map<string, { first: number; times: number; type: string }>()
    parts.forEach((part, i) => {
      const { nodes, inner } = kernel.stages[part.stage]!
      const length = Math.ceil(sizeOf(inner) / lanes)
      if (length > mostKept || sizeOf(inner) === 1) return
      const keys = new Set<string>()
      for (const id of neededBy(nodes, rootsOf(kernel, part))) {
        const n = nodes[id]!
        if (n.op === 'load' && variesWithin(n, kernel.space.length)) keys.add(keyOf(n, inner))
      }
      for (const key of keys) {
        const known = seen.get(key)
        if (known === undefined) seen.set(key, { first: i, times: 1, type: '' })
        else known.times++
      }
      this.#length = Math.max(this.#length, length)
    })
    for (const [key, { first, times }] of seen) {
      const node = this.#find(key, first)
      if (times > 1 && node !== null && this.#names.size * this.#length < 64) this.#names.set(key, { name: `kept${this.#names.size}`, type: typeOf(node.dtype), first })
    }
  }

  #find(key: string, stage: number): Extract<Node, { op: 'load' }> | null {
    const { nodes, inner }: { nodes: Expression; inner: readonly number[] } = this.#stages[stage]!
    for (const n of nodes) if (n.op === 'load' && keyOf(n, inner) === key) return n
    return null
  }

  declarations(): string[] {
    return [...this.#names.values()].map(({ name, type }) => `var ${name}: array<${type}, ${this.#length}>;`)
  }

  /** Whether stage number `stage` of the shader counts its elements by `i`. */
  uses(stage: number): boolean {
    const { nodes, inner } = this.#stages[stage]!
    return nodes.some((n) => n.op === 'load' && this.#names.has(keyOf(n, inner)))
  }

  at(node: Extract<Node, { op: 'load' }>, stage: number): { readonly name: string; readonly fills: boolean } | null {
    const kept = this.#names.get(keyOf(node, this.#stages[stage]!.inner))
    return kept === undefined ? null : { name: `${kept.name}[i]`, fills: kept.first === stage }
  }
}

const keyOf = (n: Extract<Node, { op: 'load' }>, inner: readonly number[]): string =>
  [n.buffer, n.dtype, indexKey(n.index), n.guards.map(guardKey).join('&'), String(n.otherwise), inner.join('x')].join(' ')

/** Whether a load depends on an inner dimension. */
function variesWithin(n: Extract<Node, { op: 'load' }>, first: number): boolean {
  let varies = false
  for (const index of [n.index, ...n.guards.map((g) => g.index)]) eachDim(index, (dim) => (varies ||= dim >= first))
  return varies
}
