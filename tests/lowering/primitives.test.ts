/** Every primitive through the lowering, alone, in the shapes that its rule treats differently. */
import { describe, expect, test } from 'vitest'
import { evalAvals } from '../../src/core/abstract-eval/index.ts'
import { aval, type Aval, type Shape, sizeOf } from '../../src/core/aval.ts'
import { encodeNumbers } from '../../src/core/bytes.ts'
import { type DType, isFloating } from '../../src/core/dtype.ts'
import { eqn, type Jaxpr, Var } from '../../src/core/jaxpr.ts'
import type { ConvParams, IndexMode, Primitive, PrimitiveParams } from '../../src/core/primitives/index.ts'
import { expectAgreement, shapeOf, someBytes } from './agree.ts'
import type { LoweredProgram } from '../../src/lowering/index.ts'
import '../families.ts'

const f32 = (...shape: number[]): Aval => aval(shape, 'float32')
const of = (dtype: DType, ...shape: number[]): Aval => aval(shape, dtype)

function program<P extends Primitive>(primitive: P, params: PrimitiveParams[P], avals: readonly Aval[]): Jaxpr {
  const inputs = avals.map((a) => new Var(a))
  const outputs = evalAvals(primitive, avals, params).map((a) => new Var(a))
  return { constVars: [], inputs, equations: [eqn(primitive, params, inputs, outputs)], outputs }
}

/** Lowers one equation on its inputs, and checks the results; `bytes` replaces operands that may not be anything. */
function check<P extends Primitive>(primitive: P, params: PrimitiveParams[P], avals: readonly Aval[], bytes: Readonly<Record<number, readonly number[]>> = {}): LoweredProgram {
  return expectAgreement(
    program(primitive, params, avals),
    avals.map((a, i) => (bytes[i] === undefined ? someBytes(a, i) : encodeNumbers(bytes[i], a.dtype))),
  )
}

describe('structural primitives', () => {
  test('move elements of every width', () => {
    for (const dtype of ['float32', 'bool', 'float16', 'float64', 'complex64', 'complex128', 'key', 'uint8'] as const) {
      check('transpose', { permutation: [2, 0, 1] }, [of(dtype, 2, 3, 4)])
      check('reshape', { newSizes: [4, 6] }, [of(dtype, 2, 3, 4)])
      check('rev', { dimensions: [0, 2] }, [of(dtype, 2, 3, 4)])
      check('broadcastInDim', { shape: [2, 3, 4], broadcastDimensions: [0, 2] }, [of(dtype, 2, 1)])
      check('slice', { startIndices: [0, 1, 1], limitIndices: [2, 3, 4], strides: [1, 1, 2] }, [of(dtype, 2, 3, 4)])
      check('concatenate', { dimension: 1 }, [of(dtype, 2, 3), of(dtype, 2, 0), of(dtype, 2, 1), of(dtype, 2, 4)])
    }
  })
  test('pads: negative, interior, of everything', () => {
    for (const pad of [
      [[1, 2, 0], [0, 0, 0]],
      [[-1, 2, 1], [1, -2, 0]],
      [[0, 0, 2], [2, 1, 3]],
      [[-3, 1, 0], [0, 0, 0]],
    ] as const) {
      check('pad', { paddingConfig: pad }, [f32(3, 4), f32()])
      if (pad[0][0] >= 0) check('pad', { paddingConfig: pad }, [f32(0, 4), f32()])
    }
  })
  test('bits as other types', () => {
    check('bitcastConvertType', { newDtype: 'int32' }, [f32(3, 2)])
    check('bitcastConvertType', { newDtype: 'uint8' }, [f32(3, 2)])
    check('bitcastConvertType', { newDtype: 'float32' }, [of('uint8', 3, 4)])
    check('bitcastConvertType', { newDtype: 'uint32' }, [of('key', 3)])
    check('bitcastConvertType', { newDtype: 'key' }, [of('uint32', 3, 2)])
  })
  test('counts', () => {
    check('iota', { dtype: 'int32', shape: [3, 4], dimension: 1 }, [])
    check('iota', { dtype: 'float32', shape: [3, 4], dimension: 0 }, [])
    check('optimizationBarrier', {}, [f32(3), f32(2, 2)])
  })
})

