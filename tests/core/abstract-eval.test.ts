import { describe, expect, test } from 'vitest'
import { abstractEval, evalAvals } from '../../src/core/abstract-eval/index.ts'
import { contractionAbstractEval } from '../../src/core/abstract-eval/contraction.ts'
import { controlFlowAbstractEval } from '../../src/core/abstract-eval/control-flow.ts'
import { elementwiseAbstractEval } from '../../src/core/abstract-eval/elementwise.ts'
import { indexingAbstractEval } from '../../src/core/abstract-eval/indexing.ts'
import { randomAbstractEval } from '../../src/core/abstract-eval/random.ts'
import { reductionAbstractEval } from '../../src/core/abstract-eval/reduction.ts'
import { shapeAbstractEval } from '../../src/core/abstract-eval/shape.ts'
import { windowsAbstractEval } from '../../src/core/abstract-eval/windows.ts'
import { type Aval, aval, showType } from '../../src/core/aval.ts'
import type { DType } from '../../src/core/dtype.ts'
import { ArgumentError, DtypeError, PullbackError, ShapeError } from '../../src/core/errors.ts'
import { parseJaxpr } from '../../src/core/parse.ts'
import type { Primitive, PrimitiveParams } from '../../src/core/primitives/index.ts'

const short: Readonly<Record<string, DType>> = { f: 'float32', d: 'float64', h: 'float16', i: 'int32', u: 'uint32', b: 'bool', c: 'complex64', k: 'key', j: 'int8' }
/** `of('f', 2, 3)` is float32[2,3]; a tilde makes it weak. */
const of = (dtype: string, ...shape: readonly number[]): Aval => aval(shape, short[dtype.at(-1)!]!, dtype.startsWith('~'))

const types = <P extends Primitive>(p: P, params: PrimitiveParams[P], ...avals: readonly Aval[]): readonly string[] =>
  evalAvals(p, avals, params).map((a) => `${a.weakType ? '~' : ''}${showType(a)}`)

function refusal<P extends Primitive>(p: P, params: PrimitiveParams[P], ...avals: readonly Aval[]): PullbackError {
  try {
    evalAvals(p, avals, params)
  } catch (error) {
    if (error instanceof PullbackError) return error
    throw error
  }
  throw new Error(`${p} accepted ${avals.map(showType).join(', ')}`)
}

test('no primitive stands in two families', () => {
  const families = [elementwiseAbstractEval, reductionAbstractEval, shapeAbstractEval, indexingAbstractEval, contractionAbstractEval, windowsAbstractEval, controlFlowAbstractEval, randomAbstractEval]
  const names = families.flatMap((f) => Object.keys(f))
  expect(new Set(names).size).toBe(names.length)
  expect(Object.keys(abstractEval).sort()).toEqual(names.sort())
})

