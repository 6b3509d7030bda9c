/** The number of threads changes no bit of any result. Products and windows have files of their own, and so do steps of training. */
import fc from 'fast-check'
import { lax, makeJaxpr, nn, np, random } from 'pullback'
import { describe, expect, test } from 'vitest'
import { WasmBackend } from '../../src/backends/wasm/index.ts'
import { encodeNumbers } from '../../src/core/bytes.ts'
import type { Jaxpr } from '../../src/core/jaxpr.ts'
import { parseJaxpr } from '../../src/core/parse.ts'
import { arbitraryJaxpr } from '../core/arbitrary-jaxpr.ts'
import { jaxprs } from '../laws/traced.ts'
import { someBytes } from '../lowering/agree.ts'
import { longTestTimeout, sized } from '../scale.ts'
import { allThreadsAreLeft, backends, expectRight, expectSameBits, expectSharedBits, traced, withGradients } from './same-bits.ts'

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
    'running sums': '{ lambda ; a:f32[1000,400]. let b:f32[1000,400] = cumsum[axis=1 reverse=False] a c:f32[1000,400] = cumsum[axis=0 reverse=True] a in (b, c) }',
    'a running sum along one long row': '{ lambda ; a:f32[70001]. let b:f32[70001] = cumsum[axis=0 reverse=False] a in (b,) }',
    'running extrema of a few long rows, backwards': '{ lambda ; a:f32[3,40000]. let b:f32[3,40000] = cummax[axis=1 reverse=True] a in (b,) }',
    'many updates of few elements': '{ lambda ; a:f32[33] b:i32[40000,1] c:f32[40000]. let d:f32[33] = scatterAdd[dimensionNumbers={insertedWindowDims=(0,) operandBatchingDims=() scatterDimsToOperandDims=(0,) scatterIndicesBatchingDims=() updateWindowDims=()} mode=fillOrDrop uniqueIndices=False] a b c in (d,) }',
    'sorts of rows': '{ lambda ; a:f32[60,501]. let b:f32[60,501] = sort[dimension=1 numKeys=1] a in (b,) }',
    'a sort of one long row': '{ lambda ; a:f32[70001]. let b:f32[70001] = sort[dimension=0 numKeys=1] a in (b,) }',
    'a sort by two keys of a long row': '{ lambda ; a:i32[20000] b:f32[20000]. let c:i32[20000] d:f32[20000] = sort[dimension=0 numKeys=2] a b in (c, d) }',
    'the greatest of rows': '{ lambda ; a:f32[60,501]. let b:f32[60,7] c:i32[60,7] = topK[k=7] a in (b, c) }',
    'the greatest of one long row': '{ lambda ; a:f32[70001]. let b:f32[900] c:i32[900] = topK[k=900] a in (b, c) }',
  }))('of %s', (_, text) => {
    const jaxpr = parseJaxpr(text)
    expectSharedBits(jaxpr)
    expectRight(jaxpr)
  })

  const standardized = (x: np.NDArray, scale: np.NDArray, shift: np.NDArray): np.NDArray => nn.standardize(x).mul(scale).add(shift)
  test.each(Object.entries<() => Jaxpr>({
    'a running log-sum-exp': () => traced((x) => lax.cumlogsumexp(x, 0), [5000]),
    'arrays that are computed and stand side by side': () => traced((x, y) => np.concatenate([np.tanh(x), np.sin(y), x.mul(2)], 1), [60, 200], [60, 300]),
    'a softmax along a middle axis': () => traced((x) => nn.softmax(x, 1), [8, 100, 640]),
    'gradients of a layer norm': () => withGradients(standardized, [64, 333], [333], [333]),
    'gradients of a log-sum-exp': () => withGradients((x) => nn.logsumexp(x, 1), [64, 333]),
    'random numbers': () => makeJaxpr((key: np.NDArray) => random.normal(key, [50_000]))(random.key(0)).jaxpr,
    'a sort of one long row of doubles': () => parseJaxpr('{ lambda ; a:f64[30001]. let b:f64[30001] = sort[dimension=0 numKeys=1] a in (b,) }'),
  }))('of %s', (_, jaxpr) => {
    expectSharedBits(jaxpr())
  })
})

/** Places of an array of so many, a few of them out of bounds. */
const places = (count: number, elements: number): Uint8Array => encodeNumbers(Array.from({ length: count }, (_, k) => (7919 * k) % (elements + 3)), 'int32')

test('elements and rows from 40,000 places', () => {
  const { jaxpr } = makeJaxpr((x: np.NDArray, rows: np.NDArray, i: np.NDArray) => [x.at(i).get(), rows.at(i).get()])(np.zeros([5000]), np.zeros([5000, 3]), np.zeros([40_000], { dtype: 'int32' }))
  const inputs = jaxpr.inputs.map((v, i) => (i === 2 ? places(40_000, 5000) : someBytes(v.aval, i)))
  expectSharedBits(jaxpr, inputs)
})

describe('updates of single elements, many to one place', () => {
  test.each((['float32', 'int32', 'int8'] as const).flatMap((dtype) => [33, 700].map((elements) => [dtype, elements] as const)))('of %s, to %i of them', (dtype, elements) => {
    const all = (x: np.NDArray, i: np.NDArray, u: np.NDArray, factors: np.NDArray): np.NDArray[] => [x.at(i).add(u), x.at(i).mul(factors), x.at(i).min(u), x.at(i).max(u)]
    const updates = np.zeros([40_000], { dtype })
    const { jaxpr } = makeJaxpr(all)(np.zeros([elements], { dtype }), np.zeros([40_000], { dtype: 'int32' }), updates, updates)
    // whose products do not vanish
    const factors = encodeNumbers(Array.from({ length: 40_000 }, (_, k) => (dtype === 'float32' ? 1 + Math.sin(k) / 8 : 2 * (k % 5) - 5)), dtype)
    expectSharedBits(jaxpr, jaxpr.inputs.map((v, i) => (i === 1 ? places(40_000, elements) : i === 3 ? factors : someBytes(v.aval, i))))
  })
})

describe('updates of rows, many to one place', () => {
  test.each([[7, 20_000], [40, 300], [64, 300], [200, 300]])('%i columns, %i of them', (width, count) => {
    const rows = (x: np.NDArray, i: np.NDArray, u: np.NDArray): np.NDArray[] => [x.at(i).add(u), x.at(i).set(u), x.at(i).max(u)]
    const { jaxpr, consts } = makeJaxpr(rows)(np.zeros([50, width]), np.zeros([count], { dtype: 'int32' }), np.zeros([count, width]))
    expect(consts).toEqual([])
    const inputs = jaxpr.inputs.map((v, i) => (i === 1 ? places(count, 50) : someBytes(v.aval, i)))
    expectSharedBits(jaxpr, inputs)
    expectRight(jaxpr, inputs)
  })
})

describe('of rows whose last pass runs beside the first of the next', () => {
  test.each([2, 7, 64])('%i rows', (rows) => {
    const f = (x: np.NDArray): np.NDArray[] => [nn.softmax(x), nn.standardize(x), x.div(np.max(x, { axis: 1, keepdims: true }))]
    const { jaxpr } = makeJaxpr(f)(np.zeros([rows, 333]))
    expectSharedBits(jaxpr)
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

allThreadsAreLeft()
