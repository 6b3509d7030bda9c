import { type ArrayLike, grad, type NDArray, nn, np, vmap } from 'pullback'
import { type Case, holds, load, type Tolerance } from './load.ts'

type Axis = number | readonly number[] | null
interface AlongParams {
  readonly axis: Axis
}
interface Fixture {
  readonly pointwise: Readonly<Record<keyof typeof pointwise, readonly Case<{ readonly second?: boolean }>[]>>
  readonly along: Readonly<Record<keyof typeof along, readonly Case<AlongParams>[]>>
  readonly oneHot: readonly Case<{ readonly axis: number; readonly dtype: 'float32' | 'int32' }>[]
  readonly logsumexpOptions: readonly [Case<object>, Case<object>]
}

const pointwise = {
  relu: nn.relu,
  relu6: nn.relu6,
  elu: (x: ArrayLike) => nn.elu(x),
  selu: nn.selu,
  silu: nn.silu,
  softplus: nn.softplus,
  sigmoid: nn.sigmoid,
  logSigmoid: nn.logSigmoid,
  leakyRelu: (x: ArrayLike) => nn.leakyRelu(x),
  celu: (x: ArrayLike) => nn.celu(x),
  hardTanh: nn.hardTanh,
  hardSigmoid: nn.hardSigmoid,
  hardSilu: nn.hardSilu,
  softSign: nn.softSign,
  mish: nn.mish,
  squareplus: (x: ArrayLike) => nn.squareplus(x),
  sparsePlus: nn.sparsePlus,
  sparseSigmoid: nn.sparseSigmoid,
  geluTanh: (x: ArrayLike) => nn.gelu(x, { approximate: true }),
  geluExact: (x: ArrayLike) => nn.gelu(x, { approximate: false }),
  leakyReluTwo: (x: ArrayLike) => nn.leakyRelu(x, 0.2),
  eluTwo: (x: ArrayLike) => nn.elu(x, 2),
  celuTwo: (x: ArrayLike) => nn.celu(x, 2),
  logSoftmaxAll: (x: NDArray) => nn.logSoftmax(x.slice([0, 4])),
}
const along = { softmax: nn.softmax, logSoftmax: nn.logSoftmax, logsumexp: nn.logsumexp, standardize: nn.standardize, glu: nn.glu }

const fixture = load<Fixture>('nn.json')
// Gradients are sums of terms of the size of the largest.
const tolerance: Tolerance = { float32: 2e-6, float64: 1e-12, scale: 'array' }

for (const [name, f] of Object.entries(pointwise) as [keyof typeof pointwise, (x: NDArray) => NDArray][]) {
  const second = vmap(grad(grad((v: NDArray) => np.sum(f(v)))))
  holds(name, fixture.pointwise[name], (p) => (x) => (p.second === true ? second(x) : f(x)), tolerance)
}
for (const [name, f] of Object.entries(along) as [keyof typeof along, (x: NDArray, p: AlongParams) => NDArray][]) {
  holds(name, fixture.along[name], (p) => (x) => f(x, p), tolerance)
}
holds('oneHot', fixture.oneHot, (p) => (x) => nn.oneHot(x, 4, p))
const [where, b] = fixture.logsumexpOptions
holds('logsumexp with a condition', [where], () => (x) => nn.logsumexp(x, { axis: 1, where: np.greater(x, 0) }), tolerance)
holds('logsumexp with factors', [b], () => (x, factors) => nn.logsumexp(x, { axis: 1, b: factors }), tolerance)
