/** The number of threads changes no bit of any result. */
import fc from 'fast-check'
import { lax, makeJaxpr, nn, np, vjp } from 'pullback'
import { afterAll, describe, expect, test } from 'vitest'
import { WasmBackend } from '../../src/backends/wasm/index.ts'
import { interpret } from '../../src/backends/cpu/interpret.ts'
import { decodeNumbers, encodeNumbers } from '../../src/core/bytes.ts'
import type { Jaxpr } from '../../src/core/jaxpr.ts'
import { parseJaxpr } from '../../src/core/parse.ts'
import '../families.ts'
import { arbitraryJaxpr } from '../core/arbitrary-jaxpr.ts'
import { jaxprs } from '../laws/traced.ts'
import { expectClose, someBytes } from '../lowering/agree.ts'
import { longTestTimeout, sized } from '../scale.ts'

/** Everything that can be shared is. */
const backends = [1, 2, 4].map((threads) => new WasmBackend({ threads, shareAbove: 0 }))
afterAll(() => {
  for (const backend of backends) backend.threads(1)
})

function expectSameBits(jaxpr: Jaxpr, inputs: readonly Uint8Array[] = jaxpr.inputs.map((v, i) => someBytes(v.aval, i))): void {
  const results = backends.map((backend) => {
    const program = backend.compile(jaxpr)
    // the second call meets whatever the first left in scratch memory
    const [first, second] = [0, 1].map(() => program.call(inputs.map((bytes) => backend.put(bytes.slice()))).map((s) => s.read()))
    second!.forEach((bytes, i) => expect(Buffer.compare(bytes, first![i]!), `output ${i} of a second call`).toBe(0))
    return first!
  })
  for (const [b, outputs] of results.entries()) {
    outputs.forEach((bytes, i) => expect(Buffer.compare(bytes, results[0]![i]!), `output ${i} with ${backends[b]!.threads()} threads`).toBe(0))
  }
}

const dot = (a: string, b: string, c: string, rank: number): string => {
  const leading = Array.from({ length: rank - 2 }, (_, i) => `${i},`).join('')
  return `{ lambda ; a:f32[${a}] b:f32[${b}]. let c:f32[${c}] = dotGeneral[dimensionNumbers={batch=((${leading}), (${leading})) contracting=((${rank - 1},), (${rank - 2},))} preferredElementType=None] a b in (c,) }`
}
const product = (m: number, n: number, k: number): string => dot(`${m},${k}`, `${k},${n}`, `${m},${n}`, 2)
const batches = (b: number, m: number, n: number, k: number): string => dot(`${b},${m},${k}`, `${b},${k},${n}`, `${b},${m},${n}`, 3)
const convolution = (lhs: string, rhs: string, out: string, dimensionNumbers: string, padding: string, groups = { batch: 1, feature: 1 }): string =>
  `{ lambda ; a:f32[${lhs}] b:f32[${rhs}]. let c:f32[${out}] = convGeneralDilated[batchGroupCount=${groups.batch} dimensionNumbers=${dimensionNumbers} featureGroupCount=${groups.feature} lhsDilation=(1, 1) padding=${padding} rhsDilation=(1, 1) windowStrides=(1, 1)] a b in (c,) }`

