// Functions that are not hot are computed in float64, two lanes at a time, by helpers that the module holds once; rounding
// their results gives all but the last bit in a hundred million of what is correct.

import type { Expr } from '../lanes.ts'
import type { BinaryFormula, Formula, UnaryFormula } from '../macro.ts'
import type { BinaryName, UnaryName } from '../names.ts'

/** Lanes 2 and 3 moved to the front, for instructions that read the low half. */
export const upperHalf = (v: Formula, x: Expr): Expr => () => {
  x()
  x()
  v.fn.shuffle32(2, 3, 2, 3)
}

/** Two vectors with results in their low halves as one. */
export const joinHalves = (v: Formula, low: Expr, high: Expr): Expr => () => {
  low()
  high()
  v.fn.shuffle32(0, 1, 4, 5)
}

const promote = (v: Formula, x: Expr): Expr => v.emit('f64x2.promote_low_f32x4', x)
const demote = (v: Formula, x: Expr): Expr => v.emit('f32x4.demote_f64x2_zero', x)

/** `f64x2.name` of both halves, rounded. */
export const throughF64 = (name: UnaryName): UnaryFormula => (v, x) => {
  const target = v.helpers.require(`f64x2.${name}`)
  const half = (value: Expr): Expr => demote(v, v.call(target, promote(v, value)))
  return joinHalves(v, half(x), half(upperHalf(v, x)))
}

export const throughF64Binary = (name: BinaryName): BinaryFormula => (v, x, y) => {
  const target = v.helpers.require(`f64x2.${name}`)
  const half = (a: Expr, b: Expr): Expr => demote(v, v.call(target, promote(v, a), promote(v, b)))
  return joinHalves(v, half(x, y), half(upperHalf(v, x), upperHalf(v, y)))
}
