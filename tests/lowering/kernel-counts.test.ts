/** What users' functions become: the numbers of kernels that this library is held to. */
import { describe, expect, test } from 'vitest'
import type { Jaxpr } from '../../src/core/jaxpr.ts'
import { grad, jit, lax, lower, nn, np, random, valueAndGrad } from '../../src/index.ts'
import { lowerToProgram } from '../../src/lowering/index.ts'
import { buffersOf, kernelsOf, renameBuffers } from '../../src/lowering/kernel-ir/index.ts'
import { ModuleBuilder } from '../../src/lowering/wasm/asm/index.ts'
import { emitKernel } from '../../src/lowering/wasm/emit/phases.ts'
import { emitProgram, type EmittedProgram, printWat } from '../../src/lowering/wasm/index.ts'
import { createHelpers } from '../../src/lowering/wasm/math/index.ts'
import { adam, applyUpdates, type OptimizerState } from '../../src/optimizers/index.ts'
import { Conv, Dense, Flatten, MaxPool, Relu, serial } from '../../src/stax/index.ts'

type NDArray = np.NDArray
const array = (...shape: number[]): NDArray => np.zeros(shape)

/** Lines of `text('kernels')` that are kernels. */
const kernels = <A extends readonly unknown[], R>(f: (...args: A) => R, ...args: A): string[] =>
  lower(f)(...args)
    .text('kernels')
    .split('\n')
    .filter((line) => /^ *\d/.test(line))

test('a running log-sum-exp is one kernel a sweep, each of the same work: written in place, sweeps would double theirs', () => {
  const sweeps = kernels((x: NDArray) => lax.cumlogsumexp(x, 0), array(1000))
  expect(sweeps).toHaveLength(10)
  expect(new Set(sweeps.map((line) => line.split('B ').at(-1))).size).toBe(1)
})

const layerNorm = (x: NDArray, g: NDArray, b: NDArray): NDArray => {
  const centred = x.sub(np.mean(x, { axis: -1, keepdims: true }))
  const variance = np.mean(centred.mul(centred), { axis: -1, keepdims: true })
  return centred.div(np.sqrt(variance.add(1e-5))).mul(g).add(b)
}

describe('one kernel', () => {
  test('tanh(x @ w + b)', () => {
    expect(kernels((x: NDArray, w: NDArray, b: NDArray) => np.tanh(x.matmul(w).add(b)), array(32, 20), array(20, 16), array(16))).toHaveLength(1)
  })
  test('gelu, silu', () => {
    expect(kernels((x: NDArray) => nn.gelu(x), array(32, 20))).toHaveLength(1)
    expect(kernels((x: NDArray) => nn.silu(x), array(32, 20))).toHaveLength(1)
  })
  test('softmax and log-softmax', () => {
    expect(kernels((x: NDArray) => nn.softmax(x), array(32, 20))).toHaveLength(1)
    expect(kernels((x: NDArray) => nn.logSoftmax(x), array(32, 20))).toHaveLength(1)
  })
  test('layer norm', () => {
    expect(kernels(layerNorm, array(32, 20), array(20), array(20))).toHaveLength(1)
  })
  test('a nested jit is just code', () => {
    const inner = jit((x: NDArray) => np.sin(x))
    expect(kernels((x: NDArray) => inner(x).add(inner(x.mul(2))), array(32))).toHaveLength(1)
  })
})

describe('rows of up to 4096 elements', () => {
  /** Passes with a barrier after each, kernel by kernel. */
  const phases = (jaxpr: Jaxpr): number[] => {
    const module = new ModuleBuilder()
    return kernelsOf(lowerToProgram(jaxpr).program).map((kernel, i) => {
      const places = new Map(buffersOf(kernel).map((b, position) => [b, position]))
      return emitKernel({ module, helpers: createHelpers(module), meet: () => null, winograd: true }, `k${i}`, renameBuffers(kernel, (b) => places.get(b) ?? b), 0).phases.length
    })
  }
  test.each([[4096, 1000], [128, 4096], [8, 4096], [1, 4096]])('softmax and layer norm of %i rows of %i are one kernel each, in one pass', (rows, length) => {
    const x = array(rows, length)
    expect(phases(lower((v: NDArray) => nn.softmax(v))(x).jaxpr)).toEqual([1])
    expect(phases(lower(layerNorm)(x, array(length), array(length)).jaxpr)).toEqual([1])
  })
})

