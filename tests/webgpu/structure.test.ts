/**
 * What programs are on a GPU, counted: on a software adapter this stands in for speed. Dispatches and memory are those of any device
 * (limits that all have); submissions and bytes moved are seen on the device at hand.
 */
import { type NDArray, grad, jit, lax, makeJaxpr, nn, np, random, valueAndGrad } from 'pullback'
import { adam, applyUpdates, type OptimizerState } from 'pullback/optimizers'
import { Conv, Dense, Flatten, LSTM, MaxPool, Relu, serial } from 'pullback/stax'
import { describe, expect, test } from 'vitest'
import { lowerToProgram } from '../../src/lowering/index.ts'
import { kernelsOf } from '../../src/lowering/kernel-ir/index.ts'
import { type Command, emitShaders } from '../../src/lowering/wgsl/index.ts'
import { constsAsInputs } from '../../src/transforms/staging/jaxprs.ts'
import '../families.ts'
import { backend, onWebGpu } from './own.ts'

onWebGpu()

interface Count {
  readonly kernels: number
  readonly dispatches: number
  readonly copies: number
  /** Bytes of scratch memory, results that lie over donated operands, and results in memory of their own. */
  readonly scratch: number
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
function count<A extends readonly unknown[]>(f: (...args: A) => unknown, args: A, donated = 0): Count {
  const { jaxpr, consts } = makeJaxpr(f)(...args)
  const { program } = lowerToProgram(constsAsInputs(jaxpr))
  const { places, commands } = emitShaders(program, { donated: new Set(Array.from({ length: donated }, (_, i) => i + consts.length)) })
  const bytes = places.filter((p) => p.kind === 'temp').reduce((n, p) => n + p.bytes, 0)
  return { kernels: kernelsOf(program).length, ...commandsOf(commands), scratch: bytes, over: places.filter((p) => p.kind === 'input' && p.written).length, fresh: places.filter((p) => p.kind === 'output').length }
}

const zeros = (...shape: number[]): NDArray => np.zeros(shape)
const layerNorm = (x: NDArray, g: NDArray, b: NDArray): NDArray => {
  const centred = x.sub(np.mean(x, { axis: -1, keepdims: true }))
  return centred.div(np.sqrt(np.mean(centred.mul(centred), { axis: -1, keepdims: true }).add(1e-5))).mul(g).add(b)
}

describe('one dispatch, no scratch memory', () => {
  const one: Count = { kernels: 1, dispatches: 1, copies: 0, scratch: 0, over: 0, fresh: 1 }
  test('gelu, silu', () => {
    expect(count((x: NDArray) => nn.gelu(x), [zeros(32, 20)])).toEqual(one)
    expect(count((x: NDArray) => nn.silu(x), [zeros(32, 20)])).toEqual(one)
  })
  test('tanh(x @ w + b)', () => {
    expect(count((x: NDArray, w: NDArray, b: NDArray) => np.tanh(x.matmul(w).add(b)), [zeros(32, 20), zeros(20, 16), zeros(16)])).toEqual(one)
  })
  test('softmax and layer norm, rows of up to 4096', () => {
    for (const width of [20, 4096]) {
      expect(count((x: NDArray) => nn.softmax(x), [zeros(32, width)])).toEqual(one)
      expect(count(layerNorm, [zeros(32, width), zeros(width), zeros(width)])).toEqual(one)
    }
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
    const got = count(step, [params, optimizer.init(params), np.zeros([64, 28, 28], { dtype: 'uint8' }), labels], 31)
    expect(got).toMatchObject({ kernels: 27, copies: 0, over: 31, fresh: 1 })
    // Sums over many images are cut into parts, which a second dispatch adds up. Winograd's four convolutions take three dispatches more each:
    // both operands' matrices, products, results. An operand that fusion made long takes another. The matrices are most of the scratch memory.
    expect(got.dispatches).toBeLessThanOrEqual(38 + 4 * 3 + 1)
    expect(got.scratch).toBeLessThanOrEqual(42e6)
  })
  test('of the LSTM: two loops in one command buffer, whatever does not depend on the carry outside of them', () => {
    const [init, apply] = serial(LSTM(128), Dense(10))
    const { params } = init(random.key(0), [-1, 28, 28])
    const step = stepOf((p: typeof params, x, y) => crossEntropy(apply(p, x, { mode: 'train' }).slice([], -1), y))
    const got = count(step, [params, optimizer.init(params), zeros(64, 28, 28), labels], 16)
    expect(got).toMatchObject({ kernels: 17, over: 16, fresh: 1 })
    expect(got.dispatches).toBeLessThanOrEqual(242)
    expect(got.copies).toBeLessThanOrEqual(60)
    expect(got.scratch).toBeLessThanOrEqual(16e6)
  })
})

describe('on the device', () => {
  test('a training step is one submission, brings nothing but its batch, and reads nothing', async () => {
    const step = jit((w: NDArray, x: NDArray) => {
      const [value, g] = valueAndGrad((v: NDArray) => np.sum(np.square(x.mul(v))))(w)
      return [w.sub(g.mul(0.01)), value] as const
    }, { donateArgnums: 0 })
    const batch = (i: number): NDArray => np.array(new Float32Array(100).fill(i))
    let w: NDArray = np.ones([100])
    let loss: NDArray
    ;[w, loss] = step(w, batch(0))
    await loss.ready()
    const before = { ...backend().gpu.figures, ...backend().gpu.pool.state }
    for (let i = 1; i <= 5; i++) [w, loss] = step(w, batch(i))
    const after = { ...backend().gpu.figures, ...backend().gpu.pool.state }
    expect(after.submits - before.submits).toBe(5)
    expect(after.uploadedBytes - before.uploadedBytes).toBe(5 * 400)
    expect(after.readBytes - before.readBytes).toBe(0)
    await loss.ready()
  })
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
    expect(count(rnn, [zeros(8, 8), zeros(8), zeros(1000, 8)])).toEqual({ kernels: 1, dispatches: 1, copies: 0, scratch: 0, over: 0, fresh: 2 })
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
