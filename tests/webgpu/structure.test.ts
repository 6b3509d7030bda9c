/**
 * What programs are on a GPU, counted: on a software adapter this stands in for speed. Dispatches and memory are those of any device
 * (limits that all have); submissions and bytes moved are seen on the device at hand.
 */
import { type NDArray, grad, jit, lax, makeJaxpr, nn, np, random, tree, valueAndGrad } from 'pullback'
import { adam, applyUpdates, type OptimizerState } from 'pullback/optimizers'
import { Conv, Dense, Flatten, type Layer, LSTM, MaxPool, Relu, serial } from 'pullback/stax'
import { describe, expect, test } from 'vitest'
import type { Figures } from '../../src/backends/webgpu/submissions.ts'
import { lowerToProgram } from '../../src/lowering/index.ts'
import { kernelsOf } from '../../src/lowering/kernel-ir/index.ts'
import { baseLimits, type Command, emitShaders, type Place } from '../../src/lowering/wgsl/index.ts'
import { constsAsInputs } from '../../src/transforms/staging/jaxprs.ts'
import '../families.ts'
import { backend, onWebGpu } from './own.ts'

onWebGpu()

interface Count {
  readonly kernels: number
  readonly dispatches: number
  readonly copies: number
  /** Bytes of operands and of results in memory of their own, and of scratch memory. */
  readonly arrays: number
  readonly scratch: number
  /** Results that lie over donated operands, and results in memory of their own. */
  readonly over: number
  readonly fresh: number
}

function commandsOf(commands: readonly Command[]): { dispatches: number; copies: number } {
  const total = { dispatches: 0, copies: 0 }
  const add = (list: readonly Command[], times: number): void => {
    for (const c of list) {
      if (c.kind === 'dispatch') total.dispatches += times
      else if (c.kind === 'copy') total.copies += times
      else c.phases.forEach((phase, i) => add(phase, times * Math.ceil((c.count - i) / c.phases.length)))
    }
  }
  add(commands, 1)
  return total
}

/** `donated`: so many of the first leaves. */
function count<A extends readonly unknown[]>(f: (...args: A) => unknown, args: A, donated = 0, limits = baseLimits): Count {
  const { jaxpr, consts } = makeJaxpr(f)(...args)
  const { program } = lowerToProgram(constsAsInputs(jaxpr))
  const { places, commands } = emitShaders(program, { donated: new Set(Array.from({ length: donated }, (_, i) => i + consts.length)), limits })
  const bytes = (of: (p: Place) => boolean): number => places.filter(of).reduce((n, p) => n + p.bytes, 0)
  return {
    kernels: kernelsOf(program).length, ...commandsOf(commands), arrays: bytes((p) => p.kind !== 'temp'), scratch: bytes((p) => p.kind === 'temp'),
    over: places.filter((p) => p.kind === 'input' && p.written).length, fresh: places.filter((p) => p.kind === 'output').length,
  }
}

const zeros = (...shape: number[]): NDArray => np.zeros(shape)
const sizeOf = (shapes: readonly (readonly number[])[]): number => shapes.reduce((sum, shape) => sum + shape.reduce((n, d) => n * d, 1), 0)
const layerNorm = (x: NDArray, g: NDArray, b: NDArray): NDArray => {
  const centred = x.sub(np.mean(x, { axis: -1, keepdims: true }))
  return centred.div(np.sqrt(np.mean(centred.mul(centred), { axis: -1, keepdims: true }).add(1e-5))).mul(g).add(b)
}

/** What was sent to the device by `calls` calls, after a first one that compiles: each is given what the one before it gave. */
async function sent<S>(calls: number, start: S, call: (state: S) => readonly [next: S, value: NDArray]): Promise<Figures> {
  let [state, value] = call(start)
  await value.ready()
  const before = { ...backend().gpu.figures }
  for (let i = 0; i < calls; i++) [state, value] = call(state)
  const after = { ...backend().gpu.figures }
  await value.ready()
  const difference = (key: keyof Figures): number => after[key] - before[key]
  return { submits: difference('submits'), dispatches: difference('dispatches'), copies: difference('copies'), uploadedBytes: difference('uploadedBytes'), readBytes: difference('readBytes') }
}

