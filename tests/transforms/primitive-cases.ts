/** For every primitive, operands and parameters with which its rules are tried. A primitive without a case does not compile. */
import { parseJaxpr } from '../../src/core/parse.ts'
import type { ConvParams, GatherDimensionNumbers, Primitive, PrimitiveParams, ScatterDimensionNumbers } from '../../src/core/primitives/index.ts'
import '../families.ts'
import type { Input } from './values.ts'

export interface CaseOf<Params> {
  readonly inputs: readonly Input[]
  readonly params: Params
  /** Groups of operands in which the primitive is linear together. */
  readonly linear?: readonly (readonly number[])[]
  /** Where the derivative is not that of the function: refused, or zero by definition. */
  readonly derivative?: 'refused' | 'zero'
  /** Step of the difference quotient, and tolerance. */
  readonly step?: number
  readonly tolerance?: number
}
export type Case<P extends Primitive> = CaseOf<PrimitiveParams[P]>

const x: Input = { shape: [2, 3] }
const s: Input = { shape: [] }
const positive: Input = { shape: [2, 3], range: [0.3, 3] }
const inside: Input = { shape: [2, 3], range: [-0.9, 0.9] }
const bool: Input = { shape: [2, 3], dtype: 'bool', range: [0, 2] }
const int: Input = { shape: [2, 3], dtype: 'int32', range: [-9, 9] }
const word: Input = { shape: [2, 3], dtype: 'uint32', range: [0, 1000] }
const shift: Input = { shape: [2, 3], dtype: 'int32', range: [0, 5] }
const index: Input = { shape: [], dtype: 'int32', range: [-1, 4] }
const none = {}

const unary = (input: Input = x): Case<'neg'>[] => [{ inputs: [input], params: none }]
const binary = (a: Input = x, b: Input = a): Case<'add'>[] => [
  { inputs: [a, b], params: none },
  { inputs: [{ ...a, shape: [] }, b], params: none },
  { inputs: [a, { ...b, shape: [] }], params: none },
  { inputs: [{ ...a, shape: [] }, { ...b, shape: [] }], params: none },
]
const linearBinary = (groups: readonly (readonly number[])[]): Case<'add'>[] => binary(x, positive).map((c) => ({ ...c, linear: groups }))
const reduce = (input: Input = { shape: [2, 3, 4] }): Case<'reduceSum'>[] => [
  { inputs: [input], params: { axes: [1] } },
  { inputs: [input], params: { axes: [0, 2] } },
  { inputs: [input], params: { axes: [0, 1, 2] } },
]
const cumulative = (): Case<'cumsum'>[] => [
  { inputs: [{ shape: [2, 5] }], params: { axis: 1, reverse: false } },
  { inputs: [{ shape: [5, 2] }], params: { axis: 0, reverse: true } },
]
const arg = (): Case<'argmax'>[] => [{ inputs: [{ shape: [2, 5] }], params: { axis: 1, indexDtype: 'int32' } }]

const window = { windowDimensions: [1, 2, 3], windowStrides: [1, 2, 1], padding: [[0, 0], [1, 0], [1, 1]], baseDilation: [1, 1, 1], windowDilation: [1, 1, 1] } as const
const dilatedWindow = { windowDimensions: [2, 2], windowStrides: [2, 1], padding: [[1, 2], [0, 1]], baseDilation: [2, 1], windowDilation: [1, 3] } as const
const selectable = { windowDimensions: [2, 2], windowStrides: [2, 1], padding: [[1, 1], [0, 1]], baseDilation: [2, 1], windowDilation: [1, 1] } as const
const spreadSelectable = { ...selectable, windowDilation: [1, 3] } as const
const image: Input = { shape: [2, 4, 5] }
const windows = (): Case<'reduceWindowSum'>[] => [
  { inputs: [image], params: window },
  { inputs: [{ shape: [4, 5] }], params: dilatedWindow },
]
const selects = (): Case<'reduceWindowSum'>[] => [
  { inputs: [image], params: window },
  { inputs: [{ shape: [4, 5] }], params: selectable },
  { inputs: [{ shape: [4, 5] }], params: spreadSelectable },
]

const conv = (inputs: readonly Input[], params: Partial<ConvParams>): Case<'convGeneralDilated'> => ({
  inputs,
  params: {
    windowStrides: [1, 1],
    padding: [[0, 0], [0, 0]],
    lhsDilation: [1, 1],
    rhsDilation: [1, 1],
    dimensionNumbers: { lhs: [0, 3, 1, 2], rhs: [3, 2, 0, 1], out: [0, 3, 1, 2] },
    featureGroupCount: 1,
    batchGroupCount: 1,
    ...params,
  },
  linear: [[0], [1]],
})

