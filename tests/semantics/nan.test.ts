import { agreesWithJax } from './expressions.ts'

agreesWithJax('NaN in a pair: max and min give it, fmax and fmin the other, and it equals nothing', 'nan', 'pairs')
agreesWithJax('NaN in reductions: extrema give it, argmax finds the first, nan-functions pass it over', 'nan', 'reductions')
agreesWithJax('NaN in windows', 'nan', 'windows')
agreesWithJax('NaN in running extrema, sums and products', 'nan', 'cumulative')
agreesWithJax('NaN sorts last, and makes a median or quantile NaN', 'nan', 'order')
agreesWithJax('infinities and NaN in softmax, log-sum-exp and their kin, with derivatives', 'nan', 'infinities', { tolerance: { float32: 1e-6, float64: 1e-12, absolute: 1e-6 } })
