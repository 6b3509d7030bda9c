/** What the parameters of every primitive look like: text has no types, so they are decoded. */
import type { DeviceName } from '../device-name.ts'
import { type DType, isDType } from '../dtype.ts'
import type { Jaxpr } from '../jaxpr.ts'
import type { ConvParams, GatherParams, NoParams, Padding, Primitive, PrimitiveParams, ScatterParams, WindowParams } from '../primitives/index.ts'
import { type Either, left, right } from '../../fp/either.ts'
import { RecordNode } from './syntax.ts'

export type Problems = readonly string[]
/** A value as the text gives it, programs inside already read. */
export type Decoded = number | boolean | null | string | readonly Decoded[] | RecordNode | Program
/** A class, so that nothing in the text can pass for a program. */
export class Program {
  readonly jaxpr: Jaxpr
  constructor(jaxpr: Jaxpr) {
    this.jaxpr = jaxpr
  }
}
type Decoder<T> = (value: Decoded) => Either<Problems, T>
type RecordDecoder<T> = { readonly [K in keyof T]: Decoder<T[K]> }

/** All values, or all problems. */
export function all<T>(parts: readonly Either<Problems, T>[]): Either<Problems, T[]> {
  const problems = parts.flatMap((p) => (p._tag === 'Left' ? p.left : []))
  return problems.length > 0 ? left(problems) : right(parts.flatMap((p) => (p._tag === 'Right' ? [p.right] : [])))
}

const primitiveValue =
  <T>(what: string, accept: (value: Decoded) => value is Decoded & T): Decoder<T> =>
  (value) =>
    accept(value) ? right(value) : left([`is not ${what}`])

const int: Decoder<number> = primitiveValue('an integer', (v): v is number => typeof v === 'number' && Number.isInteger(v))
const flag: Decoder<boolean> = primitiveValue('True or False', (v): v is boolean => typeof v === 'boolean')
const text: Decoder<string> = primitiveValue('a name', (v): v is string => typeof v === 'string')
const dtype: Decoder<DType> = primitiveValue('a dtype', (v): v is DType => isDType(v))
const program: Decoder<Jaxpr> = (value) => (value instanceof Program ? right(value.jaxpr) : left(['is not a program']))
const scalar: Decoder<number | boolean> = primitiveValue('a number, True or False', (v): v is number | boolean => typeof v === 'number' || typeof v === 'boolean')

const oneOf = <const T extends string>(...names: readonly T[]): Decoder<T> => {
  const known: readonly string[] = names
  return primitiveValue(`one of ${names.join(', ')}`, (v): v is T => typeof v === 'string' && known.includes(v))
}
const orNull =
  <T>(d: Decoder<T>): Decoder<T | null> =>
  (value) =>
    value === null ? right(null) : d(value)
const list =
  <T>(d: Decoder<T>): Decoder<readonly T[]> =>
  (value) =>
    Array.isArray(value) ? all(value.map((v: Decoded) => d(v))) : left(['is not a tuple'])

const ints: Decoder<readonly number[]> = list(int)

/** Tuples of a fixed length. */
const pair =
  <A>(d: Decoder<A>): Decoder<readonly [A, A]> =>
  (value) => {
    const items = list(d)(value)
    if (items._tag === 'Left') return items
    const [a, b] = items.right
    return items.right.length === 2 && a !== undefined && b !== undefined ? right([a, b]) : left(['is not a pair'])
  }
const triple: Decoder<readonly [number, number, number]> = (value) => {
  const items = ints(value)
  if (items._tag === 'Left') return items
  const [a, b, c] = items.right
  return items.right.length === 3 && a !== undefined && b !== undefined && c !== undefined ? right([a, b, c]) : left(['is not a triple'])
}

/** Every field, and no other. */
export function record<T>(fields: RecordDecoder<T>): Decoder<T> {
  return (value) => {
    if (!(value instanceof RecordNode)) return left(['is not a record'])
    return decodeFields(fields, value.fields as ReadonlyMap<string, Decoded>)
  }
}

function decodeFields<T>(fields: RecordDecoder<T>, given: ReadonlyMap<string, Decoded>): Either<Problems, T> {
  const problems: string[] = []
  const out: Partial<T> = {}
  for (const name of given.keys()) if (!Object.hasOwn(fields, name)) problems.push(`parameter ${name} is unknown; known are ${Object.keys(fields).join(', ') || 'none'}`)
  for (const name in fields) {
    const value = given.get(name)
    if (value === undefined) {
      problems.push(`parameter ${name} is missing`)
      continue
    }
    const decoded = fields[name](value)
    if (decoded._tag === 'Left') problems.push(...decoded.left.map((p) => `parameter ${name} ${p}`))
    else out[name] = decoded.right
  }
  // Without problems every field was set.
  return problems.length > 0 ? left(problems) : right(out as T)
}