describe('reductions', () => {
  test('over any axes, of any dtype', () => {
    for (const axes of [[], [0], [1], [2], [0, 2], [0, 1, 2]]) {
      for (const dtype of ['float32', 'int32', 'float16', 'uint8', 'float64'] as const) {
        for (const p of ['reduceSum', 'reduceMax', 'reduceMin'] as const) check(p, { axes }, [of(dtype, 2, 3, 4)])
      }
      check('reduceProd', { axes }, [f32(2, 3, 4)])
      for (const p of ['reduceAnd', 'reduceOr', 'reduceXor'] as const) {
        check(p, { axes }, [of('bool', 2, 3, 4)])
        check(p, { axes }, [of('uint32', 2, 3, 4)])
      }
      check('reduceMax', { axes }, [of('bool', 2, 3, 4)])
    }
  })
  test('of nothing', () => {
    for (const p of ['reduceSum', 'reduceProd', 'reduceMax', 'reduceMin'] as const) {
      check(p, { axes: [0] }, [f32(0, 3)])
      check(p, { axes: [1] }, [f32(0, 3)])
      check(p, { axes: [0] }, [of('int8', 0, 3)])
    }
  })
  test('positions of extremes', () => {
    for (const p of ['argmax', 'argmin'] as const) {
      for (const axis of [0, 1]) {
        check(p, { axis, indexDtype: 'int32' }, [f32(5, 6)])
        check(p, { axis, indexDtype: 'uint8' }, [of('int32', 5, 6)])
        check(p, { axis, indexDtype: 'int32' }, [of('bool', 5, 6)])
      }
      check(p, { axis: 0, indexDtype: 'int32' }, [f32(5)], { 0: [1, 3, NaN, 3, NaN] })
    }
  })
  test('cumulative', () => {
    for (const p of ['cumsum', 'cumprod', 'cummax', 'cummin', 'cumlogsumexp'] as const) {
      for (const reverse of [false, true]) for (const axis of [0, 1]) check(p, { axis, reverse }, [f32(5, 6)])
    }
    check('cumsum', { axis: 0, reverse: false }, [of('int8', 9)])
    check('cumlogsumexp', { axis: 0, reverse: false }, [f32(5)], { 0: [-Infinity, -Infinity, 1, 800, 3] })
  })
})

describe('contractions', () => {
  const dot = (l: Aval, r: Aval, contracting: readonly [number[], number[]], batch: readonly [number[], number[]] = [[], []]): LoweredProgram =>
    check('dotGeneral', { dimensionNumbers: { contracting, batch }, preferredElementType: null }, [l, r])
  test('every orientation', () => {
    expect(shapeOf(dot(f32(16, 20), f32(20, 24), [[1], [0]]))).toBe('contraction')
    dot(f32(20, 16), f32(20, 24), [[0], [0]])
    dot(f32(16, 20), f32(24, 20), [[1], [1]])
    dot(f32(20, 16), f32(24, 20), [[0], [1]])
    dot(f32(3, 16, 20), f32(20, 3, 8), [[2], [0]], [[0], [1]])
    dot(f32(4, 5, 6, 7), f32(6, 4, 9), [[2, 0], [0, 1]])
  })
  test('a matrix and a vector', () => {
    expect(shapeOf(dot(f32(50, 60), f32(60), [[1], [0]]))).toBe('contraction')
    dot(f32(60), f32(60, 50), [[0], [0]])
    dot(f32(6), f32(6, 5), [[0], [0]])
  })
  test('inner and outer products are reductions and maps', () => {
    expect(shapeOf(dot(f32(9), f32(9), [[0], [0]]))).toBe('loop')
    expect(shapeOf(dot(f32(50), f32(60), [[], []]))).toBe('loop')
    dot(f32(50, 1), f32(1, 60), [[1], [0]])
    dot(f32(50, 0), f32(0, 60), [[1], [0]])
    dot(f32(0, 5), f32(5, 60), [[1], [0]])
  })
  test('every dtype', () => {
    for (const dtype of ['float64', 'float16', 'bfloat16', 'int32', 'int8', 'uint8', 'uint32', 'int16'] as const) dot(of(dtype, 16, 20), of(dtype, 20, 24), [[1], [0]])
    check('dotGeneral', { dimensionNumbers: { contracting: [[1], [0]], batch: [[], []] }, preferredElementType: 'int32' }, [of('int8', 16, 20), of('int8', 20, 24)])
    check('dotGeneral', { dimensionNumbers: { contracting: [[1], [0]], batch: [[], []] }, preferredElementType: 'float32' }, [of('bfloat16', 16, 20), of('bfloat16', 20, 24)])
  })
})