describe('elementwise', () => {
  test('a scalar goes with any shape', () => {
    expect(types('add', {}, of('f', 2, 3), of('f'))).toEqual(['float32[2,3]'])
    expect(types('clamp', {}, of('f'), of('f', 2), of('f', 2))).toEqual(['float32[2]'])
    expect(types('selectN', {}, of('b'), of('i', 2), of('i'))).toEqual(['int32[2]'])
  })
  test('a result is weak when all operands are', () => {
    expect(types('add', {}, of('~f'), of('~f'))).toEqual(['~float32[]'])
    expect(types('add', {}, of('~f'), of('f'))).toEqual(['float32[]'])
    expect(types('sin', {}, of('~f'))).toEqual(['~float32[]'])
    expect(types('eq', {}, of('~f'), of('~f'))).toEqual(['~bool[]'])
    expect(types('selectN', {}, of('b'), of('~f'), of('~f'))).toEqual(['~float32[]'])
    expect(types('convertElementType', { newDtype: 'int32', weakType: true }, of('f'))).toEqual(['~int32[]'])
  })
  test('comparisons and isFinite give bool', () => {
    expect(types('lt', {}, of('i', 3), of('i'))).toEqual(['bool[3]'])
    expect(types('isFinite', {}, of('h', 3))).toEqual(['bool[3]'])
  })
  test('amounts of shifts may be of another integer dtype', () => {
    expect(types('shiftLeft', {}, of('u', 3), of('i'))).toEqual(['uint32[3]'])
  })
  test('refusals say what was got and what would do', () => {
    const shapes = refusal('add', {}, of('f', 2), of('f', 3))
    expect(shapes).toBeInstanceOf(ShapeError)
    expect(shapes.operation).toBe('add')
    expect(shapes.message).toBe('add: got shapes that differ: float32[2], float32[3]; shapes must be equal, or of rank 0; broadcast first')
    expect(refusal('mul', {}, of('f', 2), of('i', 2)).message).toBe('mul: got dtypes that differ: float32[2], int32[2]; operands must have one dtype, convert with astype')
    expect(refusal('sin', {}, of('i', 2)).message).toBe('sin: got operand int32[2]; accepts float32, float64, float16, bfloat16')
    expect(refusal('exp', {}, of('c')).message).toContain('complex arithmetic is not supported')
    expect(refusal('add', {}, of('b'), of('b'))).toBeInstanceOf(DtypeError)
    expect(refusal('and', {}, of('f'), of('f'))).toBeInstanceOf(DtypeError)
    expect(refusal('add', {}, of('f'))).toBeInstanceOf(ArgumentError)
    expect(refusal('integerPow', { y: 0.5 }, of('f'))).toBeInstanceOf(ArgumentError)
    expect(refusal('integerPow', { y: -1 }, of('i'))).toBeInstanceOf(DtypeError)
    expect(refusal('selectN', {}, of('b'), of('f'), of('f'), of('f'))).toBeInstanceOf(ArgumentError)
    expect(refusal('selectN', {}, of('f'), of('f'), of('f'))).toBeInstanceOf(DtypeError)
    expect(refusal('convertElementType', { newDtype: 'uint32', weakType: false }, of('k')).message).toContain('random.keyData')
  })
})

describe('reductions', () => {
  test('drop their axes', () => {
    expect(types('reduceSum', { axes: [0, 2] }, of('f', 2, 3, 4))).toEqual(['float32[3]'])
    expect(types('reduceMax', { axes: [] }, of('b', 2))).toEqual(['bool[2]'])
    expect(types('argmax', { axis: 1, indexDtype: 'int32' }, of('~f', 2, 3))).toEqual(['int32[2]'])
    expect(types('cumsum', { axis: 1, reverse: true }, of('i', 2, 3))).toEqual(['int32[2,3]'])
  })
  test('refuse axes that are none', () => {
    expect(refusal('reduceSum', { axes: [2] }, of('f', 2, 3)).message).toBe('reduceSum: got axis 2 for float32[2,3]; axes are 0 to 1')
    expect(refusal('reduceSum', { axes: [0, 0] }, of('f', 2, 3)).message).toContain('an axis may stand only once')
    expect(refusal('cumsum', { axis: 0, reverse: false }, of('f')).message).toContain('an array of rank 0 has no axes')
    expect(refusal('argmin', { axis: 0, indexDtype: 'int32' }, of('f', 0)).message).toContain('there is no extremum')
    expect(refusal('argmin', { axis: 0, indexDtype: 'float32' }, of('f', 2))).toBeInstanceOf(DtypeError)
    expect(refusal('reduceAnd', { axes: [0] }, of('f', 2))).toBeInstanceOf(DtypeError)
  })
})

