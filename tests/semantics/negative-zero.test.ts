import { agreesWithJax } from './expressions.ts'

const signedZeros = true
agreesWithJax('-0 survives concatenate, pad, transpose, reshape and whatever else moves elements', 'negative_zero', 'moves', { signedZeros })
agreesWithJax('-0 survives select, where, sort, extrema, gather, scatter and dynamic slices', 'negative_zero', 'picks', { signedZeros })
agreesWithJax('arithmetic and functions make -0 where JAX does', 'negative_zero', 'arithmetic', { signedZeros })
agreesWithJax('reductions and running reductions treat -0 as JAX does', 'negative_zero', 'sums', { signedZeros })
