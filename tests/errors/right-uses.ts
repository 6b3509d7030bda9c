/** A right use of every public function: the arguments of a call that works. Wrong uses are made of them, one argument at a time. */
import * as data from '../../src/data/index.ts'
import * as pullback from '../../src/index.ts'
import { lax, nn, np, random, tree } from '../../src/index.ts'
import * as optimizers from '../../src/optimizers/index.ts'
import * as stax from '../../src/stax/index.ts'
import * as testing from '../../src/testing/index.ts'

export type Args = readonly unknown[]
/** Under its name: one call or several. */
type Uses = Readonly<Record<string, readonly Args[]>>
const one = (...args: unknown[]): readonly Args[] => [args]

const x = np.array([1, 2, 3])
const y = np.array([0.5, 2, 4])
const m = np.array([[1, 2, 3], [4, 5, 6]])
const square = np.array([[2, 1], [1, 3]])
const cube = np.ones([2, 3, 4])
const whole = np.array([3, 1, 2], { dtype: 'int32' })
const few = np.array([2, 1, 2], { dtype: 'int32' })
const at = np.array([0, 2], { dtype: 'int32' })
const mask = np.array([true, false, true])
const key = random.key(0)
const f32 = { dtype: 'float32' }

const of = (names: string, ...calls: readonly Args[]): Uses => Object.fromEntries(names.split(' ').map((name) => [name, calls]))

const unary = 'abs absolute acos acosh arccos arccosh arcsin arcsinh arctan arctanh asin asinh atan atanh cbrt ceil cos cosh deg2rad degrees exp exp2 expm1 fabs fix floor isfinite isinf isnan isneginf isposinf log log10 log1p log2 modf negative positive rad2deg radians reciprocal rint sign signbit sin sinc sinh sqrt square tan tanh trunc ravel copy flatnonzero argwhere nonzero shape ndim unique uniqueAll uniqueCounts uniqueValues logicalNot atleast1d atleast2d atleast3d'
const binary = 'add arctan2 atan2 allclose arrayEqual arrayEquiv copysign divide divmod dot equal floatPower floorDivide fmax fmin fmod greater greaterEqual heaviside hypot inner intersect1d isclose isin kron less lessEqual logaddexp logaddexp2 maximum minimum mod multiply nextafter notEqual outer pow power remainder setdiff1d setxor1d subtract trueDivide union1d vdot vecdot logicalAnd logicalOr logicalXor'
const reductions = 'amax amin max min nanmax nanmin nansum nanprod prod sum'

