/** The rows. Every library gets the same numbers; layouts differ where a peer wants another one. */
import * as jax from '@jax-js/jax'
import * as tf from '@tensorflow/tfjs'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { jit, lax, nn, np, vjp } from '../../src/index.ts'
import { compiling, type Compiled } from './compiling.ts'
import { array, cnnFlops, convolutional, layerNorm, perceptron, recurrent, throughLoop } from './networks.ts'
import { firstStepInNewProcess, importToFirstResult, untilOptimised } from './starting.ts'
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
    result: () => Promise.resolve(Float64Array.from((Array.isArray(out) ? out : [out]).flatMap((x: np.NDArray) => [...x.dataSync()]))),
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
    // Positive and negative numbers cancel, so what rounding may do is measured by the sum of magnitudes.
    tolerance: 1e-6,
    magnitude: n / 4,
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
      // With 64 channels a run takes it 7 to 8 s (0.3 GFLOP/s), two minutes for this row alone.
      ...(channels <= 3 && {
        // NCHW and OIHW are its layouts.
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
    pullback: () => ours(perceptron(0.01)),
    'jax-js': () => {
      const x = jaxArray([128, 784], 1)
      const sizes = [784, 512, 512, 10]
      const ws = sizes.slice(1).map((out, i) => jaxArray([sizes[i]!, out], 5 + i).mul(0.1))
      const bs = sizes.slice(1).map((out) => jax.numpy.zeros([out]))
      const labels = jax.numpy.array(Float32Array.from({ length: 1280 }, (_, i) => Number(i % 10 === Math.floor(i / 10) % 10)), { shape: [128, 10] })
      const loss = (ps: jax.Array[], h: jax.Array, wanted: jax.Array): jax.Array => {
        for (let i = 0; i < 3; i++) {
          h = jax.numpy.matmul(h, ps[i]!).add(ps[3 + i]!)
          if (i < 2) h = jax.nn.relu(h)
        }
        return jax.numpy.mean(jax.numpy.sum(jax.nn.logSoftmax(h, -1).mul(wanted), -1)).mul(-1)
      }
      const step = jax.jit((ps: jax.Array[], h: jax.Array, wanted: jax.Array) => {
        const gs = jax.grad(loss)(ps.map((p) => p.ref), h, wanted) as jax.Array[] // a gradient has its parameters' structure
        return ps.map((p, i) => p.sub(gs[i]!.mul(0.01)))
      })
      const next = (): jax.Array[] => step([...ws, ...bs].map((p) => p.ref), x.ref, labels.ref)
      return {
        run: async () => {
          const ps = next()
          await jax.blockUntilReady(ps)
          jax.tree.dispose(ps)
        },
        result: async () => {
          const ps = next()
          const all = await Promise.all(ps.slice(3).map(async (b) => [...(await b.data())]))
          jax.tree.dispose(ps.slice(0, 3))
          return all.flat()
        },
      }
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

/** A network in training: the losses of its first three steps are what libraries have to agree on. */
function training(step: () => np.NDArray): Prepared {
  const losses: number[] = []
  return {
    run: () => {
      const loss = step()
      if (losses.length < 3) losses.push(loss.item())
    },
    result: () => {
      while (losses.length < 3) losses.push(step().item())
      return Promise.resolve(losses)
    },
  }
}

const cnn: Workload = {
  name: 'MNIST CNN, batch 64, Adam step',
  flops: cnnFlops(64),
  tolerance: 1e-4,
  repeat: 1,
  libraries: { pullback: () => training(convolutional(1e-3)) },
}

const lstm: Workload = {
  name: 'LSTM(28 to 128), T 28, batch 64, Adam step',
  // A step in time has 28·512 + 128·512 products an example; backward the first once more, the second twice.
  flops: 2 * 64 * 28 * 512 * (2 * 28 + 3 * 128),
  tolerance: 1e-4,
  repeat: 1,
  libraries: { pullback: () => training(recurrent(1e-3)) },
}

/** Rows of 1000: what is read once and written once. */
const rows = (name: string, f: (x: np.NDArray) => np.NDArray, jaxJs: (x: jax.Array) => jax.Array, tfjs: (x: tf.Tensor) => tf.Tensor): Workload => ({
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
    'jax-js': () => {
      const x = jaxArray([4096, 1000], 1)
      const g = jax.jit(jaxJs)
      return theirs(() => g(x.ref))
    },
    tfjs: () => {
      const x = tensor([4096, 1000], 1)
      return tensorflow(() => tfjs(x))
    },
  },
})
const jaxLayerNorm = (x: jax.Array): jax.Array => {
  const centred = x.ref.sub(jax.numpy.mean(x, -1, { keepdims: true }))
  return centred.ref.div(jax.numpy.sqrt(jax.numpy.mean(jax.numpy.square(centred), -1, { keepdims: true }).add(1e-5)))
}
const tfLayerNorm = (x: tf.Tensor): tf.Tensor => {
  const centred = tf.sub(x, tf.mean(x, -1, true))
  return tf.div(centred, tf.sqrt(tf.add(tf.mean(tf.square(centred), -1, true), 1e-5)))
}

/** Runs of which only what comes before the program's own run counts: tracing, lowering, emitting, compiling. */
function untilCompiled(make: () => () => unknown): Prepared {
  let last: Compiled = { milliseconds: 0, bytes: 0 }
  const run = (): number => {
    const first = make()
    last = compiling(first)
    return last.milliseconds
  }
  return {
    run: () => void run(),
    sample: (times) => Array.from({ length: times }, run).reduce((a, b) => a + b, 0),
    result: () => Promise.resolve([]),
    detail: () => `${last.bytes.toLocaleString('en')} bytes`,
  }
}

/** Networks whose learning rate is new at each call: programs that nobody compiled before, in a process that has compiled many. */
const anew = (make: (rate: number) => () => np.NDArray): (() => () => np.NDArray) => {
  let rate = 1e-3
  return () => make((rate *= 1.001))
}
const firstStep = (name: 'CNN' | 'LSTM', make: () => () => np.NDArray): readonly Workload[] => [
  { name: `trace and compile of the ${name}'s step, compiler warm`, tolerance: 1, repeat: 1, libraries: { pullback: () => untilCompiled(make) } },
  { name: `trace and compile of the ${name}'s step in a new process`, tolerance: 1, repeat: 1, once: () => firstStepInNewProcess(process.cwd(), name, 'compile'), libraries: {} },
  { name: `first step of the ${name}, compiler warm: trace, compile, run`, tolerance: 1, repeat: 1, libraries: { pullback: () => ours(() => make()()) } },
  { name: `first step of the ${name} in a new process: trace, compile, run`, tolerance: 1, repeat: 1, once: () => firstStepInNewProcess(process.cwd(), name, 'run'), libraries: {} },
]

/** The gradient through a loop: what compiling takes should not depend on its length. */
const loop = (length: number): Workload => {
  let scale = 1
  return {
    name: `trace and compile of grad(scan), T = ${length.toLocaleString('en')}`,
    tolerance: 1,
    repeat: 1,
    libraries: {
      pullback: () => {
        const [xs, w] = [array([length, 8], 1), np.zeros([8, 8])]
        return untilCompiled(() => {
          const f = throughLoop(xs, (scale *= 1.001)) // another program each time
          return () => f(w)
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
  const by = (factor += 0.001) // no row has it
  const f = jit((v: np.NDArray) => np.tanh(np.exp(v)).mul(by))
  return () => f(x).dispose()
}

const large = 4096
const matrixVector: Workload = {
  name: 'matrix 4096 x 4096 times vector',
  bytes: 4 * large * large,
  tolerance: 1e-4,
  repeat: 1,
  libraries: {
    pullback: () => {
      const [a, x] = [array([large, large], 1), array([large], 2)]
      const f = jit((m: np.NDArray, v: np.NDArray) => np.matmul(m, v))
      return ours(() => f(a, x))
    },
    'jax-js': () => {
      const [a, x] = [jaxArray([large, large], 1), jaxArray([large], 2)]
      const f = jax.jit((m: jax.Array, v: jax.Array) => jax.numpy.matmul(m, v))
      return theirs(() => f(a.ref, x.ref))
    },
    tfjs: () => {
      const [a, x] = [tensor([large, large], 1) as tf.Tensor2D, tensor([large, 1], 2) as tf.Tensor2D]
      return tensorflow(() => tf.matMul(a, x))
    },
  },
}

/** Products of types that jax-js and tfjs multiply as float32, or not at all. */
const product = (dtype: 'float64' | 'int8', make: (seed: number) => np.NDArray): Workload => ({
  name: `matmul 1024, ${dtype === 'int8' ? 'int8 to int32' : dtype}`,
  flops: 2 * 1024 ** 3,
  ofPeak: dtype === 'float64' ? 0.5 : 1,
  tolerance: dtype === 'float64' ? 1e-12 : 0,
  repeat: 1,
  libraries: {
    pullback: () => {
      const [a, b] = [make(1), make(2)]
      const f = jit((x: np.NDArray, y: np.NDArray) => (dtype === 'int8' ? lax.dotGeneral(x, y, { dimensionNumbers: [[[1], [0]], [[], []]], preferredElementType: 'int32' }) : np.matmul(x, y)))
      return ours(() => f(a, b))
    },
  },
})
const whole = (seed: number): np.NDArray => np.array(Int8Array.from(numbers(2 ** 20, seed), (x) => Math.floor(256 * x)), { dtype: 'int8' }).reshape([1024, 1024])

/** Of each a new constant, so that none has been compiled before. */
let factor = 1.5
const [nextCnn, nextLstm] = [anew(convolutional), anew(recurrent)]

export const workloads: readonly Workload[] = [matmul(64), matmul(256), matmul(1024), product('float64', (seed) => array([1024, 1024], seed).astype('float64')), product('int8', whole), matrixVector,
  tanhExp, axpy, sum(big, '4M'), sum(16 * big, '64M'), conv(3), conv(64), convBackward, mlp, cnn, lstm,
  rows('softmax', (x) => nn.softmax(x), (x) => jax.nn.softmax(x, -1), (x) => tf.softmax(x)), rows('layer norm', layerNorm, jaxLayerNorm, tfLayerNorm),
  tiny, eager, newShape('one eager op at a new shape', (x) => x.mul(2)), newShape('one eager sum at a new shape', (x) => np.sum(x)),
  { name: 'import to first jitted result, one thread', tolerance: 1, repeat: 1, once: () => importToFirstResult(process.cwd()), libraries: {} },
  ...firstStep('CNN', nextCnn), ...firstStep('LSTM', nextLstm), loop(10), loop(10_000),
  optimised('tanh(exp(x)), 4M', firstTanhExp), optimised('CNN', () => {
    const step = nextCnn()
    return () => void step()
  })]
