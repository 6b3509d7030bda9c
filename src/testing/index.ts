/** `pullback/testing`: what tests of gradients, and of programs with arrays, are made of. */
import '../wire.ts'

export { type BackendsOptions, checkBackends } from './check-backends.ts'
export { checkGrads, type GradsOptions } from './check-grads.ts'
export { checkJit, type JitCheckOptions } from './check-jit.ts'
export { checkJvp, type Jvp } from './check-jvp.ts'
export { checkVjp, type Vjp } from './check-vjp.ts'
export { checkVmap, type VmapCheckOptions } from './check-vmap.ts'
export { type Convolution, type ConvolutionOptions, convolutions } from './convolutions.ts'
export type { DifferenceOptions, Mode } from './options.ts'
export { type Family, type Program, type ProgramOptions, programs } from './program.ts'
export type { Tolerance } from './tolerance.ts'