const numpy: Uses = {
  ...of(unary, [x]),
  ...of(binary, [x, y]),
  ...of(reductions, [m], [m, 1, { keepdims: true }], [m, { axis: [0, 1], where: m.greater(0), initial: 1 }]),
  ...of('bitwiseCount bitwiseInvert bitwiseNot invert', [whole]),
  ...of('bitwiseAnd bitwiseOr bitwiseXor bitwiseLeftShift bitwiseRightShift leftShift rightShift', [whole, few]),
  ...of('all any ptp countNonzero nanmean argmax argmin nanargmax nanargmin', [m, 1, { keepdims: true }]),
  ...of('mean', [m, 0, { dtype: 'float32', where: m.greater(0) }]),
  ...of('std var variance nanstd nanvar', [m, 0, { ddof: 1 }]),
  ...of('median nanmedian', [m, 0, { keepdims: true }]),
  ...of('quantile nanquantile', [m, 0.5, 0, { method: 'nearest' }], [m, np.array([0.1, 0.2])]),
  ...of('percentile nanpercentile', [m, 50, 0, { method: 'nearest' }]),
  ...of('cumsum cumprod nancumsum nancumprod', [m, 0, f32]),
  average: one(m, 0, { weights: np.array([1, 2]) }),
  append: one(m, m, 0),
  arange: [[3], [0, 6, 2, { dtype: 'float32' }], [0, 1, { step: 0.25 }]],
  argsort: one(m, 0, { descending: true }),
  array: one([[1, 2], [3, 4]], { dtype: 'int32', device: 'wasm' }),
  asarray: one([1, 2], f32),
  arraySplit: one(x, 2, 0),
  around: one(x, 1),
  astype: one(x, 'int32'),
  broadcastArrays: one(x, m),
  broadcastShapes: one([3], [2, 1]),
  broadcastTo: one(x, [2, 3]),
  choose: one(np.array([0, 1], { dtype: 'int32' }), [at, at], { mode: 'wrap' }),
  clip: one(x, 1, 2),
  columnStack: one([x, y]),
  compress: one(mask, x, 0),
  concat: one([x, y], 0),
  concatenate: one([x, y], 0),
  cross: one(x, y, { axis: 0 }),
  diag: one(x, 1),
  diagflat: one(x, { k: 1 }),
  diagonal: [[m, { offset: 1, axis1: 0, axis2: 1 }], [m, 1, 0, 1]],
  diff: [[x, { n: 1, axis: 0 }], [x, 1, 0]],
  digitize: one(x, y, { right: true }),
  dsplit: one(cube, 2),
  ...of('hstack vstack dstack', [[x, y]]),
  stack: one([x, y], 0),
  unstack: one(m, 0),
  einsum: one('ij,j->i', m, x, { preferredElementType: 'float32' }),
  ...of('empty ones zeros', [[2, 3], { dtype: 'int32', device: 'wasm' }]),
  ...of('emptyLike onesLike zerosLike', [x, { dtype: 'int32', shape: [2] }]),
  expandDims: one(x, 0),
  extract: one(mask, x),
  eye: one(2, 3, { k: 1, dtype: 'int32' }),
  finfo: one('float32'),
  iinfo: one('int32'),
  isdtype: one('float32', ['integral', 'float64']),
  flip: one(m, 0),
  ...of('fliplr flipud', [m]),
  fromfunction: one((i: np.NDArray, j: np.NDArray) => i.add(j), [2, 3], { dtype: 'float32' }),
  full: one([2, 3], 1, { dtype: 'int32' }),
  fullLike: one(x, 1, { dtype: 'int32', shape: [2] }),
  geomspace: one(1, 8, 4, { endpoint: true }),
  linspace: [[0, 1, 5, { endpoint: false, dtype: 'float32' }], [x, y, 3, { axis: 1 }]],
  logspace: one(0, 1, 5, { base: 2 }),
  hsplit: one(m, 3),
  vsplit: one(m, 2),
  split: [[m, 3, 1], [m, [1, 2], 1]],
  identity: one(2, f32),
  indices: one([2, 3], { dtype: 'int32' }),
  ldexp: one(x, whole),
  lexsort: one([x, y], { axis: 0 }),
  matmul: one(m, x),
  matrixTranspose: one(m),
  matvec: one(m, x),
  vecmat: one(x, np.ones([3, 2])),
  meshgrid: one(x, y, { indexing: 'ij', sparse: true }),
  moveaxis: [[m, 0, 1], [m, [0], [1]]],
  nanToNum: one(x, { nan: 0, posinf: 1, neginf: -1 }),
  pad: [[x, [1, 2], { mode: 'constant', constantValues: 1 }], [m, [[1, 1], [0, 1]], 'edge'], [m, 1, { constantValues: [[1, 2], [3, 4]] }], [x, 2, { mode: 'linear_ramp', endValues: [1, 2] }], [m, 1, { mode: 'median', statLength: [1, 2] }]],
  partition: one(x, 1, { axis: 0 }),
  permuteDims: one(m, [1, 0]),
  promoteTypes: one('int32', 'float32'),
  resultType: one(x, 'int32', 1),
  repeat: [[x, 2, 0], [x, [1, 0, 2], { axis: 0 }]],
  reshape: one(m, [3, 2]),
  roll: [[x, 1, 0], [m, [1, 2], { axis: [0, 1] }]],
  rot90: [[m, { k: 1, axes: [0, 1] }], [m, 1, [0, 1]]],
  round: one(x, { decimals: 1 }),
  searchsorted: one(x, y, { side: 'right' }),
  select: one([mask, mask], [x, y], 0),
  size: one(m, 0),
  sort: one(m, 0, { descending: true, stable: true }),
  squeeze: one(np.ones([1, 3]), { axis: 0 }),
  swapaxes: one(m, 0, 1),
  take: one(m, at, 1, { mode: 'clip', fillValue: 0 }),
  takeAlongAxis: one(m, np.array([[0, 1]], { dtype: 'int32' }), 1, { mode: 'fill' }),
  tensordot: [[m, x, 1], [m, m, { axes: [[0, 1], [0, 1]] }]],
  tile: one(x, [2, 1]),
  trace: one(square, { offset: 0 }),
  transpose: one(m, [1, 0]),
  tri: one(2, 3, { k: 0, dtype: 'int32' }),
  tril: one(m, { k: 1 }),
  triu: one(m, 1),
  where: [[mask, x, y], [mask]],
  applyAlongAxis: one((v: np.NDArray) => np.sum(v), 1, m),
  piecewise: one(x, [mask], [1, (v: np.NDArray) => v.mul(2)]),
  ...of('bartlett blackman hamming hanning', [5]),
  bincount: one(few, { weights: x, minlength: 1, length: 4 }),
  block: one([[m, m], [m, m]]),
  ...of('convolve correlate', [x, y, 'same']),
  ...of('cov', [m, { y: m, rowvar: true, bias: false, ddof: 1, fweights: whole, aweights: x }], [m, m]),
  corrcoef: one(m, { y: m, rowvar: true }),
  ...of('cumulativeSum cumulativeProd', [m, { axis: 0, dtype: 'float32', includeInitial: true }]),
  delete: [[x, 1], [m, [0], { axis: 1 }]],
  diagIndices: one(3, { ndim: 2 }),
  diagIndicesFrom: one(square),
  ediff1d: one(x, { toEnd: 1, toBegin: y }),
  fillDiagonal: one(m, 7, { wrap: true, inplace: false }),
  ...of('gcd lcm', [whole, few]),
  gradient: [[x], [m, 2, { axis: 0 }], [m, 1, y]],
  histogram: [[x, 4, { range: [0, 4], weights: y, density: true }], [x, y]],
  histogram2d: one(x, y, { bins: [2, 3], range: [[0, 4], [0, 4]], weights: x, density: true }),
  histogramBinEdges: one(x, 3, { range: [0, 1], weights: y }),
  insert: [[x, 1, 9], [m, [0, 1], 5, { axis: 1 }]],
  interp: one(x, x, y, { left: 0, right: 1, period: 5 }),
  ix_: one(at, mask),
  poly: one(x),
  ...of('polyadd polysub polymul polyval', [x, y]),
  polyder: one(x, { m: 1 }),
  polyint: one(x, { m: 1, k: [2] }),
  put: one(m, at, y, { mode: 'wrap', inplace: false }),
  putAlongAxis: one(m, np.array([[0, 1]], { dtype: 'int32' }), 5, 1, { inplace: false }),
  ravelMultiIndex: one([at, at], [3, 3], { mode: 'clip' }),
  resize: one(x, [2, 3]),
  rollaxis: one(cube, 2, { start: 1 }),
  trapezoid: [[m, { x, axis: 1 }], [m, { dx: 0.5, axis: 0 }]],
  ...of('trilIndices triuIndices', [3, 1, { m: 4 }]),
  ...of('trilIndicesFrom triuIndicesFrom', [m, { k: 1 }]),
  trimZeros: one(np.array([0, 1, 0]), 'f'),
  unravelIndex: one(whole, [2, 3]),
  unwrap: one(x, { discont: 3, axis: 0, period: 6 }),
  vander: one(x, 3, { increasing: true }),
}

