/** threefry2x32 with 20 rounds on four counters at once. Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3 (2011). */
import { InternalError } from '../../../core/errors.ts'
import type { Node, NodeId } from '../../kernel-ir/index.ts'
import type { FunctionBuilder, Local } from '../asm/index.ts'
import { keep, type Value } from './lanes.ts'
import { find, note, type State } from './state.ts'

const rotations = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const

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
  const key2 = keep(fn.get(key0).get(key1).emit('v128.xor').i32x4(0x1bd11bda).emit('v128.xor'), 'key2')
  const keys = [key0, key1, key2] as const
  const a = keep(fn.get(x0).get(key0).emit('i32x4.add'), 'word0')
  const b = keep(fn.get(x1).get(key1).emit('i32x4.add'), 'word1')
  for (let i = 0; i < 5; i++) {
    for (const by of rotations[(i % 2) as 0 | 1]) {
      fn.get(a).get(b).emit('i32x4.add').set(a)
      fn.get(b).i32(by).emit('i32x4.shl').get(b).i32(32 - by).emit('i32x4.shr_u').emit('v128.or').get(a).emit('v128.xor').set(b)
    }
    fn.get(a).get(keys[((i + 1) % 3) as 0 | 1 | 2]).emit('i32x4.add').set(a)
    fn.get(b).get(keys[((i + 2) % 3) as 0 | 1 | 2]).emit('i32x4.add').i32x4(i + 1).emit('i32x4.add').set(b)
  }
  return [a, b]
}
