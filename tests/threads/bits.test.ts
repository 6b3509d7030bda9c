/** The number of threads changes no bit of any result. */
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { WasmBackend } from '../../src/backends/wasm/index.ts'
import type { Jaxpr } from '../../src/core/jaxpr.ts'
import { parseJaxpr } from '../../src/core/parse.ts'
import { arbitraryJaxpr } from '../core/arbitrary-jaxpr.ts'
import { someBytes } from '../lowering/agree.ts'
import { longTestTimeout, sized } from '../scale.ts'

/** Everything that can be shared is. */
const backends = [1, 2, 4].map((threads) => new WasmBackend({ threads, shareAbove: 0 }))
afterAll(() => {
  for (const backend of backends) backend.threads(1)
})

function expectSameBits(jaxpr: Jaxpr): void {
  const inputs = jaxpr.inputs.map((v, i) => someBytes(v.aval, i))
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

describe('the same bits with 1, 2 and 4 threads', () => {
  test('of random programs over small arrays', () => {
    fc.assert(fc.property(arbitraryJaxpr(), expectSameBits), { numRuns: sized(10, 500) })
  }, longTestTimeout)

  test('of random programs over larger ones', () => {
    const shapes = [[40, 33], [3, 700], [33], [2, 20, 64], [1000]]
    fc.assert(fc.property(arbitraryJaxpr({ shapes, elements: 20_000, equations: 8 }), expectSameBits), { numRuns: sized(10, 500) })
  }, longTestTimeout)

  test('and threads did take part', () => {
    expect(backends.map((b) => b.launches() > 0)).toEqual([false, true, true])
  })

  test.each(Object.entries({
    'a chain': '{ lambda ; a:f32[300000]. let b:f32[300000] = tanh a c:f32[300000] = mul b a in (c,) }',
    'a sum of everything': '{ lambda ; a:f32[400,1000]. let b:f32[] = reduceSum[axes=(0, 1)] a in (b,) }',
    'sums of rows and of columns': '{ lambda ; a:f32[3000,70]. let b:f32[3000] = reduceSum[axes=(1,)] a c:f32[70] = reduceSum[axes=(0,)] a in (b, c) }',
    'the place of an extremum': '{ lambda ; a:f32[3,90000]. let b:i32[3] = argmax[axis=1 indexDtype=int32] a in (b,) }',
    'running sums': '{ lambda ; a:f32[50,400]. let b:f32[50,400] = cumsum[axis=1 reverse=False] a c:f32[50,400] = cumsum[axis=0 reverse=True] a in (b, c) }',
    'sorts of rows': '{ lambda ; a:f32[60,501]. let b:f32[60,501] = sort[dimension=1 numKeys=1] a in (b,) }',
    'a sort of one long row': '{ lambda ; a:f32[70001]. let b:f32[70001] = sort[dimension=0 numKeys=1] a in (b,) }',
  }))('of %s', (_, text) => {
    expectSameBits(parseJaxpr(text))
  })
})

test('programs under the threshold stay on one thread, others do not', () => {
  const backend = new WasmBackend({ threads: 2, patience: 0, wakeTime: 0 })
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
