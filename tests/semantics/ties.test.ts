import { agreesWithJax } from './expressions.ts'

agreesWithJax('the derivative of relu at 0 is 0, and every activation has the derivative of JAX at its kinks', 'ties', 'relu')
agreesWithJax('max and min of a pair share their gradient evenly at ties', 'ties', 'pairs')
agreesWithJax('reductions by max and min share their gradient evenly among ties', 'ties', 'reductions')
agreesWithJax('of a window the first extremum in window order takes the whole gradient', 'ties', 'windows')
agreesWithJax('running extrema have the derivatives of JAX at ties', 'ties', 'cumulative')
agreesWithJax('sorting is stable, and ties take the first position', 'ties', 'order')
agreesWithJax('clip and clamp have the derivatives of JAX at their bounds', 'ties', 'bounds')
agreesWithJax('abs, sign, rounding and remainders have the derivatives of JAX where they jump', 'ties', 'kinks')