describe('structural primitives', () => {
  test('give shapes', () => {
    expect(types('reshape', { newSizes: [3, 2] }, of('k', 6))).toEqual(['key[3,2]'])
    expect(types('transpose', { permutation: [2, 0, 1] }, of('f', 2, 3, 4))).toEqual(['float32[4,2,3]'])
    expect(types('broadcastInDim', { shape: [5, 2, 3], broadcastDimensions: [1, 2] }, of('f', 1, 3))).toEqual(['float32[5,2,3]'])
    expect(types('concatenate', { dimension: 1 }, of('f', 2, 3), of('f', 2, 0), of('f', 2, 1))).toEqual(['float32[2,4]'])
    expect(types('pad', { paddingConfig: [[1, -1, 2], [0, 0, 0]] }, of('f', 3, 2), of('f'))).toEqual(['float32[7,2]'])
    expect(types('slice', { startIndices: [1], limitIndices: [6], strides: [2] }, of('f', 6))).toEqual(['float32[3]'])
    expect(types('iota', { dtype: 'uint32', shape: [2], dimension: 0 })).toEqual(['uint32[2]'])
    expect(types('bitcastConvertType', { newDtype: 'uint32' }, of('k', 3))).toEqual(['uint32[3,2]'])
    expect(types('bitcastConvertType', { newDtype: 'key' }, of('u', 3, 2))).toEqual(['key[3]'])
    expect(types('optimizationBarrier', {}, of('~f'), of('b', 2))).toEqual(['~float32[]', 'bool[2]'])
  })
  test('refuse what does not fit', () => {
    expect(refusal('reshape', { newSizes: [4] }, of('f', 2, 3)).message).toBe('reshape: got float32[2,3] of 6 elements for shape [4] of 4; the numbers of elements must be equal')
    const cases: readonly PullbackError[] = [
      refusal('reshape', { newSizes: [-1] }, of('f', 1)),
      refusal('transpose', { permutation: [0, 0] }, of('f', 2, 3)),
      refusal('broadcastInDim', { shape: [2, 3], broadcastDimensions: [0] }, of('f', 3)),
      refusal('broadcastInDim', { shape: [3, 3], broadcastDimensions: [1, 0] }, of('f', 3, 3)),
      refusal('rev', { dimensions: [1] }, of('f', 3)),
      refusal('concatenate', { dimension: 0 }, of('f', 2, 3), of('f', 2, 4)),
      refusal('pad', { paddingConfig: [[-2, -2, 0]] }, of('f', 3), of('f')),
      refusal('pad', { paddingConfig: [] }, of('f', 3), of('f')),
      refusal('slice', { startIndices: [0], limitIndices: [4], strides: [1] }, of('f', 3)),
      refusal('slice', { startIndices: [0], limitIndices: [3], strides: [0] }, of('f', 3)),
      refusal('bitcastConvertType', { newDtype: 'key' }, of('u', 3)),
    ]
    for (const error of cases) expect(error).toBeInstanceOf(ShapeError)
    expect(refusal('bitcastConvertType', { newDtype: 'bool' }, of('j', 3))).toBeInstanceOf(DtypeError)
    expect(refusal('iota', { dtype: 'bool', shape: [2], dimension: 0 })).toBeInstanceOf(DtypeError)
  })
})

