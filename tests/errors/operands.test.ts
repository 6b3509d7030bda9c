/** Wrong operands: what is said of them, word for word. */
import { describe, expect, test } from 'vitest'
import { debug, devicePut, defaultDevice, jit, lax, nn, np, random } from '../../src/index.ts'
import { firstFrame, refused, thrownBy } from './refused.ts'

const x = np.array([1, 2, 3])
const m = np.ones([2, 3])

test('shapes', () => {
  expect(refused(() => m.add(np.ones([4])))).toMatchInlineSnapshot(`"ShapeError add: shapes [2,3] and [4] do not broadcast: axis -1 has sizes 3 and 4; sizes must be equal or 1"`)
  expect(refused(() => np.matmul(m, m))).toMatchInlineSnapshot(`"ShapeError matmul: got shapes [2,3] and [2,3]; the last axis of the first (3) must equal the second to last axis of the second (2)"`)
  expect(refused(() => np.einsum('ij,jk->ik', m, m))).toMatchInlineSnapshot(`"ShapeError einsum: 'ij,jk->ik' with shapes [2,3], [2,3]: axis 'j' has sizes 3 and 2; sizes must be equal or 1"`)
  expect(refused(() => np.concatenate([m, np.ones([2, 2])], 0))).toMatchInlineSnapshot(`"ShapeError concatenate: got float32[2,3], float32[2,2] along axis 0; shapes must be equal on every other axis"`)
  expect(refused(() => np.stack([x, m]))).toMatchInlineSnapshot(`"ShapeError stack: shapes [3], [2,3] must be equal"`)
  expect(refused(() => m.reshape([4, 2]))).toMatchInlineSnapshot(`"ShapeError reshape: cannot make shape [2,3] (6 elements) into [4,2]; the number of elements must stay"`)
  expect(refused(() => np.broadcastTo(x, [2, 4]))).toMatchInlineSnapshot(`"ShapeError broadcastTo: shapes [3] and [2,4] do not broadcast: axis -1 has sizes 3 and 4; sizes must be equal or 1"`)
  expect(refused(() => np.where(np.array([true, false]), x, x))).toMatchInlineSnapshot(`"ShapeError where: shapes [2] and [3] and [3] do not broadcast: axis -1 has sizes 2 and 3; sizes must be equal or 1"`)
  expect(refused(() => np.zeros([-1]))).toMatchInlineSnapshot(`"ShapeError zeros: got shape [-1]; a shape is a list of integers of at least 0"`)
  expect(refused(() => np.ones([1.5]))).toMatchInlineSnapshot(`"ShapeError ones: got shape [1.5]; a shape is a list of integers of at least 0"`)
  expect(refused(() => random.split(random.key(0), -1))).toMatchInlineSnapshot(`"ShapeError split: got shape [-1]; a shape is a list of integers of at least 0"`)
  expect(refused(() => np.max(np.zeros([0])))).toMatchInlineSnapshot(`"ShapeError max: of no elements: shape [0] over axes [0] has no maximum; np.max with { initial } has one"`)
  expect(refused(() => lax.convGeneralDilated(np.ones([1, 8, 8, 3]), np.ones([3, 3, 4, 2]), { windowStrides: [1, 1], padding: 'SAME', dimensionNumbers: ['NHWC', 'HWIO', 'NHWC'] }))).toMatchInlineSnapshot(`"ShapeError convGeneralDilated: got float32[1,8,8,3] and kernel float32[3,3,4,2]: 3 input features, but the kernel takes 4 in 1 groups; they must be equal"`)
})