const rows: GatherDimensionNumbers = { offsetDims: [1], collapsedSliceDims: [0], startIndexMap: [0], operandBatchingDims: [], startIndicesBatchingDims: [] }
const patches: GatherDimensionNumbers = { offsetDims: [1, 2], collapsedSliceDims: [], startIndexMap: [1, 0], operandBatchingDims: [], startIndicesBatchingDims: [] }
const along: GatherDimensionNumbers = { offsetDims: [], collapsedSliceDims: [1], startIndexMap: [1], operandBatchingDims: [0], startIndicesBatchingDims: [0] }
const rowsOf: ScatterDimensionNumbers = { updateWindowDims: [1], insertedWindowDims: [0], scatterDimsToOperandDims: [0], operandBatchingDims: [], scatterIndicesBatchingDims: [] }
const patchesOf: ScatterDimensionNumbers = { updateWindowDims: [1, 2], insertedWindowDims: [], scatterDimsToOperandDims: [0, 1], operandBatchingDims: [], scatterIndicesBatchingDims: [] }
const alongOf: ScatterDimensionNumbers = { updateWindowDims: [], insertedWindowDims: [1], scatterDimsToOperandDims: [1], operandBatchingDims: [0], scatterIndicesBatchingDims: [0] }
const operand: Input = { shape: [4, 3], range: [0.5, 2] }
const at: Input = { shape: [3, 1], dtype: 'int32', range: [-1, 6] }
const updates: Input = { shape: [3, 3], range: [0.5, 2] }
const scatters = (): Case<'scatterAdd'>[] => [
  { inputs: [operand, at, updates], params: { dimensionNumbers: rowsOf, mode: 'fillOrDrop', uniqueIndices: false } },
  { inputs: [operand, at, updates], params: { dimensionNumbers: rowsOf, mode: 'clip', uniqueIndices: false } },
  {
    inputs: [operand, { shape: [2, 2], dtype: 'int32', range: [0, 3] }, { shape: [2, 2, 2], range: [0.5, 2] }],
    params: { dimensionNumbers: patchesOf, mode: 'clip', uniqueIndices: false },
  },
  { inputs: [operand, { shape: [4, 2, 1], dtype: 'int32', range: [0, 3] }, { shape: [4, 2], range: [0.5, 2] }], params: { dimensionNumbers: alongOf, mode: 'clip', uniqueIndices: false } },
]
const unique: Input = { shape: [3, 1], dtype: 'int32', values: [2, 0, 3] }
const uniqueScatter: Case<'scatter'> = { inputs: [operand, unique, updates], params: { dimensionNumbers: rowsOf, mode: 'clip', uniqueIndices: true } }

/** Mixes linear and other operations, an int carry that counts, constants, and an output that is an input. */
const loop = parseJaxpr(`{ lambda ; w:f64[3] n:i32[] h:f64[3] i:i32[] x:f64[]. let
    a:f64[3] = mul w h
    b:f64[3] = sin a
    c:f64[3] = mul b x
    d:i32[] = add i n
    e:f64[] = convertElementType[newDtype=float64 weakType=False] d
    f:f64[] = mul e x
  in (c, d, f, h, a) }`)
const linearLoop = parseJaxpr(`{ lambda ; w:f64[3] b:f64[3] h:f64[3] x:f64[] u:f64[3]. let
    a:f64[3] = mul w h
    c:f64[3] = add a u
    d:f64[3] = add c b
    e:f64[3] = mul d x
  in (d, e) }`)
const program = parseJaxpr(`{ lambda ; a:f64[2,3] b:f64[] c:i32[]. let
    d:f64[2,3] = sin a
    e:f64[2,3] = mul d b
    f:i32[] = add c 1:i32[]
    g:f64[2,3] = broadcastInDim[broadcastDimensions=() shape=(2, 3)] b
  in (e, f, g, a) }`)
const linearProgram = parseJaxpr('{ lambda ; a:f64[2,3] b:f64[2,3] c:f64[2,3]. let d:f64[2,3] = mul a b e:f64[2,3] = add d c in (e, d) }')