describe('convolutions', () => {
  const nhwc = { lhs: [0, 3, 1, 2], rhs: [3, 2, 0, 1], out: [0, 3, 1, 2] }
  const nchw = { lhs: [0, 1, 2, 3], rhs: [0, 1, 2, 3], out: [0, 1, 2, 3] }
  const base: ConvParams = { windowStrides: [1, 1], padding: [[0, 0], [0, 0]], lhsDilation: [1, 1], rhsDilation: [1, 1], dimensionNumbers: nhwc, featureGroupCount: 1, batchGroupCount: 1 }
  const conv = (lhs: Shape, rhs: Shape, p: Partial<ConvParams>): LoweredProgram => check('convGeneralDilated', { ...base, ...p }, [f32(...lhs), f32(...rhs)])
  test('strides, padding, dilation', () => {
    expect(shapeOf(conv([2, 6, 7, 3], [3, 2, 3, 4], {}))).toBe('contraction')
    conv([2, 6, 7, 3], [3, 2, 3, 4], { windowStrides: [2, 3], padding: [[1, 2], [0, 1]] })
    conv([2, 6, 7, 3], [3, 2, 3, 4], { lhsDilation: [2, 3], padding: [[1, 1], [2, 0]] })
    conv([2, 6, 7, 3], [2, 2, 3, 4], { rhsDilation: [2, 3], padding: [[-1, 2], [1, 1]] })
    conv([2, 6, 7, 3], [3, 2, 3, 4], { windowStrides: [2, 1], lhsDilation: [1, 2], rhsDilation: [1, 2], padding: [[1, 2], [3, 1]] })
  })
  test('padding and holes are zeros that are multiplied: NaN where the weight there is infinite', () => {
    const weights = Array.from({ length: 72 }, (_, i) => (i % 11 === 0 ? Infinity : i % 13 === 0 ? NaN : 1))
    for (const p of [{ padding: [[1, 2], [0, 1]] }, { lhsDilation: [2, 3] }, { lhsDilation: [2, 1], rhsDilation: [1, 2], windowStrides: [2, 1], padding: [[1, 2], [3, 1]] }] as const) {
      check('convGeneralDilated', { ...base, ...p }, [f32(2, 6, 7, 3), f32(3, 2, 3, 4)], { 1: weights })
    }
  })
  test('layouts', () => {
    conv([2, 3, 6, 7], [4, 3, 3, 2], { dimensionNumbers: nchw, padding: [[1, 1], [0, 1]] })
    conv([3, 6, 7, 2], [4, 3, 2, 3], { dimensionNumbers: { lhs: [3, 0, 1, 2], rhs: [0, 3, 1, 2], out: [1, 2, 3, 0] } })
    check('convGeneralDilated', { windowStrides: [2], padding: [[1, 1]], lhsDilation: [1], rhsDilation: [1], dimensionNumbers: { lhs: [0, 2, 1], rhs: [2, 1, 0], out: [0, 2, 1] }, featureGroupCount: 1, batchGroupCount: 1 }, [f32(2, 9, 3), f32(3, 3, 5)])
  })
  test('groups are batch axes', () => {
    conv([2, 6, 7, 6], [3, 2, 3, 8], { featureGroupCount: 2 })
    conv([2, 6, 7, 6], [3, 2, 1, 12], { featureGroupCount: 6 })
    conv([2, 6, 7, 6], [3, 2, 1, 6], { featureGroupCount: 6 })
    conv([4, 6, 7, 3], [3, 2, 3, 8], { batchGroupCount: 2 })
    conv([4, 6, 6, 7], [8, 3, 3, 2], { featureGroupCount: 2, dimensionNumbers: nchw })
  })
  test('nothing in, nothing out', () => {
    conv([0, 6, 7, 3], [3, 2, 3, 4], {})
    conv([2, 2, 7, 3], [3, 2, 3, 4], {})
  })
})

