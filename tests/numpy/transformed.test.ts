// Every function of np under vmap, and the derivatives of the smooth ones against differences: the calls are those of
// tests/oracle/numpy.json.
import { grad, type NDArray, np, vmap } from 'pullback'
import { describe, expect, test } from 'vitest'
import { array, differences, type Encoded } from '../oracle/load.ts'
import { callOf, entries } from '../oracle/numpy-calls.ts'

const encoded = (v: number): Encoded => (Number.isNaN(v) ? 'NaN' : v === Infinity ? 'Infinity' : v === -Infinity ? '-Infinity' : v)

/** Another array of the same kind: its elements turned round. */
const turned = (x: NDArray): NDArray => np.flip(x.reshape([-1])).reshape([...x.shape])

describe('under vmap each row gets what it gets alone', () => {
  for (const [name, cases] of entries) {
    test(`np.${name}`, () => {
      for (const c of cases) {
        if (c.args.length === 0) continue
        const f = callOf(name, c.params)
        const [first, second] = [c.args.map(array), c.args.map((a) => turned(array(a)))]
        const batched = vmap(f)(...first.map((x, i) => np.stack([x, second[i]!])))
        for (const [row, xs] of [first, second].entries()) {
          f(...xs).forEach((alone, k) => {
            const got = batched[k]!.slice(row)
            const want = { dtype: alone.dtype, shape: alone.shape, data: [...alone.dataSync()].map(encoded) }
            expect([c.name, row, k, differences(got, want, { float32: 2e-6, float64: 1e-12, scale: 'array' })]).toEqual([c.name, row, k, []])
          })
        }
        // The last argument alone is mapped.
        const last = first.length - 1
        const partly = vmap((x: NDArray) => f(...first.slice(0, last), x))(np.stack([first[last]!, first[last]!]))
        f(...first).forEach((alone, k) => {
          expect([c.name, k, partly[k]!.shape]).toEqual([c.name, k, [2, ...alone.shape]])
        })
      }
    })
  }
})

describe('derivatives are those of differences', () => {
  const f64 = (x: NDArray): NDArray => x.astype('float64')
  for (const [name, cases] of entries) {
    const smooth = cases.filter((c) => c.gradient !== undefined && c.args.every((a) => a.dtype === 'float32' || a.dtype === 'float64'))
    if (smooth.length === 0) continue
    test(`np.${name}`, () => {
      for (const c of smooth) {
        if (c.name.startsWith('ties') || c.name.startsWith('equal') || c.name.startsWith('near 0')) continue
        const f = callOf(name, c.params)
        const xs = c.args.map((a) => f64(array(a)))
        // A weight for each element of the result, so that all of them count.
        const total = (...ys: NDArray[]): NDArray => f(...ys).reduce((sum: NDArray, y) => sum.add(np.sum(y.mul(np.cos(np.arange(y.size, { dtype: 'float64' })).reshape([...y.shape])))), np.zeros([], { dtype: 'float64' }))
        const grads = grad(total, { argnums: xs.map((_, i) => i) })(...xs)
        for (const [i, x] of xs.entries()) {
          const direction = np.sin(np.arange(x.size, { dtype: 'float64' }).mul(1.7).add(1)).reshape([...x.shape])
          const h = 1e-6
          const moved = (by: number): number => total(...xs.map((y, k) => (k === i ? y.add(direction.mul(by)) : y))).item()
          const slope = (moved(h) - moved(-h)) / (2 * h)
          const along = np.sum(grads[i]!.mul(direction)).item()
          expect([c.name, i, Math.abs(along - slope) < 1e-6 * (1 + Math.abs(slope))]).toEqual([c.name, i, true])
        }
      }
    })
  }
})