describe('one dispatch and no scratch memory; a call is one submission, which brings its batch and reads nothing', () => {
  type Shapes = readonly [x: number[], ...weights: number[][]]
  const rows: readonly (readonly [name: string, f: (x: NDArray, ...weights: NDArray[]) => NDArray, shapes: Shapes, out: number[]])[] = [
    ['gelu', (x) => nn.gelu(x), [[32, 20]], [32, 20]],
    ['silu', (x) => nn.silu(x), [[32, 20]], [32, 20]],
    ['tanh(x @ w + b)', (x, w, b) => np.tanh(x.matmul(w).add(b)), [[32, 20], [20, 16], [16]], [32, 16]],
    ...[20, 4096].flatMap((width): typeof rows => [
      [`softmax of rows of ${width}`, (x) => nn.softmax(x), [[32, width]], [32, width]],
      [`layer norm of rows of ${width}`, (x, g, b) => layerNorm(x, g, b), [[32, width], [width], [width]], [32, width]],
    ]),
  ]
  test.each(rows)('%s', async (_, f, shapes, out) => {
    expect(count(f, shapes.map((shape) => zeros(...shape)) as [NDArray, ...NDArray[]])).toEqual({ kernels: 1, dispatches: 1, copies: 0, arrays: 4 * sizeOf([...shapes, out]), scratch: 0, over: 0, fresh: 1 })
    const compiled = jit(f)
    const weights = shapes.slice(1).map((shape) => np.ones(shape))
    const batch = (): NDArray => np.array(new Float32Array(sizeOf([shapes[0]])).fill(0.5)).reshape(shapes[0])
    const figures = await sent(3, null, () => [null, compiled(batch(), ...weights)])
    expect(figures).toEqual({ submits: 3, dispatches: 3, copies: 0, uploadedBytes: 3 * 4 * sizeOf([shapes[0]]), readBytes: 0 })
  })
})

describe('kernels that take more dispatches than one', () => {
  const indices = (n: number): NDArray => np.zeros([n], { dtype: 'int32' })
  const scatter = (how: 'add' | 'set') => (x: NDArray, i: NDArray, u: NDArray): NDArray => x.at(i)[how](u)
  const conv = (x: NDArray, w: NDArray): NDArray => lax.convGeneralDilated(x, w, { windowStrides: [1, 1], padding: 'SAME', dimensionNumbers: ['NHWC', 'HWIO', 'NHWC'] })
  const cases: readonly (readonly [name: string, f: (...xs: NDArray[]) => NDArray, args: readonly NDArray[], kernels: number, dispatches: number])[] = [
    ['a sum of few long rows', (x) => np.sum(x, 1), [zeros(8, 40_000)], 1, 2],
    ['a cumulative sum along a block', (x) => np.cumsum(x), [zeros(1024)], 1, 1],
    ['a cumulative sum along more', (x) => np.cumsum(x), [zeros(5000)], 1, 2],
    ['a product of few results and great depth', (x, y) => x.matmul(y), [zeros(64, 4096), zeros(4096, 64)], 1, 2],
    ["a convolution by Winograd's algorithm", (x, w) => conv(x, w), [zeros(8, 32, 32, 32), zeros(3, 3, 32, 32)], 1, 4],
    ['a sort in a workgroup', (x) => np.sort(x), [zeros(1024)], 1, 3],
    ['a sort of more', (x) => np.sort(x), [zeros(5000)], 1, 12],
    // Places are sorted first.
    ['floats added at computed places', (x, i, u) => scatter('add')(x, i, u), [zeros(100), indices(20), zeros(20)], 1, 3],
    ['rows of floats added at computed places', (x, i, u) => scatter('add')(x, i, u), [zeros(100, 3), indices(20), zeros(20, 3)], 2, 4],
    ['integers added at computed places', (x, i, u) => scatter('add')(x, i, u), [indices(100), indices(20), indices(20)], 1, 1],
    ['floats put at computed places', (x, i, u) => scatter('set')(x, i, u), [zeros(100), indices(20), zeros(20)], 1, 3],
    ['what reads more arrays than a shader binds', (...xs) => xs.reduce((a, b) => a.mul(b).add(1)), Array.from({ length: 10 }, () => zeros(100)), 1, 2],
  ]
  test.each(cases)('%s', (_, f, args, kernels, dispatches) => {
    expect(count(f, [...args])).toMatchObject({ kernels, dispatches })
  })
})