const gatherNumbers = { offsetDims: [], collapsedSliceDims: [0], startIndexMap: [0], operandBatchingDims: [], startIndicesBatchingDims: [] }
const scatterNumbers = { updateWindowDims: [], insertedWindowDims: [0], scatterDimsToOperandDims: [0], operandBatchingDims: [], scatterIndicesBatchingDims: [] }
const columns = np.array([[0], [2]], { dtype: 'int32' })
const images = np.ones([1, 4, 4, 2])
const kernel = np.ones([3, 3, 2, 5])
const layouts = ['NHWC', 'HWIO', 'NHWC']

const laxUses: Uses = {
  ...of('abs acos acosh asin asinh atan atanh cbrt ceil cos cosh digamma erf erfInv erfc exp exp2 expm1 floor isFinite lgamma log log1p logistic neg reciprocal rsqrt sign sin sinh sqrt square tan tanh', [x]),
  ...of('bitwiseNot clz populationCount', [whole]),
  ...of('add atan2 div eq ge gt le lt max min mul ne nextafter pow rem sub', [x, y]),
  ...of('bitwiseAnd bitwiseOr bitwiseXor shiftLeft shiftRightArithmetic shiftRightLogical', [whole, few]),
  ...of('reduceMax reduceMin reduceProd reduceSum', [m, [0, 1]]),
  ...of('reduceAnd reduceOr reduceXor', [whole, [0]]),
  ...of('cumlogsumexp cummax cummin cumprod cumsum', [m, 0, { reverse: true }]),
  ...of('argmax argmin', [m, 0, 'int32']),
  batchMatmul: one(np.ones([2, 3, 4]), np.ones([2, 4, 5])),
  bitcastConvertType: one(x, 'int32'),
  broadcast: one(x, [2]),
  broadcastInDim: one(x, [2, 3], [1]),
  broadcastedIota: one('int32', [2, 3], 1),
  clamp: one(0, x, 2),
  concatenate: one([x, y], 0),
  conv: one(np.ones([1, 2, 4, 4]), np.ones([5, 2, 3, 3]), [1, 1], 'SAME'),
  convDimensionNumbers: one(4, layouts),
  convGeneralDilated: one(images, kernel, { windowStrides: [1, 1], padding: [[1, 1], [1, 1]], lhsDilation: [1, 1], rhsDilation: [1, 1], dimensionNumbers: layouts, featureGroupCount: 1, batchGroupCount: 1 }),
  convTranspose: one(images, kernel, { strides: [2, 2], padding: 'SAME', rhsDilation: [1, 1], dimensionNumbers: layouts, transposeKernel: false }),
  convWithGeneralPadding: one(np.ones([1, 2, 4, 4]), np.ones([5, 2, 3, 3]), [1, 1], [[0, 0], [1, 1]], [1, 1], [1, 1]),
  convertElementType: one(x, 'int32'),
  dot: one(m, x),
  dotGeneral: one(m, x, { dimensionNumbers: { contracting: [[1], [0]], batch: [[], []] }, preferredElementType: 'float32' }),
  dynamicIndexInDim: one(m, 1, 0, false),
  dynamicSlice: [[m, [0, np.array(1, { dtype: 'int32' })], [1, 2]], [m, at, [1, 1]]],
  dynamicSliceInDim: one(m, 0, 1, 0),
  dynamicUpdateIndexInDim: one(m, x, 0, 0),
  dynamicUpdateSlice: one(m, np.zeros([1, 2]), [0, 1]),
  dynamicUpdateSliceInDim: one(m, np.zeros([1, 3]), 0, 0),
  expandDims: one(x, [0]),
  full: one([2, 3], 1, 'int32'),
  fullLike: one(x, 1, 'int32', [2]),
  gather: one(x, columns, { dimensionNumbers: gatherNumbers, sliceSizes: [1], mode: 'clip', fillValue: 0 }),
  ...of('scatter scatterAdd scatterMax scatterMin scatterMul', [x, columns, np.ones([2]), { dimensionNumbers: scatterNumbers, mode: 'clip', uniqueIndices: true, indicesAreSorted: true }]),
  indexInDim: one(m, 1, 0, false),
  integerPow: one(x, 2),
  iota: one('int32', 3),
  optimizationBarrier: one({ a: x }),
  pad: one(x, 0, [[1, 0, 1]]),
  reduce: one(m, 0, lax.add, [0]),
  reduceWindow: one(x, 0, lax.add, [2], [1], 'SAME', { baseDilation: [1], windowDilation: [1] }),
  reshape: one(m, [6], [1, 0]),
  rev: one(m, [0]),
  round: one(x, 'toNearestEven'),
  scan: one((c: np.NDArray, v: np.NDArray) => [c.add(v), c], 0, x, { length: 3, reverse: true, unroll: 1 }),
  select: one(mask, x, y),
  selectN: one(mask, x, y),
  slice: one(m, [0, 1], [1, 3], [1, 1]),
  sliceInDim: one(m, 0, 1, 1, 0),
  sort: one([x, y], { dimension: 0, numKeys: 1 }),
  sortKeyVal: one(x, y, 0),
  squeeze: one(np.ones([1, 3]), [0]),
  stopGradient: one({ a: x }),
  topK: one(x, 2),
  transpose: one(m, [1, 0]),
}