test('axes and indices', () => {
  expect(refused(() => np.sum(m, 2))).toMatchInlineSnapshot(`"ShapeError sum: axis 2 is out of range for rank 2; it takes -2 to 1"`)
  expect(refused(() => np.sum(m, [0, -2]))).toMatchInlineSnapshot(`"ShapeError sum: axes [0,-2] of rank 2 name one axis twice; takes each once"`)
  expect(refused(() => np.argmax(m, 0.5))).toMatchInlineSnapshot(`"ShapeError argmax: axis 0.5 is out of range for rank 2; it takes -2 to 1"`)
  expect(refused(() => nn.softmax(m, 3))).toMatchInlineSnapshot(`"ShapeError softmax: axis 3 is out of range for rank 2; it takes -2 to 1"`)
  expect(refused(() => nn.logSoftmax(np.array(1)))).toMatchInlineSnapshot(`"ShapeError logSoftmax: axis -1 of a scalar; a scalar has no axes"`)
  expect(refused(() => np.transpose(m, [0, 0]))).toMatchInlineSnapshot(`"ShapeError transpose: axes [0,0] are no permutation of the 2 axes of shape [2,3]; takes each once"`)
  expect(refused(() => np.squeeze(m, 0))).toMatchInlineSnapshot(`"ShapeError squeeze: axis 0 of shape [2,3] has size 2; only axes of size 1 can go"`)
  expect(refused(() => np.split(x, 2))).toMatchInlineSnapshot(`"ShapeError split: axis 0 of shape [3] does not divide into 2 equal parts; arraySplit makes unequal ones"`)
  expect(refused(() => np.zeros([0]).slice(5))).toMatchInlineSnapshot(`"ShapeError slice: index 5 for axis 0 of shape [0], which is empty; it takes slices and empty index arrays"`)
  expect(refused(() => x.slice(0, 0))).toMatchInlineSnapshot(`"ShapeError slice: 2 indices for shape [3], which has 1 axes; takes at most one for each"`)
})

test('dtypes', () => {
  expect(refused(() => np.bitwiseAnd(x, 1))).toMatchInlineSnapshot(`"DtypeError bitwiseAnd: got operand float32[3]; accepts int8, int16, int32, uint8, uint16, uint32, bool"`)
  expect(refused(() => np.take(x, np.array([0.5])))).toMatchInlineSnapshot(`"DtypeError take: got indices of float32; takes integers"`)
  expect(refused(() => np.add(random.key(0), 1))).toMatchInlineSnapshot(`"DtypeError add: PRNG keys do not take part in arithmetic; use random.keyData for their words"`)
  expect(refused(() => np.sin(random.key(0)))).toMatchInlineSnapshot(`"DtypeError sin: got PRNG keys; they do not take part in arithmetic, use random.keyData for their words"`)
  expect(refused(() => random.key(0).js())).toMatchInlineSnapshot(`"DtypeError js: a PRNG key has no values to read; random.keyData(key) gives its words"`)
  expect(refused(() => random.normal(x, [3]))).toMatchInlineSnapshot(`"DtypeError normal: takes a key (random.key(seed), or one of random.split), and got float32[3]"`)
  // @ts-expect-error no dtype of that name
  expect(refused(() => np.zeros([2], { dtype: 'int64' }))).toMatchInlineSnapshot(`"DtypeError zeros: 'int64' is no dtype; known are float32, float64, float16, bfloat16, int8, int16, int32, uint8, uint16, uint32, bool, complex64, complex128, key"`)
  // @ts-expect-error no dtype of that name
  expect(refused(() => x.astype('float'))).toMatchInlineSnapshot(`"DtypeError astype: 'float' is no dtype; known are float32, float64, float16, bfloat16, int8, int16, int32, uint8, uint16, uint32, bool, complex64, complex128, key"`)
})

test('options', () => {
  // @ts-expect-error a slip of the pen
  expect(refused(() => np.sum(m, { axiss: 1 }))).toMatchInlineSnapshot(`"ArgumentError sum: unknown option 'axiss'; known options: axis, keepdims, where, initial, dtype"`)
  expect(refused(() => np.sum(m, 0, { axis: 1 }))).toMatchInlineSnapshot(`"ArgumentError sum: got axis twice: in its place and as an option"`)
  // @ts-expect-error JAX's name
  expect(refused(() => jit((v: np.NDArray) => v, { static_argnums: 1 }))).toMatchInlineSnapshot(`"ArgumentError jit: unknown option 'static_argnums'; known options: staticArgnums, donateArgnums, device"`)
  // @ts-expect-error NumPy's name
  expect(refused(() => random.uniform(random.key(0), [2], { low: 0 }))).toMatchInlineSnapshot(`"ArgumentError uniform: unknown option 'low'; known options: minval, maxval, dtype"`)
})