describe('training steps, their operands donated', () => {
  const optimizer = adam(1e-3)
  const crossEntropy = (logits: NDArray, labels: NDArray): NDArray => np.negative(np.mean(np.sum(nn.logSoftmax(logits).mul(nn.oneHot(labels, 10)), -1)))
  const stepOf = <P>(loss: (p: P, x: NDArray, y: NDArray) => NDArray) => (p: P, state: OptimizerState<P>, x: NDArray, y: NDArray): readonly [P, OptimizerState<P>, NDArray] => {
    const [value, grads] = valueAndGrad(loss)(p, x, y)
    const [updates, next] = optimizer.update(grads as P, state, p)
    return [applyUpdates(p, updates), next, value]
  }
  const labels = np.zeros([64], { dtype: 'int32' })

  test('of the CNN: every parameter and moment is written over itself, and nothing is copied', () => {
    const [init, apply] = serial(Conv(32, [3, 3]), Relu, MaxPool([2, 2]), Conv(64, [3, 3]), Relu, MaxPool([2, 2]), Conv(64, [3, 3]), Relu, Flatten, Dense(64), Relu, Dense(10))
    const { params } = init(random.key(0), [-1, 28, 28, 1])
    const step = stepOf((p: typeof params, x, y) => crossEntropy(apply(p, np.expandDims(x.astype('float32').div(255), -1), { mode: 'train' }), y))
    // Winograd's four convolutions take three dispatches more each: both operands' matrices, products, results. The matrices are most of the scratch memory.
    // Sums over many images are cut into parts, which a second dispatch adds up.
    expect(count(step, [params, optimizer.init(params), np.zeros([64, 28, 28], { dtype: 'uint8' }), labels], 31)).toEqual({ kernels: 27, dispatches: 47, copies: 0, arrays: 1_320_832, scratch: 41_879_048, over: 31, fresh: 1 })
  })
  test('of the LSTM: two loops in one command buffer, whatever does not depend on the carry outside of them', () => {
    const [init, apply] = serial(LSTM(128), Dense(10))
    const { params } = init(random.key(0), [-1, 28, 28])
    const step = stepOf((p: typeof params, x, y) => crossEntropy(apply(p, x, { mode: 'train' }).slice([], -1), y))
    expect(count(step, [params, optimizer.init(params), zeros(64, 28, 28), labels], 16)).toEqual({ kernels: 17, dispatches: 240, copies: 32, arrays: 1_181_056, scratch: 15_577_864, over: 16, fresh: 1 })
  })

  /** Three steps of a small network on the device: as many dispatches as its limits make it, one submission each, its batch brought, nothing read. */
  async function expectSteady<P>([init, apply]: Layer<P>, shape: readonly number[], bring: () => NDArray, images: (x: NDArray) => NDArray = (x) => x): Promise<void> {
    const { params } = init(random.key(0), [-1, ...shape.slice(1)])
    const step = stepOf((p: P, x, y) => crossEntropy(apply(p, images(x), { mode: 'train' }), y))
    const state = optimizer.init(params)
    const donated = tree.leaves([params, state]).length
    const brought = (): [NDArray, NDArray] => [bring(), np.array(new Int32Array(shape[0]!))]
    const expected = count(step, [params, state, ...brought()], donated, backend().gpu.shaderLimits)
    expect(expected.over).toBe(donated)
    const compiled = jit(step, { donateArgnums: [0, 1] })
    const figures = await sent<readonly [P, OptimizerState<P>]>(3, [params, state], ([p, s]) => {
      const [nextP, nextS, value] = compiled(p, s, ...brought())
      return [[nextP as P, nextS as OptimizerState<P>] as const, value] // of the types that went in
    })
    expect(figures).toEqual({ submits: 3, dispatches: 3 * expected.dispatches, copies: 3 * expected.copies, uploadedBytes: 3 * 4 * sizeOf([shape, [shape[0]!]]), readBytes: 0 })
  }
  test('of a small CNN on the device', async () => {
    const shape = [4, 8, 8, 1]
    await expectSteady(serial(Conv(4, [3, 3]), Relu, MaxPool([2, 2]), Flatten, Dense(10)), shape, () => np.array(new Uint8Array(256)).reshape(shape), (x) => x.astype('float32').div(255))
  })
  test('of a small LSTM on the device', async () => {
    const shape = [4, 5, 6]
    await expectSteady(serial(LSTM(8, { sequences: false }), Dense(10)), shape, () => np.array(new Float32Array(120)).reshape(shape))
  })
})

