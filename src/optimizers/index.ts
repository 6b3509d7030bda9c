/** Optimizers: gradient transformations, a monoid under `chain`. */
import '../wire.ts'

export { type AdamOptions, adam, type LearningRate, momentum, type MomentumOptions, sgd } from './optimizers.ts'
export { applyUpdates, chain, type GradientTransformation, identity, monoid, type OptimizerState, transformation } from './transformation.ts'
