/** Functions of neural networks, as in `jax.nn`. */
export * from './activations.ts'
export * from './attention.ts'
export * from './normalization.ts'
