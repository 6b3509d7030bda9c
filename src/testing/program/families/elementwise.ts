/** Arithmetic, functions of one number, comparisons, choices, bits, conversions. */
import { call, type Expression, fn, name, plain } from '../expression.ts'
import { type About, broadcastShape, hull, isFloat, isInt, type Nature, same, sameShape, type Scope, type Variable } from '../scope.ts'
import { parts, whole } from './bits.ts'
import type { Maker } from './family.ts'

type Range = readonly [low: number, high: number]

interface Unary {
  /** Where it is defined, and changes slowly enough for rounding not to be blown up. */
  readonly on: Range
  /** Its values there. */
  readonly gives: Range
  readonly nature?: Nature
  /** Rounded correctly by every backend, so that exact values stay exact. */
  readonly exact?: boolean
}
const everywhere: Range = [-Infinity, Infinity]

const unaries: Readonly<Record<string, Unary>> = {
  'np.sin': { on: [-100, 100], gives: [-1, 1] },
  'np.cos': { on: [-100, 100], gives: [-1, 1] },
  'np.tanh': { on: everywhere, gives: [-1, 1] },
  'np.exp': { on: [-3, 3], gives: [0, 21] },
  'np.log': { on: [0.3, 50], gives: [-1.3, 4] },
  'np.sqrt': { on: [0.3, 50], gives: [0.5, 7.1] },
  'lax.neg': { on: everywhere, gives: everywhere, exact: true },
  'np.square': { on: [-10, 10], gives: [0, 100], exact: true },
  'np.tan': { on: [-1, 1], gives: [-1.6, 1.6] },
  'np.arcsin': { on: [-0.8, 0.8], gives: [-1, 1] },
  'np.arccos': { on: [-0.8, 0.8], gives: [0.6, 2.5] },
  'np.arctan': { on: everywhere, gives: [-1.6, 1.6] },
  'np.sinh': { on: [-3, 3], gives: [-11, 11] },
  'np.cosh': { on: [-3, 3], gives: [1, 11] },
  'np.arcsinh': { on: [-50, 50], gives: [-5, 5] },
  'np.arccosh': { on: [1.3, 50], gives: [0.7, 5] },
  'np.arctanh': { on: [-0.8, 0.8], gives: [-1.2, 1.2] },
  'np.exp2': { on: [-3, 3], gives: [0.1, 8] },
  'np.expm1': { on: [-3, 3], gives: [-1, 20] },
  'np.log1p': { on: [-0.6, 50], gives: [-1, 4] },
  'lax.rsqrt': { on: [0.3, 50], gives: [0.1, 2] },
  'lax.cbrt': { on: [0.3, 50], gives: [0.6, 4] },
  'lax.logistic': { on: [-20, 20], gives: [0, 1] },
  'lax.erf': { on: [-10, 10], gives: [-1, 1] },
  'lax.erfc': { on: [-3, 3], gives: [0, 2] },
  'lax.erfInv': { on: [-0.8, 0.8], gives: [-1, 1] },
  'lax.lgamma': { on: [0.5, 10], gives: [-1, 13] },
  'lax.digamma': { on: [0.5, 10], gives: [-2, 3] },
  'np.abs': { on: everywhere, gives: [0, Infinity], nature: 'kink', exact: true },
  'np.sign': { on: everywhere, gives: [-1, 1], nature: 'step', exact: true },
  'np.floor': { on: everywhere, gives: everywhere, nature: 'step', exact: true },
  'np.ceil': { on: everywhere, gives: everywhere, nature: 'step', exact: true },
  'lax.round': { on: everywhere, gives: everywhere, nature: 'step', exact: true },
}
/** Functions that are made of others. */
const composites: Readonly<Record<string, Unary>> = {
  'nn.sigmoid': { on: [-20, 20], gives: [0, 1] },
  'np.log2': { on: [0.3, 50], gives: [-2, 6] },
  'np.reciprocal': { on: [0.3, 50], gives: [0, 4] },
  'nn.softplus': { on: [-20, 20], gives: [0, 21] },
  'nn.gelu': { on: [-10, 10], gives: [-1, 10] },
  'nn.silu': { on: [-10, 10], gives: [-1, 10] },
  'np.sinc': { on: [-3, 3], gives: [-1, 1] },
  'nn.relu': { on: everywhere, gives: [0, Infinity], nature: 'kink', exact: true },
  'nn.relu6': { on: everywhere, gives: [0, 6], nature: 'kink', exact: true },
  'nn.leakyRelu': { on: everywhere, gives: everywhere, nature: 'kink' },
  'nn.elu': { on: [-10, 10], gives: [-1, 10], nature: 'kink' },
  'np.round': { on: everywhere, gives: everywhere, nature: 'step', exact: true },
  'np.trunc': { on: everywhere, gives: everywhere, nature: 'step', exact: true },
}

