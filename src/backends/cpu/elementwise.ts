/** Elementwise rules of two and more operands; an operand of rank 0 goes with any shape. */
import { type Aval, sizeOf } from '../../core/aval.ts'
import type { DType } from '../../core/dtype.ts'
import { isFloating, isInteger } from '../../core/dtype.ts'
import type { BinaryParams, ElementwiseParams, TernaryParams } from '../../core/primitives/index.ts'
import { bitsOf, unaryCpu } from './elementwise-unary.ts'
import { type CpuRules, fromNumbers, type HostArray, numbersOf, widthOf } from './host-array.ts'
import { nextafter } from './nextafter.ts'
import { moveElements, replaceElements } from './walk.ts'

type Nary = (inputs: readonly HostArray[], params: object, outs: readonly Aval[]) => HostArray[]

/** 0 for an operand of rank 0, whose only element goes with every index. */
const stepOf = (a: HostArray): number => (a.aval.shape.length === 0 ? 0 : 1)

function binary(f: (x: number, y: number, dtype: DType) => number): Nary {
  return ([x, y], _, [out]) => {
    const [xs, ys] = [numbersOf(x!), numbersOf(y!)]
    const [sx, sy] = [stepOf(x!), stepOf(y!)]
    const values = new Float64Array(sizeOf(out!.shape))
    for (let i = 0; i < values.length; i++) values[i] = f(xs[i * sx]!, ys[i * sy]!, x!.aval.dtype)
    return [fromNumbers(out!, values)]
  }
}

const compare = (f: (x: number, y: number) => boolean): Nary => binary((x, y) => Number(f(x, y)))

/** Division by zero gives all bits set, as XLA does. */
function divide(x: number, y: number, dtype: DType): number {
  if (isFloating(dtype)) return x / y
  return y === 0 ? -1 : Math.trunc(x / y)
}

const remainder = (x: number, y: number, dtype: DType): number => (isInteger(dtype) && y === 0 ? x : x % y)

/** IEEE 754's pow: 1 to any power is 1, and -1 to an infinite one, where JavaScript says NaN. */
function power(x: number, y: number): number {
  if (x === 1 || (x === -1 && Math.abs(y) === Infinity)) return 1
  return x ** y
}

/** Amounts of the width and more (negative ones among them, read as unsigned) shift everything out. */
const shiftsOut = (amount: number, dtype: DType): boolean => amount < 0 || amount >= widthOf(dtype)

const binaryCpu: CpuRules<keyof BinaryParams> = {
  add: binary((x, y) => x + y),
  sub: binary((x, y) => x - y),
  mul: binary((x, y, dtype) => (isInteger(dtype) ? Math.imul(x, y) : x * y)),
  div: binary(divide),
  rem: binary(remainder),
  pow: binary(power),
  max: binary((x, y) => Math.max(x, y)),
  min: binary((x, y) => Math.min(x, y)),
  atan2: binary(Math.atan2),
  nextafter: binary(nextafter),
  and: binary((x, y) => x & y),
  or: binary((x, y) => x | y),
  xor: binary((x, y) => x ^ y),
  shiftLeft: binary((x, y, dtype) => (shiftsOut(y, dtype) ? 0 : x << y)),
  shiftRightLogical: binary((x, y, dtype) => (shiftsOut(y, dtype) ? 0 : bitsOf(x, dtype) >>> y)),
  shiftRightArithmetic: binary((x, y, dtype) => signed(x, dtype) >> (shiftsOut(y, dtype) ? 31 : y)),
  eq: compare((x, y) => x === y),
  ne: compare((x, y) => x !== y),
  lt: compare((x, y) => x < y),
  le: compare((x, y) => x <= y),
  gt: compare((x, y) => x > y),
  ge: compare((x, y) => x >= y),
}

/** The bits of an integer as a signed number: an arithmetic shift copies the top bit, whatever the dtype says. */
function signed(x: number, dtype: DType): number {
  const unused = 32 - widthOf(dtype)
  return (x << unused) >> unused
}

const ternaryCpu: CpuRules<keyof TernaryParams> = {
  selectN: ([which, ...cases], _, [out]) => {
    const choice = numbersOf(which!)
    const step = stepOf(which!)
    const each = (f: (i: number) => number): Int32Array => Int32Array.from({ length: sizeOf(out!.shape) }, (_u, i) => f(i))
    const full = cases.map((x) => moveElements(x, out!, each((i) => i * stepOf(x))))
    // An int32 selector out of range picks the first or the last case.
    const pick = (i: number): number => Math.min(Math.max(choice[i * step]!, 0), cases.length - 1)
    return [full.reduce((result, x, k) => replaceElements(result, x, each((i) => (pick(i) === k ? i : -1))))]
  },
  clamp: ([low, x, high], _, [out]) => {
    const [ls, xs, hs] = [numbersOf(low!), numbersOf(x!), numbersOf(high!)]
    const [sl, sx, sh] = [stepOf(low!), stepOf(x!), stepOf(high!)]
    const values = new Float64Array(sizeOf(out!.shape))
    for (let i = 0; i < values.length; i++) values[i] = Math.min(Math.max(ls[i * sl]!, xs[i * sx]!), hs[i * sh]!)
    return [fromNumbers(out!, values)]
  },
}

export const elementwiseCpu: CpuRules<keyof ElementwiseParams> = { ...unaryCpu, ...binaryCpu, ...ternaryCpu }
