// Output shapes of JAX's notebook "Generalized convolutions".
import { readFileSync } from 'node:fs'
import { evalShape, grad, jit, lax, type NDArray, np } from 'pullback'
import { describe, expect, test } from 'vitest'

interface Truth {
  readonly input: number[]
  readonly kernel: number[]
  readonly dimensionNumbers: readonly [string, string, string]
  readonly cases: readonly {
    readonly name: string
    readonly strides: readonly number[]
    readonly padding: 'SAME' | 'VALID' | readonly (readonly [number, number])[]
    readonly lhsDilation?: readonly number[]
    readonly rhsDilation?: readonly number[]
    readonly out: readonly number[]
  }[]
}
const truth = JSON.parse(readFileSync(new URL('convolution.json', import.meta.url), 'utf8')) as Truth

describe('shapes of convolutions', () => {
  for (const { name, strides, out, ...options } of truth.cases) {
    const conv = (x: NDArray, w: NDArray): NDArray => lax.convGeneralDilated(x, w, { windowStrides: strides, dimensionNumbers: truth.dimensionNumbers, ...options })
    const x = np.ones(truth.input)
    const w = np.ones(truth.kernel)

    test(`${name}, without running`, () => {
      expect(evalShape(conv, x, w)).toMatchObject({ shape: out, dtype: 'float32' })
    })
    test(`${name}, run`, () => {
      expect(jit(conv)(x, w).shape).toEqual(out)
    })
    test(`${name}, gradients have the shapes of their arguments`, () => {
      const [dx, dw] = jit(grad((a: NDArray, b: NDArray) => np.sum(conv(a, b)), { argnums: [0, 1] }))(x, w)
      expect([dx.shape, dw.shape]).toEqual([truth.input, truth.kernel])
    })
  }
})