describe('indexing', () => {
  const d = { offsetDims: [1], collapsedSliceDims: [0], startIndexMap: [0], operandBatchingDims: [], startIndicesBatchingDims: [] }
  const s = { updateWindowDims: [1], insertedWindowDims: [0], scatterDimsToOperandDims: [0], operandBatchingDims: [], scatterIndicesBatchingDims: [] }
  const gather = { dimensionNumbers: d, sliceSizes: [1, 4], mode: 'clip', fillValue: null } as const
  const scatter = { dimensionNumbers: s, mode: 'clip', uniqueIndices: false } as const
  test('gives shapes', () => {
    expect(types('dynamicSlice', { sliceSizes: [1, 2] }, of('~f', 3, 4), of('i'), of('~i'))).toEqual(['~float32[1,2]'])
    expect(types('dynamicUpdateSlice', {}, of('f', 3), of('f', 2), of('i'))).toEqual(['float32[3]'])
    expect(types('gather', gather, of('f', 3, 4), of('i', 5, 1))).toEqual(['float32[5,4]'])
    expect(types('scatterAdd', scatter, of('f', 3, 4), of('i', 5, 1), of('f', 5, 4))).toEqual(['float32[3,4]'])
    expect(types('sort', { dimension: 0, numKeys: 1 }, of('f', 3), of('k', 3))).toEqual(['float32[3]', 'key[3]'])
    expect(types('topK', { k: 2 }, of('f', 5, 3))).toEqual(['float32[5,2]', 'int32[5,2]'])
  })
  test('refuses what does not fit', () => {
    expect(refusal('dynamicSlice', { sliceSizes: [4] }, of('f', 3), of('i')).message).toBe('dynamicSlice: got slice sizes [4] for float32[3]; takes one size for each axis, at most the operand\'s')
    expect(refusal('dynamicSlice', { sliceSizes: [1] }, of('f', 3), of('f')).message).toContain('indices must be int32')
    expect(refusal('dynamicSlice', { sliceSizes: [1] }, of('f', 3))).toBeInstanceOf(ArgumentError)
    expect(refusal('gather', gather, of('f', 3, 4), of('i', 5, 2)).message).toContain('the last axis of indices must be 1')
    expect(refusal('gather', { ...gather, sliceSizes: [2, 4] }, of('f', 3, 4), of('i', 5, 1)).message).toContain('collapsed')
    expect(refusal('gather', { ...gather, dimensionNumbers: { ...d, offsetDims: [2] } }, of('f', 3, 4), of('i', 5, 1)).message).toContain('window axes (2)')
    expect(refusal('scatter', scatter, of('f', 3, 4), of('i', 5, 1), of('f', 6, 4)).message).toContain('got updates float32[6,4]')
    expect(refusal('scatter', scatter, of('f', 3, 4), of('i', 5, 1), of('i', 5, 4))).toBeInstanceOf(DtypeError)
    expect(refusal('scatterAdd', scatter, of('b', 3, 4), of('i', 5, 1), of('b', 5, 4))).toBeInstanceOf(DtypeError)
    expect(refusal('sort', { dimension: 0, numKeys: 1 }, of('f', 3), of('f', 4))).toBeInstanceOf(ShapeError)
    expect(refusal('sort', { dimension: 0, numKeys: 3 }, of('f', 3), of('f', 3))).toBeInstanceOf(ArgumentError)
    expect(refusal('topK', { k: 4 }, of('f', 3))).toBeInstanceOf(ShapeError)
  })
})

