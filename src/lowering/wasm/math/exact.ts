// Exact functions that both precisions share: rounding, signs, neighbours.

import type { BinaryFormula, UnaryFormula } from './macro.ts'

/** -1, 0 or 1; zeros keep their sign, NaN stays. */
export const sign: UnaryFormula = (v, x) => v.select(v.or(v.eq(x, v.c(0)), v.ne(x, x)), x, v.withSignOf(v.c(1), x))

/** To the nearest integer, halves away from zero. */
export const roundHalfAway: UnaryFormula = (v, x) => {
  const whole = v.keep(v.trunc(x))
  // |x| - |trunc x| is exact; an infinity makes it NaN, which compares false
  const up = v.ge(v.sub(v.abs(x), v.abs(whole)), v.c(0.5))
  return v.withSignOf(v.add(v.abs(whole), v.and(up, v.c(1))), x)
}

/** To the nearest integer, halves to the even one. */
export const roundHalfEven: UnaryFormula = (v, x) => v.nearest(x)
export const floor: UnaryFormula = (v, x) => v.floor(x)
export const ceil: UnaryFormula = (v, x) => v.emit(`${v.shape}.ceil`, x)
export const sqrt: UnaryFormula = (v, x) => v.sqrt(x)

/** 1 / sqrt x: infinity with the zero's sign at ±0, NaN below. */
export const rsqrt: UnaryFormula = (v, x) => v.div(v.c(1), v.sqrt(x))

/** A mask: all ones where x is neither infinite nor NaN. */
export const isFinite: UnaryFormula = (v, x) => v.lt(v.abs(x), v.c(Infinity))

/** The next number after x in the direction of y; y where they are equal. */
export const nextafter: BinaryFormula = (v, x, y) => {
  const smallest = v.or(v.ic(1), v.signBit(y))
  // away from zero adds one to the bits, towards it takes one away
  const up = v.lt(x, y)
  const grows = v.not(v.xor(up, v.gt(x, v.c(0))))
  const step = v.iadd(v.iadd(x, v.ic(1)), v.andnot(v.ic(-2), grows))
  const moved = v.select(v.eq(x, v.c(0)), smallest, step)
  const nan = v.or(v.ne(x, x), v.ne(y, y))
  return v.select(nan, v.add(x, y), v.select(v.eq(x, y), y, moved))
}
