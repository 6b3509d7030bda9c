/** Random numbers with JAX's bits: explicit keys, pure functions. */
export { bits, type BitsOptions, uniform, type UniformOptions } from './bits.ts'
export {
  bernoulli,
  categorical,
  choice,
  type ChoiceOptions,
  exponential,
  type FloatOptions,
  gumbel,
  laplace,
  logistic,
  normal,
  permutation,
  type ShapeOption,
  truncatedNormal,
  type TruncatedNormalOptions,
} from './distributions.ts'
export { type IntOptions, randint } from './integers.ts'
export { foldIn, key, keyData, split, wrapKeyData } from './key.ts'