const randomUses: Uses = {
  bernoulli: [[key, 0.5, [2]], [key, np.array([0.1, 0.9])]],
  bits: one(key, [2], { dtype: 'uint8' }),
  categorical: one(key, m, { axis: 1, shape: [2] }),
  choice: [[key, 5, [2], { replace: false }], [key, x, [2], { p: np.array([0.2, 0.3, 0.5]), axis: 0 }]],
  ...of('exponential gumbel laplace logistic normal', [key, [2], f32]),
  foldIn: one(key, 1),
  key: one(0),
  keyData: one(key),
  permutation: [[key, 3], [key, m, { axis: 1, independent: true }]],
  randint: one(key, [2], 0, 10, { dtype: 'int16' }),
  split: one(key, 2),
  truncatedNormal: one(key, -1, 1, [2], f32),
  uniform: one(key, [2], { minval: -1, maxval: 1, dtype: 'float32' }),
  wrapKeyData: one(np.zeros([2], { dtype: 'uint32' })),
}

const nnUses: Uses = {
  ...of('identity tanh log1mexp', [x]),
  logmeanexp: one(m, 0, { keepdims: true, where: m.greater(0) }),
  dotProductAttention: one(np.ones([2, 3, 4, 2]), np.ones([2, 5, 2, 2]), np.ones([2, 5, 2, 2]), { bias: np.ones([3, 5]), mask: np.ones([3, 5]).greater(0), scale: 0.5, isCausal: true }),
  ...of('hardSigmoid hardSilu hardSwish hardTanh logSigmoid mish relu relu6 selu sigmoid silu softSign softplus sparsePlus sparseSigmoid swish', [x]),
  ...of('celu elu', [x, 1], [x, { alpha: 2 }]),
  gelu: one(x, { approximate: false }),
  glu: one(np.ones([2, 4]), 1),
  leakyRelu: one(x, 0.1),
  squareplus: one(x, { b: 4 }),
  ...of('softmax logSoftmax', [m, 1, { where: m.greater(0) }]),
  logsumexp: one(m, 1, { keepdims: true, b: m, where: m.greater(0) }),
  oneHot: one(whole, 4, { dtype: 'int32', axis: 0 }),
  standardize: one(m, 1, { mean: 0, variance: 1, epsilon: 1e-5 }),
}

