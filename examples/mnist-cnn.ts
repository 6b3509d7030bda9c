/**
 * A convolutional network on the real MNIST: three convolutions and two dense layers, Adam, cross entropy on logits.
 *
 *     npm run mnist -- --epochs 2
 */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defaultDevice, jit, nn, np, random, tree, valueAndGrad } from 'pullback'
import { mnist, safetensors } from 'pullback/data'
import { adam, applyUpdates, type OptimizerState } from 'pullback/optimizers'
import { Conv, Dense, Flatten, MaxPool, Relu, serial } from 'pullback/stax'
import { commandLine } from './lib/command-line.ts'
import { imageGrid, plot } from './lib/plots.ts'
import { progress } from './lib/progress.ts'

const options = commandLine('Trains a convolutional network on MNIST.', {
  epochs: { about: 'passes over the training images', default: 10 },
  batch: { about: 'images a step', default: 64 },
  seed: { about: 'of parameters and of the order of images', default: 0 },
  device: { about: "'wasm' or 'cpu'", default: 'wasm' },
  limit: { about: 'train on the first so many images only; 0: all', default: 0 },
  out: { about: 'folder for pictures and the checkpoint', default: 'out/mnist-cnn' },
  resume: { about: 'go on from the checkpoint in that folder', default: false },
})
if (options.device !== 'wasm' && options.device !== 'cpu') {
  console.error(`--device is 'wasm' or 'cpu', and got '${options.device}'`)
  process.exit(2)
}
defaultDevice(options.device)

const [init, apply] = serial(
  Conv(32, [3, 3]), Relu, MaxPool([2, 2]),
  Conv(64, [3, 3]), Relu, MaxPool([2, 2]),
  Conv(64, [3, 3]), Relu,
  Flatten, Dense(64), Relu, Dense(10),
) // prettier-ignore
const optimizer = adam(1e-3)

const pixels = (images: np.NDArray): np.NDArray => np.expandDims(images.astype('float32').div(255), -1)

const { params: initialParams } = init(random.key(options.seed), [-1, 28, 28, 1])
type Params = typeof initialParams

function loss(params: Params, images: np.NDArray, labels: np.NDArray): [loss: np.NDArray, correct: np.NDArray] {
  const logits = apply(params, pixels(images), { mode: 'train' })
  const logp = nn.logSoftmax(logits)
  const entropy = np.negative(np.mean(np.sum(logp.mul(nn.oneHot(labels, 10)), -1)))
  return [entropy, np.sum(np.equal(np.argmax(logits, -1), labels))]
}

const step = jit(
  (params: Params, state: OptimizerState<Params>, images: np.NDArray, labels: np.NDArray) => {
    const [[value, correct], grads] = valueAndGrad(loss, { hasAux: true })(params, images, labels)
    const [updates, next] = optimizer.update(grads, state, params)
    return [applyUpdates(params, updates), next, value, correct] as const
  },
  { donateArgnums: [0, 1] },
)
const predict = jit((params: Params, images: np.NDArray) => np.argmax(apply(params, pixels(images)), -1))

const data = await mnist()
const total = options.limit > 0 ? Math.min(options.limit, data.train.labels.size) : data.train.labels.size
const train = { images: data.train.images.slice([0, total]), labels: data.train.labels.slice([0, total]).astype('int32') }
const testLabels = data.test.labels.astype('int32').dataSync()

interface Run {
  params: Params
  state: OptimizerState<Params>
  /** The next step to take: epoch, and step in it. */
  epoch: number
  step: number
  /** Sums over the epoch so far. */
  lossSum: number
  correct: number
  history: { loss: number; trainAccuracy: number; testAccuracy: number }[]
}
let run: Run = { params: initialParams, state: optimizer.init(initialParams), epoch: 0, step: 0, lossSum: 0, correct: 0, history: [] }

const checkpointPath = join(options.out, 'checkpoint.safetensors')
const settings = JSON.stringify({ batch: options.batch, seed: options.seed, total })

async function save(): Promise<void> {
  const leaves = tree.leaves([run.params, run.state])
  const { epoch, step: at, lossSum, correct, history } = run
  const metadata = { settings, progress: JSON.stringify({ epoch, step: at, lossSum, correct, history }) }
  await safetensors.write(checkpointPath, Object.fromEntries(leaves.map((leaf, i) => [`leaf.${i}`, np.asarray(leaf)])), { metadata })
}

