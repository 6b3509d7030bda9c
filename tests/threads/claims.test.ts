/** Threads help each other with their shares; every unit is computed once all the same. */
import { np, lax, makeJaxpr } from 'pullback'
import { afterAll, expect, test } from 'vitest'
import { WasmBackend } from '../../src/backends/wasm/index.ts'
import { decodeNumbers, encodeNumbers } from '../../src/core/bytes.ts'
import { parseJaxpr } from '../../src/core/parse.ts'

const backends = [1, 2, 4].map((threads) => new WasmBackend({ threads, shareAbove: 0 }))
afterAll(() => {
  for (const backend of backends) backend.threads(1)
})

test.each(backends.map((b) => [b.threads(), b] as const))('with %i threads a donated array is added to in place, once a call', (_, backend) => {
  const n = 100_003
  const program = backend.compile(parseJaxpr(`{ lambda ; a:f32[${n}]. let b:f32[${n}] = add a 1.0:f32[] in (b,) }`))
  let x = backend.put(encodeNumbers(Array.from({ length: n }, (_unused, i) => i % 7), 'float32'))
  const calls = 100
  for (let i = 0; i < calls; i++) x = program.call([x], [true])[0]!
  expect(decodeNumbers(x.read(), 'float32').every((value, i) => value === calls + (i % 7))).toBe(true)
})

test.each(backends.map((b) => [b.threads(), b] as const))('with %i threads so are carries of a loop, whatever the number of phases in it', (_, backend) => {
  for (const phases of [1, 2, 3]) {
    const n = 20_000
    const jaxpr = makeJaxpr((x: np.NDArray) => lax.scan((c: np.NDArray) => {
      let next = c
      for (let i = 0; i < phases; i++) next = lax.optimizationBarrier(next.add(np.max(next).mul(0)).add(1))
      return [next, null] as const
    }, x, null, { length: 51 })[0])(np.zeros([n])).jaxpr
    const [y] = backend.compile(jaxpr).call([backend.put(encodeNumbers(Array.from({ length: n }, () => 2), 'float32'))])
    expect(decodeNumbers(y!.read(), 'float32').every((value) => value === 2 + 51 * phases)).toBe(true)
  }
})
