/** The rows. Every library gets the same numbers; layouts differ where a peer wants another one. */
import * as jax from '@jax-js/jax'
import * as tf from '@tensorflow/tfjs'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { grad, jit, lax, nn, np, random, valueAndGrad, vjp } from '../../src/index.ts'
import { adam, applyUpdates } from '../../src/optimizers/index.ts'
import { Conv, Dense, Flatten, type Layer, LSTM, MaxPool, Relu, serial } from '../../src/stax/index.ts'
import { importToFirstResult, untilOptimised } from './starting.ts'
import { numbers, type Prepared, type Workload } from './workload.ts'

const require = createRequire(`${process.cwd()}/package.json`)
setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json'))}/dist/`)
await tf.setBackend('wasm')
await jax.init('wasm')
jax.defaultDevice('wasm')

/** Ours: synchronous, the result stays on the device. */
function ours(f: () => np.NDArray | readonly np.NDArray[]): Prepared {
  let out: np.NDArray | readonly np.NDArray[] = []
  return {
    run: () => {
      out = f()
    },
    result: () => Promise.resolve(Float32Array.from((Array.isArray(out) ? out : [out]).flatMap((x: np.NDArray) => [...x.dataSync()]))),
  }
}
function theirs(f: () => jax.Array): Prepared {
  return {
    run: async () => {
      const y = f()
      await y.blockUntilReady()
      y.dispose()
    },
    result: async () => (await f().data()) as Float32Array,
  }
}
function tensorflow(f: () => tf.Tensor): Prepared {
  return {
    run: async () => {
      const y = tf.tidy(f)
      // tfjs-wasm computes at once; reading one element makes sure of it without paying for a copy of all.
      const one = tf.tidy(() => y.flatten().slice(0, 1))
      await one.data()
      one.dispose()
      y.dispose()
    },
    result: async () => {
      const y = tf.tidy(f)
      const data = await y.data()
      y.dispose()
      return data
    },
  }
}

const array = (shape: readonly number[], seed: number): np.NDArray => np.array(numbers(shape.reduce((a, b) => a * b, 1), seed)).reshape(shape)
const jaxArray = (shape: readonly number[], seed: number): jax.Array => jax.numpy.array(numbers(shape.reduce((a, b) => a * b, 1), seed), { shape: [...shape] })
const tensor = (shape: readonly number[], seed: number): tf.Tensor => tf.tensor(numbers(shape.reduce((a, b) => a * b, 1), seed), [...shape])

function matmul(n: number): Workload {
  return {
    name: `matmul ${n}`,
    flops: 2 * n ** 3,
    tolerance: 1e-4,
    repeat: n <= 256 ? 10 : 1,
    libraries: {
      pullback: () => {
        const [a, b] = [array([n, n], 1), array([n, n], 2)]
        const f = jit((x: np.NDArray, y: np.NDArray) => np.matmul(x, y))
        return ours(() => f(a, b))
      },
      'jax-js': () => {
        const [a, b] = [jaxArray([n, n], 1), jaxArray([n, n], 2)]
        const f = jax.jit((x: jax.Array, y: jax.Array) => jax.numpy.matmul(x, y))
        return theirs(() => f(a.ref, b.ref))
      },
      tfjs: () => {
        const [a, b] = [tensor([n, n], 1) as tf.Tensor2D, tensor([n, n], 2) as tf.Tensor2D]
        return tensorflow(() => tf.matMul(a, b))
      },
    },
  }
}

const big = 4 * 2 ** 20

const tanhExp: Workload = {
  name: 'tanh(exp(x)), 4M',
  bytes: 8 * big,
  tolerance: 1e-5,
  repeat: 1,
  libraries: {
    pullback: () => {
      const x = array([big], 1)
      const f = jit((v: np.NDArray) => np.tanh(np.exp(v)))
      return ours(() => f(x))
    },
    'jax-js': () => {
      const x = jaxArray([big], 1)
      const f = jax.jit((v: jax.Array) => jax.numpy.tanh(jax.numpy.exp(v)))
      return theirs(() => f(x.ref))
    },
    tfjs: () => {
      const x = tensor([big], 1)
      return tensorflow(() => tf.tanh(tf.exp(x)))
    },
  },
}

const axpy: Workload = {
  name: 'a*b+c, 4M',
  bytes: 16 * big,
  tolerance: 1e-6,
  repeat: 1,
  libraries: {
    pullback: () => {
      const [a, b, c] = [array([big], 1), array([big], 2), array([big], 3)]
      const f = jit((x: np.NDArray, y: np.NDArray, z: np.NDArray) => x.mul(y).add(z))
      return ours(() => f(a, b, c))
    },
    'jax-js': () => {
      const [a, b, c] = [jaxArray([big], 1), jaxArray([big], 2), jaxArray([big], 3)]
      const f = jax.jit((x: jax.Array, y: jax.Array, z: jax.Array) => x.mul(y).add(z))
      return theirs(() => f(a.ref, b.ref, c.ref))
    },
    tfjs: () => {
      const [a, b, c] = [tensor([big], 1), tensor([big], 2), tensor([big], 3)]
      return tensorflow(() => tf.add(tf.mul(a, b), c))
    },
  },
}

