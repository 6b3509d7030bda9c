/**
 * Linear regression by mini-batch gradient descent: y = 2x + 0.33 · normal, against the least-squares solution.
 *
 *     npm run example examples/linear-regression.ts
 */
import { jit, np, random, valueAndGrad } from 'pullback'
import { batches } from 'pullback/data'
import { applyUpdates, sgd } from 'pullback/optimizers'
import { Dense, initializers } from 'pullback/stax'
import { commandLine } from './lib/command-line.ts'
import { plot } from './lib/plots.ts'

const options = commandLine('Fits a line to 100 noisy points.', {
  epochs: { about: 'passes over the points', default: 100, least: 1 },
  seed: { about: 'of data, parameters and order', default: 0 },
  out: { about: 'folder for the picture', default: 'out/linear-regression' },
})

const keys = random.split(random.key(options.seed), 3)
const x = np.linspace(-1, 1, 100).reshape([100, 1])
const y = x.mul(2).add(random.normal(keys.slice(0), [100, 1]).mul(0.33))

const [init, apply] = Dense(1, { weightInit: initializers.ones, biasInit: initializers.zeros }) // starts as y = x
const optimizer = sgd(0.01)
let { params } = init(keys.slice(1), [-1, 1])
let state = optimizer.init(params)
type Params = typeof params

const mse = (p: Params, xs: np.NDArray, ys: np.NDArray): np.NDArray => np.mean(np.square(apply(p, xs).sub(ys)))
const step = jit((p: Params, s: typeof state, xs: np.NDArray, ys: np.NDArray) => {
  const [loss, grads] = valueAndGrad(mse)(p, xs, ys)
  const [updates, next] = optimizer.update(grads, s, p)
  return [applyUpdates(p, updates), next, loss] as const
})

for (let epoch = 0; epoch < options.epochs; epoch++) {
  const losses: number[] = []
  for (const batch of batches({ x, y }, 32, { key: random.foldIn(keys.slice(2), epoch) })) {
    const [p, s, loss] = step(params, state, batch.x, batch.y)
    params = p
    state = s
    losses.push(loss.item())
  }
  if ((epoch + 1) % 10 === 0) console.error(`epoch ${epoch + 1}/${options.epochs}  loss ${(losses.reduce((a, b) => a + b) / losses.length).toFixed(4)}`)
}

// Normal equations of a line: slope = cov(x, y) / var(x), intercept = mean(y) - slope · mean(x).
const [mx, my] = [np.mean(x), np.mean(y)]
const slope = np.sum(x.sub(mx).mul(y.sub(my))).div(np.sum(np.square(x.sub(mx))))
const intercept = my.sub(slope.mul(mx))

const grid = np.linspace(-1, 1, 1000).reshape([1000, 1])
const line = apply(params, grid)
await plot(`${options.out}/fit.svg`, 'Linear regression', ['x', 'y'], [
  { name: 'data', x: x.dataSync(), y: y.dataSync(), mark: 'points' },
  { name: 'fit', x: grid.dataSync(), y: line.dataSync(), mark: 'line' },
])
const [W, b] = params
console.log(`gradient descent  slope ${W.item().toFixed(4)}  intercept ${b.item().toFixed(4)}`)
console.log(`least squares     slope ${slope.item().toFixed(4)}  intercept ${intercept.item().toFixed(4)}`)
