import { type ArrayLike, jvp, lax, type NDArray, np, vjp } from 'pullback'
import { describe, test } from 'vitest'
import { held } from './devices.ts'
import { elementwise, type Encoded, type Fixed, expectAllClose, expectClose, load, on, onTyped, prepared, type Tolerance, vector, ways } from './load.ts'

type Data = readonly Encoded[]
interface Fixture {
  readonly grid: readonly [Data, Data]
  readonly unary: Readonly<Record<keyof typeof unary, { readonly x: Data; readonly forward: Data; readonly reverse: Data; readonly second?: Data }>>
  readonly binary: Readonly<Record<keyof typeof binary, { readonly forward: readonly Data[]; readonly reverse: readonly Data[]; readonly second: readonly Data[] }>>
  readonly clamp: { readonly args: readonly Data[]; readonly forward: readonly Data[]; readonly reverse: readonly Data[] }
}
type Unary = (x: NDArray) => NDArray
type Binary = (x: NDArray, y: NDArray) => NDArray

const unary = {
  neg: lax.neg,
  sign: lax.sign,
  floor: lax.floor,
  ceil: lax.ceil,
  round: (x: ArrayLike) => lax.round(x),
  abs: lax.abs,
  square: lax.square,
  sqrt: lax.sqrt,
  rsqrt: lax.rsqrt,
  cbrt: lax.cbrt,
  exp: lax.exp,
  exp2: lax.exp2,
  log: lax.log,
  log1p: lax.log1p,
  expm1: lax.expm1,
  sin: lax.sin,
  cos: lax.cos,
  tan: lax.tan,
  asin: lax.asin,
  acos: lax.acos,
  atan: lax.atan,
  sinh: lax.sinh,
  cosh: lax.cosh,
  tanh: lax.tanh,
  asinh: lax.asinh,
  acosh: lax.acosh,
  atanh: lax.atanh,
  logistic: lax.logistic,
  erf: lax.erf,
  erfc: lax.erfc,
  erfInv: lax.erfInv,
  lgamma: lax.lgamma,
  stopGradient: (x: NDArray) => lax.stopGradient(x),
  'integerPow-2': (x: ArrayLike) => lax.integerPow(x, -2),
  'integerPow-1': (x: ArrayLike) => lax.integerPow(x, -1),
  integerPow0: (x: ArrayLike) => lax.integerPow(x, 0),
  integerPow1: (x: ArrayLike) => lax.integerPow(x, 1),
  integerPow2: (x: ArrayLike) => lax.integerPow(x, 2),
  integerPow3: (x: ArrayLike) => lax.integerPow(x, 3),
  integerPow5: (x: ArrayLike) => lax.integerPow(x, 5),
}
const binary = {
  add: lax.add,
  sub: lax.sub,
  mul: lax.mul,
  div: lax.div,
  rem: lax.rem,
  pow: lax.pow,
  max: lax.max,
  min: lax.min,
  atan2: lax.atan2,
  npMaximum: np.maximum,
  npMod: np.mod,
  npPower: np.power,
  npHypot: np.hypot,
  npLogaddexp: np.logaddexp,
  npWhereGreater: (x: ArrayLike, y: ArrayLike) => np.where(np.greater(x, y), x, y),
}

const fixture = load<Fixture>('derivatives.json')
// Where tanh saturates, 1 - y keeps as many digits as y has, in JAX too; terms of hypot's second derivatives cancel.
const tolerances: Readonly<Record<string, Tolerance>> = { tanh: { float32: 1e-6, float64: 1e-12, absolute: 1e-15 }, npHypot: { float32: 1e-6, float64: 1e-12, absolute: 1e-15 } }
// The points themselves are rounded, and formulas such as 1 - y² lose digits near their zeros.
const single: Tolerance = { float32: 1e-5, float64: 1e-12, absolute: 1e-6 }
const fixed = (data: Data): Fixed => ({ dtype: 'float64', shape: [data.length], data })
const f64 = (data: Data): NDArray => vector('float64', data)