const params = { w: x, b: 1 }
const treeUses: Uses = {
  all: one({ a: np.array(true), b: true }),
  ...of('flatten leaves structure', [params]),
  map: one((a: np.NDArray, b: np.NDArray) => a.add(b), params, params),
  mapWithPath: one((_: unknown, a: np.NDArray) => a, params),
  reduce: one((n: number, a: np.NDArray) => n + a.size, params, 0),
  register: one(class Point {}, () => [[], null], () => new (class Other {})()),
  unflatten: one(tree.structure(params), [x, 1]),
  broadcastPrefix: one(0, params, (v: unknown) => v === 0),
}

const body = (v: np.NDArray): np.NDArray => np.sum(np.sin(v))
const rootUses: Uses = {
  defaultDevice: one('wasm'),
  devicePut: one(params, 'cpu'),
  devices: one(),
  init: one('wasm'),
  evalShape: one(body, x),
  ...of('grad valueAndGrad', [body, { argnums: 0, hasAux: false }]),
  ...of('hessian jacfwd jacrev', [body, { argnums: [0] }]),
  jit: one(body, { staticArgnums: [], donateArgnums: 0, device: 'wasm' }),
  jvp: one(body, [x], [y], { hasAux: false }),
  vjp: one(body, [x], { hasAux: false }),
  linearize: one(body, [x]),
  linearTranspose: one((v: np.NDArray) => np.multiply(v, 2), [x]),
  lower: one(body, { staticArgnums: [] }),
  makeJaxpr: one(body),
  parseJaxpr: one('{ lambda ; a:f32[3]. let b:f32[3] = sin a in (b,) }'),
  stopGradient: one(params),
  vmap: one(body, [0], 0, { axisName: 'i', axisSize: 3 }),
}

const debugUses: Uses = { ...of('calls compiles memory', []), ...of('infs nans', [false]), profile: one(() => np.sin(x)), threads: one(1), relaxedSimd: one(false), heapBudget: one(2 ** 31) }

const methodUses: Uses = {
  ...of('add sub mul div pow equal notEqual less lessEqual greater greaterEqual dot matmul', [y]),
  ...of('neg abs js dataSync toString toJSON ravel dispose', []),
  ...of('sum mean prod', [0, { keepdims: true, dtype: 'float32' }]),
  ...of('max min any all argmax argmin', [0, { keepdims: true }]),
  cumsum: one(0),
  astype: one('int32'),
  reshape: one([3, 1]),
  transpose: one([0]),
  squeeze: one([]),
  slice: [[0], [[0, 2, 1]], [null, '...'], [at], [mask]],
}
const atUses: Uses = {
  ...of('set add mul min max', [1, { mode: 'drop' }]),
  get: one({ mode: 'fill', fillValue: 0 }),
}

