/** Functions of neural networks, as in `jax.nn`. */
export * from './activations.ts'
export * from './normalization.ts'
