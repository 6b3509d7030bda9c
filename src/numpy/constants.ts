/** Numbers with a name. */
export const pi: number = Math.PI
export const e: number = Math.E
export const eulerGamma = 0.5772156649015329
export const inf: number = Infinity
export const nan: number = NaN
/** In an index: a new axis of size 1. */
export const newaxis = null
