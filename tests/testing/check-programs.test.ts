/** checkVmap, checkJit and checkBackends pass what is right, catch what is not, and refuse what they cannot check. */
import { ArgumentError, CheckError, jit, lax, type NDArray, np, random, ShapeError, tree, TreeError } from 'pullback'
import { checkBackends, checkJit, checkVmap } from 'pullback/testing'
import { describe, expect, test } from 'vitest'

const x = np.array([[0.3, -0.8, 1.7], [2, 0, -1]])
const w = np.array([1.1, 0.4, -0.6])
const odd = (value: unknown): never => value as never

const messageOf = (run: () => unknown): string => {
  try {
    run()
  } catch (e) {
    if (e instanceof CheckError) return e.message
    throw e
  }
  throw new Error('nothing was thrown')
}

const isArray = (a: unknown): boolean => a instanceof np.NDArray
/** True while a function is traced or mapped, so that tests can write functions that misbehave there. */
const isTracer = (a: NDArray): boolean => String(a).startsWith('Traced')

describe('checkVmap', () => {
  test('passes what a loop gives, whatever axes are mapped', () => {
    checkVmap((a: NDArray, b: NDArray) => np.dot(a, b), [x, w], { inAxes: [0, null] })
    checkVmap((a: NDArray, b: NDArray) => [a.mul(b), np.argmax(a)], [x, np.array([1, 2, 3])], { inAxes: [1, 0], outAxes: -1 })
    checkVmap((a: NDArray) => np.sum(a), [x], { inAxes: [-1] })
    checkVmap((a: NDArray) => np.cumsum(a), [np.arange(6, { dtype: 'int32' }).reshape([2, 3])])
    checkVmap((key: NDArray) => random.normal(key, [2]), [random.split(random.key(0), 3)])
    checkVmap((a: NDArray) => np.sum(a), [x], { inAxes: [null], outAxes: null, axisSize: 3 })
  })

  test('takes axes for parts of trees, and classes', () => {
    class Scaled {
      readonly values: NDArray
      readonly by: NDArray
      constructor(values: NDArray, by: NDArray) {
        this.values = values
        this.by = by
      }
    }
    tree.register(Scaled, (s) => [[s.values, s.by] as [NDArray, NDArray], null], (_aux, [values, by]) => new Scaled(values, by))
    checkVmap((s: Scaled, p: { a: NDArray; b: NDArray }) => s.values.mul(s.by).add(p.a).sub(p.b), [new Scaled(x, np.array([2, 3])), { a: w, b: x }], { inAxes: [0, { a: null, b: 0 }] })
  })

  test('catches a function that is another one under vmap', () => {
    const f = (a: NDArray): NDArray => (isTracer(a) ? a.mul(2) : a.mul(3))
    expect(messageOf(() => checkVmap(f, [x]))).toMatch(/^checkVmap: element \[\d\] of the result, float32\[3\], differs:\n {2}expected 5\.1 \(f of element 0\)\n {2}got {6}3\.4 \(element 0 of vmap\)\n {2}off by {3}1\.7, [\d.e+]+ times the tolerance of [\d.e-]+$/)
    expect(messageOf(() => checkVmap((a: NDArray) => (isTracer(a) ? a.astype('float64') : a), [x]))).toBe('checkVmap: the result is float64[3] by element 0 of vmap, and float32[3] by f of element 0')
    expect(messageOf(() => checkVmap((a: NDArray) => (isTracer(a) ? [a] : { a }), [x]))).toBe('checkVmap: element 0 of vmap gives a tree of structure [*], and f of element 0 one of {"a":*}')
    const counts = (a: NDArray): NDArray => (isTracer(a) ? np.argmin(a) : np.argmax(a))
    expect(messageOf(() => checkVmap(counts, [x]))).toContain('and none is allowed')
  })

  test('looks at every element: one that differs in the last alone is caught', () => {
    const f = (a: NDArray): NDArray => (isTracer(a) ? np.where(a.slice(0).greater(1), a.mul(2), a) : a)
    expect(messageOf(() => checkVmap(f, [x]))).toContain('(element 1 of vmap)')
  })

  test('refuses what cannot be mapped', () => {
    expect(() => checkVmap((a: NDArray) => a, [x, w] as never)).toThrow(ShapeError)
    expect(() => checkVmap((a: NDArray) => a, [x], { inAxes: odd([[0]]) })).toThrow(TreeError)
    expect(() => checkVmap((a: NDArray) => a, [x], { inAxes: [null] })).toThrow('no argument is mapped')
    expect(() => checkVmap((a: NDArray) => a, [np.zeros([0, 2])])).toThrow(ArgumentError)
    expect(() => checkVmap((a: NDArray) => a, [x], { outAxes: odd([0]) })).toThrow('checkVmap: outAxes is a number, or null, for all results, and got [0]')
    expect(() => checkVmap((a: NDArray) => a, [x], odd({ inAxis: 0 }))).toThrow("checkVmap: unknown option 'inAxis'; known options: inAxes, outAxes, axisSize, tolerance")
  })
})

