/** No index, however far out of bounds, reads or writes another array: sentinels lie beside the operand in the heap. */
import fc from 'fast-check'
import { jit, lax, type NDArray, np } from 'pullback'
import { describe, expect, test } from 'vitest'
import { on, ways } from '../oracle/load.ts'
import { numSlowRuns } from '../scale.ts'

const rows = 9
const columns = 16
const sentinel = 7777
/** Larger than what is kept on the host. */
const beside = (): NDArray => np.full([rows * columns], sentinel).add(0)

const index = fc.oneof(
  fc.integer({ min: -2 * rows, max: 2 * rows }),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  // Products with the bytes of a row or an element come back round 2^32.
  fc.constantFrom(2 ** 31 - 1, -(2 ** 31), 2 ** 30, 2 ** 29, 2 ** 28, 2 ** 26, -(2 ** 30), -(2 ** 26), 2 ** 26 + 1, 2 ** 30 + 3, -(2 ** 28) - 1),
)
const mode = fc.constantFrom('clip', 'fill', 'promiseInBounds')

type Access = (x: NDArray, i: NDArray, mode: 'clip' | 'fill' | 'promiseInBounds') => NDArray
const one = (i: NDArray): NDArray => i.slice(0)
const rowNumbers = { offsetDims: [1], collapsedSliceDims: [0], startIndexMap: [0] }
const rowUpdates = { updateWindowDims: [1], insertedWindowDims: [0], scatterDimsToOperandDims: [0] }
const updates = (i: NDArray): NDArray => np.ones([i.size, columns])
const accesses: Readonly<Record<string, Access>> = {
  'x.slice(i)': (x, i) => x.slice(i),
  'x.slice(i, i)': (x, i) => x.slice(i, i),
  'x.slice([], i)': (x, i) => x.slice([], i),
  'x.at(i).get': (x, i, m) => x.at(i).get({ mode: m }),
  'take': (x, i, m) => np.take(x, i, 0, { mode: m }),
  'take of all': (x, i, m) => np.take(x, i, { mode: m }),
  'take, wrapped': (x, i) => np.take(x, i, 1, { mode: 'wrap' }),
  'takeAlongAxis': (x, i) => np.takeAlongAxis(x, np.broadcastTo(i.reshape([-1, 1]), [i.size, columns]), 0),
  'gather of rows': (x, i, m) => lax.gather(x, i.reshape([-1, 1]), { dimensionNumbers: rowNumbers, sliceSizes: [1, columns], mode: m }),
  'gather of windows': (x, i, m) => lax.gather(x, np.stack([i, i], 1), { dimensionNumbers: { offsetDims: [1, 2], collapsedSliceDims: [], startIndexMap: [0, 1] }, sliceSizes: [2, 3], mode: m }),
  'dynamicSlice': (x, i) => lax.dynamicSlice(x, [one(i), one(i)], [3, 5]),
  'dynamicUpdateSlice': (x, i) => lax.dynamicUpdateSlice(x, np.ones([2, 3]), [one(i), one(i)]),
  'x.at(i).set': (x, i, m) => x.at(i).set(1, { mode: m }),
  'x.at(i, i).add': (x, i, m) => x.at(i, i).add(1, { mode: m }),
  'x.at(i).max': (x, i, m) => x.at(i).max(1, { mode: m }),
  'scatter': (x, i, m) => lax.scatter(x, i.reshape([-1, 1]), updates(i), { dimensionNumbers: rowUpdates, mode: m }),
  'scatterAdd': (x, i, m) => lax.scatterAdd(x, i.reshape([-1, 1]), updates(i), { dimensionNumbers: rowUpdates, mode: m }),
  'scatterMul': (x, i, m) => lax.scatterMul(x, i.reshape([-1, 1]), updates(i), { dimensionNumbers: rowUpdates, mode: m }),
}

for (const way of ways) {
  describe(`beside sentinels, ${way.name}`, () => {
    for (const [name, access] of Object.entries(accesses)) {
      test(name, () => {
        on(way, () => {
          const [before, x, after] = [beside(), np.zeros([rows, columns]).add(0), beside()]
          const run: Access = way.jitted ? jit(access, { staticArgnums: 2 }) : access
          fc.assert(
            fc.property(fc.array(index, { minLength: 5, maxLength: 5 }), mode, (indices, m) => {
              const out = run(x, np.array(Int32Array.from(indices)), m).dataSync()
              // Zeros are the operand's, ones the updates', several of them added; NaN is the filling.
              for (const v of out) if (!(Number.isNaN(v) || (v >= 0 && v <= 25))) expect.fail(`read ${v}`)
              expect(x.dataSync().every((v) => v === 0)).toBe(true)
              for (const s of [before, after]) expect(s.dataSync().every((v) => v === sentinel)).toBe(true)
            }),
            { numRuns: numSlowRuns },
          )
        })
      })
    }
  })
}
