import { expOfNonPositive, f32x4Binary, f32x4Unary } from './f32x4/index.ts'
import { f64x2Binary, f64x2Unary } from './f64x2/index.ts'
import type { FloatShape } from './lanes.ts'
import { calledBinary, calledUnary, inlineBinary, inlineUnary, sideBySide, type BinaryEmitter, type BinaryFormula, type SideEmitter, type UnaryEmitter, type UnaryFormula } from './macro.ts'
import type { BinaryName, UnaryName } from './names.ts'

/** Bodies so large that a module holds them once and calls them. */
const called: Readonly<Record<FloatShape, ReadonlySet<UnaryName | BinaryName>>> = {
  f32x4: new Set<UnaryName | BinaryName>(['erfc', 'erfInv', 'lgamma', 'digamma', 'pow', 'atan2']),
  f64x2: new Set<UnaryName | BinaryName>(['sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'asinh', 'acosh', 'atanh', 'sinh', 'cosh', 'erf', 'erfc', 'erfInv', 'lgamma', 'digamma', 'cbrt', 'pow', 'atan2']),
}

const unaryEmitters = (shape: FloatShape, formulas: Readonly<Record<UnaryName, UnaryFormula>>): Readonly<Record<UnaryName, UnaryEmitter>> => {
  const emitter = (name: UnaryName): UnaryEmitter => (called[shape].has(name) ? calledUnary(`${shape}.${name}`) : inlineUnary(shape, formulas[name]))
  return Object.fromEntries(Object.keys(formulas).map((name) => [name, emitter(name as UnaryName)])) as Record<UnaryName, UnaryEmitter> // the same keys
}

const binaryEmitters = (shape: FloatShape, formulas: Readonly<Record<BinaryName, BinaryFormula>>): Readonly<Record<BinaryName, BinaryEmitter>> => {
  const emitter = (name: BinaryName): BinaryEmitter => (called[shape].has(name) ? calledBinary(`${shape}.${name}`) : inlineBinary(shape, formulas[name]))
  return Object.fromEntries(Object.keys(formulas).map((name) => [name, emitter(name as BinaryName)])) as Record<BinaryName, BinaryEmitter> // the same keys
}

/**
 * Macros over four float32 lanes: `f32x4.exp(fn, x, helpers)` emits code that leaves e^x on the stack; `x` is a local of type
 * v128 and keeps its value. JAX's and NumPy's values at zeros, infinities and NaN; subnormal numbers are kept.
 */
export const f32x4: Readonly<Record<UnaryName, UnaryEmitter>> = /* @__PURE__ */ unaryEmitters('f32x4', f32x4Unary)
/** Macros over two float64 lanes. */
export const f64x2: Readonly<Record<UnaryName, UnaryEmitter>> = /* @__PURE__ */ unaryEmitters('f64x2', f64x2Unary)
/** Macros of two arguments: `f32x4Pair.pow(fn, x, y, helpers)`. */
export const f32x4Pair: Readonly<Record<BinaryName, BinaryEmitter>> = /* @__PURE__ */ binaryEmitters('f32x4', f32x4Binary)
export const f64x2Pair: Readonly<Record<BinaryName, BinaryEmitter>> = /* @__PURE__ */ binaryEmitters('f64x2', f64x2Binary)

/** Formulas without branches or calls: several vectors of them can be computed side by side. */
const straight: readonly UnaryName[] = ['exp', 'exp2', 'expm1', 'log', 'log1p', 'log2', 'tanh', 'logistic', 'erf']

/** Macros over several vectors of four float32 lanes at once, for the functions that have one. */
export const f32x4Side: Partial<Readonly<Record<UnaryName, SideEmitter>>> = /* @__PURE__ */ Object.fromEntries(straight.map((name) => [name, sideBySide('f32x4', f32x4Unary[name])]))

/** The bits of `exp` with fewer instructions, of vectors whose elements are at most 0, or NaN. */
export const f32x4ExpOfNonPositive: SideEmitter = /* @__PURE__ */ sideBySide('f32x4', expOfNonPositive)