/** What follows of the range of its operand: for functions that move no value far. */
function rangeOf(f: string, { gives }: Unary, v: Variable): Range {
  if (f === 'lax.neg') return [-v.high, -v.low]
  if (gives === everywhere) return [v.low - 1, v.high + 1]
  return [gives[0], Math.min(gives[1], Math.max(1, Math.abs(v.low), Math.abs(v.high)) ** (f === 'np.square' ? 2 : 99))]
}

/** What is brought into a wide range becomes steep, and differences of a steep function say little of its derivative. */
const gentle = ([low, high]: Range): Range => (low === -Infinity ? [low, high] : [Math.max(low, -10), Math.min(high, 10)])

const unaryOf = (table: Readonly<Record<string, Unary>>): Maker => (scope) => {
  const v = scope.float()
  // What may be written of this value.
  const [f, u] = (v && scope.choices.of(Object.entries(table).filter(([, t]) => scope.allows(t.nature ?? 'smooth', v)))) ?? []
  if (v === undefined || f === undefined || u === undefined) return
  const operand = scope.within(v, ...(scope.draft.onlySmooth ? gentle(u.on) : u.on))
  const untouched = operand.kind === 'name'
  scope.bind(call(f, operand), { range: rangeOf(f, u, v), exact: u.exact === true && v.exact && untouched, nature: u.nature ?? 'smooth' })
}

const unary = unaryOf(unaries)

/** Functions of lax add no axes: theirs are operands of one rank, or rank 0. */
const oneRank = (v: Variable, w: Variable): boolean => v.shape.length === w.shape.length || v.shape.length === 0 || w.shape.length === 0

/** A number, or a value of the same dtype whose shape goes with that of `v`; in `lax` the rank too. */
export function partner(scope: Scope, v: Variable, numbers: readonly number[] = [1, 2, 0.5, -1, 3, 0, -0.25], of: 'np' | 'lax' = 'np'): { readonly e: Expression; readonly v: Variable } {
  if (v.dtype === 'key' || scope.choices.below(4) > 0) {
    const w = scope.pick((x) => x.dtype === v.dtype && scope.meet(v.shape, x.shape) && (of === 'np' || oneRank(v, x)))
    if (w !== undefined) return { e: name(w.name), v: w }
  }
  const whole = numbers.filter(Number.isInteger)
  const value = (isFloat(v) ? scope.choices.of(numbers) : scope.choices.of(isInt(v) && v.dtype.startsWith('u') ? whole.map(Math.abs) : whole)) ?? 1
  const literal = v.dtype === 'bool' ? value > 0 : value
  return { e: plain(literal), v: { name: '', shape: [], dtype: v.dtype, low: value, high: value, exact: true } }
}

const add: Maker = (scope) => {
  const v = scope.pick((w) => w.dtype !== 'bool' && w.dtype !== 'key')
  if (v === undefined) return
  const other = partner(scope, v)
  const f = scope.choices.of(oneRank(v, other.v) ? (['np.add', 'np.subtract', 'lax.add', 'lax.sub'] as const) : (['np.add', 'np.subtract'] as const))
  const w = other.v
  const range: Range = f === 'np.add' || f === 'lax.add' ? [v.low + w.low, v.high + w.high] : [v.low - w.high, v.high - w.low]
  scope.bind(call(f, name(v.name), other.e), { range, exact: v.exact && w.exact })
}

const tame = 10
/** An operand of a product: so large at most that products of products stay far from overflow. */
export const factor = (scope: Scope, v: Variable): { readonly e: Expression; readonly size: number; readonly exact: boolean } => {
  const e = isFloat(v) ? scope.within(v, -tame, tame) : name(v.name)
  return { e, size: Math.min(tame, Math.max(Math.abs(v.low), Math.abs(v.high))), exact: v.exact && e.kind === 'name' }
}

const multiply: Maker = (scope) => {
  const v = scope.pick((w) => w.dtype !== 'bool' && w.dtype !== 'key')
  if (v === undefined) return
  const other = partner(scope, v)
  const [a, b] = [factor(scope, v), other.e.kind === 'plain' ? { e: other.e, size: other.v.high, exact: true } : factor(scope, other.v)]
  const size = a.size * Math.abs(b.size)
  scope.bind(call(oneRank(v, other.v) && scope.choices.oneIn(2) ? 'lax.mul' : 'np.multiply', a.e, b.e), { range: [-size, size], exact: a.exact && b.exact })
}