describe('the same bits with 1, 2 and 4 threads', () => {
  test('of generated programs, and of their derivatives and batches', () => {
    fc.assert(fc.property(jaxprs, fc.nat(0xffff), ({ jaxpr, inputs }, seed) => { expectSameBits(jaxpr, inputs(seed).map((x) => x.bytes)) }), { numRuns: sized(20, 1000) })
  }, longTestTimeout)

  test('of random programs over larger ones', () => {
    const shapes = [[40, 33], [3, 700], [33], [2, 20, 64], [1000]]
    fc.assert(fc.property(arbitraryJaxpr({ shapes, elements: 20_000, equations: 8 }), (jaxpr) => { expectSameBits(jaxpr) }), { numRuns: sized(10, 500) })
  }, longTestTimeout)

  test('and threads did take part', () => {
    expect(backends.map((b) => b.launches() > 0)).toEqual([false, true, true])
  })

  test.each(Object.entries({
    'a chain': '{ lambda ; a:f32[300000]. let b:f32[300000] = tanh a c:f32[300000] = mul b a in (c,) }',
    'one operation on a long array': '{ lambda ; a:f32[300007]. let b:f32[300007] = tanh a in (b,) }',
    'a sum of everything': '{ lambda ; a:f32[400,1000]. let b:f32[] = reduceSum[axes=(0, 1)] a in (b,) }',
    'sums of rows and of columns': '{ lambda ; a:f32[3000,70]. let b:f32[3000] = reduceSum[axes=(1,)] a c:f32[70] = reduceSum[axes=(0,)] a in (b, c) }',
    'the place of an extremum': '{ lambda ; a:f32[3,90000]. let b:i32[3] = argmax[axis=1 indexDtype=int32] a in (b,) }',
    'shares of short rows': '{ lambda ; a:f32[9001,10]. let b:f32[9001] = reduceMax[axes=(1,)] a c:f32[9001,10] = broadcastInDim[broadcastDimensions=(0,) shape=(9001, 10)] b d:f32[9001,10] = sub a c e:f32[9001,10] = exp d f:f32[9001] = reduceSum[axes=(1,)] e g:f32[9001,10] = broadcastInDim[broadcastDimensions=(0,) shape=(9001, 10)] f h:f32[9001,10] = div e g in (h,) }',
    'running sums': '{ lambda ; a:f32[50,400]. let b:f32[50,400] = cumsum[axis=1 reverse=False] a c:f32[50,400] = cumsum[axis=0 reverse=True] a in (b, c) }',
    'a running sum along one long row': '{ lambda ; a:f32[70001]. let b:f32[70001] = cumsum[axis=0 reverse=False] a in (b,) }',
    'running extrema of a few long rows, backwards': '{ lambda ; a:f32[3,40000]. let b:f32[3,40000] = cummax[axis=1 reverse=True] a in (b,) }',
    'many updates of few elements': '{ lambda ; a:f32[33] b:i32[40000,1] c:f32[40000]. let d:f32[33] = scatterAdd[dimensionNumbers={insertedWindowDims=(0,) operandBatchingDims=() scatterDimsToOperandDims=(0,) scatterIndicesBatchingDims=() updateWindowDims=()} mode=fillOrDrop uniqueIndices=False] a b c in (d,) }',
    'sorts of rows': '{ lambda ; a:f32[60,501]. let b:f32[60,501] = sort[dimension=1 numKeys=1] a in (b,) }',
    'a sort of one long row': '{ lambda ; a:f32[70001]. let b:f32[70001] = sort[dimension=0 numKeys=1] a in (b,) }',
    'a sort by two keys of a long row': '{ lambda ; a:i32[20000] b:f32[20000]. let c:i32[20000] d:f32[20000] = sort[dimension=0 numKeys=2] a b in (c, d) }',
    'the greatest of rows': '{ lambda ; a:f32[60,501]. let b:f32[60,7] c:i32[60,7] = topK[k=7] a in (b, c) }',
    'the greatest of one long row': '{ lambda ; a:f32[70001]. let b:f32[900] c:i32[900] = topK[k=900] a in (b, c) }',
    'a product': product(200, 300, 150),
    'a product of operands that are read where they lie': product(64, 64, 64),
    'a product of few columns in blocks of k': product(67, 16, 900),
    'a product with a long k': product(100, 90, 2000),
    'a product of few rows': product(5, 1000, 300),
    'a product of four rows, in slices of k': product(4, 1000, 301),
    'a product of a row': product(1, 5000, 130),
    'a product of a column': product(130, 1, 501),
    'a product of few long rows and a column': product(9, 1, 30001),
    'products of matrices and columns': batches(3, 70, 3, 130),
    'a product of few rows with a long k': product(5, 700, 1700),
    'a product of few rows and columns with a long k': product(9, 32, 5000),
    'products of batches': batches(20, 30, 40, 50),
    'products of few batches': batches(3, 100, 40, 50),
    'products of few batches of few rows': batches(3, 5, 300, 1000),
    'products of few batches of few rows and columns with a long k': batches(3, 6, 7, 4000),
    'a product of whole numbers': product(70, 90, 80).replaceAll('f32', 'i32'),
    'a product of doubles': product(33, 21, 1000).replaceAll('f32', 'f64'),
    'a convolution': convolution('2,28,28,5', '3,3,5,19', '2,28,28,19', '{lhs=(0, 3, 1, 2) out=(0, 3, 1, 2) rhs=(3, 2, 0, 1)}', '((1, 1), (1, 1))'),
    'a convolution of many channels': convolution('3,13,14,32', '3,3,32,20', '3,13,14,20', '{lhs=(0, 3, 1, 2) out=(0, 3, 1, 2) rhs=(3, 2, 0, 1)}', '((1, 1), (1, 1))'),
    'a convolution of wide windows, channels first': convolution('2,16,12,14', '24,16,5,5', '2,24,12,14', '{lhs=(0, 1, 2, 3) out=(0, 1, 2, 3) rhs=(0, 1, 2, 3)}', '((2, 2), (2, 2))'),
    'a convolution of channels in groups': convolution('3,13,14,24', '3,3,8,48', '3,13,14,48', '{lhs=(0, 3, 1, 2) out=(0, 3, 1, 2) rhs=(3, 2, 0, 1)}', '((1, 1), (1, 1))', { batch: 1, feature: 3 }),
    "a kernel's gradient of channels in groups": convolution('16,13,14,9', '13,14,9,32', '8,3,3,32', '{lhs=(0, 3, 1, 2) out=(0, 3, 1, 2) rhs=(3, 2, 0, 1)}', '((1, 1), (1, 1))', { batch: 2, feature: 1 }),
    "a kernel's gradient of many channels": convolution('32,13,14,9', '13,14,9,20', '32,3,3,20', '{lhs=(0, 3, 1, 2) out=(0, 3, 1, 2) rhs=(3, 2, 0, 1)}', '((1, 1), (1, 1))'),
    "a kernel's gradient": convolution('5,26,26,8', '24,24,8,6', '5,3,3,6', '{lhs=(0, 3, 1, 2) out=(0, 3, 1, 2) rhs=(3, 2, 0, 1)}', '((0, 0), (0, 0))'),
  }))('of %s', (_, text) => {
    const jaxpr = parseJaxpr(text)
    expectSameBits(jaxpr)
    // ... and they are right, on whole numbers, whose sums are exact in any order
    const inputs = jaxpr.inputs.map((v, i) => encodeNumbers(decodeNumbers(someBytes(v.aval, i), v.aval.dtype).map(Math.round), v.aval.dtype))
    const outputs = backends[1]!.compile(jaxpr).call(inputs.map((bytes) => backends[1]!.put(bytes.slice())))
    interpret(jaxpr, jaxpr.inputs.map((v, i) => ({ aval: v.aval, bytes: inputs[i]! }))).forEach((want, i) => expectClose(outputs[i]!.read(), want.bytes, want.aval, `output ${i}`))
  })
})

