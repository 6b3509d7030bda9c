export { createHelpers } from './helpers.ts'
export { f32x4, f32x4Pair, f64x2, f64x2Pair } from './library.ts'
export type { BinaryEmitter, Helpers, UnaryEmitter } from './macro.ts'
export type { BinaryName, UnaryName } from './names.ts'
