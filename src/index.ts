/** The front door of `pullback`. */
import './wire.ts'

export type { Aval, Shape } from './core/aval.ts'
export { NDArray } from './core/array.ts'
export * as debug from './core/debug.ts'
export type { DeviceName } from './core/device-name.ts'
export { defaultDevice, devices } from './core/devices.ts'
export type { DType } from './core/dtype.ts'
export {
  ArgumentError,
  CheckError,
  ConcretizationError,
  DeviceError,
  DisposedError,
  DtypeError,
  type ErrorCode,
  FormatError,
  InternalError,
  NonFiniteError,
  OutOfMemoryError,
  PullbackError,
  ShapeError,
  TracerLeakError,
  TreeError,
} from './core/errors.ts'
export type { DeviceInfo } from './core/storage.ts'
export { devicePut } from './core/transfer.ts'
export * as tree from './core/tree-functions.ts'
export type { ArrayLike, Out, Prefix, Tree } from './core/tree.ts'
export * as lax from './lax/index.ts'
export { init } from './init.ts'
export { lower } from './lower.ts'
export * as nn from './nn/index.ts'
export * as np from './numpy/index.ts'
export * as random from './random/index.ts'
export {
  type Args,
  ClosedJaxpr,
  type Compiled,
  evalShape,
  grad,
  type GradOptions,
  hessian,
  jacfwd,
  jacrev,
  jit,
  type JitOptions,
  jvp,
  linearize,
  linearTranspose,
  type Lowered,
  makeJaxpr,
  parseJaxpr,
  type ShapeDtype,
  type Stage,
  stopGradient,
  valueAndGrad,
  vjp,
  vmap,
  type VmapOptions,
} from './transforms/index.ts'
