/** Functions of one argument that both precisions have. `isFinite` gives a mask of all-ones and zero lanes. */
export type UnaryName =
  | 'exp' | 'exp2' | 'expm1' | 'log' | 'log1p' | 'log2' | 'sin' | 'cos' | 'tan' | 'asin' | 'acos' | 'atan'
  | 'sinh' | 'cosh' | 'tanh' | 'asinh' | 'acosh' | 'atanh' | 'logistic' | 'erf' | 'erfc' | 'erfInv' | 'lgamma' | 'digamma'
  | 'cbrt' | 'sqrt' | 'rsqrt' | 'sign' | 'floor' | 'ceil' | 'roundHalfAway' | 'roundHalfEven' | 'isFinite'

/** Functions of two arguments that both precisions have: x^y, the angle of (y, x), C's fmod, the neighbour of x towards y. */
export type BinaryName = 'pow' | 'atan2' | 'rem' | 'nextafter'
