/** Fused multiply-adds, for those who ask: what they change, and what they do not. */
import { setFlagsFromString } from 'node:v8'
import { debug, jit, np } from 'pullback'
import { afterAll, describe, expect, test } from 'vitest'
import { WasmBackend } from '../../../src/backends/wasm/index.ts'
import { parseJaxpr } from '../../../src/core/parse.ts'
import { hasRelaxedSimd } from '../../../src/lowering/wasm/index.ts'

// Node 20 has the instructions behind a flag; this file has a process of its own.
try {
  setFlagsFromString('--experimental-wasm-relaxed-simd')
} catch {
  // the engine has them without
}
const there = hasRelaxedSimd()

afterAll(() => {
  debug.relaxedSimd(false)
})

const product = (dtype: 'f32' | 'f64', m: number, k: number, n: number): string =>
  `{ lambda ; a:${dtype}[${m},${k}] b:${dtype}[${k},${n}]. let c:${dtype}[${m},${n}] = dotGeneral[dimensionNumbers={batch=((), ()) contracting=((1,), (0,))} preferredElementType=None] a b in (c,) }`

describe('relaxed SIMD', () => {
  test('is off at first, and what is no boolean is refused', () => {
    expect(debug.relaxedSimd()).toBe(false)
    expect(() => debug.relaxedSimd('on' as unknown as boolean)).toThrow(/relaxedSimd: got the string/)
  })

  test('is there or refused by name', () => {
    if (there) expect(debug.relaxedSimd(true)).toBe(true)
    else expect(() => debug.relaxedSimd(true)).toThrow(/this engine has no relaxed SIMD/)
    expect(debug.relaxedSimd(false)).toBe(false)
  })

  test.runIf(there)('rounds a product and its sum once: programs of before stay as they were', () => {
    // (1 + e)² - (1 + 2e) is e² where the product is not rounded, else 0
    const e = 2 ** -13
    const rows = np.broadcastTo(np.array([-1, 1 + e]), [16, 2])
    const columns = np.broadcastTo(np.array([[1 + 2 * e], [1 + e]]), [2, 48])
    const f = (): np.NDArray => jit((a: np.NDArray, b: np.NDArray) => np.matmul(a, b))(rows, columns)
    const before = f()
    debug.relaxedSimd(true)
    const fused = f()
    debug.relaxedSimd(false)
    expect([before, fused, f()].map((x) => [...new Set(x.dataSync())])).toEqual([[0], [e ** 2], [0]])
  })

  test.runIf(there).each(['f32', 'f64'] as const)('of %s gives the same bits with 1, 2 and 4 threads, near those of two roundings', (dtype) => {
    const jaxpr = parseJaxpr(product(dtype, 130, 300, 70))
    const View = dtype === 'f32' ? Float32Array : Float64Array
    const operands = [130 * 300, 300 * 70].map((size) => new Uint8Array(new View(Array.from({ length: size }, (_, i) => Math.sin(i * 1.7))).buffer))
    const results = [1, 2, 4].map((threads) => {
      const backend = new WasmBackend({ threads, shareAbove: 0 })
      const run = (): Uint8Array => backend.compile(jaxpr).call(operands.map((bytes) => backend.put(bytes.slice())))[0]!.read()
      const plain = run()
      backend.relaxedSimd(true)
      const fused = run()
      backend.threads(1)
      return { plain, fused }
    })
    for (const { plain, fused } of results) {
      expect(Buffer.compare(fused, results[0]!.fused)).toBe(0)
      expect(Buffer.compare(plain, results[0]!.plain)).toBe(0)
    }
    const [a, b] = [results[0]!.plain, results[0]!.fused].map((bytes) => Array.from(new View(bytes.slice().buffer))) as [number[], number[]] // one of each
    const off = a.reduce((most, v, i) => Math.max(most, Math.abs(v - b[i]!)), 0)
    expect(off).toBeGreaterThan(0)
    expect(off).toBeLessThan(dtype === 'f32' ? 1e-4 : 1e-12)
  })
})
