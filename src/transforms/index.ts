/** Transformations of functions, as users call them. */
export { jvp, linearize, linearTranspose, stopGradient, vjp } from './derivatives.ts'
export { grad, valueAndGrad } from './gradients.ts'
export { hessian, jacfwd, jacrev } from './jacobians.ts'
export { jit, type JitOptions } from './jit.ts'
export { type Compiled, type Lowered, type LoweringTools, lowerWith, type Stage } from './lower.ts'
export { ClosedJaxpr, evalShape, makeJaxpr, parseJaxpr, type ShapeDtype } from './trace-function.ts'
export type { Args, GradAt, GradOptions, Jacobian } from './types.ts'
export { vmap, type VmapOptions } from './vectorize.ts'