describe('contractions and windows', () => {
  const dims = { contracting: [[2], [1]], batch: [[0], [0]] } as const
  const nhwc = { lhs: [0, 3, 1, 2], rhs: [3, 2, 0, 1], out: [0, 3, 1, 2] } as const
  const conv = { windowStrides: [1, 1], padding: [[0, 0], [0, 0]], lhsDilation: [1, 1], rhsDilation: [1, 1], dimensionNumbers: nhwc, featureGroupCount: 1, batchGroupCount: 1 } as const
  const window = { windowDimensions: [2], windowStrides: [2], padding: [[0, 0]], baseDilation: [1], windowDilation: [1] } as const
  test('give shapes', () => {
    expect(types('dotGeneral', { dimensionNumbers: dims, preferredElementType: 'float64' }, of('f', 2, 3, 4), of('f', 2, 4, 5))).toEqual(['float64[2,3,5]'])
    expect(types('convGeneralDilated', conv, of('f', 8, 28, 28, 1), of('f', 3, 3, 1, 32))).toEqual(['float32[8,26,26,32]'])
    expect(types('reduceWindowMax', window, of('f', 5))).toEqual(['float32[2]'])
    expect(types('selectAndScatterAdd', { ...window, selectPrim: 'ge' }, of('f', 2), of('f', 5))).toEqual(['float32[5]'])
    expect(types('selectAndGatherAdd', { ...window, selectPrim: 'ge' }, of('f', 5), of('f', 5))).toEqual(['float32[2]'])
  })
  // Shapes of JAX's notebook "Generalized convolutions".
  test.each([
    [{ windowStrides: [1, 1], padding: [[1, 1], [1, 1]] }, [1, 200, 198, 3]],
    [{ padding: [[0, 0], [0, 0]] }, [1, 198, 196, 3]],
    [{ windowStrides: [2, 2], padding: [[0, 1], [0, 1]] }, [1, 100, 99, 3]],
    [{ rhsDilation: [12, 12] }, [1, 176, 174, 3]],
    [{ lhsDilation: [2, 2] }, [1, 397, 393, 3]],
    [{ lhsDilation: [2, 2], padding: [[2, 1], [2, 1]] }, [1, 400, 396, 3]],
  ] as const)('a convolution with %j has shape %j', (given, shape) => {
    expect(types('convGeneralDilated', { ...conv, ...given }, of('f', 1, 200, 198, 3), of('f', 3, 3, 3, 3))).toEqual([`float32[${shape.join(',')}]`])
  })
  test('refuse what does not fit', () => {
    expect(refusal('dotGeneral', { dimensionNumbers: { contracting: [[1], [0]], batch: [[], []] }, preferredElementType: null }, of('f', 2, 3), of('f', 4, 5)).message).toBe(
      'dotGeneral: got float32[2,3] and float32[4,5] with contracting axes (1) and (0); takes pairs of axes of equal size',
    )
    expect(refusal('convGeneralDilated', conv, of('f', 1, 9, 9, 2), of('f', 3, 3, 3, 4)).message).toBe(
      'convGeneralDilated: got float32[1,9,9,2] and kernel float32[3,3,3,4]: 2 input features, but the kernel takes 3 in 1 groups; they must be equal',
    )
    const cases: readonly PullbackError[] = [
      refusal('convGeneralDilated', { ...conv, windowStrides: [1] }, of('f', 1, 9, 9, 3), of('f', 3, 3, 3, 4)),
      refusal('convGeneralDilated', { ...conv, featureGroupCount: 2 }, of('f', 1, 9, 9, 6), of('f', 3, 3, 3, 5)),
      refusal('reduceWindowSum', { ...window, windowDimensions: [2, 2] }, of('f', 5)),
      refusal('selectAndScatterAdd', { ...window, selectPrim: 'ge' }, of('f', 3), of('f', 5)),
      refusal('selectAndGatherAdd', { ...window, selectPrim: 'ge' }, of('f', 4), of('f', 5)),
    ]
    for (const error of cases) expect(error).toBeInstanceOf(ShapeError)
  })
})

describe('programs in parameters', () => {
  const body = parseJaxpr('{ lambda ; s:f32[] x:f32[2]. let t:f32[] = reduceSum[axes=(0,)] x; u:f32[] = add s t in (u, x) }')
  const scan = { length: 3, reverse: false, numConsts: 0, numCarry: 1, jaxpr: body }
  test('say what comes out', () => {
    expect(types('jit', { name: 'f', jaxpr: body, device: null }, of('f'), of('f', 2))).toEqual(['float32[]', 'float32[2]'])
    expect(types('scan', scan, of('f'), of('f', 3, 2))).toEqual(['float32[]', 'float32[3,2]'])
    expect(types('threefry2x32', {}, of('u'), of('u'), of('u', 4), of('u', 4))).toEqual(['uint32[4]', 'uint32[4]'])
  })
  test('refuse operands they do not take', () => {
    expect(refusal('jit', { name: 'f', jaxpr: body, device: null }, of('f'), of('f', 3)).message).toBe("jit: got operand 1 of type float32[3]; 'f' takes float32[2]")
    expect(refusal('jit', { name: 'f', jaxpr: body, device: null }, of('f'))).toBeInstanceOf(ArgumentError)
    expect(refusal('scan', scan, of('f'), of('f', 4, 2)).message).toContain('every xs must have a leading axis of the length, 3')
    expect(refusal('scan', scan, of('i'), of('f', 3, 2))).toBeInstanceOf(DtypeError)
    expect(refusal('threefry2x32', {}, of('i'), of('u'), of('u'), of('u'))).toBeInstanceOf(DtypeError)
  })
})
