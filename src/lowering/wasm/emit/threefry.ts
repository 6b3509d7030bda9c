/** threefry2x32 on four counters at once. */
import { InternalError } from '../../../core/errors.ts'
import type { Node, NodeId } from '../../kernel-ir/index.ts'
import type { FunctionBuilder, Local } from '../asm/index.ts'
import { keep, type Value } from '../lanes/index.ts'
import { threefry2x32 } from '../math/index.ts'
import { find, note, type State } from './state.ts'

/** One result word; both are kept, because the other one is nearly always wanted too. */
export function threefryWord(state: State, node: Extract<Node, { op: 'threefry' }>, fork: number, operand: (id: NodeId) => Value): Local {
  const key = `${fork}:${node.inputs.join()}`
  const known = find(state, 'threefry', key)
  if (known !== undefined) return known[node.word]
  const inputs = node.inputs.map((id) => operand(id)[0])
  const [key0, key1, x0, x1] = inputs
  if (key0 === undefined || key1 === undefined || x0 === undefined || x1 === undefined) throw new InternalError('threefry2x32', 'an operand has no value')
  const words = rounds(state.info.fn, key0, key1, x0, x1)
  note(state, 'threefry', key, words)
  return words[node.word]
}

function rounds(fn: FunctionBuilder, key0: Local, key1: Local, x0: Local, x1: Local): readonly [Local, Local] {
  const words = [keep(fn.get(x0), 'word0'), keep(fn.get(x1), 'word1')] as const
  threefry2x32(fn, key0, key1, ...words)
  return words
}
