import { lax, type NDArray, nn, np } from 'pullback'
import { type Case, holds, load, type Tolerance } from './load.ts'

type Axis = number | readonly number[] | null
interface ReduceParams {
  readonly axis: Axis
  readonly keepdims: boolean
}
interface CumulativeParams {
  readonly axis: number
  readonly reverse: boolean
}
interface Fixture {
  readonly reduce: Readonly<Record<keyof typeof reduce, readonly Case<ReduceParams>[]>>
  readonly cumulative: Readonly<Record<keyof typeof cumulative, readonly Case<CumulativeParams>[]>>
  readonly flat: readonly Case<object>[]
  readonly sort: readonly Case<{ readonly axis: number }>[]
  readonly argsort: readonly Case<{ readonly axis: number }>[]
  readonly several: readonly Case<{ readonly numKeys: number }>[]
  readonly topK: readonly Case<{ readonly k: number }>[]
}

const reduce = {
  sum: np.sum,
  prod: np.prod,
  max: np.max,
  min: np.min,
  mean: np.mean,
  any: np.any,
  all: np.all,
  var: np.var,
  std: np.std,
  argmax: (x: NDArray, { axis, keepdims }: ReduceParams) => np.argmax(x, { axis: typeof axis === 'number' ? axis : null, keepdims }),
  argmin: (x: NDArray, { axis, keepdims }: ReduceParams) => np.argmin(x, { axis: typeof axis === 'number' ? axis : null, keepdims }),
  logsumexp: nn.logsumexp,
}
const cumulative = { cumsum: lax.cumsum, cumprod: lax.cumprod, cummax: lax.cummax, cummin: lax.cummin, cumlogsumexp: lax.cumlogsumexp }

const fixture = load<Fixture>('reductions.json')
const tolerance: Tolerance = { float32: 1e-6, float64: 1e-12, scale: 'array' }

for (const [name, f] of Object.entries(reduce) as [keyof typeof reduce, (x: NDArray, p: ReduceParams) => NDArray][]) {
  holds(name, fixture.reduce[name], (p) => (x) => f(x, p), tolerance)
}
for (const [name, f] of Object.entries(cumulative) as [keyof typeof cumulative, (x: NDArray, p: CumulativeParams) => NDArray][]) {
  holds(name, fixture.cumulative[name], (p) => (x) => f(x, p), tolerance)
}
holds('np.cumsum without an axis', fixture.flat, () => (x) => np.cumsum(x))
holds('sort', fixture.sort, (p) => (x) => np.sort(x, p))
holds('argsort', fixture.argsort, (p) => (x) => np.argsort(x, p))
holds('sort of several operands', fixture.several, (p) => (...xs) => lax.sort(xs, p))
holds('topK', fixture.topK, ({ k }) => (x) => lax.topK(x, k))