function sum(n: number, label: string): Workload {
  return {
    name: `sum ${label}`,
    bytes: 4 * n,
    tolerance: 1e-2,
    repeat: 1,
    libraries: {
      pullback: () => {
        const x = array([n], 1)
        const f = jit((v: np.NDArray) => np.sum(v))
        return ours(() => f(x))
      },
      'jax-js': () => {
        const x = jaxArray([n], 1)
        const f = jax.jit((v: jax.Array) => jax.numpy.sum(v))
        return theirs(() => f(x.ref))
      },
      tfjs: () => {
        const x = tensor([n], 1)
        return tensorflow(() => tf.sum(x))
      },
    },
  }
}

const dimensionNumbers = ['NHWC', 'HWIO', 'NHWC'] as const

function conv(channels: number): Workload {
  const [xs, ws] = [[32, 32, 32, channels], [3, 3, channels, 64]]
  const f = (x: np.NDArray, w: np.NDArray): np.NDArray => lax.convGeneralDilated(x, w, { windowStrides: [1, 1], padding: 'SAME', dimensionNumbers })
  return {
    name: `conv 32x32x32x${channels} k3 to 64`,
    flops: 2 * 32 * 32 * 32 * 9 * channels * 64,
    tolerance: 1e-4,
    repeat: 1,
    libraries: {
      pullback: () => {
        const [x, w] = [array(xs, 1), array(ws, 2)]
        const g = jit(f)
        return ours(() => g(x, w))
      },
      ...(channels <= 3 && {
        // NCHW and OIHW are its layouts; the same numbers in another order, so results are compared as sums elsewhere.
        'jax-js': () => {
          const x = jax.numpy.transpose(jaxArray(xs, 1), [0, 3, 1, 2])
          const w = jax.numpy.transpose(jaxArray(ws, 2), [3, 2, 0, 1])
          const g = jax.jit((a: jax.Array, b: jax.Array) => jax.numpy.transpose(jax.lax.conv(a, b, [1, 1], 'SAME'), [0, 2, 3, 1]))
          return theirs(() => g(x.ref, w.ref))
        },
      }),
      tfjs: () => {
        const [x, w] = [tensor(xs, 1) as tf.Tensor4D, tensor(ws, 2) as tf.Tensor4D]
        return tensorflow(() => tf.conv2d(x, w, 1, 'same'))
      },
    },
  }
}

const convBackward: Workload = {
  name: 'conv 32x32x32x64 k3 to 64, forward and both gradients',
  flops: 3 * 2 * 32 * 32 * 32 * 9 * 64 * 64,
  tolerance: 1e-4,
  repeat: 1,
  libraries: {
    pullback: () => {
      const [x, w, ct] = [array([32, 32, 32, 64], 1), array([3, 3, 64, 64], 2), array([32, 32, 32, 64], 3)]
      const f = (a: np.NDArray, b: np.NDArray): np.NDArray => lax.convGeneralDilated(a, b, { windowStrides: [1, 1], padding: 'SAME', dimensionNumbers })
      const g = jit((a: np.NDArray, b: np.NDArray, c: np.NDArray) => {
        const [y, pullback] = vjp(f, [a, b] as const)
        const [da, db] = pullback(c)
        return [y, da, db] as const
      })
      return ours(() => g(x, w, ct))
    },
  },
}