describe('checkJit', () => {
  test('passes what is the same compiled', () => {
    checkJit((a: NDArray, b: NDArray) => ({ sum: np.sum(np.tanh(a).mul(b), 1), top: np.argmax(a, 1), sign: np.sign(b) }), [x, w])
    checkJit((p: { rate: number; x: NDArray }) => [p.x.mul(p.rate), p.rate], [{ rate: 0.5, x }])
    checkJit((k: NDArray) => random.split(k), [random.key(1)])
    checkJit((a: NDArray) => np.log(a), [x])
    checkJit((a: NDArray) => a.mul(2), [x], { device: 'cpu' })
  })

  test('catches a value, a dtype, a weak type, a shape and a tree that are others compiled', () => {
    expect(messageOf(() => checkJit((a: NDArray) => (isTracer(a) ? np.exp(a).mul(1.001) : np.exp(a)), [x]))).toMatch(/^checkJit: element \[\d,\d\] of the result, float32\[2,3\], differs:\n/)
    expect(messageOf(() => checkJit((a: NDArray) => (isTracer(a) ? a.astype('float16') : a), [x]))).toBe('checkJit: the result is float16[2,3] by jit, and float32[2,3] by f itself')
    expect(messageOf(() => checkJit((a: NDArray) => (isTracer(a) ? [np.sum(a), 2] : [np.sum(a), np.array(2, { dtype: 'float32' })]), [x]))).toBe('checkJit: result [1] is weak float32[] by jit, and float32[] by f itself')
    expect(messageOf(() => checkJit((a: NDArray) => (isTracer(a) ? a : a.reshape([3, 2])), [x]))).toBe('checkJit: the result is float32[2,3] by jit, and float32[3,2] by f itself')
    expect(messageOf(() => checkJit((a: NDArray) => (isTracer(a) ? [a] : a), [x]))).toBe('checkJit: jit gives a tree of structure [*], and f itself one of *')
  })

  test('catches state outside of the function', () => {
    let calls = 0
    expect(messageOf(() => checkJit((a: NDArray) => a.mul(++calls), [x]))).toContain('differs')
  })

  test('catches what the second call gives, where the first is right', () => {
    class Result {
      readonly value: NDArray
      constructor(value: NDArray) {
        this.value = value
      }
    }
    let rebuilt = 0
    // Put together anew by each call of what was compiled, wrongly from the second on; looking at its leaves puts together what holds no array.
    tree.register(Result, (r) => [r.value, null], (_aux, value) => new Result(isArray(value) && rebuilt++ > 0 ? value.add(1) : value))
    expect(messageOf(() => checkJit((a: NDArray) => new Result(a), [x]))).toContain('(the second call of jit)')
  })

  test.each([NaN, Infinity])('catches %s in place of a number, and a number in its place', (odd_) => {
    for (const compiled of [true, false]) {
      const f = (a: NDArray): NDArray => (isTracer(a) === compiled ? np.where(a.greater(1.8), odd_, a) : a)
      expect(messageOf(() => checkJit(f, [x]))).toContain('one of them is not finite')
    }
  })

  test('refuses unknown options, and what is no function', () => {
    expect(() => checkJit((a: NDArray) => a, [x], odd({ devices: [] }))).toThrow("checkJit: unknown option 'devices'; known options: tolerance, device")
    expect(() => checkJit(odd(null), [x])).toThrow(ArgumentError)
  })
})

describe('checkBackends', () => {
  test('passes what is the same on both', () => {
    checkBackends((a: NDArray, b: NDArray) => [np.matmul(a, b), np.sort(a), np.argmax(a), np.exp(a)], [x, w])
    checkBackends((k: NDArray) => random.bits(k, [7]), [random.key(1)])
    checkBackends((a: NDArray) => lax.cumsum(a), [x.astype('float64')])
    checkBackends((p: { rate: number; x: NDArray }) => p.x.mul(p.rate), [{ rate: 0.5, x }])
  })

  test('catches what is not, and says where', () => {
    let device = 0
    const f = (a: NDArray): NDArray => a.add(device++ * 0.5)
    expect(messageOf(() => checkBackends(f, [x]))).toMatch(/differs:\n {2}expected .* \(cpu\)\n {2}got .* \(wasm\)\n/)
    expect(messageOf(() => checkBackends((a: NDArray) => a.add(device++), [np.array([1, 2], { dtype: 'int32' })]))).toContain('and none is allowed')
  })

  test('holds each device against the first', () => {
    let device = 0
    // Traced once for each: wasm, the last, differs.
    const f = (a: NDArray): NDArray => a.add(device++)
    expect(messageOf(() => checkBackends(f, [x], { devices: ['cpu', 'cpu', 'wasm'] }))).toContain('(wasm)')
  })

  test('takes a tolerance', () => {
    let device = 0
    checkBackends((a: NDArray) => a.add(device++ * 0.5), [x], { tolerance: 1 })
  })

  test('refuses fewer than two devices', () => {
    expect(() => checkBackends((a: NDArray) => a, [x], { devices: ['cpu'] })).toThrow("checkBackends: devices is a list of at least two, and got ['cpu']; ready are")
    expect(() => checkBackends((a: NDArray) => a, [x], { tolerance: -1 })).toThrow('checkBackends: tolerance is a number >= 0')
  })
})

test('the checks work on functions that are compiled, or batched, already', () => {
  const f = jit((a: NDArray) => np.sum(a.mul(a)))
  checkJit(f, [x])
  checkVmap(f, [x])
  checkBackends(f, [x])
})