export const cases: { readonly [P in Primitive]: readonly Case<P>[] } = {
  neg: [{ inputs: [x], params: none, linear: [[0]] }],
  sign: unary(),
  floor: unary(),
  ceil: unary(),
  round: [{ inputs: [x], params: { roundingMethod: 'toNearestEven' } }],
  exp: unary(),
  exp2: unary(),
  log: unary(positive),
  log1p: unary(positive),
  expm1: unary(),
  sin: unary(),
  cos: unary(),
  tan: unary(inside),
  asin: unary(inside),
  acos: unary(inside),
  atan: unary(),
  sinh: unary(),
  cosh: unary(),
  tanh: unary(),
  asinh: unary(),
  acosh: unary({ shape: [2, 3], range: [1.2, 3] }),
  atanh: unary(inside),
  logistic: unary(),
  sqrt: unary(positive),
  rsqrt: unary(positive),
  cbrt: unary(positive),
  abs: unary(),
  square: unary(),
  erf: unary(),
  erfc: unary(),
  erfInv: unary(inside),
  lgamma: unary(positive),
  digamma: [...unary(positive), ...unary({ shape: [4], values: [-0.3, -1.6, 0.1, 12] })],
  isFinite: unary(),
  not: [...unary(int), ...unary(bool)],
  populationCount: unary(int),
  clz: unary(int),
  integerPow: [-2, -1, 0, 1, 2, 3].map((y) => ({ inputs: [positive], params: { y } })),
  convertElementType: [
    { inputs: [x], params: { newDtype: 'float64', weakType: false }, linear: [[0]] },
    { inputs: [x], params: { newDtype: 'float32', weakType: false }, linear: [[0]], step: 1e-2, tolerance: 1e-4 },
    { inputs: [x], params: { newDtype: 'int32', weakType: false } },
    { inputs: [int], params: { newDtype: 'float64', weakType: false } },
  ],
  stopGradient: [{ inputs: [x], params: none, derivative: 'zero' }],
  add: [...linearBinary([[0, 1], [0], [1]]), ...binary(int)],
  sub: linearBinary([[0, 1], [0], [1]]),
  mul: linearBinary([[0], [1]]),
  div: linearBinary([[0]]),
  rem: binary(positive, { shape: [2, 3], range: [4, 5] }).concat(binary({ shape: [2, 3], range: [7, 8] }, { shape: [2, 3], range: [2.6, 3] })),
  pow: binary(positive, x),
  max: binary(),
  min: binary(),
  atan2: binary(positive, x),
  nextafter: [{ inputs: [x, x], params: none, derivative: 'refused' }],
  and: [...binary(int), ...binary(bool)],
  or: binary(int),
  xor: binary(int),
  shiftLeft: binary(int, shift),
  shiftRightLogical: binary(int, shift),
  shiftRightArithmetic: binary(int, shift),
  eq: binary(),
  ne: binary(),
  lt: binary(),
  le: binary(),
  gt: binary(),
  ge: binary(int),
  selectN: [
    { inputs: [bool, x, x], params: none, linear: [[1, 2], [1], [2]] },
    { inputs: [bool, s, x], params: none, linear: [[1, 2], [1], [2]] },
    { inputs: [{ ...bool, shape: [] }, x, x], params: none, linear: [[1, 2]] },
    { inputs: [{ ...bool, shape: [] }, s, x], params: none },
    { inputs: [{ ...bool, shape: [] }, s, s], params: none, linear: [[1, 2]] },
    { inputs: [{ shape: [2, 3], dtype: 'int32', range: [0, 3] }, x, s, x], params: none, linear: [[1, 2, 3]] },
  ],
  clamp: [
    { inputs: [{ shape: [2, 3], range: [-1, 0] }, x, { shape: [2, 3], range: [0.1, 1] }], params: none },
    { inputs: [{ shape: [], range: [-1, 0] }, x, { shape: [], range: [0.1, 1] }], params: none },
    { inputs: [{ shape: [], range: [0, 1] }, { shape: [2, 3], range: [-2, -1] }, { shape: [2, 3], range: [2, 3] }], params: none },
  ],
  reduceSum: reduce().map((c) => ({ ...c, linear: [[0]] })),
  reduceProd: [...reduce(), { inputs: [{ shape: [2, 3], values: [0, 2, 3, 0, 0, 4] }], params: { axes: [1] } }],
  reduceMax: reduce(),
  reduceMin: reduce(),
  reduceAnd: reduce({ shape: [2, 3, 4], dtype: 'bool', range: [0, 2] }),
  reduceOr: reduce({ shape: [2, 3, 4], dtype: 'int32', range: [0, 9] }),
  reduceXor: reduce({ shape: [2, 3, 4], dtype: 'int32', range: [0, 9] }),
  argmax: arg(),
  argmin: arg(),
  cumsum: cumulative().map((c) => ({ ...c, linear: [[0]] })),
  cumprod: [...cumulative(), { inputs: [{ shape: [5], values: [2, 0, 3, 0, 1] }], params: { axis: 0, reverse: false } }],
  cummax: cumulative(),
  cummin: cumulative(),
  cumlogsumexp: cumulative(),
  reshape: [
    { inputs: [x], params: { newSizes: [3, 2] }, linear: [[0]] },
    { inputs: [{ shape: [1] }], params: { newSizes: [] }, linear: [[0]] },
  ],
  transpose: [{ inputs: [{ shape: [2, 3, 4] }], params: { permutation: [2, 0, 1] }, linear: [[0]] }],
  broadcastInDim: [
    { inputs: [{ shape: [3] }], params: { shape: [2, 3, 4], broadcastDimensions: [1] }, linear: [[0]] },
    { inputs: [{ shape: [1, 3] }], params: { shape: [2, 3], broadcastDimensions: [0, 1] }, linear: [[0]] },
    { inputs: [s], params: { shape: [2], broadcastDimensions: [] }, linear: [[0]] },
  ],
  rev: [{ inputs: [{ shape: [2, 3, 4] }], params: { dimensions: [0, 2] }, linear: [[0]] }],
  concatenate: [{ inputs: [x, { shape: [2, 1] }, x], params: { dimension: 1 }, linear: [[0, 1, 2], [1]] }],
  pad: [
    { inputs: [x, s], params: { paddingConfig: [[1, 2, 0], [0, 1, 2]] }, linear: [[0, 1], [0], [1]] },
    { inputs: [{ shape: [4, 5] }, s], params: { paddingConfig: [[-1, 2, 0], [3, -2, 1]] }, linear: [[0, 1], [0], [1]] },
  ],
  slice: [
    { inputs: [{ shape: [4, 7] }], params: { startIndices: [1, 0], limitIndices: [3, 6], strides: [1, 2] }, linear: [[0]] },
    { inputs: [{ shape: [4, 7] }], params: { startIndices: [4, 1], limitIndices: [4, 7], strides: [1, 3] }, linear: [[0]] },
  ],
  iota: [{ inputs: [], params: { dtype: 'int32', shape: [2, 3], dimension: 1 } }],
  bitcastConvertType: [
    { inputs: [{ ...x, dtype: 'float32' }], params: { newDtype: 'int32' } },
    { inputs: [{ ...x, dtype: 'float32' }], params: { newDtype: 'uint8' } },
  ],
  optimizationBarrier: [{ inputs: [x, int, s], params: none, linear: [[0, 2], [0]] }],
  dynamicSlice: [{ inputs: [{ shape: [3, 4] }, index, index], params: { sliceSizes: [2, 2] }, linear: [[0]] }],
  dynamicUpdateSlice: [{ inputs: [{ shape: [3, 4] }, { shape: [2, 2] }, index, index], params: none, linear: [[0, 1], [0], [1]] }],
  gather: [
    { inputs: [operand, at], params: { dimensionNumbers: rows, sliceSizes: [1, 3], mode: 'fillOrDrop', fillValue: 0 }, linear: [[0]] },
    { inputs: [operand, at], params: { dimensionNumbers: rows, sliceSizes: [1, 2], mode: 'clip', fillValue: null }, linear: [[0]] },
    { inputs: [operand, { shape: [2, 2], dtype: 'int32', range: [0, 3] }], params: { dimensionNumbers: patches, sliceSizes: [2, 2], mode: 'clip', fillValue: null }, linear: [[0]] },
    { inputs: [operand, { shape: [4, 2, 1], dtype: 'int32', range: [0, 3] }], params: { dimensionNumbers: along, sliceSizes: [1, 1], mode: 'promiseInBounds', fillValue: null }, linear: [[0]] },
  ],
  scatter: [...scatters(), { ...uniqueScatter, linear: [[0, 2], [0], [2]] }],
  scatterAdd: scatters().map((c) => ({ ...c, linear: [[0, 2], [0], [2]] })),
  scatterMul: [{ ...uniqueScatter, linear: [[0], [2]] }],
  scatterMin: scatters(),
  scatterMax: scatters(),
  sort: [
    { inputs: [{ shape: [3, 4] }], params: { dimension: 1, numKeys: 1 } },
    { inputs: [{ shape: [3, 4] }, { shape: [3, 4] }, { shape: [3, 4], dtype: 'int32', range: [0, 9] }], params: { dimension: 0, numKeys: 1 } },
  ],
  topK: [{ inputs: [{ shape: [3, 6] }], params: { k: 2 } }],
  dotGeneral: [
    { inputs: [x, { shape: [3, 4] }], params: { dimensionNumbers: { contracting: [[1], [0]], batch: [[], []] }, preferredElementType: null }, linear: [[0], [1]] },
    {
      inputs: [{ shape: [2, 3, 4, 5] }, { shape: [4, 6, 3, 2] }],
      params: { dimensionNumbers: { contracting: [[2, 0], [0, 3]], batch: [[1], [2]] }, preferredElementType: null },
      linear: [[0], [1]],
    },
    { inputs: [{ shape: [3] }, { shape: [3] }], params: { dimensionNumbers: { contracting: [[0], [0]], batch: [[], []] }, preferredElementType: null }, linear: [[0], [1]] },
  ],
  convGeneralDilated: [
    conv([{ shape: [2, 5, 6, 3] }, { shape: [2, 3, 3, 4] }], {}),
    conv([{ shape: [2, 5, 6, 3] }, { shape: [2, 3, 3, 4] }], { windowStrides: [2, 1], padding: [[1, 0], [2, 1]] }),
    conv([{ shape: [2, 5, 6, 3] }, { shape: [2, 3, 3, 4] }], { windowStrides: [2, 3], padding: [[1, 2], [-1, 3]], lhsDilation: [2, 1], rhsDilation: [1, 2] }),
    conv([{ shape: [2, 5, 6, 4] }, { shape: [2, 3, 2, 6] }], { featureGroupCount: 2, padding: [[1, 1], [0, 0]], windowStrides: [1, 2] }),
    conv([{ shape: [4, 5, 6, 3] }, { shape: [2, 3, 3, 4] }], { batchGroupCount: 2, padding: [[1, 1], [0, 0]] }),
    conv([{ shape: [2, 3, 5, 6] }, { shape: [4, 2, 3, 3] }], { dimensionNumbers: { lhs: [1, 0, 2, 3], rhs: [0, 1, 2, 3], out: [1, 0, 3, 2] } }),
  ],
  reduceWindowSum: windows().map((c) => ({ ...c, linear: [[0]] })),
  reduceWindowProd: windows(),
  reduceWindowMax: selects(),
  reduceWindowMin: selects(),
  selectAndScatterAdd: [
    {
      inputs: [{ shape: [2, 2, 5] }, image],
      params: { selectPrim: 'ge', windowDimensions: window.windowDimensions, windowStrides: window.windowStrides, padding: window.padding },
      linear: [[0]],
    },
  ],
  selectAndGatherAdd: [
    { inputs: [image, image], params: { ...window, selectPrim: 'le' }, linear: [[0]] },
    { inputs: [{ shape: [4, 5] }, { shape: [4, 5] }], params: { ...selectable, selectPrim: 'ge' }, linear: [[0]] },
    { inputs: [{ shape: [4, 5] }, { shape: [4, 5] }], params: { ...dilatedWindow, selectPrim: 'le' }, linear: [[0]] },
  ],
  jit: [
    { inputs: [x, s, { shape: [], dtype: 'int32', range: [0, 9] }], params: { name: 'f', jaxpr: program, device: null } },
    { inputs: [x, x, x], params: { name: 'f', jaxpr: linearProgram, device: null }, linear: [[0, 2], [1], [2]] },
  ],
  scan: [
    {
      inputs: [{ shape: [3] }, { shape: [], dtype: 'int32', range: [1, 4] }, { shape: [3] }, { shape: [], dtype: 'int32', range: [1, 4] }, { shape: [4] }],
      params: { length: 4, reverse: false, numConsts: 2, numCarry: 2, jaxpr: loop },
    },
    {
      inputs: [{ shape: [3] }, { shape: [], dtype: 'int32', range: [1, 4] }, { shape: [3] }, { shape: [], dtype: 'int32', range: [1, 4] }, { shape: [4] }],
      params: { length: 4, reverse: true, numConsts: 2, numCarry: 2, jaxpr: loop },
    },
    {
      inputs: [{ shape: [3] }, { shape: [3] }, { shape: [3] }, { shape: [4] }, { shape: [4, 3] }],
      params: { length: 4, reverse: false, numConsts: 2, numCarry: 1, jaxpr: linearLoop },
      linear: [[1, 2, 4], [2], [4], [1]],
    },
  ],
  threefry2x32: [{ inputs: [word, word, word, word], params: none }, { inputs: [{ ...word, shape: [] }, { ...word, shape: [] }, word, word], params: none }],
}