describe('windows', () => {
  const windows = [
    { windowDimensions: [2, 3], windowStrides: [1, 1], padding: [[0, 0], [0, 0]] },
    { windowDimensions: [2, 2], windowStrides: [2, 2], padding: [[0, 0], [0, 0]] },
    { windowDimensions: [3, 2], windowStrides: [2, 2], padding: [[1, 1], [0, 1]] },
    { windowDimensions: [2, 2], windowStrides: [3, 3], padding: [[0, 1], [1, 1]] },
  ] as const
  test('reductions', () => {
    for (const w of windows) {
      const p = { ...w, baseDilation: [1, 1], windowDilation: [1, 1] }
      for (const name of ['reduceWindowSum', 'reduceWindowMax', 'reduceWindowMin', 'reduceWindowProd'] as const) {
        check(name, p, [f32(7, 8)])
        check(name, { ...p, baseDilation: [2, 1], windowDilation: [1, 2] }, [f32(7, 8)])
      }
      check('reduceWindowMax', p, [of('int32', 7, 8)])
    }
  })
  test('gradients of the largest of a window', () => {
    for (const w of windows) {
      for (const selectPrim of ['ge', 'le'] as const) {
        const out = evalAvals('reduceWindowMax', [f32(7, 8)], { ...w, baseDilation: [1, 1], windowDilation: [1, 1] })[0]!
        check('selectAndScatterAdd', { ...w, selectPrim }, [out, f32(7, 8)])
        check('selectAndGatherAdd', { ...w, selectPrim, baseDilation: [1, 1], windowDilation: [1, 1] }, [f32(7, 8), f32(7, 8)])
      }
    }
  })
  test('select in order, NaN and infinities among the elements, in windows of any length', () => {
    const specials = [NaN, 1, -Infinity, 2, NaN, Infinity, -0, 0, 2, -Infinity, 1]
    const corners = (...shape: number[]): number[] => Array.from({ length: sizeOf(shape) }, (_, i) => specials[(i * i + Math.floor(i / 3)) % specials.length]!)
    for (const dtype of ['float32', 'float64', 'float16', 'int8', 'uint32'] as const) {
      const x = (...shape: number[]): number[] => (isFloating(dtype) ? corners(...shape) : corners(...shape).map((v) => (Number.isFinite(v) ? Math.abs(v) : 0)))
      for (const selectPrim of ['ge', 'le'] as const) {
        const long = [{ windowDimensions: [7, 8], windowStrides: [1, 1], padding: [[0, 0], [0, 0]] }, { windowDimensions: [1, 8], windowStrides: [1, 1], padding: [[0, 0], [0, 1]] }] as const
        for (const w of dtype === 'float32' ? [...windows, ...long] : [windows[2], long[0]]) {
          const plain = { ...w, baseDilation: [1, 1], windowDilation: [1, 1] }
          const out = evalAvals('reduceWindowMax', [of(dtype, 7, 8)], plain)[0]!
          check('selectAndScatterAdd', { ...w, selectPrim }, [out, of(dtype, 7, 8)], { 1: x(7, 8) })
          for (const dilated of [plain, { ...w, baseDilation: [2, 3], windowDilation: [1, 1] }, { ...w, baseDilation: [2, 1], windowDilation: [1, 2], padding: [[0, 2], [8, 0]] }] as const) {
            check('selectAndGatherAdd', { ...dilated, selectPrim }, [of(dtype, 7, 8), of(dtype, 7, 8)], { 1: x(7, 8) })
          }
        }
      }
    }
    // Longer than what a reduction is cut into chunks for.
    const whole = { windowDimensions: [33000], windowStrides: [1], padding: [[1, 1]], baseDilation: [1], windowDilation: [1] } as const
    check('selectAndGatherAdd', { ...whole, selectPrim: 'ge' }, [f32(33000), f32(33000)], { 1: corners(33000) })
  })
})

