// What programs met that were ported from JAX, option by option.
import { agreesWithJax } from './expressions.ts'

agreesWithJax('variances: ddof, and NaN where it leaves nothing', 'notebook', 'spread')
agreesWithJax('reductions of the elements where a condition holds', 'notebook', 'where')
agreesWithJax('positions past NaN, -1 where all is NaN', 'notebook', 'positions')
agreesWithJax('products of truth values are truth values', 'notebook', 'truth')
agreesWithJax('integers of linspace are those below', 'notebook', 'whole')
agreesWithJax('bits of the magnitude, as uint8', 'notebook', 'bits')