describe('loops', () => {
  describe('the module of a gradient through a loop does not grow with its length', () => {
    const emitted = (length: number): EmittedProgram => {
      const f = (w: NDArray, data: NDArray): NDArray => np.sum(lax.scan((h: NDArray, x: NDArray) => [np.tanh(h.matmul(w).add(x)), null] as const, array(8), data)[0])
      const { program, plan } = lowerToProgram(lower(grad(f))(array(8, 8), array(length, 8)).jaxpr)
      return emitProgram(program, plan, { shared: true })
    }
    test('both loops are the same code from 10 iterations to 100,000', () => {
      /** The kernels inside: what comes after is the product of all iterations' operands. */
      const loops = (length: number): string[] => printWat(emitted(length).module).split(/^(?= *\(func )/m).filter((text) => /^ *\(func \$k[0-3]\b/.test(text))
      const first = loops(10)
      expect(first).toHaveLength(4)
      for (const length of [100, 1000, 100_000]) expect(loops(length)).toEqual(first)
    })
    test('and with the product after them, which is summed in place where it is short, the module is as large for 1000 iterations as for 100,000', () => {
      const [short, long] = [1000, 100_000].map((length) => emitted(length).bytes.length)
      expect(long! / short!).toBeLessThan(1.05)
    })
  })
  test('a recurrent cell: the products, and what is elementwise in one', () => {
    const run = (w: NDArray, xs: NDArray): NDArray => lax.scan((h: NDArray, x: NDArray) => { const next = np.tanh(h.matmul(w).add(x)); return [next, next] as const }, array(12, 16), xs)[0]
    expect(kernels((w: NDArray, xs: NDArray) => run(w, xs), array(16, 16), array(7, 12, 16))).toHaveLength(2)
    expect(kernels(grad((w: NDArray, xs: NDArray) => np.sum(run(w, xs))), array(16, 16), array(7, 12, 16)).length).toBeLessThanOrEqual(9)
  })
})

describe('the CNN of the first example', () => {
  const [init, apply] = serial(
    Conv(32, [3, 3]), Relu, MaxPool([2, 2]),
    Conv(64, [3, 3]), Relu, MaxPool([2, 2]),
    Conv(64, [3, 3]), Relu,
    Flatten, Dense(64), Relu, Dense(10),
  ) // prettier-ignore
  const optimizer = adam(1e-3)
  const { params } = init(random.key(0), [-1, 28, 28, 1])
  type Params = typeof params
  const loss = (p: Params, images: NDArray, labels: NDArray): NDArray => {
    const logits = apply(p, np.expandDims(images.astype('float32').div(255), -1), { mode: 'train' })
    return np.negative(np.mean(np.sum(nn.logSoftmax(logits).mul(nn.oneHot(labels, 10)), -1)))
  }
  const step = (p: Params, state: OptimizerState<Params>, images: NDArray, labels: NDArray): readonly [Params, OptimizerState<Params>, NDArray] => {
    const [value, grads] = valueAndGrad(loss)(p, images, labels)
    const [updates, next] = optimizer.update(grads, state, p)
    return [applyUpdates(p, updates), next, value]
  }
  const lines = kernels(step, params, optimizer.init(params), np.zeros([64, 28, 28], { dtype: 'uint8' }), np.zeros([64], { dtype: 'int32' }))

  test('a step is 27 kernels', () => {
    // 1 pixels; 3 convolutions and 2 dense layers, each with bias and relu, and 2 poolings; log-softmax with its
    // gradient, the mean, the step's own numbers; 4 products and 2 unpoolings back; 5 weights and 5 biases, each with its update
    expect(lines).toHaveLength(1 + 5 + 2 + 3 + 4 + 2 + 10)
  })
  test('14 of them are products, and every update is written with its gradient', () => {
    expect(lines.filter((l) => l.includes(' contraction '))).toHaveLength(14)
    expect(lines.filter((l) => l.includes('sqrt'))).toHaveLength(10)
  })
  test('none only moves elements', () => {
    expect(lines.filter((l) => l.includes('copy'))).toEqual([])
  })
})
