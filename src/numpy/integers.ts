/** Common divisors and multiples. */
import type { NDArray } from '../core/array.ts'
import { dtypeInfo, isInteger, isUnsigned } from '../core/dtype.ts'
import { DtypeError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'
import { scan } from '../lax/scan.ts'
import { floorDivide } from './arithmetic.ts'
import { promoted } from './promoted.ts'

const unsigned = (a: NDArray): NDArray => (isUnsigned(a.dtype) ? a : ops.abs(a))

function wholes(operation: string, x: ArrayLike, y: ArrayLike): [NDArray, NDArray] {
  // A plain number has an integer's dtype beside an integer array; alone it is a float.
  const [a, b] = promoted(operation, x, y)
  if (!isInteger(a.dtype)) throw new DtypeError(operation, `got ${a.dtype}; takes integers: convert with astype('int32')`)
  const shape = ops.broadcastShapes(operation, [a.shape, b.shape])
  return [ops.broadcastTo(unsigned(a), shape), ops.broadcastTo(unsigned(b), shape)]
}

function divisor(a: NDArray, b: NDArray): NDArray {
  // Euclid's steps shrink no slower than Fibonacci's numbers: by less than 1.45 a bit; one more brings the greater to the front.
  const length = Math.ceil(dtypeInfo[a.dtype].bytes * 8 * 1.45) + 1
  const step = ([p, q]: [NDArray, NDArray]): [[NDArray, NDArray], null] => {
    const done = ops.eq(q, 0)
    return [[ops.where(done, p, q), ops.where(done, q, ops.rem(p, ops.where(done, 1, q)))], null]
  }
  return scan(step, [a, b] as [NDArray, NDArray], null, { length })[0][0]
}

/**
 * The greatest common divisor, element by element, in the integer dtype where both meet; of two zeros 0.
 *
 * @example
 * np.gcd(np.array(Int32Array.of(12, -8)), 18).js()   // [6, 2]
 * @throws DtypeError for anything but integers.
 */
export function gcd(x: ArrayLike, y: ArrayLike): NDArray {
  return ops.within('gcd', () => divisor(...wholes('gcd', x, y)))
}
/**
 * The least common multiple, element by element; 0 where one is 0.
 *
 * @example
 * np.lcm(np.array(Int32Array.of(4, 6)), 10).js()   // [20, 30]
 * @throws DtypeError for anything but integers.
 */
export function lcm(x: ArrayLike, y: ArrayLike): NDArray {
  return ops.within('lcm', () => {
    const [a, b] = wholes('lcm', x, y)
    const d = divisor(a, b)
    return ops.where(ops.eq(d, 0), d, ops.mul(a, floorDivide(b, ops.where(ops.eq(d, 0), 1, d))))
  })
}
