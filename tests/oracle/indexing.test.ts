import { lax, type NDArray, np } from 'pullback'
import { describe, test } from 'vitest'
import { held } from './devices.ts'
import { array, type Case, elementwise, expectAllClose, type Fixed, holds, load, on, ways } from './load.ts'

type Ints = readonly number[]
type Mode = 'clip' | 'fill' | 'promise_in_bounds'
interface GatherParams {
  readonly dimensionNumbers: { readonly offsetDims: Ints; readonly collapsedSliceDims: Ints; readonly startIndexMap: Ints; readonly operandBatchingDims: Ints; readonly startIndicesBatchingDims: Ints }
  readonly sliceSizes: Ints
  readonly mode: Mode
  readonly fillValue: number | null
}
interface ScatterParams {
  readonly dimensionNumbers: { readonly updateWindowDims: Ints; readonly insertedWindowDims: Ints; readonly scatterDimsToOperandDims: Ints; readonly operandBatchingDims: Ints; readonly scatterIndicesBatchingDims: Ints }
  readonly mode: Mode
  readonly uniqueIndices: boolean
}
type Index = number | null | '...' | { readonly slice: readonly [number | null, number | null, number | null] } | { readonly array: Fixed }
interface TakeParams {
  readonly axis: number | null
  readonly mode: 'clip' | 'fill' | 'wrap' | null
}
interface Fixture {
  readonly gather: readonly Case<GatherParams>[]
  readonly scatter: Readonly<Record<keyof typeof scatters, readonly Case<ScatterParams>[]>>
  readonly dynamicSlice: readonly Case<{ readonly sliceSizes: Ints }>[]
  readonly dynamicUpdateSlice: readonly Case<object>[]
  readonly take: readonly Case<TakeParams>[]
  readonly takeAlongAxis: readonly Case<{ readonly axis: number; readonly mode: 'clip' | 'fill' | null }>[]
  readonly get: readonly Case<{ readonly index: readonly Index[] }>[]
  readonly masks: readonly Case<{ readonly index: readonly Index[] }>[]
  readonly at: readonly Case<{ readonly index: readonly Index[]; readonly method: 'set' | 'add' | 'mul' | 'min' | 'max' }>[]
}

const modes = { clip: 'clip', fill: 'fill', promise_in_bounds: 'promiseInBounds' } as const
const scatters = { scatter: lax.scatter, scatterAdd: lax.scatterAdd, scatterMul: lax.scatterMul, scatterMin: lax.scatterMin, scatterMax: lax.scatterMax }

const fixture = load<Fixture>('indexing.json')

holds('gather', fixture.gather, ({ mode, fillValue, ...p }) => (x, i) => lax.gather(x, i, { ...p, mode: modes[mode], ...(fillValue === null ? {} : { fillValue }) }))
for (const name of Object.keys(scatters) as (keyof typeof scatters)[]) {
  holds(name, fixture.scatter[name], ({ mode, ...p }) => (x, i, u) => scatters[name](x, i, u, { ...p, mode: modes[mode] }))
}
holds('dynamicSlice', fixture.dynamicSlice, ({ sliceSizes }) => (x, ...starts) => lax.dynamicSlice(x, starts, sliceSizes))
holds('dynamicUpdateSlice', fixture.dynamicUpdateSlice, () => (x, update, ...starts) => lax.dynamicUpdateSlice(x, update, starts))
holds('np.take', fixture.take, ({ axis, mode }) => (x, i) => np.take(x, i, { axis, ...(mode === null ? {} : { mode }) }))
holds('np.takeAlongAxis', fixture.takeAlongAxis, ({ axis, mode }) => (x, i) => np.takeAlongAxis(x, i, { axis, ...(mode === null ? {} : { mode }) }))

const decodeIndex = (i: Index): number | null | '...' | readonly [number | null, number | null, number | null] | NDArray => (i === null || typeof i === 'number' || i === '...' ? i : 'slice' in i ? i.slice : array(i.array))

holds('x.slice', fixture.get, ({ index }) => (x) => x.slice(...index.map(decodeIndex)))
holds('x.at', fixture.at, ({ index, method }) => (x, u) => x.at(...index.map(decodeIndex))[method](u))

for (const way of ways.filter((w) => !w.jitted)) {
  const masks = held.some(fixture.masks)
  describe.runIf(masks.length > 0)(`boolean masks, ${way.name}`, () => {
    for (const c of masks) {
      test(c.name, () => on(way, () => expectAllClose([array(c.args[0]!).slice(...c.params.index.map(decodeIndex))], c.out, elementwise)))
    }
  })
}
