/** The page's worker: trains the network, reads digits with it, and shows what a step becomes. The page stays free for whoever draws. */
import { debug, defaultDevice, init, jit, lower, nn, np, random, valueAndGrad } from 'pullback'
import { adam, applyUpdates, type OptimizerState } from 'pullback/optimizers'
import { logits, loss, network, type Params } from '../lib/mnist-network.ts'
import { type Digits, readDigits } from './digits.ts'
import type { Device, Place, Report, Request, Settings } from './protocol.ts'

const say = (report: Report): void => postMessage(report)
const status = (text: string, busy: boolean): void => say({ kind: 'status', text, busy })

/** The event loop turns, so that messages come in. A timer would wait for milliseconds. */
const { port1, port2 } = new MessageChannel()
const turn = (): Promise<void> =>
  new Promise((resolve) => {
    port1.onmessage = () => resolve()
    port2.postMessage(null)
  })

// One step of training, and reading: pure functions.

const optimizer = adam(1e-3)
type State = OptimizerState<Params>

function step(params: Params, state: State, images: np.NDArray, labels: np.NDArray): readonly [Params, State, np.NDArray, np.NDArray] {
  const [[value, correct], grads] = valueAndGrad(loss, { hasAux: true })(params, images, labels)
  const [updates, next] = optimizer.update(grads, state, params)
  return [applyUpdates(params, updates), next, value, correct]
}
const options = { donateArgnums: [0, 1] } // new parameters take the place of the old ones
const trainStep = jit(step, options)
const guess = jit((params: Params, images: np.NDArray) => np.argmax(logits(params, images), -1))
const likelihoods = jit((params: Params, image: np.NDArray) => nn.softmax(logits(params, image)))

// Where the run stands.

interface Run {
  params: Params
  state: State
  steps: number
}
let started: { readonly device: Device; readonly run: Promise<Run> } | null = null
let software = false
let stopping = true
let training: Promise<void> = Promise.resolve()

async function begin(device: Device): Promise<Run> {
  software = (await init(device)).software
  defaultDevice(device)
  const { params } = network[0](random.key(0), [-1, 28, 28, 1])
  return { params, state: optimizer.init(params), steps: 0 }
}

/** The run on a device: the one that is there, or a new one. */
function runOn(device: Device): Promise<Run> {
  if (started?.device === device) return started.run
  const run = begin(device)
  const mine = { device, run }
  started = mine
  run.catch(() => {
    if (started === mine) started = null // may work another time
  })
  return run
}

/** Resolves when no step is on its way. */
function atRest(): Promise<void> {
  stopping = true
  return training.catch(() => {}) // whoever asked for it was told
}

let data: Promise<{ readonly train: Digits; readonly test: Digits }> | null = null
const digits = (): NonNullable<typeof data> =>
  (data ??= (async () => {
    status('Fetching the digits', true)
    const read = { train: await readDigits('data', 'train'), test: await readDigits('data', 'test') }
    status('Ready', false)
    return read
  })())

/** The share of the first thousand test images that are read right. */
async function test({ params, steps }: Run): Promise<void> {
  const { test } = await digits()
  let right = 0
  for (let from = 0; from < 1000; from += 250) {
    const places = Array.from({ length: 250 }, (_, i) => from + i)
    const guesses = await guess(params, test.batch(places).images).data()
    right += places.filter((place, i) => guesses[i] === test.labels[place]).length
  }
  say({ kind: 'tested', step: steps, accuracy: right / 1000 })
}

/** The order of the images in an epoch: made on WASM, whose values can be read at once. */
function orderIn(epoch: number, count: number): ArrayLike<number> {
  const device = defaultDevice()
  defaultDevice('wasm')
  try {
    return random.permutation(random.foldIn(random.key(1), epoch), count).dataSync()
  } finally {
    defaultDevice(device)
  }
}