const divide: Maker = (scope) => {
  const v = scope.pick((w) => isFloat(w))
  if (v === undefined) return
  const other = partner(scope, v, [2, 4, 0.5, 3])
  const a = factor(scope, v)
  const b = other.e.kind === 'plain' ? other.e : scope.within(other.v, 0.4, 8)
  scope.bind(call(oneRank(v, other.v) && scope.choices.oneIn(2) ? 'lax.div' : 'np.divide', a.e, b), { range: [-2.5 * a.size, 2.5 * a.size], exact: a.exact && b === other.e && other.v.exact })
}

const power: Maker = (scope) => {
  const v = scope.float()
  if (v === undefined) return
  const [base, exponent] = [scope.within(v, 0.4, 3), scope.pick((w) => w.dtype === v.dtype && scope.meet(v.shape, w.shape))]
  switch (scope.choices.below(4)) {
    case 0:
      return void scope.bind(call('lax.integerPow', scope.within(v, -3, 3), plain(scope.choices.of([2, 3] as const))), { range: [-27, 27] })
    case 1:
      return void scope.bind(call('np.power', base, plain(scope.choices.of([0.5, 1.5, -0.5, -1, -2] as const))), { range: [0, 10] })
    case 2:
      return void (exponent && scope.bind(call('np.power', base, scope.within(exponent, -2, 2)), { range: [0, 10] }))
    default:
      return void (exponent && scope.bind(call(exponent && oneRank(v, exponent) ? 'lax.atan2' : 'np.arctan2', scope.within(exponent, -10, 10), base), { range: [-2, 2] }))
  }
}

/** The larger and smaller of two, and what is made of them. */
const extremum: Maker = (scope) => {
  const v = scope.pick((w) => w.dtype !== 'bool' && w.dtype !== 'key')
  if (v === undefined) return
  const other = partner(scope, v)
  if (!scope.allows('kink', v, other.v)) return
  const about: About = { ...hull(v, other.v), nature: isFloat(v) ? 'kink' : 'smooth' }
  const [low, high] = isFloat(v) ? ([-1.5, 1] as const) : ([0, 5] as const)
  if (scope.choices.oneIn(3)) return void scope.bind(call('lax.clamp', plain(low), name(v.name), plain(high)), { ...about, range: [low, high], exact: v.exact })
  scope.bind(call(scope.choices.of(oneRank(v, other.v) ? (['np.maximum', 'np.minimum', 'lax.max', 'lax.min'] as const) : (['np.maximum', 'np.minimum'] as const)), name(v.name), other.e), about)
}

const compare: Maker = (scope) => {
  const v = scope.pick((w) => w.dtype !== 'key')
  if (v === undefined) return
  const other = partner(scope, v)
  if (!scope.allows('step', v, other.v)) return
  const anyRanks = ['np.less', 'np.greater', 'np.equal', 'np.notEqual', 'np.lessEqual', 'np.greaterEqual'] as const
  const f = scope.choices.of(oneRank(v, other.v) ? ([...anyRanks, 'lax.lt', 'lax.gt', 'lax.eq', 'lax.ne', 'lax.le', 'lax.ge'] as const) : anyRanks)
  scope.bind(call(f, name(v.name), other.e), { nature: isFloat(v) ? 'step' : 'smooth' })
}

const choose: Maker = (scope) => {
  const v = scope.pick()
  if (v === undefined) return
  const selects = (w: Variable): boolean => w.shape.length === 0 || sameShape(w.shape, v.shape)
  if (scope.choices.oneIn(2)) {
    // lax's cases have one shape, and the selector has it or none.
    const w = scope.pick((x) => x.dtype === v.dtype && sameShape(x.shape, v.shape)) ?? v
    const index = scope.pick((x) => (x.dtype === 'int32' || x.dtype === 'bool') && selects(x))
    if (index === undefined) return void scope.bind(call('lax.select', plain(scope.choices.oneIn(2)), name(v.name), name(w.name)), hull(v, w))
    if (index.dtype === 'bool') return void scope.bind(call('lax.select', name(index.name), name(v.name), name(w.name)), hull(v, w))
    // An index outside of the cases chooses the first or the last.
    return void scope.bind(call('lax.selectN', name(index.name), name(v.name), name(w.name), name(v.name)), hull(v, w))
  }
  const other = partner(scope, v)
  const shape = broadcastShape(v.shape, other.v.shape) ?? v.shape
  const which = scope.pick((w) => w.dtype === 'bool' && scope.meet(shape, w.shape))
  scope.bind(call('np.where', which === undefined ? plain(scope.choices.oneIn(2)) : name(which.name), name(v.name), other.e), hull(v, other.v))
}