describe('updates of rows, many to one place', () => {
  test.each([7, 40, 64, 200])('%i columns', (width) => {
    const rows = (x: np.NDArray, i: np.NDArray, u: np.NDArray): np.NDArray[] => [x.at(i).add(u), x.at(i).set(u), x.at(i).max(u)]
    const { jaxpr, consts } = makeJaxpr(rows)(np.zeros([50, width]), np.zeros([300], { dtype: 'int32' }), np.zeros([300, width]))
    expect(consts).toEqual([])
    const places = encodeNumbers(Array.from({ length: 300 }, (_, k) => (k * k) % 53), 'int32') // a few are out of bounds
    const inputs = jaxpr.inputs.map((v, i) => (i === 1 ? places : someBytes(v.aval, i)))
    expectSameBits(jaxpr, inputs)
    const outputs = backends[2]!.compile(jaxpr).call(inputs.map((bytes) => backends[2]!.put(bytes.slice())))
    interpret(jaxpr, jaxpr.inputs.map((v, i) => ({ aval: v.aval, bytes: inputs[i]! }))).forEach((want, i) => expectClose(outputs[i]!.read(), want.bytes, want.aval, `output ${i}`))
  })
})

describe('of rows whose last pass runs beside the first of the next', () => {
  test.each([2, 7, 64])('%i rows', (rows) => {
    const f = (x: np.NDArray): np.NDArray[] => [nn.softmax(x), nn.standardize(x), x.div(np.max(x, { axis: 1, keepdims: true }))]
    const { jaxpr } = makeJaxpr(f)(np.zeros([rows, 333]))
    expectSameBits(jaxpr)
  })
})

