/** The network on MNIST, trained in a page on a device. */
import { defaultDevice, type DeviceName, init, jit, np, random, valueAndGrad } from 'pullback'
import { idx } from 'pullback/data'
import { adam, applyUpdates, type OptimizerState } from 'pullback/optimizers'
import { logits, loss, network, type Params } from '../../../../examples/lib/mnist-network.ts'
import { done } from './checks.ts'
import { offer } from './offer.ts'

export interface Run {
  /** Of each step, before it. */
  readonly losses: readonly number[]
  /** The share of the test images that are read right at the end. */
  readonly accuracy: number
  readonly milliseconds: number
}

export interface Functions {
  readonly train: (device: DeviceName, batch: number, steps: number, tested: number) => Promise<Run>
  /** How many shaders there were, and what is wrong with them. */
  readonly shaders: () => Promise<{ readonly shaders: number; readonly complaints: readonly string[] }>
}

const optimizer = adam(1e-3)
const step = jit(
  (params: Params, state: OptimizerState<Params>, images: np.NDArray, labels: np.NDArray) => {
    const [[value], grads] = valueAndGrad(loss, { hasAux: true })(params, images, labels)
    const [updates, next] = optimizer.update(grads, state, params)
    return [applyUpdates(params, updates), next, value] as const
  },
  { donateArgnums: [0, 1] },
)
const guess = jit((params: Params, images: np.NDArray) => np.argmax(logits(params, images), -1))

async function hostOf(file: string): Promise<Uint8Array> {
  const x = await idx.read(`data/${file}`)
  return Uint8Array.from(await x.data())
}
const files = ['train-images', 'train-labels', 'test-images', 'test-labels'] as const

const functions: Functions = {
  shaders: () => done!(),
  train: async (device, batch, steps, tested) => {
    const [images, labels, testImages, testLabels] = (await Promise.all(files.map(hostOf))) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array]
    const imagesAt = (of: Uint8Array, from: number, count: number): np.NDArray => np.array(of.slice(784 * from, 784 * (from + count))).reshape([count, 28, 28])
    await init(device)
    defaultDevice(device)
    let { params } = network[0](random.key(0), [-1, 28, 28, 1])
    let state = optimizer.init(params)
    const values: Promise<ArrayLike<number>>[] = []
    const began = performance.now()
    for (let i = 0; i < steps; i++) {
      const from = (i * batch) % (labels.length - batch + 1)
      const [nextParams, nextState, value] = step(params, state, imagesAt(images, from, batch), np.array(Int32Array.from(labels.slice(from, from + batch))))
      ;[params, state] = [nextParams, nextState]
      values.push(value.data())
      if (i % 4 === 3) await values.at(-4)
    }
    const losses = (await Promise.all(values)).map((values) => Number(values[0]))
    const milliseconds = performance.now() - began
    let right = 0
    const each = Math.min(tested, 250)
    for (let from = 0; from < tested; from += each) {
      const guesses = await guess(params, imagesAt(testImages, from, each)).data()
      for (let i = 0; i < each; i++) if (guesses[i] === testLabels[from + i]) right++
    }
    return { losses, accuracy: tested === 0 ? 0 : right / tested, milliseconds }
  },
}

offer(functions)
