/** Methods of arrays that work element by element: each is the operation of its name. */
import type { NDArray } from '../array.ts'
import { ArrayBase } from '../array-base.ts'
import type { DType } from '../dtype.ts'
import * as ops from '../ops/index.ts'
import type { ArrayLike } from '../tree.ts'

export abstract class ElementwiseMethods extends ArrayBase {
  add(this: NDArray, y: ArrayLike): NDArray { return ops.add(this, y) }
  sub(this: NDArray, y: ArrayLike): NDArray { return ops.sub(this, y) }
  mul(this: NDArray, y: ArrayLike): NDArray { return ops.mul(this, y) }
  /** True division: integers become float32. */
  div(this: NDArray, y: ArrayLike): NDArray { return ops.div(this, y) }
  pow(this: NDArray, y: ArrayLike): NDArray { return ops.pow(this, y) }
  neg(this: NDArray): NDArray { return ops.neg(this) }
  abs(this: NDArray): NDArray { return ops.abs(this) }
  equal(this: NDArray, y: ArrayLike): NDArray { return ops.equal(this, y) }
  notEqual(this: NDArray, y: ArrayLike): NDArray { return ops.notEqual(this, y) }
  less(this: NDArray, y: ArrayLike): NDArray { return ops.less(this, y) }
  lessEqual(this: NDArray, y: ArrayLike): NDArray { return ops.lessEqual(this, y) }
  greater(this: NDArray, y: ArrayLike): NDArray { return ops.greater(this, y) }
  greaterEqual(this: NDArray, y: ArrayLike): NDArray { return ops.greaterEqual(this, y) }
  /** Another dtype. */
  astype(this: NDArray, dtype: DType): NDArray { return ops.convert(this, dtype) }
}