test('what np.array does not take', () => {
  expect(refused(() => np.array([[1, 2], [3]]))).toMatchInlineSnapshot(`"ShapeError array: nested lists are ragged: [1] has 1 elements where its siblings have 2 elements; takes lists of one length at each depth"`)
  expect(refused(() => np.array([[1, 2], 3]))).toMatchInlineSnapshot(`"ShapeError array: nested lists are ragged: [1] has a number where its siblings have a list of 2; takes lists of one length at each depth"`)
  // @ts-expect-error a bigint
  expect(refused(() => np.array([1n, 2n]))).toMatchInlineSnapshot(`"DtypeError array: got a bigint at [0]; there are no 64-bit integers, use numbers"`)
  // @ts-expect-error 64-bit integers
  expect(refused(() => np.array(new BigInt64Array(2)))).toMatchInlineSnapshot(`"DtypeError array: got a BigInt64Array; there are no 64-bit integers, convert to an Int32Array or a Float64Array first"`)
  // @ts-expect-error text
  expect(refused(() => np.array(['1']))).toMatchInlineSnapshot(`"ArgumentError array: got the string "1" at [0]; takes numbers and booleans"`)
  // @ts-expect-error a hole
  expect(refused(() => np.array([1, undefined]))).toMatchInlineSnapshot(`"ArgumentError array: got undefined at [1]; takes numbers and booleans"`)
  // @ts-expect-error a tree
  expect(refused(() => np.array({ a: 1 }))).toMatchInlineSnapshot(`"ArgumentError array: got an object of class Object; takes numbers, booleans, nested lists of them, typed arrays and arrays"`)
})

test('operands that are no arrays', () => {
  // @ts-expect-error a plain list
  expect(refused(() => np.add(x, [1, 2, 3]))).toMatchInlineSnapshot(`"ArgumentError add: operand 1 is a plain list; takes arrays, numbers and booleans; make it an array with np.array first"`)
  // @ts-expect-error nothing
  expect(refused(() => x.mul(undefined))).toMatchInlineSnapshot(`"ArgumentError mul: operand 1 is undefined; takes arrays, numbers and booleans"`)
  // @ts-expect-error text
  expect(refused(() => x.mul('2'))).toMatchInlineSnapshot(`"ArgumentError mul: operand 1 is the string "2"; takes arrays, numbers and booleans"`)
})

test('coercions: a scalar is a number, anything else and + are refused', () => {
  const one: unknown = np.array(1)
  const many: unknown = x
  expect(Number(one)).toBe(1)
  expect((one as number) - 3).toBe(-2)
  expect((one as number) > 0).toBe(true)
  expect(`${one as string}`).toBe('1.0')
  expect(refused(() => (one as number) + 1)).toMatchInlineSnapshot(`"ShapeError +: does not work on arrays, and neither does ==; use x.add(y), x.equal(y), or x.item() for the value of a scalar"`)
  // oxlint-disable-next-line eqeqeq -- what is tested
  expect(refused(() => (one as number) == 1)).toMatchInlineSnapshot(`"ShapeError +: does not work on arrays, and neither does ==; use x.add(y), x.equal(y), or x.item() for the value of a scalar"`)
  expect(refused(() => Number(many))).toMatchInlineSnapshot(`"ShapeError Number: an array of shape [3] is not one number; compare and calculate with np.greater, x.mul and so on, or reduce it first"`)
  expect(refused(() => (many as number) < 2)).toMatchInlineSnapshot(`"ShapeError Number: an array of shape [3] is not one number; compare and calculate with np.greater, x.mul and so on, or reduce it first"`)
  expect(refused(() => x.item())).toMatchInlineSnapshot(`"ShapeError item: takes an array of one element, and got shape [3]; use js() or dataSync()"`)
  expect(refused(() => [...np.array(1)])).toMatchInlineSnapshot(`"ShapeError iterate: a scalar has no axis to iterate over; use x.item()"`)
})

