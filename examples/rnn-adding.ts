/**
 * The adding problem (Hochreiter & Schmidhuber 1997): of T pairs (value, marker) the answer is the sum of the two marked
 * values. An LSTM has to carry the first over tens of steps; guessing the mean has an error of 1/6.
 *
 *     npm run example examples/rnn-adding.ts
 */
import { jit, lax, nn, np, random, valueAndGrad } from 'pullback'
import { adam, applyUpdates, type OptimizerState } from 'pullback/optimizers'
import { Dense, LSTM, serial } from 'pullback/stax'
import { commandLine } from './lib/command-line.ts'
import { progress } from './lib/progress.ts'

const options = commandLine('Teaches an LSTM to add two marked numbers.', {
  rounds: { about: 'calls of the compiled function, 100 steps each, at most', default: 40 },
  batch: { about: 'sequences a step', default: 64 },
  length: { about: 'steps of a sequence', default: 50 },
  seed: { about: 'of parameters and data', default: 0 },
})
const stepsARound = 100
const goal = 0.02

const [init, apply] = serial(LSTM(64, { sequences: false }), Dense(1))
const optimizer = adam(2e-3)
const [initKey, dataKey] = [...random.split(random.key(options.seed), 2)] as [np.NDArray, np.NDArray]
let { params } = init(initKey, [-1, options.length, 2])
type Params = typeof params
let state = optimizer.init(params)

/** One marker in each half; x [batch, T, 2], y [batch, 1]. */
function sequences(key: np.NDArray): [x: np.NDArray, y: np.NDArray] {
  const [k0, k1, k2] = [...random.split(key, 3)] as [np.NDArray, np.NDArray, np.NDArray]
  const half = Math.floor(options.length / 2)
  const values = random.uniform(k0, [options.batch, options.length])
  const first = random.randint(k1, [options.batch], 0, half)
  const second = random.randint(k2, [options.batch], half, options.length)
  const markers = nn.oneHot(first, options.length).add(nn.oneHot(second, options.length))
  return [np.stack([values, markers], -1), np.sum(values.mul(markers), 1, { keepdims: true })]
}

const mse = (p: Params, x: np.NDArray, y: np.NDArray): np.NDArray => np.mean(np.square(apply(p, x).sub(y)))

/** A hundred steps of Adam on fresh sequences: one compiled call. */
const round = jit((p: Params, s: OptimizerState<Params>, key: np.NDArray) => {
  const train = ([q, t]: readonly [Params, OptimizerState<Params>], k: np.NDArray): readonly [readonly [Params, OptimizerState<Params>], np.NDArray] => {
    const [x, y] = sequences(k)
    const [loss, grads] = valueAndGrad(mse)(q, x, y)
    const [updates, next] = optimizer.update(grads, t, q)
    return [[applyUpdates(q, updates), next], loss]
  }
  const [[q, t], losses] = lax.scan(train, [p, s] as const, random.split(key, stepsARound))
  return [q, t, np.mean(losses)] as const
})

const bar = progress('adding', options.rounds * stepsARound)
let loss = Infinity
let done = 0
for (; done < options.rounds && loss >= goal / 2; done++) {
  const [p, s, mean] = round(params, state, random.foldIn(dataKey, done))
  params = p
  state = s
  loss = mean.item()
  bar.update((done + 1) * stepsARound, { mse: loss.toFixed(4) })
}
bar.finish(`${done * stepsARound} steps`)

const [x, y] = sequences(random.foldIn(dataKey, 1 << 20))
console.log(`mse ${mse(params, x, y).item().toFixed(4)} (guessing: 0.1667)`)