const bitwise: Maker = (scope) => {
  const v = scope.pick((w) => isInt(w) || w.dtype === 'bool')
  if (v === undefined) return
  const other = partner(scope, v, [1, 5, 0, 3], 'lax')
  const onBools = ['np.logicalAnd', 'np.logicalOr', 'np.logicalNot', 'np.logicalXor', 'lax.bitwiseNot', 'lax.bitwiseAnd', 'lax.bitwiseOr', 'lax.bitwiseXor'] as const
  const onInts = ['lax.bitwiseAnd', 'lax.bitwiseOr', 'lax.bitwiseXor', 'lax.bitwiseNot', 'lax.populationCount', 'lax.clz', 'lax.shiftLeft', 'lax.shiftRightLogical', 'lax.shiftRightArithmetic'] as const
  const f = v.dtype === 'bool' ? scope.choices.of(onBools) : scope.choices.of(onInts)
  const alone = f === 'np.logicalNot' || f === 'lax.bitwiseNot' || f === 'lax.populationCount' || f === 'lax.clz'
  scope.bind(alone ? call(f, name(v.name)) : call(f, name(v.name), other.e))
}

/** Whole numbers divide towards zero, by zero too. */
const integers: Maker = (scope) => {
  const v = scope.pick(isInt)
  if (v === undefined) return
  const other = partner(scope, v, [3, 2, 0], 'lax')
  const f = scope.choices.of(['lax.div', 'lax.rem', 'np.floorDivide', 'np.remainder', 'lax.integerPow', 'np.abs', 'np.sign'] as const)
  if (f === 'lax.integerPow') scope.bind(call(f, name(v.name), plain(scope.choices.of([2, 3] as const))))
  else if (f === 'np.abs' || f === 'np.sign') scope.bind(call(f, name(v.name)))
  else scope.bind(call(f, name(v.name), other.e))
}

/** Functions of floats that jump. */
const steps: Maker = (scope) => {
  const v = scope.float()
  if (v === undefined || !scope.allows('step', v)) return
  const other = partner(scope, v, [2, 0.75, 3], 'lax')
  const whole = other.v.exact
  switch (scope.choices.below(3)) {
    case 0:
      return void scope.bind(call('lax.isFinite', name(v.name)), { nature: 'step' })
    case 1:
      return void (whole && scope.bind(call('lax.rem', name(v.name), other.e), { range: [v.low, v.high], exact: true, nature: 'step' }))
    default:
      // It has no derivative, so it is asked of what carries none.
      return void (whole && scope.bind(call('lax.nextafter', call('stopGradient', name(v.name)), call('stopGradient', other.e)), { range: [v.low - 1, v.high + 1], exact: true, nature: 'step' }))
  }
}

const convert: Maker = (scope) => {
  const v = scope.pick((w) => w.dtype !== 'key')
  const to = scope.choices.of(scope.draft.dtypes)
  if (v === undefined || to === undefined || to === 'key') return
  const target = { shape: v.shape, dtype: to }
  if (!isFloat(v)) {
    const range = isFloat(target) ? ([-(2 ** 32), 2 ** 32] as const) : everywhere
    return void scope.bind(call('lax.convertElementType', name(v.name), plain(to)), { range, exact: true })
  }
  const narrower = !isFloat(target) || to !== 'float64'
  const nature: Nature = to === v.dtype || !narrower ? 'smooth' : 'step'
  if (!scope.allows(isFloat(target) ? (nature === 'step' ? 'kink' : 'smooth') : 'step', v)) return
  // What a number out of an integer's range becomes is for no backend to say.
  const operand = isFloat(target) ? name(v.name) : call('lax.clamp', plain(to.startsWith('u') ? 0 : -100), name(v.name), plain(100))
  scope.bind(call('lax.convertElementType', operand, plain(to)), { ...same(v), nature })
}

const still: Maker = (scope) => {
  const v = scope.float()
  if (v === undefined || !scope.allows('kink', v)) return
  scope.bind(call(fn('stopGradient'), name(v.name)), { ...same(v), nature: 'step' })
}

const barrier: Maker = (scope) => {
  const v = scope.pick()
  if (v !== undefined) scope.bind(call('lax.optimizationBarrier', name(v.name)), same(v))
}

/** Functions of one number as often as there are many of them. */
export const elementwise: readonly Maker[] = [
  ...Array.from({ length: 10 }, () => unary),
  ...[add, multiply, divide, power, extremum, unaryOf(composites)],
  ...[compare, compare, choose, bitwise, bitwise, bitwise, integers, steps, steps, parts, parts, whole, whole, convert, still, barrier],
]
