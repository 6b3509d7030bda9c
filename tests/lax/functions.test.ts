// What lax's functions do beyond binding one primitive.
import { type ArrayLike, DtypeError, grad, jit, lax, makeJaxpr, type NDArray, np } from 'pullback'
import { describe, expect, test } from 'vitest'

const int32 = { dtype: 'int32' } as const
const x = np.arange(12, { dtype: 'float32' }).reshape([3, 4])

describe('reductions by a function', () => {
  test('lax.add and its kin are one primitive, with no operation for a neutral start', () => {
    const text = String(makeJaxpr((v: NDArray) => [lax.reduce(v, 0, lax.add, [0]), lax.reduce(v, -Infinity, lax.max, [1]), lax.reduceWindow(v, 0, lax.add, [2, 2], [1, 1], 'VALID')])(x))
    expect(text.match(/= \w+/g)).toEqual(['= reduceSum', '= reduceMax', '= reduceWindowSum'])
  })
  test('of every kind', () => {
    const v = np.array([6, 3, 5], int32)
    expect([lax.add, lax.mul, lax.max, lax.min, lax.bitwiseAnd, lax.bitwiseOr, lax.bitwiseXor].map((f, i) => lax.reduce(v, [0, 1, -Infinity, Infinity, -1, 0, 0][i]!, f, [0]).item())).toEqual([14, 90, 6, 3, 0, 7, 0])
    const b = np.array([true, false])
    expect([lax.reduce(b, true, lax.bitwiseAnd, [0]).js(), lax.reduce(b, false, lax.bitwiseOr, [0]).js()]).toEqual([false, true])
  })
  test('any other associative function is folded, in order', () => {
    // The first that is not 0: associative, and not commutative.
    const first = (a: NDArray, b: NDArray): NDArray => np.where(np.equal(a, 0), b, a)
    for (let n = 0; n <= 9; n++) {
      const v = np.arange(n, { dtype: 'float32' })
      expect(lax.reduce(v, 0, first, [0]).item()).toBe(n > 1 ? 1 : 0)
    }
    expect(lax.reduce(x, 100, (a, b) => np.add(a, b), [0, 1]).item()).toBe(166)
  })
  test('reduceAnd and reduceXor of bits, and positions of another dtype', () => {
    expect([lax.reduceAnd(np.array([7, 6], int32), [0]).item(), lax.reduceXor(np.array([7, 6], int32), [0]).item()]).toEqual([6, 1])
    expect([lax.argmax(x, 1, 'uint32').dtype, lax.argmin(x, 0).dtype]).toEqual(['uint32', 'int32'])
    expect([lax.argmax(x, { axis: 1, indexDtype: 'uint32' }), lax.argmin(x, 1, { indexDtype: 'uint32' })].map((p) => [p.shape, p.dtype])).toEqual([[[x.shape[0]], 'uint32'], [[x.shape[0]], 'uint32']])
  })
  test('reductions keep small dtypes, as XLA does', () => {
    const small = np.array([100, 100], { dtype: 'int8' })
    expect([lax.reduceSum(small, [0]).dtype, lax.cumsum(small).js(), np.sum(small).item()]).toEqual(['int8', [100, -56], 200])
  })
})

