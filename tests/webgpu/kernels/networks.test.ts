/** Steps of training as shaders: how many, how long, what they bind; and, small, on the device. */
import { afterAll, describe, expect, test } from 'vitest'
import type { Jaxpr } from '../../../src/core/jaxpr.ts'
import { makeJaxpr, nn, np, random, valueAndGrad } from '../../../src/index.ts'
import { lowerToProgram } from '../../../src/lowering/index.ts'
import { kernelsOf } from '../../../src/lowering/kernel-ir/index.ts'
import { type Command, emitShaders } from '../../../src/lowering/wgsl/index.ts'
import { adam, applyUpdates, type OptimizerState } from '../../../src/optimizers/index.ts'
import { Conv, Dense, Flatten, type Layer, LSTM, MaxPool, Relu, serial } from '../../../src/stax/index.ts'
import { expectAgreementOnDevice } from './agree.ts'
import { closeDevice } from './run-shaders.ts'

afterAll(closeDevice)

/** Params of any network: nested lists and records of arrays. */
type Params = readonly { readonly [name: string]: np.NDArray }[]

/** A step of Adam on a network's params. */
function adamStep<P>(network: Layer<P>, inputShape: readonly number[], classes: number): Jaxpr {
  const [init, apply] = network as unknown as Layer<Params> // what the step does not look into
  const { params } = init(random.key(0), [-1, ...inputShape.slice(1)])
  const optimizer = adam(1e-3)
  const loss = (p: Params, x: np.NDArray, labels: np.NDArray): np.NDArray => np.negative(np.mean(np.sum(nn.logSoftmax(apply(p, x)).mul(nn.oneHot(labels, classes)), -1)))
  const step = (p: Params, s: OptimizerState<Params>, x: np.NDArray, labels: np.NDArray) => {
    const [value, grads] = valueAndGrad(loss)(p, x, labels)
    const [updates, next] = optimizer.update(grads, s, p)
    return [applyUpdates(p, updates), next, value] as const
  }
  return makeJaxpr(step)(params, optimizer.init(params), np.zeros(inputShape), np.zeros([inputShape[0]!], { dtype: 'int32' })).jaxpr
}

const convolutional = (width: number, classes: number) =>
  serial(Conv(width, [3, 3]), Relu, MaxPool([2, 2]), Conv(2 * width, [3, 3]), Relu, MaxPool([2, 2]), Flatten, Dense(2 * width), Relu, Dense(classes))
const recurrent = (width: number, classes: number) => serial(LSTM(width, { sequences: false }), Dense(classes))

const dispatches = (commands: readonly Command[]): number => commands.reduce((n, c) => n + (c.kind === 'dispatch' ? 1 : c.kind === 'loop' ? c.count * dispatches(c.phases[0]!) : 0), 0)

describe('steps of Adam', () => {
  test('of a CNN for batches of 64: about two dispatches a kernel, 110 KB of text', () => {
    const { program } = lowerToProgram(adamStep(convolutional(32, 10), [64, 28, 28, 1], 10))
    const { shaders, commands } = emitShaders(program)
    expect(Math.max(...shaders.map((s) => s.access.length))).toBeLessThanOrEqual(8)
    expect(dispatches(commands)).toBeLessThanOrEqual(2 * kernelsOf(program).length + 8)
    expect(shaders.reduce((n, s) => n + s.code.length, 0)).toBeLessThan(110_000)
  })
  test('of an LSTM: the loop is dispatches, its text no longer for more iterations', () => {
    const programs = [14, 28].map((length) => emitShaders(lowerToProgram(adamStep(recurrent(128, 10), [64, length, 28], 10)).program))
    const sizes = programs.map(({ shaders }) => shaders.reduce((n, s) => n + s.code.length, 0))
    expect(sizes[0]).toBeLessThan(80_000)
    expect(Math.abs(sizes[1]! - sizes[0]!)).toBeLessThan(2000)
  })
  test('of a small CNN and a small LSTM give on the device what they give on cpu', async () => {
    const cnn = adamStep(convolutional(4, 5), [3, 14, 14, 1], 5)
    await expectAgreementOnDevice(cnn, undefined, { donated: new Set(cnn.inputs.keys()) })
    await expectAgreementOnDevice(adamStep(recurrent(6, 5), [3, 5, 4], 5))
  })
})