const forward =
  (f: Unary): Unary =>
  (x) =>
    jvp(f, [x], [np.onesLike(x)])[1]
const reverse =
  (f: Unary): Unary =>
  (x) => {
    const [y, pullback] = vjp(f, [x])
    return pullback(np.onesLike(y))[0]
  }

for (const way of ways) {
  const ofOne = held.some(Object.entries(unary) as [keyof typeof unary, Unary][])
  describe.runIf(ofOne.length > 0)(`derivatives of unary operations, ${way.name}`, () => {
    for (const [name, f] of ofOne) {
      const expected = fixture.unary[name]
      const tolerance = tolerances[name] ?? elementwise
      const run = (g: Unary): readonly NDArray[] => prepared(way, (x) => [g(x)])(f64(expected.x))
      test(`${name} forward`, () => onTyped(way, ['float64'], () => expectAllClose(run(forward(f)), fixed(expected.forward), tolerance)))
      test(`${name} reverse`, () => onTyped(way, ['float64'], () => expectAllClose(run(reverse(f)), fixed(expected.reverse), tolerance)))
      test(`${name} float32`, () =>
        on(way, async () => {
          const [first] = prepared(way, (x) => [forward(f)(x)])(vector('float32', expected.x))
          await expectClose(first!, { ...fixed(expected.forward), dtype: 'float32' }, single)
        }))
      const second = expected.second
      if (second !== undefined) test(`${name} second`, () => onTyped(way, ['float64'], () => expectAllClose(run(forward(forward(f))), fixed(second), tolerance)))
    }
  })

  const ofTwo = held.some(Object.entries(binary) as [keyof typeof binary, Binary][])
  describe.runIf(ofTwo.length > 0)(`derivatives of binary operations, ${way.name}`, () => {
    for (const [name, f] of ofTwo) {
      const expected = fixture.binary[name]
      const tolerance = tolerances[name] ?? elementwise
      const both = (g: (h: Unary) => Unary): readonly NDArray[] =>
        prepared(way, (x, y) => [g((u) => f(u, y))(x), g((u) => f(x, u))(y)])(f64(fixture.grid[0]), f64(fixture.grid[1]))
      test(`${name} forward`, () => onTyped(way, ['float64'], () => expectAllClose(both(forward), expected.forward.map(fixed), tolerance)))
      test(`${name} reverse`, () => onTyped(way, ['float64'], () => expectAllClose(both(reverse), expected.reverse.map(fixed), tolerance)))
      test(`${name} second`, () => onTyped(way, ['float64'], () => expectAllClose(both((h) => forward(forward(h))), expected.second.slice(0, 2).map(fixed), tolerance)))
      test(`${name} mixed second`, () =>
        onTyped(way, ['float64'], async () => {
          const mixed = prepared(way, (x, y) => [forward((v) => forward((u) => f(u, v))(x))(y)])(f64(fixture.grid[0]), f64(fixture.grid[1]))
          await expectAllClose(mixed, fixed(expected.second[2]!), tolerance)
        }))
    }
  })

  test(`derivatives of clamp, ${way.name}`, () =>
    onTyped(way, ['float64'], async () => {
      const args = fixture.clamp.args.map(f64)
      const backward = prepared(way, (low, x, high) => {
        const [y, pullback] = vjp((a: NDArray, b: NDArray, c: NDArray) => lax.clamp(a, b, c), [low, x, high])
        return pullback(np.onesLike(y))
      })
      await expectAllClose(backward(...args), fixture.clamp.reverse.map(fixed))
      const partials = prepared(way, (...xs) => xs.map((x, i) => forward((v) => lax.clamp(i === 0 ? v : xs[0]!, i === 1 ? v : xs[1]!, i === 2 ? v : xs[2]!))(x)))
      await expectAllClose(partials(...args), fixture.clamp.forward.map(fixed))
    }))
}