async function resume(): Promise<void> {
  if (!existsSync(checkpointPath)) throw new Error(`there is no checkpoint ${checkpointPath}; run without --resume first`)
  const bytes = await readFile(checkpointPath)
  const tensors = safetensors.decode(bytes)
  const metadata = safetensors.metadata(bytes)
  if (metadata['settings'] !== settings) throw new Error(`the checkpoint was made with ${metadata['settings']}, this run has ${settings}; give the same --batch, --seed and --limit`)
  const [leaves, structure] = tree.flatten([run.params, run.state] as const)
  const [params, state] = tree.unflatten(structure, leaves.map((_, i) => tensors[`leaf.${i}`]!))
  run = { ...run, params, state, ...(JSON.parse(metadata['progress']!) as Omit<Run, 'params' | 'state'>) }
}

function evaluate(): { accuracy: number; guesses: Int32Array } {
  const guesses = new Int32Array(testLabels.length)
  for (let i = 0; i < testLabels.length; i += 1000) guesses.set(predict(run.params, data.test.images.slice([i, i + 1000])).dataSync(), i)
  return { accuracy: guesses.reduce((n, g, i) => n + (g === testLabels[i] ? 1 : 0), 0) / guesses.length, guesses }
}

let interrupted = false
process.once('SIGINT', () => {
  interrupted = true
})

if (options.resume) await resume()
const steps = Math.ceil(total / options.batch)
console.error(`${total} images, ${options.epochs} epochs of ${steps} steps on ${options.device}${options.resume ? `, from epoch ${run.epoch + 1}, step ${run.step}` : ''}`)

while (run.epoch < options.epochs && !interrupted) {
  const started = performance.now()
  const name = `epoch ${run.epoch + 1}/${options.epochs}`
  const bar = progress(name, steps)
  const order = random.permutation(random.foldIn(random.key(options.seed), run.epoch + 1), total)
  while (run.step < steps && !interrupted) {
    const rows = order.slice([run.step * options.batch, Math.min(total, (run.step + 1) * options.batch)])
    const [params, state, value, correct] = step(run.params, run.state, np.take(train.images, rows, 0), np.take(train.labels, rows, 0))
    run.params = params
    run.state = state
    run.lossSum += value.item()
    run.correct += correct.item()
    run.step++
    const seen = Math.min(total, run.step * options.batch)
    bar.update(run.step, { loss: (run.lossSum / run.step).toFixed(4), accuracy: (run.correct / seen).toFixed(4) })
    if (run.step % 8 === 0) await new Promise(setImmediate) // lets Ctrl-C in
  }
  if (run.step < steps) {
    bar.finish(`interrupted in ${name} after step ${run.step}`)
    break
  }
  const { accuracy } = evaluate()
  const mean = run.lossSum / steps
  run.history.push({ loss: mean, trainAccuracy: run.correct / total, testAccuracy: accuracy })
  bar.finish(`${name}  loss ${mean.toFixed(4)}  test accuracy ${accuracy.toFixed(4)}  ${((performance.now() - started) / 1000).toFixed(1)} s`)
  run = { ...run, step: 0, lossSum: 0, correct: 0, epoch: run.epoch + 1 }
  await save()
}

if (interrupted) {
  await save()
  console.error(`checkpoint in ${checkpointPath}; --resume goes on from it`)
  process.exit(130)
}

const { accuracy, guesses } = evaluate()
const epochs = run.history.map((_, i) => i + 1)
await plot(join(options.out, 'history.svg'), 'MNIST, accuracy by epoch', ['epoch', 'accuracy'], [
  { name: 'train', x: epochs, y: run.history.map((h) => h.trainAccuracy), mark: 'line' },
  { name: 'test', x: epochs, y: run.history.map((h) => h.testAccuracy), mark: 'line' },
])
const misread = Array.from(guesses.keys()).filter((i) => guesses[i] !== testLabels[i]).slice(0, 64)
const digits = np.take(data.test.images, np.array(Int32Array.from(misread)), 0)
await imageGrid(join(options.out, 'misread.png'), { pixels: digits.dataSync(), count: misread.length, height: 28, width: 28 }, 8)
console.log(`test accuracy ${accuracy.toFixed(4)}`)
