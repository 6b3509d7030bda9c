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
export * from './logic.ts'
export * from './nan-reduction.ts'
export * from './padding.ts'
export * from './polynomials.ts'
export * from './quantiles.ts'
export {
  type AxisOrFlat,
  block,
  type Blocks,
  fillDiagonal,
  type FillDiagonalOptions,
  insert,
  type Positions,
  put,
  putAlongAxis,
  type PutOptions,
  remove as delete,
  resize,
  rollaxis,
  trimZeros,
} from './rearranging.ts'
export { variance as var } from './reduction.ts'
export * from './reduction.ts'
export * from './sets.ts'
export {
  append,
  arraySplit,
  atleast1d,
  atleast2d,
  atleast3d,
  broadcastArrays,
  broadcastShapes,
  broadcastTo,
  columnStack,
  concat,
  concatenate,
  dsplit,
  dstack,
  expandDims,
  flip,
  fliplr,
  flipud,
  hsplit,
  hstack,
  matrixTranspose,
  moveaxis,
  ndim,
  permuteDims,
  ravel,
  repeat,
  reshape,
  roll,
  rot90,
  shape,
  size,
  split,
  squeeze,
  stack,
  swapaxes,
  tile,
  transpose,
  unstack,
  vsplit,
  vstack,
} from './shape.ts'
export * from './signal.ts'
export * from './sorting.ts'
export * from './statistics.ts'
export * from './window-functions.ts'
