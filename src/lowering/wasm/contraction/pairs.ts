/**
 * Products of small whole numbers, two steps of k at once: a word holds the factors of both as 16-bit halves, and one
 * instruction multiplies four pairs by four others and adds up the two products of each.
 */
import { type DType, dtypeInfo } from '../../../core/dtype.ts'
import { mapTuple } from '../../../core/map-tuple.ts'
import { rewriteNodes } from '../../kernel-ir/rewrite.ts'
import { type ContractionKernel, dimIndex, type Expression, type Index, type Node, shiftNode } from '../../kernel-ir/index.ts'

/** Types whose values all fit 16 bits with a sign. */
const fits = (dtype: DType): boolean => dtype === 'bool' || (dtypeInfo[dtype].kind === 'int' && dtypeInfo[dtype].bytes <= 2) || dtype === 'uint8'

/** The same sums over pairs along the last axis of k, where both factors are converted from a type that fits; else null. */
export function asPairs(kernel: ContractionKernel): ContractionKernel | null {
  const k = kernel.k.at(-1) ?? 1
  if (kernel.dtype !== 'int32' || k < 2 || !isSmall(kernel.lhs) || !isSmall(kernel.rhs)) return null
  const last = kernel.batch.length + kernel.m.length + kernel.n.length + kernel.k.length - 1
  const halves = [...kernel.k.slice(0, -1), Math.ceil(k / 2)]
  const sizes = [...kernel.batch, ...kernel.m, ...kernel.n, ...halves]
  const words = (nodes: Expression): Expression => {
    const at = (half: 0 | 1): Index => ({ constant: half, terms: [{ coefficient: 2, atom: { kind: 'dim', dim: last } }] })
    const [low, high] = mapTuple([0, 1], (half) => rewriteNodes(nodes, (dim) => (dim === last ? at(half) : dimIndex(dim)), sizes))
    // past the end of an odd k there is nothing to read
    const guards = k % 2 === 1 ? [{ index: at(1), low: 0, high: k }] : []
    const guarded = high.map((n): Node => (n.op === 'load' || n.op === 'gather' ? { ...n, guards: [...guards, ...n.guards] } : n))
    const all: Node[] = [...low, ...guarded.map((n) => shiftNode(n, low.length))]
    const push = (node: Node): number => all.push(node) - 1
    const first = low.length - 1
    let second = all.length - 1
    if (guards.length > 0) {
      const zero = push({ op: 'literal', dtype: 'int32', value: 0 })
      second = push({ op: 'guarded', dtype: 'int32', guards, inside: second, outside: zero })
    }
    const apply = (primitive: 'and' | 'or' | 'shiftLeft', inputs: readonly number[]): number => push({ op: 'apply', primitive, params: {}, dtype: 'int32', inputs })
    const lowHalf = apply('and', [first, push({ op: 'literal', dtype: 'int32', value: 0xffff })])
    apply('or', [lowHalf, apply('shiftLeft', [second, push({ op: 'literal', dtype: 'int32', value: 16 })])])
    return all
  }
  return { ...kernel, k: halves, lhs: words(kernel.lhs), rhs: words(kernel.rhs) }
}

function isSmall(nodes: Expression): boolean {
  const last = nodes.at(-1)
  if (last?.op !== 'apply' || last.primitive !== 'convertElementType' || last.dtype !== 'int32') return false
  const from = nodes[last.inputs[0] ?? -1]
  return from !== undefined && fits(from.dtype)
}
