/** Networks as pure pairs `[init, apply]`: layers, combinators, initializers. */
import '../wire.ts'

export * from './combinators.ts'
export * from './convolution.ts'
export * from './dense.ts'
export * from './elementwise.ts'
export * as initializers from './initializers.ts'
export type { Initializer } from './initializers.ts'
export { type KeyStream, makeLayer, withState } from './layer.ts'
export type { AnyLayer, Apply, ApplyOptions, CoreOptions, Init, Layer, LayerCore, ParamsOf, Shape, ShapeOf } from './layer.ts'
export * from './recurrent.ts'
