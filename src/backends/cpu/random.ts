/** Threefry-2x32 with 20 rounds: J. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011. */
import { sizeOf } from '../../core/aval.ts'
import type { RandomParams } from '../../core/primitives/index.ts'
import { type CpuRules, fromNumbers, numbersOf } from './host-array.ts'

const rotations = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const

const rotateLeft = (x: number, by: number): number => (x << by) | (x >>> (32 - by))

function threefry2x32(key0: number, key1: number, count0: number, count1: number): [number, number] {
  const keys = [key0, key1, key0 ^ key1 ^ 0x1bd11bda] as const
  let x0 = (count0 + key0) | 0
  let x1 = (count1 + key1) | 0
  for (let block = 0; block < 5; block++) {
    for (const by of rotations[(block % 2) as 0 | 1]) {
      x0 = (x0 + x1) | 0
      x1 = rotateLeft(x1, by) ^ x0
    }
    x0 = (x0 + keys[((block + 1) % 3) as 0 | 1 | 2]) | 0
    x1 = (x1 + keys[((block + 2) % 3) as 0 | 1 | 2] + block + 1) | 0
  }
  return [x0 >>> 0, x1 >>> 0]
}

export const randomCpu: CpuRules<keyof RandomParams> = {
  threefry2x32: (inputs, _, [out0, out1]) => {
    const words = inputs.map(numbersOf)
    const steps = inputs.map((a) => (a.aval.shape.length === 0 ? 0 : 1))
    const word = (k: number, i: number): number => words[k]![i * steps[k]!]!
    const [xs, ys] = [new Uint32Array(sizeOf(out0!.shape)), new Uint32Array(sizeOf(out1!.shape))]
    for (let i = 0; i < xs.length; i++) [xs[i], ys[i]] = threefry2x32(word(0, i), word(1, i), word(2, i), word(3, i))
    return [fromNumbers(out0!, xs), fromNumbers(out1!, ys)]
  },
}