describe('positions known at run time', () => {
  test('starts may be numbers, scalars, traced, or one vector', () => {
    const expected = [[5, 6]]
    expect(lax.dynamicSlice(x, [1, 1], [1, 2]).js()).toEqual(expected)
    expect(lax.dynamicSlice(x, [np.array(1, int32), -3], [1, 2]).js()).toEqual(expected)
    expect(lax.dynamicSlice(x, np.array([1, 1], int32), [1, 2]).js()).toEqual(expected)
    expect(jit((i: NDArray) => lax.dynamicSlice(x, [i, i], [1, 2]))(np.array(1, int32)).js()).toEqual(expected)
    expect(jit((i: NDArray) => lax.dynamicSlice(x, [i, i], [1, 2]))(np.array(1, { dtype: 'uint8' })).js()).toEqual(expected)
  })
  test('slices that stick out are moved inside', () => {
    expect(lax.dynamicSliceInDim(x, 3, 2, 1).js()).toEqual([[2, 3], [6, 7], [10, 11]])
    expect(lax.dynamicIndexInDim(x, 9, 0, false).js()).toEqual([8, 9, 10, 11])
  })
  test('updates of the same dtype are written; a plain number takes it', () => {
    expect(lax.dynamicUpdateIndexInDim(np.zeros([2, 2], int32), np.array([1, 2], int32), 1, 0).js()).toEqual([[0, 0], [1, 2]])
    expect(lax.dynamicUpdateIndexInDim(np.zeros([3], { dtype: 'float16' }), 2, 1, 0).js()).toEqual([0, 2, 0])
    expect(() => lax.dynamicUpdateIndexInDim(np.zeros([2, 2], int32), np.array([1.5, 2]), 1, 0)).toThrow(DtypeError)
    expect(lax.dynamicUpdateSliceInDim(np.zeros(4), np.ones(2), -2, 0).js()).toEqual([0, 0, 1, 1])
  })
  test('a gradient flows back to where it was read', () => {
    expect(grad((v: NDArray) => np.sum(lax.dynamicSliceInDim(v, 1, 2).mul(np.array([1, 10]))))(np.ones(4)).js()).toEqual([0, 1, 10, 0])
  })
})

describe('structure', () => {
  test('slices and indices along one axis, from either end', () => {
    expect([lax.sliceInDim(x, -2, null).shape, lax.indexInDim(x, -1, 1).js(), lax.indexInDim(x, 0, 0, false).js()]).toEqual([[2, 4], [[3], [7], [11]], [0, 1, 2, 3]])
    expect(() => lax.indexInDim(x, 3)).toThrow('index 3 is out of bounds for axis 0 of shape [3,4]')
  })
  test('broadcast puts axes in front, reshape may turn first', () => {
    expect(lax.broadcast(np.ones([2]), [4, 3]).shape).toEqual([4, 3, 2])
    expect(lax.reshape(x, [12], [1, 0]).js()).toEqual(np.ravel(np.transpose(x)).js())
  })
  test('counts', () => {
    expect([lax.iota('int8', 3).dtype, lax.broadcastedIota('float32', [2, 2], 1).js()]).toEqual(['int8', [[0, 1], [0, 1]]])
    expect([lax.fullLike(np.arange(2), 7).dtype, lax.full([2], true).dtype]).toEqual(['int32', 'bool'])
  })
  test('sorting of one array and of several', () => {
    expect(lax.sort(np.array([2, 1])).js()).toEqual([1, 2])
    const [k, v] = lax.sort([np.array([2, 1, 2]), np.array([1, 2, 0])], { numKeys: 2 })
    expect([k!.js(), v!.js()]).toEqual([[1, 2, 2], [2, 0, 1]])
    expect(lax.topK(x, 2)[1].js()).toEqual([[3, 2], [3, 2], [3, 2]])
  })
  test('selectN by number', () => {
    expect(lax.selectN(np.array([2, 0, 1], int32), np.full([3], 10), np.array([1, 2, 3]), np.full([3], 5)).js()).toEqual([5, 10, 3])
    expect([lax.selectN(np.array(true), 1, 2).js(), lax.selectN(2, 1, 2, 3).js(), lax.select(true, 1, 2).js()]).toEqual([2, 3, 1])
    // The greatest uint32 is no negative index.
    expect(lax.selectN(np.array(2 ** 32 - 1, { dtype: 'uint32' }), 1, 2).js()).toBe(2)
    expect(() => lax.selectN(np.array([true]), 1, 2, 3)).toThrow('takes one or two for bool')
  })
  test('trees pass a barrier, and stop gradients', () => {
    const [a, { b }] = lax.optimizationBarrier([x, { b: np.ones(2) }] as const)
    expect([a.js(), b.js()]).toEqual([x.js(), [1, 1]])
    expect(lax.stopGradient({ p: x }).p.js()).toEqual(x.js())
    expect(grad((v: NDArray) => v.mul(lax.stopGradient(v)))(np.array(3)).item()).toBe(3)
  })
})