const mlp: Workload = {
  name: 'MLP 784-512-512-10, batch 128, SGD step',
  flops: 3 * 2 * 128 * (784 * 512 + 512 * 512 + 512 * 10) - 2 * 128 * 784 * 512,
  tolerance: 1e-3,
  repeat: 1,
  libraries: {
    pullback: () => {
      const [x, labels] = [array([128, 784], 1), np.array(Int32Array.from({ length: 128 }, (_, i) => i % 10))]
      const sizes = [784, 512, 512, 10]
      const params = sizes.slice(1).map((out, i) => ({ w: array([sizes[i]!, out], 5 + i).mul(0.1), b: np.zeros([out]) }))
      type Params = typeof params
      const loss = (ps: Params): np.NDArray => {
        let h = x
        ps.forEach(({ w, b }, i) => {
          h = np.matmul(h, w).add(b)
          if (i + 1 < ps.length) h = nn.relu(h)
        })
        return np.negative(np.mean(np.sum(nn.logSoftmax(h).mul(nn.oneHot(labels, 10)), -1)))
      }
      const step = jit((ps: Params) => {
        const g = grad(loss)(ps)
        return ps.map(({ w, b }, i) => ({ w: w.sub(g[i]!.w.mul(0.01)), b: b.sub(g[i]!.b.mul(0.01)) }))
      })
      return ours(() => {
        const next = step(params)
        return next.map((p) => p.b)
      })
    },
    tfjs: () => {
      const x = tensor([128, 784], 1) as tf.Tensor2D
      const labels = tf.oneHot(tf.tensor1d(Int32Array.from({ length: 128 }, (_, i) => i % 10), 'int32'), 10)
      const sizes = [784, 512, 512, 10]
      const ws = sizes.slice(1).map((out, i) => tf.mul(tensor([sizes[i]!, out], 5 + i), 0.1) as tf.Tensor2D)
      const bs = sizes.slice(1).map((out) => tf.zeros([out]))
      return tensorflow(() => {
        const loss = (...ps: tf.Tensor[]): tf.Tensor => {
          let h: tf.Tensor = x
          for (let i = 0; i < 3; i++) {
            h = tf.add(tf.matMul(h as tf.Tensor2D, ps[i] as tf.Tensor2D), ps[3 + i]!)
            if (i < 2) h = tf.relu(h)
          }
          return tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(h), labels), -1)))
        }
        const gs = tf.grads(loss)([...ws, ...bs])
        const next = [...ws, ...bs].map((p, i) => tf.sub(p, tf.mul(gs[i]!, 0.01)))
        return tf.concat(next.slice(3).map((b) => b.flatten()))
      })
    },
  },
}

/** Params of any network: nested lists and records of arrays. */
type Params = readonly { readonly [name: string]: np.NDArray }[]

/** A step of Adam on a network's params, its state donated; another `rate` is another program. */
function adamStep<P>(network: Layer<P>, inputShape: readonly number[], rate: number): () => np.NDArray {
  const [init, apply] = network as unknown as Layer<Params> // what the step does not look into
  let { params } = init(random.key(0), [-1, ...inputShape.slice(1)])
  const optimizer = adam(rate)
  let state = optimizer.init(params)
  const [x, labels] = [array(inputShape, 1), np.array(Int32Array.from({ length: inputShape[0]! }, (_, i) => i % 10))]
  const loss = (p: Params): np.NDArray => np.negative(np.mean(np.sum(nn.logSoftmax(apply(p, x)).mul(nn.oneHot(labels, 10)), -1)))
  const step = jit(
    (p: Params, s: typeof state) => {
      const [value, grads] = valueAndGrad(loss)(p)
      const [updates, next] = optimizer.update(grads, s, p)
      return [applyUpdates(p, updates), next, value] as const
    },
    { donateArgnums: [0, 1] },
  )
  return () => {
    const [p, s, value] = step(params, state)
    params = p
    state = s
    return value
  }
}

export const convolutional = (rate: number, batch = 64): (() => np.NDArray) =>
  adamStep(serial(Conv(32, [3, 3]), Relu, MaxPool([2, 2]), Conv(64, [3, 3]), Relu, MaxPool([2, 2]), Conv(64, [3, 3]), Relu, Flatten, Dense(64), Relu, Dense(10)), [batch, 28, 28, 1], rate)
const recurrent = (rate: number): (() => np.NDArray) => adamStep(serial(LSTM(128, { sequences: false }), Dense(10)), [64, 28, 28], rate)

// Forward: 26²·9·32 + 11²·9·32·64 + 3²·9·64·64 + 576·64 + 640 products an image; backward twice that, less the first input's gradient.
export const cnnFlops = (batch: number): number => 2 * batch * (2 * 26 * 26 * 9 * 32 + 3 * (11 * 11 * 9 * 32 * 64 + 3 * 3 * 9 * 64 * 64 + 576 * 64 + 640))

const cnn: Workload = {
  name: 'MNIST CNN, batch 64, Adam step',
  flops: cnnFlops(64),
  tolerance: 1e-3,
  repeat: 1,
  libraries: { pullback: () => ours(convolutional(1e-3)) },
}

const lstm: Workload = {
  name: 'LSTM(28 to 128), T 28, batch 64, Adam step',
  // A step in time has 28·512 + 128·512 products an example; backward the first once more, the second twice.
  flops: 2 * 64 * 28 * 512 * (2 * 28 + 3 * 128),
  tolerance: 1e-3,
  repeat: 1,
  libraries: { pullback: () => ours(recurrent(1e-3)) },
}