describe('on the device', () => {
  /** Submissions, dispatches and bytes moved of a loop whose points read what others made. */
  const moved = async (steps: number, width: number): Promise<number[]> => {
    const f = jit((x: NDArray) => lax.scan((c: NDArray, v: NDArray) => [np.sin(np.flip(c).add(v)), c] as const, np.zeros([width]), x))
    const x = np.array(Float32Array.from({ length: steps * width }, (_, i) => i % 7)).reshape([steps, width])
    await f(x)[0].ready()
    const before = { ...backend().gpu.figures }
    const [last] = f(x)
    const { submits, dispatches, uploadedBytes, readBytes } = backend().gpu.figures
    await last.ready()
    return [submits - before.submits, dispatches - before.dispatches, uploadedBytes - before.uploadedBytes, readBytes - before.readBytes]
  }
  test('a loop is one submission, however long, and asks the host for nothing in between', async () => {
    expect(await moved(50, 5000)).toEqual([1, 51, 0, 0])
  })
  test('one of little work is one dispatch as well, after that of its first carry', async () => {
    expect(await moved(500, 3)).toEqual([1, 2, 0, 0])
  })
  test('so are recurrent networks of few units: in scratch memory stands nothing but the first carry', () => {
    const rnn = (w: NDArray, h: NDArray, xs: NDArray) => lax.scan((h: NDArray, x: NDArray) => { const next = np.tanh(h.matmul(w).add(x)); return [next, next] as const }, h, xs)
    expect(count(rnn, [zeros(8, 8), zeros(8), zeros(1000, 8)])).toEqual({ kernels: 1, dispatches: 1, copies: 0, arrays: 4 * (64 + 2 * 8 + 2 * 8000), scratch: 0, over: 0, fresh: 2 })
    const [init, apply] = LSTM(8)
    const { params } = init(random.key(0), [-1, 1000, 5])
    const lstm = count((p: typeof params, x: NDArray) => apply(p, x, { mode: 'train' }), [params, zeros(1, 1000, 5)])
    expect(lstm.dispatches).toBe(lstm.kernels - 1)
  })
  test('a loop whose points need only what is their own is one dispatch, and takes no scratch memory', () => {
    const f = (x: NDArray) => lax.scan((c: NDArray, v: NDArray) => [np.sin(c.add(v)), c] as const, np.zeros([3]), x)
    const got = count(f, [zeros(1000, 3)])
    expect(got).toMatchObject({ kernels: 2, dispatches: 2, copies: 0, fresh: 2 })
  })
  test('the gradient of a loop is too', async () => {
    const f = jit(grad((x: NDArray) => np.sum(lax.scan((c: NDArray, v: NDArray) => [np.tanh(c.mul(0.5).add(v)), c] as const, np.zeros([3]), x)[1])))
    const x = np.array(Float32Array.from({ length: 60 }, (_, i) => Math.sin(i))).reshape([20, 3])
    const first = f(x)
    await first.ready()
    const before = backend().gpu.figures.submits
    await f(x).ready()
    expect(backend().gpu.figures.submits - before).toBe(1)
  })
})
