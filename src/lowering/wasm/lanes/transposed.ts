/** Squares of vectors on their side. */
import type { FunctionBuilder, Local } from '../asm/index.ts'

/** Four vectors of 32-bit lanes as the rows of a square, and its columns. */
export function transposed(fn: FunctionBuilder, [a, b, c, d]: readonly [Local, Local, Local, Local]): Local[] {
  const pick = (x: Local, y: Local, lanes: readonly [number, number, number, number]): Local => {
    const v = fn.local('v128', 'turned')
    fn.get(x).get(y).shuffle32(...lanes).set(v)
    return v
  }
  const [ab, abHigh, cd, cdHigh] = [pick(a, b, [0, 4, 1, 5]), pick(a, b, [2, 6, 3, 7]), pick(c, d, [0, 4, 1, 5]), pick(c, d, [2, 6, 3, 7])]
  return [pick(ab, cd, [0, 1, 4, 5]), pick(ab, cd, [2, 3, 6, 7]), pick(abHigh, cdHigh, [0, 1, 4, 5]), pick(abHigh, cdHigh, [2, 3, 6, 7])]
}