/** Rows of 1000: what is read once and written once. */
const rows = (name: string, f: (x: np.NDArray) => np.NDArray, peer: ((x: tf.Tensor) => tf.Tensor) | null): Workload => ({
  name: `${name} of 4096 rows of 1000`,
  bytes: 2 * 4 * 4096 * 1000,
  tolerance: 1e-4,
  repeat: 1,
  libraries: {
    pullback: () => {
      const x = array([4096, 1000], 1)
      const g = jit(f)
      return ours(() => g(x))
    },
    ...(peer === null ? {} : {
      tfjs: () => {
        const x = tensor([4096, 1000], 1)
        return tensorflow(() => peer(x))
      },
    }),
  },
})
const layerNorm = (x: np.NDArray): np.NDArray => {
  const centred = x.sub(np.mean(x, { axis: -1, keepdims: true }))
  return centred.div(np.sqrt(np.mean(np.square(centred), { axis: -1, keepdims: true }).add(1e-5)))
}

/** Time until the first result of a step that nobody compiled before: tracing, compiling, one run in first-tier code. */
const firstStep = (name: string, make: (rate: number) => () => np.NDArray): Workload => {
  let rate = 1e-3
  return { name: `first step of the ${name}: trace, compile, run`, tolerance: 1, repeat: 1, libraries: { pullback: () => ours(() => make((rate *= 1.001))()) } }
}

/** Trace and compile of a gradient through a loop: as long as it may be. */
const loop = (length: number): Workload => {
  let scale = 1
  return {
    name: `first call of grad(scan), T = ${length.toLocaleString('en')}`,
    tolerance: 1,
    repeat: 1,
    libraries: {
      pullback: () => {
        const xs = array([length, 8], 1)
        return ours(() => {
          const by = (scale *= 1.001) // another program each time
          return jit(grad((w: np.NDArray) => np.sum(lax.scan((h: np.NDArray, x: np.NDArray) => [np.tanh(h.matmul(w).mul(by).add(x)), null] as const, np.zeros([8]), xs)[0])))(np.zeros([8, 8]))
        })
      },
    },
  }
}

const tiny: Workload = {
  name: 'call of a jitted tiny function',
  tolerance: 1e-6,
  repeat: 2000,
  libraries: {
    pullback: () => {
      const x = array([4], 1)
      const f = jit((v: np.NDArray) => v.mul(2).add(1))
      return ours(() => f(x))
    },
    'jax-js': () => {
      const x = jaxArray([4], 1)
      const f = jax.jit((v: jax.Array) => v.mul(2).add(1))
      return theirs(() => f(x.ref))
    },
  },
}

const eager: Workload = {
  name: 'one eager op on a tiny array',
  tolerance: 1e-6,
  repeat: 2000,
  libraries: {
    pullback: () => {
      const x = array([4], 1)
      return ours(() => x.mul(2))
    },
    'jax-js': () => {
      const x = jaxArray([4], 1)
      return theirs(() => x.ref.mul(2))
    },
    tfjs: () => {
      const x = tensor([4], 1)
      return tensorflow(() => tf.mul(x, 2))
    },
  },
}

/** More shapes than are kept compiled, so that each is new whenever its turn comes. */
const shapes = 6000
const newShape = (name: string, f: (x: np.NDArray) => np.NDArray): Workload => ({
  name,
  tolerance: 1,
  repeat: 100,
  libraries: {
    pullback: () => {
      const xs = Array.from({ length: shapes }, (_, i) => np.array(numbers(8 + i, 1)))
      let next = 0
      return ours(() => f(xs[next++ % shapes]!))
    },
  },
})

const optimised = (name: string, make: () => () => void): Workload => ({ name: `${name}: until the engine has optimised its code`, tolerance: 1, repeat: 1, once: () => untilOptimised(make()), libraries: {} })
const firstTanhExp = (): (() => void) => {
  const x = array([big], 1)
  const f = jit((v: np.NDArray) => np.tanh(np.exp(v)).mul(1.5)) // no row has it
  return () => f(x).dispose()
}

export const workloads: readonly Workload[] = [matmul(64), matmul(256), matmul(1024), tanhExp, axpy, sum(big, '4M'), sum(16 * big, '64M'), conv(3), conv(64), convBackward, mlp, cnn, lstm,
  rows('softmax', (x) => nn.softmax(x), (x) => tf.softmax(x)), rows('layer norm', layerNorm, null),
  tiny, eager, newShape('one eager op at a new shape', (x) => x.mul(2)), newShape('one eager sum at a new shape', (x) => np.sum(x)),
  { name: 'import to first jitted result, one thread', tolerance: 1, repeat: 1, once: () => importToFirstResult(process.cwd()), libraries: {} },
  firstStep('CNN', (rate) => convolutional(rate)), firstStep('LSTM', recurrent), loop(10), loop(10_000),
  optimised('tanh(exp(x)), 4M', firstTanhExp), optimised('CNN', () => {
    const step = convolutional(1.01e-3)
    return () => void step()
  })]
