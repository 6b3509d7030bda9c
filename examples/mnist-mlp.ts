/**
 * The experiment of JAX's notebook "Training a simple neural network with data loading": a 784-512-512-10 network, plain
 * gradient descent, from JAX's own random bits. `tests/truth/mnist_mlp.json` holds what JAX gives.
 *
 *     npm run example examples/mnist-mlp.ts -- --epochs 8
 */
import { defaultDevice, grad, init, jit, nn, np, random } from 'pullback'
import { mnist } from 'pullback/data'
import { commandLine } from './lib/command-line.ts'
import { progress } from './lib/progress.ts'

const options = commandLine('Trains a fully connected network on MNIST.', {
  epochs: { about: 'passes over the training images', default: 8, least: 1 },
  batch: { about: 'images a step', default: 128, least: 1 },
  device: { about: 'wasm or webgpu', default: 'wasm', oneOf: ['wasm', 'webgpu'] },
})
await init(options.device)
defaultDevice(options.device)

const sizes = [784, 512, 512, 10]
const stepSize = 0.01

type Params = { w: np.NDArray; b: np.NDArray }[]
const keys = random.split(random.key(0), sizes.length)
const initial: Params = sizes.slice(1).map((out, i) => {
  const pair = random.split(keys.slice(i))
  return { w: random.normal(pair.slice(0), [out, sizes[i]!]).mul(1e-2), b: random.normal(pair.slice(1), [out]).mul(1e-2) }
})

function predict(params: Params, images: np.NDArray): np.NDArray {
  let x = images
  for (const { w, b } of params.slice(0, -1)) x = nn.relu(np.matmul(x, w.T).add(b))
  const { w, b } = params.at(-1)!
  const logits = np.matmul(x, w.T).add(b)
  return logits.sub(nn.logsumexp(logits, -1, { keepdims: true }))
}
const loss = (params: Params, images: np.NDArray, targets: np.NDArray): np.NDArray => np.negative(np.mean(predict(params, images).mul(targets)))

const step = jit((params: Params, images: np.NDArray, labels: np.NDArray) => {
  const grads = grad(loss)(params, flat(images), nn.oneHot(labels, 10))
  return params.map(({ w, b }, i) => ({ w: w.sub(grads[i]!.w.mul(stepSize)), b: b.sub(grads[i]!.b.mul(stepSize)) }))
})
const correct = jit((params: Params, images: np.NDArray, labels: np.NDArray) => np.sum(np.equal(np.argmax(predict(params, flat(images)), 1), labels)))

/** Pixels 0 … 255, not scaled. */
function flat(images: np.NDArray): np.NDArray {
  return images.reshape([images.shape[0]!, 784]).astype('float32')
}

async function accuracy(params: Params, { images, labels }: { images: np.NDArray; labels: np.NDArray }): Promise<number> {
  const n = labels.size
  let sum = 0
  for (let i = 0; i < n; i += 10000) sum += Number((await correct(params, images.slice([i, i + 10000]), labels.slice([i, i + 10000]).astype('int32')).data())[0])
  return sum / n
}

const data = await mnist()
const n = data.train.labels.size
const steps = Math.ceil(n / options.batch)
let params = initial
for (let epoch = 1; epoch <= options.epochs; epoch++) {
  const bar = progress(`epoch ${epoch}/${options.epochs}`, steps)
  for (let i = 0; i < steps; i++) {
    const rows: [number, number] = [i * options.batch, Math.min(n, (i + 1) * options.batch)]
    params = step(params, data.train.images.slice(rows), data.train.labels.slice(rows).astype('int32'))
    if (i % 16 === 15) await params[0]!.b.ready() // a GPU works behind this loop, and is not left far behind
    bar.update(i + 1)
  }
  bar.finish()
  console.log(`epoch ${epoch}/${options.epochs}  train accuracy ${(await accuracy(params, data.train)).toFixed(4)}  test accuracy ${(await accuracy(params, data.test)).toFixed(4)}`)
}