describe('handles', () => {
  test('a disposed one is refused everywhere, another on the same data works', () => {
    const gone = np.ones([2, 3]).add(1)
    const other = gone.reshape([6])
    gone.dispose()
    expect(refused(() => gone.add(1))).toMatchInlineSnapshot(`"DisposedError add: got an array float32[2,3] that was disposed or donated; keep another handle, or do not dispose it before its last use"`)
    expect(refused(() => gone.js())).toMatchInlineSnapshot(`"DisposedError js: got an array float32[2,3] that was disposed or donated; keep another handle, or do not dispose it before its last use"`)
    expect(refused(() => String(gone))).toMatchInlineSnapshot(`"DisposedError toString: got an array float32[2,3] that was disposed or donated; keep another handle, or do not dispose it before its last use"`)
    expect(refused(() => jit((v: np.NDArray) => v)(gone))).toMatchInlineSnapshot(`"DisposedError jit: got an array float32[2,3] that was disposed or donated; keep another handle, or do not dispose it before its last use"`)
    expect(gone.shape).toEqual([2, 3])
    expect(other.sum().item()).toBe(12)
    gone.dispose()
  })

  test('a donated one is disposed, also when it was passed twice', () => {
    const [a, b] = [np.ones([1000]).add(0), np.ones([1000]).add(0)]
    const step = jit((p: np.NDArray, q: np.NDArray) => p.add(q), { donateArgnums: 0 })
    expect(step(a, b).slice(0).item()).toBe(2)
    expect(refused(() => a.mul(2))).toMatchInlineSnapshot(`"DisposedError mul: got an array float32[1000] that was disposed or donated; keep another handle, or do not dispose it before its last use"`)
    expect(step(b, b).slice(0).item()).toBe(2)
    expect(refused(() => b.mul(2))).toMatchInlineSnapshot(`"DisposedError mul: got an array float32[1000] that was disposed or donated; keep another handle, or do not dispose it before its last use"`)
  })
})

test('devices', () => {
  const there = devicePut(x, 'cpu')
  expect(refused(() => x.add(there))).toMatchInlineSnapshot(`"DeviceError add: got arrays on 'wasm' and on 'cpu'; move one with devicePut(x, 'wasm') first"`)
  expect(refused(() => jit((a: np.NDArray, b: np.NDArray) => a.add(b))(x, there))).toMatchInlineSnapshot(`"DeviceError jit: got arrays on 'wasm' and on 'cpu'; move one with devicePut(x, 'wasm') first"`)
  // @ts-expect-error no such device
  expect(refused(() => devicePut(x, 'gpu'))).toMatchInlineSnapshot(`"DeviceError devicePut: device 'gpu' is not ready; ready are 'cpu', 'wasm'"`)
  // @ts-expect-error no such device
  expect(refused(() => np.array([1], { device: 'gpu' }))).toMatchInlineSnapshot(`"DeviceError array: device 'gpu' is not ready; ready are 'cpu', 'wasm'"`)
  expect(refused(() => defaultDevice('webgpu'))).toMatchInlineSnapshot(`"DeviceError defaultDevice: device 'webgpu' is not ready; ready are 'cpu', 'wasm'; await init('webgpu') first"`)
  expect(refused(() => jit((v: np.NDArray) => v, { device: 'webgpu' })(x))).toMatchInlineSnapshot(`"DeviceError jit: device 'webgpu' is not ready; ready are 'cpu', 'wasm'; await init('webgpu') first"`)
  expect(defaultDevice()).toBe('wasm')
})

test('a stack starts at the line of the call, however deep it was made', () => {
  const body = (v: np.NDArray): np.NDArray => {
    const here = new Error('here')
    const e = thrownBy(() => v.add(np.ones([4]))) // two lines below
    expect(e.stack?.split('\n')[0]).toBe(`ShapeError: ${e.message}`)
    expect(lineOf(firstFrame(e))).toBe(lineOf(here.stack?.split('\n')[1] ?? '') + 1)
    return v
  }
  jit((v: np.NDArray) => lax.scan((c: np.NDArray) => [jit(body)(c), c] as const, v, null, { length: 2 })[0])(x)
  expect(debug.calls().jitCalls).toBeGreaterThan(0)
})

const lineOf = (frame: string): number => Number(/:(\d+):\d+\)?$/.exec(frame)?.[1])