const none: RecordDecoder<NoParams> = {}
const axes = { axes: ints }
const arg = { axis: int, indexDtype: dtype }
const cumulative = { axis: int, reverse: flag }
const padding: Decoder<Padding> = list(pair(int))
const mode = oneOf('clip', 'fillOrDrop', 'promiseInBounds')

const gather: RecordDecoder<GatherParams> = {
  dimensionNumbers: record({ offsetDims: ints, collapsedSliceDims: ints, startIndexMap: ints, operandBatchingDims: ints, startIndicesBatchingDims: ints }),
  sliceSizes: ints,
  mode,
  fillValue: orNull(scalar),
}
const scatter: RecordDecoder<ScatterParams> = {
  dimensionNumbers: record({ updateWindowDims: ints, insertedWindowDims: ints, scatterDimsToOperandDims: ints, operandBatchingDims: ints, scatterIndicesBatchingDims: ints }),
  mode,
  uniqueIndices: flag,
}
const window: RecordDecoder<WindowParams> = { windowDimensions: ints, windowStrides: ints, padding, baseDilation: ints, windowDilation: ints }
const conv: RecordDecoder<ConvParams> = {
  windowStrides: ints,
  padding,
  lhsDilation: ints,
  rhsDilation: ints,
  dimensionNumbers: record({ lhs: ints, rhs: ints, out: ints }),
  featureGroupCount: int,
  batchGroupCount: int,
}
const selectPrim = oneOf('ge', 'le')
const device: Decoder<DeviceName | null> = orNull(oneOf('cpu', 'wasm', 'webgpu'))

/** Primitives without parameters are not listed. */
type WithParams = { [P in Primitive]: keyof PrimitiveParams[P] extends never ? never : P }[Primitive]

const schemas: { readonly [P in WithParams]: RecordDecoder<PrimitiveParams[P]> } = {
  round: { roundingMethod: oneOf('awayFromZero', 'toNearestEven') },
  integerPow: { y: int },
  convertElementType: { newDtype: dtype, weakType: flag },
  reduceSum: axes,
  reduceProd: axes,
  reduceMax: axes,
  reduceMin: axes,
  reduceAnd: axes,
  reduceOr: axes,
  reduceXor: axes,
  argmax: arg,
  argmin: arg,
  cumsum: cumulative,
  cumprod: cumulative,
  cummax: cumulative,
  cummin: cumulative,
  cumlogsumexp: cumulative,
  reshape: { newSizes: ints },
  transpose: { permutation: ints },
  broadcastInDim: { shape: ints, broadcastDimensions: ints },
  rev: { dimensions: ints },
  concatenate: { dimension: int },
  pad: { paddingConfig: list(triple) },
  slice: { startIndices: ints, limitIndices: ints, strides: ints },
  iota: { dtype, shape: ints, dimension: int },
  bitcastConvertType: { newDtype: dtype },
  dynamicSlice: { sliceSizes: ints },
  gather,
  scatter,
  scatterAdd: scatter,
  scatterMul: scatter,
  scatterMin: scatter,
  scatterMax: scatter,
  sort: { dimension: int, numKeys: int },
  topK: { k: int },
  dotGeneral: { dimensionNumbers: record({ contracting: pair(ints), batch: pair(ints) }), preferredElementType: orNull(dtype) },
  convGeneralDilated: conv,
  reduceWindowSum: window,
  reduceWindowProd: window,
  reduceWindowMax: window,
  reduceWindowMin: window,
  selectAndScatterAdd: { selectPrim, windowDimensions: ints, windowStrides: ints, padding },
  selectAndGatherAdd: { selectPrim, ...window },
  jit: { name: text, jaxpr: program, device },
  scan: { length: int, reverse: flag, numConsts: int, numCarry: int, jaxpr: program },
}

/** The parameters of a primitive, or everything that is wrong with them. */
export function decodeParams<P extends Primitive>(primitive: P, given: ReadonlyMap<string, Decoded>): Either<Problems, PrimitiveParams[P]> {
  const table: { readonly [Q in Primitive]?: RecordDecoder<PrimitiveParams[Q]> } = schemas
  const schema: RecordDecoder<PrimitiveParams[P]> | undefined = table[primitive]
  if (schema !== undefined) return decodeFields(schema, given)
  // What is not in the table has no parameters: the type of `schemas` says so.
  return decodeFields(none as RecordDecoder<PrimitiveParams[P]>, given)
}
