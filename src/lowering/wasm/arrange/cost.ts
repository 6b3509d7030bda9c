import type { ElementwiseParams } from '../../../core/primitives/index.ts'
import type { Node } from '../../kernel-ir/index.ts'
import { partsOf } from '../lanes/index.ts'

/** How much work a node is, in simple vector instructions: for tiles and unrolling. */
export function costOf(node: Node): number {
  if (node.op === 'threefry') return 60
  if (node.op === 'gather') return 12
  // a guard along the lanes brings a second, lane by lane way to read
  if (node.op === 'load') return node.guards.length > 0 ? 6 : 1
  if (node.op !== 'apply') return node.op === 'literal' ? 0 : 1
  const wide = partsOf(node.dtype)
  if (cheap.has(node.primitive)) return wide
  return wide * (node.primitive === 'div' || node.primitive === 'sqrt' ? 4 : 20)
}

const cheap: ReadonlySet<keyof ElementwiseParams> = new Set([
  'neg', 'sign', 'floor', 'ceil', 'round', 'abs', 'square', 'isFinite', 'not', 'integerPow', 'convertElementType', 'stopGradient',
  'add', 'sub', 'mul', 'max', 'min', 'and', 'or', 'xor', 'eq', 'ne', 'lt', 'le', 'gt', 'ge', 'selectN', 'clamp',
] as const)