const window = [2, 2] as const
const staxUses: Uses = {
  ...of('AvgPool MaxPool', [window, { strides: [1, 1], padding: 'SAME' }]),
  ...of('Conv ConvTranspose', [4, window, { strides: [1, 1], padding: 'SAME' }]),
  Dense: one(4, {}),
  Dropout: one(0.5),
  ...of('LSTM RNN', [4, {}]),
  elementwise: one(nn.relu),
  fanInConcat: one(-1),
  fanOut: one(2),
  ...of('serial parallel', [stax.Relu, stax.Tanh]),
  withState: one(stax.Relu),
}
const initializerUses: Uses = { ...of('zeros ones', [key, [2, 3]]), ...of('normal uniform', [0.1]), ...of('glorotNormal glorotUniform heNormal', []) }
const optimizerUses: Uses = {
  adam: one(0.1, { b1: 0.9, b2: 0.999, eps: 1e-8 }),
  applyUpdates: one(params, params),
  chain: one(optimizers.sgd(0.1), optimizers.sgd(0.1)),
  momentum: one(0.1, 0.9, { nesterov: true }),
  transformation: one({ init: () => null, update: (grads: unknown, state: unknown) => [grads, state] }),
  sgd: one(0.1),
}
const dataUses: Uses = { batches: one({ x: m }, 1, { key, dropLast: true }), showProblem: one({ offset: 0, found: 'nothing', expected: 'a header' }) }
const idxUses: Uses = { ...of('decode tryDecode', [data.idx.encode(np.array(Uint8Array.of(1, 2)))]), encode: one(np.array(Uint8Array.of(1, 2))) }
const tensors = { a: x }
const safetensorsUses: Uses = {
  ...of('decode tryDecode metadata', [data.safetensors.encode(tensors)]),
  encode: one(tensors, { metadata: { a: 'b' } }),
}

const f64 = np.array([0.5, 1], { dtype: 'float64' })
const cosine = ([v]: readonly [np.NDArray], [t]: readonly [np.NDArray]): readonly [np.NDArray, np.NDArray] => [np.sin(v), np.cos(v).mul(t)]
const smallShapes = testing.shapes({ maxRank: 1 })
const testingUses: Uses = {
  arrays: one({ dtype: ['float32', 'int32'], shape: [2], min: 0, max: 1, corners: false }),
  elements: one('float32', { min: 0, max: 1, corners: false }),
  trees: one({ depth: 1, leaf: testing.arrays() }),
  keys: [[]],
  shapes: one({ minRank: 0, maxRank: 2, minSize: 0, maxSize: 3 }),
  broadcastableShapes: one({ count: 2, maxRank: 2 }),
  ...of('axis axes', [2]),
  convolutions: one({ spatial: 2 }),
  windows: one({ shape: smallShapes }),
  einsums: one({ operands: 2, maxSize: 3 }),
  programs: one({ statements: 2, depth: 0, families: ['elementwise'], dtypes: ['float32'], elements: 64, smooth: false }),
  checkBackends: one((v: np.NDArray) => v.add(1), [x], { devices: ['wasm', 'cpu'], tolerance: { relative: 1e-5, absolute: 0 } }),
  checkGrads: one((v: np.NDArray) => np.sin(v), [f64], { order: 1, modes: ['fwd', 'rev'], eps: 1e-5, tolerance: 1e-4 }),
  checkJit: one((v: np.NDArray) => v.add(1), [x], { tolerance: 0, device: 'wasm' }),
  checkJvp: [[(v: np.NDArray) => np.sin(v), [f64], { eps: 1e-5, tolerance: 1e-4 }], [(v: np.NDArray) => np.sin(v), cosine, [f64]]],
  checkVjp: one((v: np.NDArray) => np.sin(v), [f64], { eps: 1e-5, tolerance: 1e-4 }),
  checkVmap: one((v: np.NDArray) => v.add(1), [x], { inAxes: [0], outAxes: 0, axisSize: 3, tolerance: 0 }),
}

