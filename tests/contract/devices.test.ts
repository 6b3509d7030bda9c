import { describe, expect, test } from 'vitest'
import { defaultDevice, DeviceError, devicePut, grad, hessian, jacfwd, jacrev, jit, nn, type NDArray, np, vjp } from '../../src/index.ts'

const here = np.array([0.5, 2, 1])
const there = devicePut(here, 'cpu')
const squares = (x: NDArray): NDArray => np.sum(x.mul(x))

describe('what the library makes of numbers alone follows arrays to the device that they were put on', () => {
  const cases: Record<string, (x: NDArray) => NDArray> = {
    grad: grad(squares),
    'grad of a compiled function': grad(jit(squares)),
    'grad of logSoftmax': grad((x: NDArray) => nn.logSoftmax(x).slice(0)),
    'grad of prod': grad((x: NDArray) => np.prod(x)),
    'grad of sort': grad((x: NDArray) => np.sort(x).slice(0)),
    jacfwd: jacfwd((x: NDArray) => x.mul(x)),
    jacrev: jacrev((x: NDArray) => x.mul(x)),
    hessian: hessian((x: NDArray) => np.sum(x.mul(x).mul(x))),
    vjp: (x) => vjp((y: NDArray) => y.mul(y), [x])[1](np.ones([3]))[0],
    'at.set': (x) => x.at(0).set(5),
    'at.add': (x) => x.at([0, 2]).add(1),
    argsort: (x) => np.argsort(x),
    median: (x) => np.median(x),
    oneHot: (x) => nn.oneHot(x.astype('int32'), 3),
    'np.ones': (x) => np.ones([3]).add(x),
    'a program that closes over np.ones': (x) => {
      const ones = np.ones([3])
      return jit((y: NDArray) => y.add(ones))(x)
    },
  }
  test.each(Object.entries(cases))('%s', (_name, f) => {
    const result = f(there)
    expect(result.device).toBe('cpu')
    f(here).js() // and on the default device
    expect(devicePut(result, 'wasm').sub(f(here)).js()).toEqual(np.zerosLike(f(here)).js())
  })
})

test('what somebody placed stays: two devices in one operation are an error', () => {
  expect(() => here.add(there)).toThrow(DeviceError)
  expect(() => devicePut(np.ones([3]), 'wasm').add(there)).toThrow(DeviceError)
  expect(() => there.add(devicePut(np.ones([3]).add(1), 'wasm'))).toThrow(DeviceError)
})

test('a donated array that follows others is gone too', () => {
  const ones = np.ones([3])
  expect(jit((a: NDArray, b: NDArray) => a.add(b), { donateArgnums: 0 })(ones, there).js()).toEqual([1.5, 3, 2])
  expect(() => ones.js()).toThrow(/disposed or donated/)
})

test('what a compiled function makes lies on the default device of the call, not on that of an earlier one', () => {
  const f = jit((x: NDArray) => x.add(np.array([1, 2, 3])))
  const before = defaultDevice()
  try {
    for (const device of ['cpu', 'wasm', 'cpu'] as const) {
      defaultDevice(device)
      const y = f(np.array([1, 1, 1]))
      expect([y.device, y.js()]).toEqual([device, [2, 3, 4]])
    }
  } finally {
    defaultDevice(before)
  }
})
