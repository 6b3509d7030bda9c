/** `pullback/data`: readers and writers of files, the MNIST digits, and batches. */
import '../wire.ts'

export * as idx from './idx.ts'
export * as safetensors from './safetensors.ts'
export { batches, type BatchOptions } from './batches.ts'
export { mnist, type Mnist, type MnistSource, type MnistSplit } from './mnist.ts'
export { type Decoded, type Problem, showProblem } from './problem.ts'
export type { Source } from './source.ts'
