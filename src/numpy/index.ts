/** `np`: NumPy's functions on immutable arrays, as jax.numpy has them, in camelCase. */
export { NDArray } from '../core/array.ts'
export type { DType } from '../core/dtype.ts'
export * from './arithmetic.ts'
export { array, type ArrayInput, asarray, copy, type CreateOptions } from './array.ts'
export * from './constants.ts'
export * from './contraction.ts'
export * from './creation.ts'
export * from './cumulative-array.ts'
export * from './dtypes.ts'
export * from './einsum.ts'
export * from './elementwise.ts'
export * from './functional.ts'
export * from './histogram.ts'
export * from './index-arrays.ts'
export * from './indexing.ts'
export * from './integers.ts'
export * from './joining.ts'
export * from './logic.ts'
export * from './nan-reduction.ts'
export * from './padding.ts'
export * from './polynomials.ts'
export * from './quantiles.ts'
export {
  type AxisOrFlat,
  fillDiagonal,
  type FillDiagonalOptions,
  insert,
  type Positions,
  put,
  putAlongAxis,
  type PutOptions,
  remove as delete,
  resize,
  trimZeros,
} from './rearranging.ts'
export { variance as var } from './reduction.ts'
export * from './reduction.ts'
export * from './sets.ts'
export {
  atleast1d,
  atleast2d,
  atleast3d,
  broadcastArrays,
  broadcastShapes,
  broadcastTo,
  expandDims,
  matrixTranspose,
  moveaxis,
  ndim,
  permuteDims,
  ravel,
  reshape,
  rollaxis,
  shape,
  size,
  squeeze,
  swapaxes,
  transpose,
} from './shape.ts'
export * from './signal.ts'
export * from './sorting.ts'
export * from './statistics.ts'
export * from './turning.ts'
export * from './window-functions.ts'
