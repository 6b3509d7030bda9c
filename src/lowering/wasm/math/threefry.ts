// Threefry-2x32 with 20 rounds: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (2011), with the
// rotations and the parity constant of Random123.

import type { FunctionBuilder, Local } from '../asm/index.ts'

const rotations = [[13, 15, 26, 6], [17, 29, 16, 24]] as const
const parity = 0x1bd11bda

/**
 * The block cipher of four counters at once: `x0` and `x1` (i32x4) are replaced by their cipher under the key (`k0`, `k1`,
 * i32x4).
 */
export const threefry2x32 = (fn: FunctionBuilder, k0: Local, k1: Local, x0: Local, x1: Local): void => {
  fn.scope(() => {
    const k2 = fn.local('v128', 'k2')
    fn.get(k0).get(k1).emit('v128.xor').i32x4(parity).emit('v128.xor').set(k2)
    const keys = [k0, k1, k2] as const
    const inject = (x: Local, key: Local): FunctionBuilder => fn.get(x).get(key).emit('i32x4.add')
    inject(x0, k0).set(x0)
    inject(x1, k1).set(x1)
    for (let group = 0; group < 5; group++) {
      for (const rotation of rotations[(group % 2) as 0 | 1]) { // a remainder by two
        fn.get(x0).get(x1).emit('i32x4.add').set(x0)
        fn.get(x1).i32(rotation).emit('i32x4.shl').get(x1).i32(32 - rotation).emit('i32x4.shr_u').emit('v128.or').get(x0).emit('v128.xor').set(x1)
      }
      inject(x0, keys[((group + 1) % 3) as 0 | 1 | 2]).set(x0) // remainders by three
      inject(x1, keys[((group + 2) % 3) as 0 | 1 | 2]).i32x4(group + 1).emit('i32x4.add').set(x1)
    }
  })
}