// What functions give back to be called: layers, optimizers, transformed functions.
const dense = stax.serial(stax.Dense(4), stax.Relu, stax.Dropout(0.5))
const weights = dense[0](key, [-1, 3]).params
const adam = optimizers.adam(0.1)
const given: Readonly<Record<string, unknown>> = {
  init: dense[0],
  apply: dense[1],
  optimizerInit: (p: unknown) => adam.init(p),
  update: (g: unknown, state: optimizers.OptimizerState<unknown>, p: unknown) => adam.update(g, state, p),
  jitted: pullback.jit(body),
  mapped: pullback.vmap(body),
  gradient: pullback.grad(body),
  pullback: pullback.vjp(body, [x])[1],
  linear: pullback.linearize(body, [x])[1],
  transposed: pullback.linearTranspose((v: np.NDArray) => np.multiply(v, 2), [x]),
  printed: pullback.makeJaxpr(body),
}
const givenUses: Uses = {
  init: one(key, [-1, 3]),
  apply: one(weights, np.ones([2, 3]), { key, mode: 'train' }),
  optimizerInit: one(params),
  update: one(params, adam.init(params), params),
  ...of('jitted gradient linear transposed printed', [x]),
  mapped: one(m),
  pullback: one(1),
}

export interface Door {
  /** What stands before a function's name, in errors and in calls. */
  readonly name: string
  readonly functions: Readonly<Record<string, unknown>>
  readonly uses: Uses
  /** What is exported and called by nobody, or only with files of its own: named with the reason. */
  readonly apart?: Readonly<Record<string, string>>
}

const fresh = (): np.NDArray => np.array([1, 2, 3])
/** Methods as functions of no `this`: each call gets an array of its own. */
const methods = (names: readonly string[], self: () => object): Readonly<Record<string, unknown>> =>
  Object.fromEntries(names.map((name) => [name, (...args: readonly unknown[]) => (self() as Readonly<Record<string, (...a: readonly unknown[]) => unknown>>)[name]!(...args)]))

/** Methods of arrays, without what only the library calls. */
export function arrayMethods(): string[] {
  const own = new Set<string>()
  for (let proto: object | null = Object.getPrototypeOf(x) as object; proto !== null && proto !== Object.prototype; proto = Object.getPrototypeOf(proto) as object | null) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(proto))) if (typeof value === 'function') own.add(name)
  }
  return [...own].filter((name) => !['constructor', 'storage', 'beside', 'donate', 'concrete', 'requireUsable'].includes(name))
}

export const doors: readonly Door[] = [
  { name: 'np', functions: np, uses: numpy, apart: { NDArray: 'a class that only tells arrays apart' } },
  { name: 'lax', functions: lax, uses: laxUses },
  { name: 'random', functions: random, uses: randomUses },
  { name: 'nn', functions: nn, uses: nnUses },
  { name: 'tree', functions: tree, uses: treeUses },
  { name: 'debug', functions: pullback.debug, uses: debugUses },
  { name: 'debug.memoryMonoid', functions: { concat: pullback.debug.memoryMonoid.concat }, uses: { concat: one(pullback.debug.memoryMonoid.empty, { arrays: 1, bytes: 4, peakBytes: 8 }) } },
  {
    name: '',
    functions: pullback,
    uses: rootUses,
    apart: Object.fromEntries(Object.keys(pullback).filter((k) => /Error$|^ClosedJaxpr$|^NDArray$/.test(k)).map((k) => [k, 'a class'])),
  },
  { name: 'x', functions: methods(Object.keys(methodUses), fresh), uses: methodUses },
  { name: 'x.at(0)', functions: methods(Object.keys(atUses), () => fresh().at(at)), uses: atUses },
  { name: 'stax', functions: stax, uses: staxUses, apart: { makeLayer: 'for authors of layers' } },
  { name: 'stax.initializers', functions: stax.initializers, uses: initializerUses },
  { name: 'optimizers', functions: optimizers, uses: optimizerUses },
  { name: 'data', functions: data, uses: dataUses, apart: { mnist: 'reads files' } },
  { name: 'testing', functions: testing, uses: testingUses },
  { name: 'given', functions: given, uses: givenUses },
  { name: 'idx', functions: data.idx, uses: idxUses, apart: { read: 'reads a file' } },
  { name: 'safetensors', functions: data.safetensors, uses: safetensorsUses, apart: { read: 'reads a file', write: 'writes a file' } },
]
