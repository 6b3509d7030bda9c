/**
 * A convolutional network on the real MNIST: three convolutions and two dense layers, Adam, cross entropy on logits.
 *
 *     npm run mnist -- --epochs 2
 *
 * Ctrl-C leaves a checkpoint; with `--resume` the run goes on from it, to the same bits as if it had not been broken.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { defaultDevice, jit, np, random, tree, valueAndGrad } from 'pullback'
import { mnist } from 'pullback/data'
import { adam, applyUpdates, type OptimizerState } from 'pullback/optimizers'
import { loadTree, saveTree } from './lib/checkpoint.ts'
import { commandLine } from './lib/command-line.ts'
import { digitGrid } from './lib/digits.ts'
import { logits, loss, network, type Params } from './lib/mnist-network.ts'
import { plot } from './lib/plots.ts'
import { progress } from './lib/progress.ts'

const options = commandLine('Trains a convolutional network on MNIST.', {
  epochs: { about: 'passes over the training images', default: 10, least: 1 },
  batch: { about: 'images a step', default: 64, least: 1 },
  seed: { about: 'of the parameters and of the order of images', default: 0 },
  device: { about: 'wasm, or the slow reference: cpu', default: 'wasm', oneOf: ['wasm', 'cpu'] },
  limit: { about: 'train on the first so many images only; 0: on all', default: 0 },
  out: { about: 'folder for pictures and the checkpoint', default: 'out/mnist-cnn' },
  resume: { about: 'go on from the checkpoint in that folder', default: false },
})
let interrupted = false
process.once('SIGINT', () => (interrupted = true))
defaultDevice(options.device)

// One step of training: a pure function.

const [init] = network
const optimizer = adam(1e-3)
const keys = random.split(random.key(options.seed)) // one for the parameters, one for the order of images
const { params: initialParams } = init(keys.slice(0), [-1, 28, 28, 1])
/** Adam's, and a moving average of the parameters after so many steps. */
type State = { adam: OptimizerState<Params>; average: Params; steps: np.NDArray }
const initialState: State = { adam: optimizer.init(initialParams), average: initialParams, steps: np.zeros([]) }

/**
 * What is tested is an average of the parameters, which does not jump with every batch (Kingma & Ba 2015, section 7.2): over
 * the last ninth of the steps so far, and the last thousand at most.
 */
function averaged({ average, steps }: State, params: Params): Params {
  const memory = np.minimum(0.999, steps.add(1).div(steps.add(10)))
  return tree.map((past, now) => past.mul(memory).add(now.mul(np.subtract(1, memory))), average, params)
}

const trainStep = jit(
  (params: Params, state: State, images: np.NDArray, labels: np.NDArray) => {
    const [[value, correct], grads] = valueAndGrad(loss, { hasAux: true })(params, images, labels)
    const [updates, adamNext] = optimizer.update(grads, state.adam, params)
    const next = applyUpdates(params, updates)
    return [next, { adam: adamNext, average: averaged(state, next), steps: state.steps.add(1) }, value, correct] as const
  },
  { donateArgnums: [0, 1] }, // new parameters take the place of the old ones
)
const read = jit((params: Params, images: np.NDArray) => np.argmax(logits(params, images), -1))

// The data, and where the run stands.

const { train, test } = await mnist()
const total = options.limit > 0 ? Math.min(options.limit, train.labels.size) : train.labels.size
const trainLabels = train.labels.astype('int32')
const testLabels = test.labels.dataSync()
const steps = Math.ceil(total / options.batch)

interface Run {
  readonly params: Params
  readonly state: State
  /** The next step to take: its epoch, and its place in that. */
  readonly epoch: number
  readonly step: number
  /** Over the epoch so far. */
  readonly lossSum: number
  readonly correct: number
  readonly history: readonly { readonly loss: number; readonly train: number; readonly test: number }[]
}
const checkpoint = join(options.out, 'checkpoint.safetensors')
const settings = `--batch ${options.batch} --seed ${options.seed} --limit ${total}`

async function save({ params, state, ...progress }: Run): Promise<void> {
  await saveTree(checkpoint, { params, state }, { settings, progress: JSON.stringify(progress) })
}

