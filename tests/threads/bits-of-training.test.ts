/** The number of threads changes no bit of training: steps that update params and moments where they stand, one after the other. */
import { makeJaxpr, nn, np, random, tree, valueAndGrad } from 'pullback'
import { adam, applyUpdates, type OptimizerState } from 'pullback/optimizers'
import { Conv, Dense, Flatten, type Layer, LSTM, MaxPool, Relu, serial, Tanh } from 'pullback/stax'
import { expect, test } from 'vitest'
import { decodeNumbers } from '../../src/core/bytes.ts'
import type { Jaxpr } from '../../src/core/jaxpr.ts'
import { someBytes } from '../lowering/agree.ts'
import { sized } from '../scale.ts'
import { allThreadsAreLeft, backends } from './same-bits.ts'

interface Training {
  /** A step of Adam: from params, moments, inputs and labels to params, moments and the loss. */
  readonly step: Jaxpr
  readonly inputs: readonly Uint8Array[]
  /** So many inputs come first that the step gives anew: its caller gives them away. */
  readonly carried: number
}

/** Params of any network: nested lists and records of arrays. */
type Params = readonly { readonly [name: string]: np.NDArray }[]

function training<P>(network: Layer<P>, inputShape: readonly number[]): Training {
  const [init, apply] = network as unknown as Layer<Params> // what the step does not look into
  const classes = 5
  const { params } = init(random.key(0), inputShape)
  const optimizer = adam(1e-2)
  const loss = (p: Params, x: np.NDArray, labels: np.NDArray): np.NDArray => np.negative(np.mean(np.sum(nn.logSoftmax(apply(p, x)).mul(nn.oneHot(labels, classes)), -1)))
  const state = optimizer.init(params)
  const { jaxpr: step } = makeJaxpr((p: Params, s: OptimizerState<Params>, x: np.NDArray, labels: np.NDArray) => {
    const [value, grads] = valueAndGrad(loss)(p, x, labels)
    const [updates, next] = optimizer.update(grads, s, p)
    return [applyUpdates(p, updates), next, value]
  })(params, state, np.zeros(inputShape), np.zeros([inputShape[0]!], { dtype: 'int32' }))
  const leaves = tree.leaves([params, state]).map((x) => np.asarray(x).concrete('test').storage('test').read().slice())
  return { step, inputs: step.inputs.map((v, i) => leaves[i] ?? someBytes(v.aval, i)), carried: leaves.length }
}

const [size, batch] = sized([12, 6], [28, 32])
test.each<[string, () => Training]>([
  ['a convolutional network', () => training(serial(Conv(8, [3, 3]), Relu, MaxPool([2, 2]), Conv(16, [3, 3]), Relu, MaxPool([2, 2]), Flatten, Dense(32), Relu, Dense(5)), [batch, size, size, 8])],
  ['dense layers', () => training(serial(Dense(256), Tanh, Dense(300), Tanh, Dense(5)), [32, sized(100, 784)])],
  ['an LSTM', () => training(serial(LSTM(sized(24, 128), { sequences: false }), Dense(5)), [20, 6, 16])],
])('six steps of Adam on %s, operands given away', (_, make) => {
  const { step, inputs, carried } = make()
  const donated = inputs.map((__, i) => i < carried)
  const runs = backends.map((backend) => {
    const before = backend.launches()
    const program = backend.compile(step)
    let arrays = inputs.map((bytes) => backend.put(bytes.slice()))
    const results = Array.from({ length: 6 }, () => {
      const outputs = program.call(arrays, donated)
      arrays = [...outputs.slice(0, carried), ...arrays.slice(carried)]
      return outputs.map((s) => s.read().slice())
    })
    return { results, launches: backend.launches() - before }
  })
  expect(runs.map((r) => r.launches)).toEqual([0, 6, 6])
  const [alone, ...shared] = runs.map((r) => r.results)
  shared.forEach((results, b) => results.forEach((outputs, i) => outputs.forEach((bytes, k) => {
    expect(Buffer.compare(bytes, alone![i]![k]!), `output ${k} of step ${i} with ${backends[b + 1]!.threads()} threads`).toBe(0)
  })))
  // ... which trains
  const losses = alone!.map((outputs) => Number(decodeNumbers(outputs[carried]!, 'float32')[0]))
  expect(losses[5]).toBeLessThan(losses[0]!)
})

allThreadsAreLeft()
