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

const options = commandLine('Teaches an LSTM to add two marked numbers.', {
  rounds: { about: 'calls of the compiled function, 100 steps each, at most', default: 40, least: 1 },
  batch: { about: 'sequences a step', default: 64, least: 1 },
  length: { about: 'pairs in a sequence', default: 50, least: 2 },
  seed: { about: 'of the parameters and the data', default: 0 },
})
const goal = 0.02

const [init, apply] = serial(LSTM(64, { sequences: false }), Dense(1))
const optimizer = adam(2e-3)
const keys = random.split(random.key(options.seed), 3)
let { params } = init(keys.slice(0), [-1, options.length, 2])
type Params = typeof params
let state: OptimizerState<Params> = optimizer.init(params)

/** `n` sequences with one marker in each half: x [n, T, 2] and their answers y [n, 1]. */
function sequences(key: np.NDArray, n: number): [x: np.NDArray, y: np.NDArray] {
  const draws = random.split(key, 3)
  const half = Math.floor(options.length / 2)
  const values = random.uniform(draws.slice(0), [n, options.length])
  const first = random.randint(draws.slice(1), [n], 0, half)
  const second = random.randint(draws.slice(2), [n], half, options.length)
  const markers = nn.oneHot(first, options.length).add(nn.oneHot(second, options.length))
  return [np.stack([values, markers], -1), np.sum(values.mul(markers), 1, { keepdims: true })]
}

const mse = (p: Params, x: np.NDArray, y: np.NDArray): np.NDArray => np.mean(np.square(apply(p, x).sub(y)))

/** A hundred steps of Adam on fresh sequences: one compiled call, with the steps as a loop inside it. */
const round = jit((p: Params, s: OptimizerState<Params>, key: np.NDArray) =>
  lax.scan(
    ([p, s], k) => {
      const [loss, grads] = valueAndGrad(mse)(p, ...sequences(k, options.batch))
      const [updates, next] = optimizer.update(grads, s, p)
      return [[applyUpdates(p, updates), next], loss]
    },
    [p, s] as const,
    random.split(key, 100),
  ),
)

let error = Infinity
for (let i = 0; i < options.rounds && error >= goal / 2; i++) {
  const [[p, s], losses] = round(params, state, random.foldIn(keys.slice(1), i))
  params = p
  state = s
  error = np.mean(losses).item()
  console.error(`step ${(i + 1) * 100}  mse ${error.toFixed(4)}`)
}
const test = mse(params, ...sequences(keys.slice(2), 1000))
console.log(`mse ${test.item().toFixed(4)} on 1000 new sequences (guessing: 0.1667)`)