async function resumed({ params, state }: Run): Promise<Run> {
  const { value, metadata } = await loadTree(checkpoint, { params, state })
  if (metadata['settings'] !== settings) throw new Error(`${checkpoint} was made with ${metadata['settings']}, and this run has ${settings}`)
  return { ...value, ...(JSON.parse(metadata['progress']!) as Omit<Run, 'params' | 'state'>) }
}

interface Reading {
  readonly accuracy: number
  readonly guesses: Int32Array
}
function readTestImages({ state }: Run): Reading {
  const guesses = new Int32Array(testLabels.length)
  for (let i = 0; i < guesses.length; i += 1000) guesses.set(read(state.average, test.images.slice([i, i + 1000])).dataSync(), i)
  return { accuracy: guesses.filter((guess, i) => guess === testLabels[i]).length / guesses.length, guesses }
}

// Training.

let reading: Reading | undefined
async function trainEpoch(start: Run): Promise<Run> {
  const began = performance.now()
  const name = `epoch ${start.epoch + 1}/${options.epochs}`
  const bar = progress(name, steps, start.step)
  const order = random.permutation(random.foldIn(keys.slice(1), start.epoch), total)
  let run = start
  while (run.step < steps) {
    const rows = order.slice([run.step * options.batch, Math.min(total, (run.step + 1) * options.batch)])
    const [params, state, value, correct] = trainStep(run.params, run.state, np.take(train.images, rows, 0), np.take(trainLabels, rows, 0))
    run = { ...run, params, state, step: run.step + 1, lossSum: run.lossSum + value.item(), correct: run.correct + correct.item() }
    const seen = Math.min(total, run.step * options.batch)
    bar.update(run.step, `loss ${(run.lossSum / run.step).toFixed(4)}  accuracy ${(run.correct / seen).toFixed(4)}`)
    await new Promise(setImmediate) // lets Ctrl-C in
    if (interrupted) {
      bar.finish(`${name}  interrupted after step ${run.step} of ${steps}`)
      return run
    }
  }
  reading = readTestImages(run)
  const { accuracy } = reading
  const mean = run.lossSum / steps
  bar.finish(`${name}  loss ${mean.toFixed(4)}  test accuracy ${accuracy.toFixed(4)}  ${((performance.now() - began) / 1000).toFixed(1)} s`)
  const history = [...run.history, { loss: mean, train: run.correct / total, test: accuracy }]
  return { ...run, history, epoch: run.epoch + 1, step: 0, lossSum: 0, correct: 0 }
}

let run: Run = { params: initialParams, state: initialState, epoch: 0, step: 0, lossSum: 0, correct: 0, history: [] }
if (options.resume) {
  if (!existsSync(checkpoint)) {
    console.error(`There is no ${checkpoint} to resume from.`)
    process.exit(2)
  }
  run = await resumed(run)
}
console.error(`${total} images in ${steps} steps an epoch on ${options.device}${options.resume ? `, from step ${run.step} of epoch ${run.epoch + 1}` : ''}`)
while (run.epoch < options.epochs && !interrupted) {
  run = await trainEpoch(run)
  await save(run)
}
if (interrupted) {
  await save(run)
  console.error(`${checkpoint} holds the run; --resume goes on from it`)
  process.exit(130)
}

// What came of it.

const epochs = run.history.map((_, i) => i + 1)
await plot(join(options.out, 'history.svg'), 'MNIST: accuracy by epoch', ['epoch', 'accuracy'], [
  { name: 'train', x: epochs, y: run.history.map((h) => h.train), mark: 'line' },
  { name: 'test', x: epochs, y: run.history.map((h) => h.test), mark: 'line' },
])
const { accuracy, guesses } = reading ?? readTestImages(run) // no epoch was left to resume
const misread = [...guesses.keys()].filter((i) => guesses[i] !== testLabels[i]).slice(0, 64)
const digits = misread.map((i) => ({ pixels: test.images.slice(i).dataSync(), label: testLabels[i]!, guess: guesses[i]! }))
await digitGrid(join(options.out, 'misread.png'), digits)
console.log(`test accuracy ${accuracy.toFixed(4)}`)