describe('run-time indices', () => {
  test('slices at computed places, clamped', () => {
    for (const start of [-5, 0, 2, 9]) {
      check('dynamicSlice', { sliceSizes: [2, 3] }, [f32(4, 5), of('int32'), of('int32')], { 1: [start], 2: [1] })
      check('dynamicUpdateSlice', {}, [f32(4, 5), f32(2, 3), of('int32'), of('int32')], { 2: [start], 3: [1] })
    }
    check('dynamicUpdateSlice', {}, [f32(4, 5), f32(0, 3), of('int32'), of('int32')], { 2: [0], 3: [1] })
  })
  const modes: readonly IndexMode[] = ['clip', 'fillOrDrop', 'promiseInBounds']
  test('gather', () => {
    for (const mode of modes) {
      const at = mode === 'promiseInBounds' ? [0, 2, 3, 1] : [0, 7, -1, 1]
      check('gather', { dimensionNumbers: { offsetDims: [1], collapsedSliceDims: [0], startIndexMap: [0], operandBatchingDims: [], startIndicesBatchingDims: [] }, sliceSizes: [1, 5], mode, fillValue: null }, [f32(4, 5), of('int32', 4, 1)], { 1: at })
      check('gather', { dimensionNumbers: { offsetDims: [0, 2], collapsedSliceDims: [], startIndexMap: [1], operandBatchingDims: [], startIndicesBatchingDims: [] }, sliceSizes: [4, 2], mode, fillValue: 7 }, [of('int32', 4, 5), of('int32', 4, 1)], { 1: at })
      check('gather', { dimensionNumbers: { offsetDims: [], collapsedSliceDims: [1], startIndexMap: [1], operandBatchingDims: [0], startIndicesBatchingDims: [0] }, sliceSizes: [1, 1], mode, fillValue: null }, [of('uint8', 4, 5), of('int32', 4, 1)], { 1: at })
    }
  })
  test('scatter', () => {
    const rows = { updateWindowDims: [1], insertedWindowDims: [0], scatterDimsToOperandDims: [0], operandBatchingDims: [], scatterIndicesBatchingDims: [] }
    for (const mode of modes) {
      const at = mode === 'promiseInBounds' ? [0, 2, 3, 2] : [0, 7, -1, 0]
      for (const p of ['scatter', 'scatterAdd', 'scatterMul', 'scatterMin', 'scatterMax'] as const) {
        check(p, { dimensionNumbers: rows, mode, uniqueIndices: false }, [f32(4, 5), of('int32', 4, 1), f32(4, 5)], { 1: at })
        check(p, { dimensionNumbers: { updateWindowDims: [0], insertedWindowDims: [1], scatterDimsToOperandDims: [1], operandBatchingDims: [], scatterIndicesBatchingDims: [] }, mode, uniqueIndices: false }, [of('int32', 4, 5), of('int32', 3, 1), of('int32', 4, 3)], { 1: at.slice(0, 3) })
      }
    }
    check('scatter', { dimensionNumbers: rows, mode: 'clip', uniqueIndices: false }, [f32(4, 5), of('int32', 0, 1), f32(0, 5)])
  })
  test('sorting', () => {
    for (const dimension of [0, 1]) {
      check('sort', { dimension, numKeys: 1 }, [f32(5, 6)])
      check('sort', { dimension, numKeys: 1 }, [of('int8', 5, 6), f32(5, 6)])
      check('sort', { dimension, numKeys: 2 }, [of('bool', 5, 6), of('int32', 5, 6), f32(5, 6)])
    }
    check('sort', { dimension: 0, numKeys: 1 }, [f32(6)], { 0: [NaN, 0, -0, -Infinity, 2, NaN] })
    check('topK', { k: 3 }, [f32(4, 6)])
    check('topK', { k: 2 }, [of('int32', 9)])
    check('topK', { k: 0 }, [f32(4, 6)])
    check('sort', { dimension: 0, numKeys: 1 }, [f32(0, 6)])
  })
})

describe('elementwise primitives', () => {
  test('take equal shapes and scalars', () => {
    check('add', {}, [f32(3, 4), f32(3, 4)])
    check('add', {}, [f32(3, 4), f32()])
    check('selectN', {}, [of('bool'), f32(3, 4), f32(3, 4)])
    check('selectN', {}, [of('int32', 4), f32(4), f32(4), f32(4)], { 0: [0, 1, 2, 1] })
    check('clamp', {}, [f32(), f32(3, 4), f32()])
    check('convertElementType', { newDtype: 'float32', weakType: false }, [f32(3)])
    check('convertElementType', { newDtype: 'int8', weakType: false }, [f32(3)])
    check('add', {}, [f32(0, 4), f32()])
  })
  test('random bits', () => {
    const u = (...s: number[]): Aval => of('uint32', ...s)
    check('threefry2x32', {}, [u(), u(), u(7), u(7)])
    check('threefry2x32', {}, [u(3), u(3), u(3), u(3)])
  })
})
