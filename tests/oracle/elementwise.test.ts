import { type ArrayLike, type DType, lax, type NDArray, np } from 'pullback'
import { describe, test } from 'vitest'
import { held } from './devices.ts'
import { array, type Encoded, elementwise, expectClose, type Fixed, load, on, onTyped, prepared, type Tolerance, vector, ways } from './load.ts'

interface Flat {
  readonly dtype: DType
  readonly data: readonly Encoded[]
}
type PerDtype<T> = { readonly [D in DType]?: T }
interface Fixture {
  readonly unaryInputs: PerDtype<Flat>
  readonly binaryInputs: PerDtype<readonly [Flat, Flat]>
  readonly unary: Readonly<Record<keyof typeof unary, PerDtype<Flat>>>
  readonly binary: Readonly<Record<keyof typeof binary, PerDtype<Flat>>>
  readonly convert: PerDtype<{ readonly x: Flat; readonly to: PerDtype<Flat> }>
  readonly clamp: readonly [Fixed, Fixed, Fixed, Fixed]
  readonly selectN: readonly [Fixed, Fixed, Fixed, Fixed, Fixed]
}

const unary = {
  neg: lax.neg,
  sign: lax.sign,
  floor: lax.floor,
  ceil: lax.ceil,
  abs: lax.abs,
  square: lax.square,
  round: (x: ArrayLike) => lax.round(x),
  roundEven: (x: ArrayLike) => np.round(x),
  isFinite: lax.isFinite,
  bitwiseNot: lax.bitwiseNot,
  populationCount: lax.populationCount,
  clz: lax.clz,
  sqrt: lax.sqrt,
  integerPow0: (x: ArrayLike) => lax.integerPow(x, 0),
  integerPow1: (x: ArrayLike) => lax.integerPow(x, 1),
  integerPow2: (x: ArrayLike) => lax.integerPow(x, 2),
  integerPow3: (x: ArrayLike) => lax.integerPow(x, 3),
  integerPow5: (x: ArrayLike) => lax.integerPow(x, 5),
  'integerPow-1': (x: ArrayLike) => lax.integerPow(x, -1),
  'integerPow-2': (x: ArrayLike) => lax.integerPow(x, -2),
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
  rsqrt: lax.rsqrt,
  cbrt: lax.cbrt,
  erf: lax.erf,
  erfc: lax.erfc,
  erfInv: lax.erfInv,
  lgamma: lax.lgamma,
  digamma: lax.digamma,
}
const binary = {
  add: lax.add,
  sub: lax.sub,
  mul: lax.mul,
  div: lax.div,
  rem: lax.rem,
  max: lax.max,
  min: lax.min,
  nextafter: lax.nextafter,
  bitwiseAnd: lax.bitwiseAnd,
  bitwiseOr: lax.bitwiseOr,
  bitwiseXor: lax.bitwiseXor,
  shiftLeft: lax.shiftLeft,
  shiftRightLogical: lax.shiftRightLogical,
  shiftRightArithmetic: lax.shiftRightArithmetic,
  eq: lax.eq,
  ne: lax.ne,
  lt: lax.lt,
  le: lax.le,
  gt: lax.gt,
  ge: lax.ge,
  pow: lax.pow,
  atan2: lax.atan2,
}

const fixture = load<Fixture>('elementwise.json')
// Which of -0 and +0 is the greater is not told by JAX; near their zeros lgamma and digamma are exact to 1e-14 absolutely.
const anyZero: ReadonlySet<string> = new Set(['max', 'min'])
const nearZero: Readonly<Record<string, Tolerance>> = { lgamma: { float32: 1e-6, float64: 4e-12 } }

type Entry = readonly [name: string, dtype: DType, f: (...xs: NDArray[]) => NDArray, inputs: readonly Flat[], expected: Flat]
const entries = <K extends string>(table: Readonly<Record<K, PerDtype<Flat>>>, fs: Readonly<Record<K, (...xs: NDArray[]) => NDArray>>, inputs: (d: DType) => readonly Flat[]): Entry[] =>
  (Object.keys(fs) as K[]).flatMap((name) => (Object.entries(table[name]) as [DType, Flat][]).map(([d, out]): Entry => [name, d, fs[name], inputs(d), out]))

const all = [...entries(fixture.unary, unary, (d) => [fixture.unaryInputs[d]!]), ...entries(fixture.binary, binary, (d) => fixture.binaryInputs[d]!)]

const fixed = ({ dtype, data }: Flat): Fixed => ({ dtype, data, shape: [data.length] })

for (const way of ways) {
  const tried = held.some(all)
  describe.runIf(tried.length > 0)(`elementwise operations on corner values, ${way.name}`, () => {
    for (const [name, dtype, f, inputs, expected] of tried) {
      test(`${name} ${dtype}`, () =>
        onTyped(way, [dtype, expected.dtype], async () => {
          const [out] = prepared(way, (...xs) => [f(...xs)])(...inputs.map((x) => vector(x.dtype, x.data)))
          await expectClose(out!, fixed(expected), nearZero[name] ?? elementwise, !anyZero.has(name))
        }))
    }
  })

  const conversions = held.some(Object.values(fixture.convert).flatMap(({ x, to }) => (Object.entries(to) as [DType, Flat][]).map(([dtype, expected]) => ({ x, to: dtype, expected }))))
  describe.runIf(conversions.length > 0)(`conversions, ${way.name}`, () => {
    for (const { x, to, expected } of conversions) {
      test(`${x.dtype} to ${to}`, () =>
        onTyped(way, [x.dtype, to], async () => {
          const [out] = prepared(way, (v) => [lax.convertElementType(v, to)])(vector(x.dtype, x.data))
          await expectClose(out!, fixed(expected), elementwise, true)
        }))
    }
  })

  test(`clamp and selectN, ${way.name}`, () =>
    on(way, async () => {
      const [low, x, high, clamped] = fixture.clamp
      await expectClose(prepared(way, (a, b, c) => [lax.clamp(a, b, c)])(array(low), array(x), array(high))[0]!, clamped)
      const [which, ...cases] = fixture.selectN
      const selected = cases.pop()!
      await expectClose(prepared(way, (w, ...xs) => [lax.selectN(w, ...xs)])(array(which), ...cases.map(array))[0]!, selected)
    }))
}
