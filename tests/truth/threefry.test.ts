// Known answers of Random123, and bits, splits and samples that JAX documents.
import { readFileSync } from 'node:fs'
import { defaultDevice, type NDArray, np, random } from 'pullback'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bind } from '../../src/core/trace.ts'

interface Truth {
  readonly block: readonly { readonly key: readonly string[]; readonly counter: readonly string[]; readonly out: readonly string[] }[]
  readonly bits: readonly { readonly seed: number; readonly shape: readonly number[]; readonly out: readonly number[] }[]
  readonly split: readonly { readonly seed: number; readonly n: number; readonly out: readonly (readonly number[])[] }[]
  readonly uniform: readonly { readonly seed: number; readonly shape: readonly number[]; readonly out: readonly number[]; readonly tolerance: number }[]
}
const truth = JSON.parse(readFileSync(new URL('threefry.json', import.meta.url), 'utf8')) as Truth

describe.each(['cpu', 'wasm'] as const)('threefry on %s', (device) => {
  const before = defaultDevice()
  beforeAll(() => {
    defaultDevice(device)
  })
  afterAll(() => {
    defaultDevice(before)
  })

  test('one block of 20 rounds', () => {
    const words = (hex: readonly string[]): NDArray[] => hex.map((h) => np.array(Uint32Array.of(Number.parseInt(h, 16))))
    for (const { key, counter, out } of truth.block) {
      const result = bind('threefry2x32', [...words(key), ...words(counter)], {})
      expect(result.map((x) => Number(x.concrete('test').dataSync()[0]).toString(16).padStart(8, '0'))).toEqual(out)
    }
  })

  test('bits', () => {
    for (const { seed, shape, out } of truth.bits) {
      const bits = random.bits(random.key(seed), shape)
      expect([bits.shape, bits.dtype, [...bits.dataSync()]]).toEqual([shape, 'uint32', out])
    }
  })

  test('split', () => {
    for (const { seed, n, out } of truth.split) expect(random.keyData(random.split(random.key(seed), n)).js()).toEqual(out)
  })

  test('uniform', () => {
    for (const { seed, shape, out, tolerance } of truth.uniform) {
      const x = random.uniform(random.key(seed), shape)
      expect(x.shape).toEqual(shape)
      out.forEach((v, i) => expect(Math.abs(Number(x.dataSync()[i]) - v)).toBeLessThanOrEqual(tolerance))
    }
  })
})
