import { agreesWithJax } from './expressions.ts'

agreesWithJax('division by zero, the least integer by -1, and remainders have the values of JAX in every integer dtype', 'integers', 'division')
agreesWithJax('integer powers wrap around, and have the values of JAX for every exponent', 'integers', 'powers')
agreesWithJax('shifts by the width and more have the values of JAX', 'integers', 'shifts')
agreesWithJax('integers wrap around', 'integers', 'wraps')
agreesWithJax('floats out of range, infinite or NaN become the integers of JAX', 'integers', 'conversions')