describe('layouts of convolutions', () => {
  test('letters to axes', () => {
    expect(lax.convDimensionNumbers(4, ['NHWC', 'HWIO', 'NHWC'])).toEqual({ lhs: [0, 3, 1, 2], rhs: [3, 2, 0, 1], out: [0, 3, 1, 2] })
    // Spatial axes are matched by letter, in the kernel's order.
    expect(lax.convDimensionNumbers(4, ['NWHC', 'HWIO', 'CHWN'])).toEqual({ lhs: [0, 3, 2, 1], rhs: [3, 2, 0, 1], out: [3, 0, 1, 2] })
    expect(lax.convDimensionNumbers(3)).toEqual({ lhs: [0, 1, 2], rhs: [0, 1, 2], out: [0, 1, 2] })
  })
  test('the odd element of SAME padding', () => {
    const signal = np.array([1, 2, 3, 4]).reshape([1, 1, 4])
    const kernel = np.array([1, 10]).reshape([1, 1, 2])
    expect(lax.conv(signal, kernel, [1], 'SAME').js()).toEqual([[[21, 32, 43, 4]]])
    expect(lax.conv(signal, kernel, [1], 'SAME_LOWER').js()).toEqual([[[10, 21, 32, 43]]])
    expect(lax.conv(signal, kernel, [2], 'VALID').js()).toEqual([[[21, 43]]])
  })
  test('a transposed convolution with the kernel transposed is the gradient of the convolution', () => {
    const [image, kernel, ct] = [np.ones([1, 4, 4, 2]), np.arange(36, { dtype: 'float32' }).reshape([3, 3, 2, 2]), np.arange(8, { dtype: 'float32' }).reshape([1, 2, 2, 2])]
    const layouts = ['NHWC', 'HWIO', 'NHWC'] as const
    const pulled = grad((v: NDArray) => np.sum(lax.convGeneralDilated(v, kernel, { padding: 'VALID', dimensionNumbers: layouts }).mul(ct)))(image)
    expect(lax.convTranspose(ct, kernel, [1, 1], 'VALID', { transposeKernel: true }).js()).toEqual(pulled.js())
  })
  test('dtypes are not promoted', () => {
    expect(() => lax.conv(np.ones([1, 1, 3], int32), np.ones([1, 1, 2]), [1], 'VALID')).toThrow('conv: got int32[1,1,3], float32[1,1,2]; operands must have one dtype')
  })
})

// JAX has Python's scalars as int32 or float32 here, and refuses 2 beside floats; JavaScript cannot tell 2 from 2.0.
describe('what is weakly typed adapts, in lax too', () => {
  test('a plain number takes the dtype of its company', () => {
    for (const dtype of ['float32', 'float64', 'float16', 'bfloat16', 'int8', 'int32', 'uint8'] as const) {
      const v = np.array([1, 2], { dtype })
      expect([lax.add(v, 2).dtype, lax.max(2, v).dtype, lax.clamp(0, v, 1).dtype, lax.pad(v, 0, [[1, 0, 0]]).dtype]).toEqual([dtype, dtype, dtype, dtype])
    }
    expect(lax.add(1, 2).aval).toEqual({ shape: [], dtype: 'float32', weakType: true })
  })
  test('a fraction beside integers is promoted, as everywhere', () => {
    expect(lax.mul(np.array([1, 2], int32), 2.5).dtype).toBe('float32')
  })
  test('so do numbers that are traced', () => {
    const half = np.ones([2], { dtype: 'float16' })
    expect(jit((v: ArrayLike) => lax.mul(half, v))(2.5).dtype).toBe('float16')
    expect(grad((v: ArrayLike) => np.sum(lax.mul(np.ones([2], { dtype: 'float64' }), v)))(3).item()).toBe(2)
  })
  test('truth values are no numbers', () => {
    expect(() => lax.add(np.ones([2]), true)).toThrow('add: got float32[2], true; operands must have one dtype: np.add promotes, lax.convertElementType converts')
    expect(lax.bitwiseAnd(np.array([true, false]), true).js()).toEqual([true, false])
  })
})

test('the power of floats by integers of any dtype, and its derivative', () => {
  const v = np.array([1, 2, 3])
  const y = np.array([2, 0, 3], { dtype: 'uint8' })
  expect(lax.pow(v, y).js()).toEqual([1, 1, 27])
  expect(grad((u: NDArray) => np.sum(lax.pow(u, y)))(v).js()).toEqual([2, 0, 27])
})