describe('of depthwise convolutions and their gradients', () => {
  test.each([[[3, 12, 13, 32], [3, 3]], [[2, 20, 20, 6], [5, 5]], [[5, 7, 7, 512], [3, 3]], [[2, 300, 16], [9]]])('%j, windows of %j', (shape, window) => {
    const dimensionNumbers = window.length === 1 ? ['NWC', 'WIO', 'NWC'] as const : ['NHWC', 'HWIO', 'NHWC'] as const
    const f = (x: np.NDArray, w: np.NDArray): np.NDArray => lax.convGeneralDilated(x, w, { windowStrides: window.map(() => 1), padding: 'SAME', dimensionNumbers, featureGroupCount: x.shape.at(-1)! })
    const x = np.zeros(shape)
    const { jaxpr } = makeJaxpr((a: np.NDArray, b: np.NDArray, ct: np.NDArray) => {
      const [y, pullback] = vjp(f, [a, b] as const)
      return [y, ...pullback(ct)]
    })(x, np.zeros([...window, 1, shape.at(-1)!]), x)
    expectSameBits(jaxpr)
  })
})

test('programs under the threshold stay on one thread, others do not', () => {
  const backend = new WasmBackend({ threads: 2, patience: 0, startLimit: 60_000, wakeTime: 0, judge: false })
  const run = (n: number): void => {
    const jaxpr = parseJaxpr(`{ lambda ; a:f32[${n}]. let b:f32[${n}] = tanh a in (b,) }`)
    backend.compile(jaxpr).call(jaxpr.inputs.map((v) => backend.put(someBytes(v.aval, 1))))
  }
  run(1000)
  expect(backend.launches()).toBe(0)
  run(1_000_000)
  expect(backend.launches()).toBe(1)
  backend.threads(1)
  run(1_000_000)
  expect(backend.launches()).toBe(1)
})

test('code that one row made serves many, on all threads', () => {
  const backend = new WasmBackend({ threads: 2, shareAbove: 0 })
  for (const rows of [1, 64]) {
    const jaxpr = parseJaxpr(`{ lambda ; a:f32[${rows},100]. let b:f32[${rows}] = reduceSum[axes=(1,)] a in (b,) }`)
    backend.compile(jaxpr).call(jaxpr.inputs.map((v) => backend.put(someBytes(v.aval, 1))))
  }
  expect([backend.threads(), backend.launches()]).toEqual([2, 1])
  backend.threads(1)
})

test('no worker refused anything: all threads are there at the end', () => {
  expect(backends.map((b) => b.threads())).toEqual([1, 2, 4])
})
