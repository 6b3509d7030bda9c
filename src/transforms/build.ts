/**
 * Primitives as functions, without promotion or broadcasting: what rules are written with. A number becomes a weak
 * literal of the dtype of the operand beside it.
 */
import type { NDArray } from '../core/array.ts'
import { aval, sameShape, type Shape } from '../core/aval.ts'
import type { DType } from '../core/dtype.ts'
import { Literal } from '../core/jaxpr.ts'
import type { BinaryParams, NoParams, Primitive, PrimitiveParams, UnaryParams } from '../core/primitives/index.ts'
import { bind1, type Value } from '../core/trace.ts'

type Plain<K extends Primitive> = { readonly [P in K]: PrimitiveParams[P] extends NoParams ? (NoParams extends PrimitiveParams[P] ? P : never) : never }[K]
type Operand = Value | number

/** A scalar constant that takes the dtype of `like` and leaves its weakness alone. */
export const constant = (like: Value, value: number): Literal => new Literal(value, aval([], like.aval.dtype, true))

const unary =
  <P extends Plain<keyof UnaryParams>>(primitive: P) =>
  (x: Value): NDArray =>
    bind1<Primitive>(primitive, [x], {})

const binary =
  (primitive: keyof BinaryParams) =>
  (x: Operand, y: Operand): NDArray =>
    bind1<Primitive>(primitive, pair(x, y), {})

function pair(x: Operand, y: Operand): [Value, Value] {
  if (typeof x === 'number') return typeof y === 'number' ? [float(x), float(y)] : [constant(y, x), y]
  return [x, typeof y === 'number' ? constant(x, y) : y]
}
const float = (x: number): Literal => new Literal(x, aval([], 'float32', true))

const withParams =
  <P extends Primitive>(primitive: P) =>
  (x: Value, params: PrimitiveParams[P]): NDArray =>
    bind1(primitive, [x], params)

type Unary = (x: Value) => NDArray
type Binary = (x: Operand, y: Operand) => NDArray
type With<P extends Primitive> = (x: Value, params: PrimitiveParams[P]) => NDArray

export const neg: Unary = unary('neg')
export const sign: Unary = unary('sign')
export const floor: Unary = unary('floor')
export const exp: Unary = unary('exp')
export const log: Unary = unary('log')
export const sin: Unary = unary('sin')
export const cos: Unary = unary('cos')
export const sinh: Unary = unary('sinh')
export const cosh: Unary = unary('cosh')
export const rsqrt: Unary = unary('rsqrt')
export const abs: Unary = unary('abs')
export const square: Unary = unary('square')
export const digamma: Unary = unary('digamma')

export const add: Binary = binary('add')
export const sub: Binary = binary('sub')
export const mul: Binary = binary('mul')
export const div: Binary = binary('div')
export const pow: Binary = binary('pow')
export const max: Binary = binary('max')
export const min: Binary = binary('min')
export const and: Binary = binary('and')
export const eq: Binary = binary('eq')
export const ne: Binary = binary('ne')
export const lt: Binary = binary('lt')
export const gt: Binary = binary('gt')
export const le: Binary = binary('le')

/** x where `which` is true, y elsewhere; scalars go with any shape, numbers take the other's dtype. */
export function select(which: Value, x: Operand, y: Operand): NDArray {
  return bind1('selectN', [which, ...pair(y, x)], {})
}

export const integerPow: With<'integerPow'> = withParams('integerPow')
export const reduceSum: With<'reduceSum'> = withParams('reduceSum')
export const cumprod: With<'cumprod'> = withParams('cumprod')
export const broadcastInDim: With<'broadcastInDim'> = withParams('broadcastInDim')
export const rev: With<'rev'> = withParams('rev')
export const slice: With<'slice'> = withParams('slice')
export const bitcastConvertType: With<'bitcastConvertType'> = withParams('bitcastConvertType')
export const reduceWindowSum: With<'reduceWindowSum'> = withParams('reduceWindowSum')

/** Another shape; nothing where it is that already. */
export const reshape = (x: Value, newSizes: Shape): Value => (sameShape(x.aval.shape, newSizes) ? x : bind1('reshape', [x], { newSizes }))
export const pad = (x: Value, value: Operand, params: PrimitiveParams['pad']): NDArray =>
  bind1('pad', [x, typeof value === 'number' ? constant(x, value) : value], params)
export const concatenate = (xs: readonly Value[], dimension: number): NDArray => bind1('concatenate', xs, { dimension })
export const iota = (dtype: DType, shape: Shape, dimension: number): NDArray => bind1('iota', [], { dtype, shape, dimension })
export const gather = (x: Value, indices: Value, params: PrimitiveParams['gather']): NDArray => bind1('gather', [x, indices], params)
export const scatter = (x: Value, indices: Value, updates: Value, params: PrimitiveParams['scatter']): NDArray => bind1('scatter', [x, indices, updates], params)
export const scatterAdd = (x: Value, indices: Value, updates: Value, params: PrimitiveParams['scatterAdd']): NDArray =>
  bind1('scatterAdd', [x, indices, updates], params)
export const dotGeneral = (x: Value, y: Value, params: PrimitiveParams['dotGeneral']): NDArray => bind1('dotGeneral', [x, y], params)
export const convGeneralDilated = (x: Value, y: Value, params: PrimitiveParams['convGeneralDilated']): NDArray => bind1('convGeneralDilated', [x, y], params)

/** The dtype `newDtype`, as weak as asked; nothing where it is that already. */
export function convert(x: Value, newDtype: DType, weakType = false): Value {
  return x.aval.dtype === newDtype && x.aval.weakType === weakType ? x : bind1('convertElementType', [x], { newDtype, weakType })
}

/** Axes in another order; nothing where it is theirs already. */
export function transpose(x: Value, permutation: readonly number[]): Value {
  return permutation.every((p, i) => p === i) ? x : bind1('transpose', [x], { permutation })
}

/** One axis moved to another place, the others in their order. */
export function moveAxis(x: Value, from: number, to: number): Value {
  const rest = x.aval.shape.map((_, i) => i).filter((i) => i !== from)
  rest.splice(to, 0, from)
  return transpose(x, rest)
}

/** The whole of `x` along every axis but one; nothing where it is all of that one too. */
export function sliceAxis(x: Value, axis: number, start: number, limit: number, stride = 1): Value {
  const { shape } = x.aval
  if (start === 0 && limit === shape[axis] && stride === 1) return x
  return slice(x, {
    startIndices: shape.map((_, i) => (i === axis ? start : 0)),
    limitIndices: shape.map((d, i) => (i === axis ? limit : d)),
    strides: shape.map((_, i) => (i === axis ? stride : 1)),
  })
}

/** All axes of a rank, counted from `from`. */
export const range = (to: number, from = 0): number[] => Array.from({ length: Math.max(to - from, 0) }, (_, i) => from + i)
