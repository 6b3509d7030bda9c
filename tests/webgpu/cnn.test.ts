/**
 * A convolutional network trained from the same key on every device: losses agree, and so does every step's gradient when
 * each device starts the step from the same parameters. At full size the network and the images of examples/mnist-cnn.ts.
 */
import { defaultDevice, type DeviceName, devicePut, jit, nn, type NDArray, np, random, tree, valueAndGrad } from 'pullback'
import { mnist } from 'pullback/data'
import { adam, applyUpdates, type OptimizerState } from 'pullback/optimizers'
import { Conv, Dense, Flatten, type Layer, MaxPool, Relu, serial } from 'pullback/stax'
import { beforeAll, describe, expect, test } from 'vitest'
import { longTestTimeout, sized } from '../scale.ts'
import { fetched, onWebGpu } from './own.ts'

onWebGpu()

const batch = sized(4, 8)
const size = sized(8, 28)
const steps = sized(4, 20)
const manySteps = sized(8, 100)
const optimizer = adam(1e-3)

type Params = NDArray[]
type State = OptimizerState<Params>

/** A network with its parameters in a list, so that both sizes have one type. */
function listed<P>([initTree, applyTree]: Layer<P>): { readonly init: () => Params; readonly apply: (p: Params, x: NDArray) => NDArray } {
  const make = (): P => initTree(random.key(0), [-1, size, size, 1]).params
  const [, structure] = tree.flatten(make())
  return {
    init: () => tree.leaves(make()).map((x) => np.asarray(x)),
    apply: (p, x) => applyTree(tree.unflatten(structure, p) as P, x, { mode: 'train' }), // the structure is that of P
  }
}
const { init, apply } = sized(
  () => listed(serial(Conv(3, [3, 3]), Relu, MaxPool([2, 2]), Flatten, Dense(10))),
  () => listed(serial(Conv(32, [3, 3]), Relu, MaxPool([2, 2]), Conv(64, [3, 3]), Relu, MaxPool([2, 2]), Conv(64, [3, 3]), Relu, Flatten, Dense(64), Relu, Dense(10))),
)()

const loss = (p: Params, images: NDArray, labels: NDArray): NDArray => {
  const logits = apply(p, np.expandDims(images.astype('float32').div(255), -1))
  return np.negative(np.mean(np.sum(nn.logSoftmax(logits).mul(nn.oneHot(labels, 10)), -1)))
}
const gradients = jit((p: Params, images: NDArray, labels: NDArray): Params => valueAndGrad(loss)(p, images, labels)[1])
const step = jit((p: Params, state: State, images: NDArray, labels: NDArray): readonly [Params, State, NDArray] => {
  const [value, grads] = valueAndGrad(loss)(p, images, labels)
  const [updates, next] = optimizer.update(grads, state, p)
  return [applyUpdates(p, updates), next, value]
}, { donateArgnums: [0, 1] })

let pixels: Uint8Array
let digits: Uint8Array
beforeAll(async () => {
  if (size === 28) {
    const { train } = await mnist()
    const first = (x: NDArray): Uint8Array => Uint8Array.from(devicePut(x, 'wasm').slice([0, batch * manySteps]).dataSync())
    pixels = first(train.images)
    digits = first(train.labels)
  } else {
    digits = Uint8Array.from({ length: batch * manySteps }, (_, i) => (i * 7) % 10)
    pixels = Uint8Array.from({ length: batch * manySteps * size * size }, (_, i) => 127 + 120 * Math.sin(i * (1 + digits[Math.floor(i / size ** 2)]!)))
  }
})

const batchOf = (i: number): [images: NDArray, labels: NDArray] => [
  np.array(pixels.slice(i * batch * size ** 2, (i + 1) * batch * size ** 2)).reshape([batch, size, size]),
  np.array(Int32Array.from(digits.slice(i * batch, (i + 1) * batch))),
]

const norm = (xs: readonly number[]): number => Math.sqrt(xs.reduce((sum, x) => sum + x * x, 0))

/** What `body` gives when `device` is the default one. */
function on<T>(device: DeviceName, body: () => T): T {
  defaultDevice(device)
  try {
    return body()
  } finally {
    defaultDevice('webgpu')
  }
}

/** Losses of training from the same key. */
async function losses(device: DeviceName, count: number): Promise<number[]> {
  const seen = on(device, () => {
    let p = init()
    let state = optimizer.init(p)
    return Array.from({ length: count }, (_, i) => {
      const [nextP, nextState, value] = step(p, state, ...batchOf(i))
      ;[p, state] = [nextP, nextState]
      return value
    })
  })
  return (await fetched(seen)).map((x) => x.item())
}

describe('the network', () => {
  test(`has the same losses on cpu, wasm and webgpu, over ${steps} steps`, { timeout: longTestTimeout }, async () => {
    const [cpu, wasm, webgpu] = [await losses('cpu', steps), await losses('wasm', steps), await losses('webgpu', steps)]
    for (const [a, b, left, right] of [['cpu', 'wasm', cpu, wasm], ['cpu', 'webgpu', cpu, webgpu], ['wasm', 'webgpu', wasm, webgpu]] as const) {
      for (const [i, value] of left.entries()) expect(Math.abs(right[i]! - value), `step ${i}: ${value} on ${a} and ${right[i]} on ${b}`).toBeLessThanOrEqual(1e-4)
    }
    expect(new Set(webgpu.map((x) => x.toFixed(4))).size).toBeGreaterThan(1)
  })

  test(`stays near on wasm and webgpu over ${manySteps} steps, and learns`, { timeout: longTestTimeout }, async () => {
    const [wasm, webgpu] = [await losses('wasm', manySteps), await losses('webgpu', manySteps)]
    for (const [i, value] of wasm.entries()) expect(Math.abs(webgpu[i]! - value), `step ${i}: ${webgpu[i]} and ${value}`).toBeLessThanOrEqual(5e-2)
    const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b) / xs.length
    if (size === 28) expect(mean(webgpu.slice(-20))).toBeLessThan(0.7 * mean(webgpu.slice(0, 20)))
  })

  test(`has the same gradients from the same parameters, at every step: cpu over ${steps}, wasm and webgpu over ${manySteps}`, { timeout: longTestTimeout }, async () => {
    let p = on('wasm', init)
    let state = on('wasm', () => optimizer.init(p))
    for (let i = 0; i < manySteps; i++) {
      const grads: Partial<Record<DeviceName, readonly NDArray[]>> = {
        wasm: on('wasm', () => gradients(p, ...batchOf(i))),
        webgpu: await fetched(gradients(devicePut(p, 'webgpu'), ...batchOf(i))),
        ...(i < steps ? { cpu: on('cpu', () => gradients(devicePut(p, 'cpu'), ...batchOf(i))) } : {}),
      }
      for (const [a, b] of [['wasm', 'webgpu'], ['cpu', 'wasm'], ['cpu', 'webgpu']] as const) {
        const [want, got] = [grads[a], grads[b]].map((gs) => gs?.flatMap((g) => [...g.dataSync()]))
        if (want !== undefined && got !== undefined) expect(norm(want.map((v, k) => v - got[k]!)) / norm(want), `${a} and ${b}, step ${i}`).toBeLessThanOrEqual(1e-4)
      }
      ;[p, state] = on('wasm', () => step(p, state, ...batchOf(i)))
    }
  })
})
