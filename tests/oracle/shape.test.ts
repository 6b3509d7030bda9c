import { lax, type NDArray, np } from 'pullback'
import { type Case, elementwise, holds, load } from './load.ts'

type Ints = readonly number[]
interface NumpyParams {
  readonly stack: { readonly axis: number }
  readonly concatenate: { readonly axis: number }
  readonly squeeze: { readonly axis: number | null }
  readonly expandDims: { readonly axis: number }
  readonly moveaxis: { readonly source: number; readonly destination: number }
  readonly swapaxes: { readonly axis1: number; readonly axis2: number }
  readonly flip: { readonly axis: number | null }
  readonly roll: { readonly shift: number; readonly axis: number | null }
  readonly tile: { readonly reps: Ints }
  readonly repeat: { readonly repeats: number; readonly axis: number | null }
  readonly broadcastTo: { readonly shape: Ints }
  readonly tril: { readonly k: number }
  readonly triu: { readonly k: number }
  readonly split: { readonly sections: number | Ints; readonly axis: number }
  readonly ravel: object
  readonly diagonal: object
  readonly outer: object
  readonly pad: { readonly width: number | readonly (readonly [number, number])[] }
}
interface Fixture {
  readonly pad: readonly Case<{ readonly config: readonly (readonly [number, number, number])[] }>[]
  readonly slice: readonly Case<{ readonly start: Ints; readonly limit: Ints; readonly strides: Ints | null }>[]
  readonly rev: readonly Case<{ readonly dimensions: Ints }>[]
  readonly concatenate: readonly Case<{ readonly dimension: number }>[]
  readonly transpose: readonly Case<{ readonly permutation: Ints }>[]
  readonly broadcastInDim: readonly Case<{ readonly shape: Ints; readonly broadcastDimensions: Ints }>[]
  readonly reshape: readonly Case<{ readonly shape: Ints }>[]
  readonly numpy: { readonly [K in keyof NumpyParams]: readonly Case<NumpyParams[K]>[] }
}
type Numpy = { readonly [K in keyof NumpyParams]: (params: NumpyParams[K]) => (...xs: NDArray[]) => NDArray | readonly NDArray[] }

const numpy: Numpy = {
  stack: ({ axis }) => (...xs) => np.stack(xs, axis),
  concatenate: ({ axis }) => (...xs) => np.concatenate(xs, axis),
  squeeze: ({ axis }) => (x) => np.squeeze(x, { axis }),
  expandDims: ({ axis }) => (x) => np.expandDims(x, axis),
  moveaxis: ({ source, destination }) => (x) => np.moveaxis(x, source, destination),
  swapaxes: ({ axis1, axis2 }) => (x) => np.swapaxes(x, axis1, axis2),
  flip: ({ axis }) => (x) => np.flip(x, { axis }),
  roll: ({ shift, axis }) => (x) => np.roll(x, shift, { axis }),
  tile: ({ reps }) => (x) => np.tile(x, reps),
  repeat: ({ repeats, axis }) => (x) => np.repeat(x, repeats, { axis }),
  broadcastTo: ({ shape }) => (x) => np.broadcastTo(x, shape),
  tril: ({ k }) => (x) => np.tril(x, { k }),
  triu: ({ k }) => (x) => np.triu(x, { k }),
  split: ({ sections, axis }) => (x) => np.split(x, sections, axis),
  ravel: () => (x) => np.ravel(x),
  diagonal: () => (x) => np.diagonal(x),
  outer: () => (x, y) => np.outer(x, y),
  pad: ({ width }) => (x) => np.pad(x, width),
}

const fixture = load<Fixture>('shape.json')
// The padding value's gradient is a difference of sums in JAX.
holds('pad', fixture.pad, ({ config }) => (x, value) => lax.pad(x, value, config), { ...elementwise, absolute: 1e-6 })
holds('slice', fixture.slice, ({ start, limit, strides }) => (x) => lax.slice(x, start, limit, ...(strides === null ? [] : [strides])))
holds('rev', fixture.rev, ({ dimensions }) => (x) => lax.rev(x, dimensions))
holds('concatenate', fixture.concatenate, ({ dimension }) => (...xs) => lax.concatenate(xs, dimension))
holds('transpose', fixture.transpose, ({ permutation }) => (x) => lax.transpose(x, permutation))
holds('broadcastInDim', fixture.broadcastInDim, ({ shape, broadcastDimensions }) => (x) => lax.broadcastInDim(x, shape, broadcastDimensions))
holds('reshape', fixture.reshape, ({ shape }) => (x) => np.reshape(x, shape))

function numpyHolds<K extends keyof NumpyParams>(name: K): void {
  holds(`np.${name}`, fixture.numpy[name], numpy[name])
}
for (const name of Object.keys(numpy) as (keyof NumpyParams)[]) numpyHolds(name)