async function train({ device, batch }: Settings): Promise<void> {
  const { train } = await digits()
  status('Starting', true)
  const run = await runOn(device)
  const perEpoch = Math.floor(train.count / batch)
  let order: ArrayLike<number> = []
  let orderOf = -1
  let since = performance.now()
  /** A step is told of when the next is on its way, so that a GPU does not wait for the page. */
  let tell = (): Promise<void> => Promise.resolve()
  status(device === 'wasm' ? 'Compiling the step' : `Compiling shaders${software ? ' (slow in software)' : ''}`, true)
  while (!stopping) {
    const epoch = Math.floor(run.steps / perEpoch)
    if (epoch !== orderOf) {
      order = orderIn(epoch, train.count)
      orderOf = epoch
    }
    const from = (run.steps % perEpoch) * batch
    const { images, labels } = train.batch(Array.prototype.slice.call(order, from, from + batch))
    const [params, state, value, correct] = trainStep(run.params, run.state, images, labels)
    Object.assign(run, { params, state, steps: run.steps + 1 })
    await tell()
    const step = run.steps
    tell = async () => {
      const [[lossNow], [right]] = await Promise.all([value.data(), correct.data()])
      const now = performance.now()
      say({ kind: 'step', step, loss: Number(lossNow), accuracy: Number(right) / batch, milliseconds: now - since, images: batch })
      since = now
    }
    if (step % 100 === 0) {
      await tell()
      tell = () => Promise.resolve()
      await test(run)
      since = performance.now()
    }
    await turn()
  }
  await tell()
  await test(run)
  say({ kind: 'stopped', step: run.steps })
}

// What the page asks for.

async function readDigit(pixels: Uint8Array): Promise<void> {
  const { params, steps } = await (started?.run ?? runOn('wasm'))
  const [probabilities] = await likelihoods(params, np.array(pixels).reshape([1, 28, 28])).jsAsync() as number[][]
  say({ kind: 'reading', probabilities: probabilities!, step: steps })
}

async function example(digit: number | null): Promise<void> {
  const { test } = await digits()
  const places = Array.from(test.labels.keys()).filter((place) => digit === null || test.labels[place] === digit)
  const place = places[Math.floor(Math.random() * places.length)]!
  say({ kind: 'example', pixels: test.pixels(place), label: test.labels[place]! })
}

/** What there is to compute on. That WebGPU cannot be had is an error with a line for each thing that was tried. */
async function place(): Promise<Place> {
  const gpu: Place['gpu'] = await init('webgpu').then(
    ({ adapter, software }) => ({ name: adapter ?? 'a GPU', software }),
    (e: unknown) => ({ refused: (e instanceof Error ? e.message : String(e)).split('\n').filter((line) => line.startsWith('  ')).map((line) => line.trim()) }),
  )
  return { isolated: globalThis.crossOriginIsolated, threads: debug.threads(), gpu }
}

async function answer(request: Request): Promise<void> {
  switch (request.kind) {
    case 'train':
      await atRest()
      stopping = false
      return (training = train(request.settings))
    case 'stop':
      return atRest()
    case 'reset':
      await atRest()
      started = null
      await runOn(request.settings.device)
      return say({ kind: 'fresh' })
    case 'read':
      return readDigit(request.pixels)
    case 'example':
      return example(request.digit)
    case 'text': {
      const { stage, settings } = request
      const { params, state } = await runOn(settings.device)
      const [images, labels] = [np.zeros([settings.batch, 28, 28], { dtype: 'uint8' }), np.zeros([settings.batch], { dtype: 'int32' })]
      say({ kind: 'text', stage, text: lower(step, options)(params, state, images, labels).text(stage) })
    }
  }
}

addEventListener('message', ({ data }: MessageEvent<Request>) => {
  answer(data).catch((e: unknown) => {
    stopping = true
    say({ kind: 'failed', message: e instanceof Error ? `${e.name}: ${e.message}` : String(e) })
  })
})
place().then((place) => say({ kind: 'place', place }), (e: unknown) => say({ kind: 'failed', message: String(e) }))
