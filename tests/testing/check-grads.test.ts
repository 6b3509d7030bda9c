/** The checks of derivatives pass right ones, catch planted wrong ones, and refuse what they cannot check. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { ArgumentError, type ArrayLike, CheckError, type DType, DtypeError, grad, jit, lax, NDArray, nn, np, PullbackError, random, tree, TreeError } from 'pullback'
import { Conv, Dense, Flatten, LogSoftmax, LSTM, MaxPool, Relu, serial } from 'pullback/stax'
import { checkBackends, checkGrads, checkJit, checkJvp, checkVjp, programs } from 'pullback/testing'
import { describe, expect, test } from 'vitest'
import { activeTransformations } from '../../src/core/trace.ts'
import { toleranceFor, unitOf } from '../../src/testing/tolerance.ts'
import { numSlowRuns } from '../scale.ts'
import { withDerivativeOf } from './planted.ts'

const floats = ['float64', 'float32', 'float16', 'bfloat16'] as const satisfies readonly DType[]
const x = np.array([0.3, -0.8, 1.7])
const y = np.array([1.1, 0.4, -0.6])

const messageOf = (run: () => unknown): string => {
  try {
    run()
  } catch (e) {
    if (e instanceof CheckError) return e.message
    throw e
  }
  throw new Error('nothing was thrown')
}

describe('right derivatives pass', () => {
  test('of generated programs', () => {
    const smooth = programs({ smooth: true, statements: 4, depth: 1, dtypes: ['float64'], operands: [{ shape: [3], dtype: 'float64' }, { shape: [2, 3], dtype: 'float64' }] })
    fc.assert(
      fc.property(smooth, fc.nat(20), (program, seed) => {
        fc.pre(program.results.some(({ dtype }) => dtype === 'float64'))
        checkGrads(program.apply, program.args(seed))
      }),
      { numRuns: numSlowRuns },
    )
  })

  const functions: Readonly<Record<string, (x: NDArray, y: NDArray) => unknown>> = {
    'elementwise mathematics': (a, b) => np.sin(a).mul(np.exp(b)),
    'a sum that is zero in exact arithmetic': (a) => np.sum(a.sub(np.mean(a))),
    softmax: (a, b) => np.sum(nn.softmax(a).mul(b)),
    'a constant': (a, b) => [np.zerosLike(a), a.mul(b)],
    'a result that is infinite and constant': (a) => np.concatenate([np.array([-Infinity]), a]),
    'results that are no floating point': (a, b) => ({ larger: np.argmax(a), product: a.mul(b) }),
    'a scan': (a, b) => lax.scan((c: NDArray, t: NDArray): [NDArray, NDArray] => [np.tanh(c.add(t)), c.mul(t)], np.sum(b), a),
    'a compiled function': (a, b) => jit((p: NDArray, q: NDArray) => np.sum(np.tanh(p).mul(q)))(a, b),
    'a branch on a value': (a, b) => (a.slice(0).item() > 0 ? np.sum(a.mul(b)) : np.sum(b)),
    'a small result of large terms': (a, b) => np.sum(a.mul(1000).add(b).sub(a.mul(1000))),
  }
  describe.each(Object.entries(functions))('%s', (_name, f) => {
    test('to second order, in both modes', () => {
      checkGrads(f, [x, y], { order: 2 })
      checkGrads(f, [x.astype('float64'), y.astype('float64')], { order: 2 })
    })
  })

  test.each(floats)('in %s', (dtype) => {
    checkGrads((a, b) => np.sum(np.sin(a).mul(b)).add(np.exp(b)), [x.astype(dtype), y.astype(dtype)], { order: 2 })
  })

  test('of numbers: the function gets arrays, whatever calls it', () => {
    const cube = (a: ArrayLike): NDArray => {
      expect(a).toBeInstanceOf(NDArray)
      return np.power(a, 3)
    }
    checkGrads(cube, [3], { order: 2 })
    checkJvp(cube, [3])
    checkVjp(cube, [3])
    checkJit(cube, [3])
    checkBackends(cube, [3])
  })

  test('to third order', () => {
    checkGrads((a) => np.sum(np.exp(a).mul(np.sin(a))), [x.astype('float64')], { order: 3 })
  })

  test('over arguments of any size, each on its own scale', () => {
    for (const scale of [1e-6, 1, 1e6]) checkGrads((a, b) => np.sum(np.log(a).add(a.mul(a)).mul(b)), [np.abs(x).mul(scale), y], { order: 2 })
  })

  test('over trees, with leaves of integers, truth values and keys held fixed', () => {
    const f = (p: { w: NDArray; rest: [NDArray, NDArray, NDArray]; rate: number }): NDArray => {
      const [n, mask, key] = p.rest
      return np.sum(np.where(mask, p.w.mul(n).mul(p.rate), random.normal(key, [3]).mul(p.w)))
    }
    checkGrads(f, [{ w: x, rest: [np.array([1, 2, 3], { dtype: 'int32' }), np.array([true, false, true]), random.key(3)], rate: 0.5 }], { order: 2 })
  })

  test('of a function that insists on float32', () => {
    // A loop that starts from float32 gives float32 back at each step.
    const loop = (a: NDArray): NDArray => lax.scan((c: NDArray, t: NDArray): [NDArray, null] => [c.mul(0.5).add(np.sin(t)), null], np.zeros([]), a)[0]
    expect(() => loop(x.astype('float64'))).toThrow(DtypeError)
    checkGrads(loop, [x], { order: 2 })
    expect(() => checkGrads(withDerivativeOf(loop, (a) => loop(a).mul(1.1)), [x])).toThrow(/central differences in float32, eps 0\.00492/)
  })

  test('of networks', () => {
    const [init, apply] = serial(Conv(3, [3, 3]), Relu, MaxPool([2, 2]), Flatten, Dense(4), LogSoftmax)
    checkGrads((p, v) => apply(p, v), [init(random.key(0), [-1, 8, 8, 1]).params, random.normal(random.key(1), [2, 8, 8, 1])])
    const [initLstm, applyLstm] = serial(LSTM(3), Dense(2))
    checkGrads((p, v) => applyLstm(p, v), [initLstm(random.key(0), [-1, 4, 2]).params, random.normal(random.key(1), [2, 4, 2])])
  })

  test('at a tie, where the gradient is shared evenly', () => {
    checkGrads((a, b) => np.maximum(a, b), [np.array([1, 2]), np.array([1, 3])])
    checkGrads((a) => np.max(a), [np.array([1, 1, 0])])
  })

  test('of arrays without elements, beside others', () => {
    checkGrads((a, b) => np.sum(a).add(np.sum(b.mul(b))), [np.zeros([0, 3]), x], { order: 2 })
  })

  test('on every device', () => {
    for (const device of ['cpu', 'wasm'] as const) checkGrads((a) => np.sum(np.sin(a)), [np.array([0.3, 0.7], { device })], { order: 2 })
  })

  test('where a hand-written derivative is right', () => {
    checkJvp((a: NDArray, b: NDArray) => a.mul(b), ([a, b], [s, t]) => [a.mul(b), a.mul(t).add(s.mul(b))], [x, y])
    checkVjp((a: NDArray, b: NDArray) => a.mul(b), (a, b) => [a.mul(b), (ct: NDArray) => [b.mul(ct), a.mul(ct)]], [x, y])
  })
})

describe('wrong derivatives are caught', () => {
  const right = (a: NDArray, b: NDArray): NDArray => np.sum(np.sin(a).mul(b)).add(a.mul(a))
  const planted: Readonly<Record<string, (a: NDArray, b: NDArray) => NDArray>> = {
    'of the wrong sign': withDerivativeOf(right, (a, b) => right(a, b).neg()),
    'too large by a factor of two': withDerivativeOf(right, (a, b) => right(a, b).mul(2)),
    'too large by one percent': withDerivativeOf(right, (a, b) => right(a, b).mul(1.01)),
    'without a term': withDerivativeOf(right, (a, b) => np.sum(np.sin(a).mul(b)).add(lax.stopGradient(a).mul(a))),
    'without one argument': withDerivativeOf(right, (a, b) => right(a, lax.stopGradient(b))),
    'wrong in one element': withDerivativeOf(right, (a, b) => right(a.mul(np.array([1, 1, 1.1])), b)),
    'zero everywhere': withDerivativeOf(right, (a, b) => np.zerosLike(a.add(b))),
  }
  describe.each(Object.entries(planted))('%s', (name, f) => {
    // Narrow types have no digits left for one percent.
    test.each(name.includes('percent') ? floats.slice(0, 2) : floats)('in %s, in each mode', (dtype) => {
      const args = [x.astype(dtype), y.astype(dtype)] as const
      for (const mode of ['fwd', 'rev'] as const) expect(() => checkGrads(f, args, { modes: [mode] })).toThrow(CheckError)
      expect(() => checkJvp(f, args)).toThrow(CheckError)
      expect(() => checkVjp(f, args)).toThrow(CheckError)
    })
  })

  test('small ones too, where the whole gradient is small', () => {
    const small = (a: NDArray): NDArray => np.sum(np.sin(a)).mul(1e-3)
    checkGrads(small, [x])
    expect(() => checkGrads(withDerivativeOf(small, (a) => small(a).mul(1.1)), [x])).toThrow(CheckError)
  })

  test('a wrong share at a tie', () => {
    const all = withDerivativeOf<[NDArray, NDArray]>(np.maximum, (a, b) => np.where(np.greaterEqual(a, b), a, b))
    const args = [np.array([1, 2]), np.array([1, 3])] as const
    expect(messageOf(() => checkGrads(all, args))).toContain('the derivative of element [0] of the result along argument [0]')
    expect(() => checkGrads((a, b) => all(a, b), [np.array([1.5, 2]), np.array([1, 3])])).not.toThrow()
    expect(() => checkGrads(withDerivativeOf<[NDArray]>(nn.relu, (a) => np.where(np.greaterEqual(a, 0), a, 0)), [np.array([0, 1])])).toThrow(CheckError)
  })

  test('a second derivative that is wrong where the first is right', () => {
    // d/dx x³ = 3x², written with a factor that is not differentiated.
    const cube = withDerivativeOf((a: NDArray) => a.mul(a).mul(a), (a) => lax.stopGradient(a.mul(a).mul(3)).mul(a))
    checkGrads(cube, [x])
    expect(messageOf(() => checkGrads(cube, [x], { order: 2 }))).toContain('mode fwd of fwd, order 2')
    expect(messageOf(() => checkGrads(cube, [x], { order: 2, modes: ['rev'] }))).toContain('mode rev of rev, order 2')
    // Wrong in one sequence of modes alone.
    const right = (a: NDArray): NDArray => a.mul(a).mul(a)
    for (const [active, said] of [['jvp,vjp', 'mode fwd of rev, order 2'], ['vjp,jvp', 'mode rev of fwd, order 2']] as const) {
      const f = (a: NDArray): NDArray => (activeTransformations().join() === active ? cube : right)(a)
      expect(messageOf(() => checkGrads(f, [x], { order: 2 }))).toContain(said)
    }
  })

  test('in hand-written rules: value, tangent, structure, shape', () => {
    const f = (a: NDArray): NDArray => np.sin(a)
    expect(messageOf(() => checkJvp(f, ([a], [t]) => [np.sin(a), np.sin(a).mul(t)], [x]))).toContain('the derivative of element [')
    expect(messageOf(() => checkJvp(f, ([a], [t]) => [np.cos(a), np.cos(a).mul(t)], [x]))).toContain('has another value under the transformation')
    expect(messageOf(() => checkJvp(f, ([a], [t]) => [np.sin(a), [np.cos(a).mul(t)]], [x]))).toBe('checkJvp: the tangent has structure [*] where * is right, mode fwd, order 1')
    expect(messageOf(() => checkJvp(f, ([a], [t]) => [np.sin(a), np.sum(np.cos(a).mul(t))], [x]))).toBe('checkJvp: the tangent is float32[] where float32[3] is right, mode fwd, order 1')
    expect(messageOf(() => checkVjp(f, (a) => [np.sin(a), (ct: NDArray) => [ct]], [x]))).toContain('in the inner product of its cotangent with a direction')
    expect(messageOf(() => checkVjp(f, (a) => [np.sin(a), () => []], [x]))).toContain('what the pullback gives has structure [] where [*] is right')
    expect(messageOf(() => checkVjp(f, (a) => [np.cos(a), (ct: NDArray) => [np.cos(a).mul(ct)]], [x]))).toContain('has another value under the transformation')
    for (const odd of [NaN, Infinity]) {
      expect(messageOf(() => checkJvp(f, ([a], [t]) => [np.sin(a), np.cos(a).mul(t).mul(odd)], [x]))).toContain('one of them is not finite')
      expect(messageOf(() => checkVjp(f, (a) => [np.sin(a), (ct: NDArray) => [np.cos(a).mul(ct).mul(odd)]], [x]))).toContain('one of them is not finite')
    }
  })
})

describe('the message', () => {
  test('names result, argument, mode, order, both values and the tolerance', () => {
    const f = (p: { w: NDArray; b: NDArray }): readonly NDArray[] => [p.b.mul(2), withDerivativeOf((w: NDArray) => w.mul(w), (w) => w.mul(w).neg())(p.w)]
    const args = [{ w: np.array([[1, 2]], { dtype: 'float64' }), b: np.array(1, { dtype: 'float64' }) }] as const
    const forward = messageOf(() => checkGrads(f, args))
    expect(forward).toMatch(
      /^checkGrads: the derivative of element \[0,\d\] of result \[1\] along argument \[0\]\["w"\] float64\[1,2\] is wrong, mode fwd, order 1:\n {2}expected -?[\d.]+ \(central differences in float64, eps 0\.00000606\)\n {2}got {6}-?[\d.]+ \(jvp\)\n {2}off by {3}[\d.]+, [\d.e+]+ times the tolerance of [\d.e-]+$/,
    )
    const [, expected, got] = /expected (\S+) [^]*got {6}(\S+)/.exec(forward) ?? []
    expect(Number(got)).toBeCloseTo(-Number(expected), 5)
    expect(messageOf(() => checkGrads(f, args, { modes: ['rev'] }))).toContain('the derivative with respect to argument [0]["w"] float64[1,2] is wrong, mode rev, order 1')
  })

  test('is a typed error at the user’s line, whose operation is the check', () => {
    try {
      checkGrads(withDerivativeOf((a: NDArray) => a, (a) => a.neg()), [x])
      expect.unreachable()
    } catch (e) {
      if (!(e instanceof PullbackError)) throw e
      expect([e.code, e.name, e.operation]).toEqual(['CHECK', 'CheckError', 'checkGrads'])
      expect(e.stack?.split('\n').find((line) => /^\s+at /.test(line))).toContain('check-grads.test.ts')
    }
  })

  test('says where a function is not finite', () => {
    expect(messageOf(() => checkGrads((a) => np.log(a), [np.array([1, 0])]))).toMatch(/element \[1\] of the result is .* on the two sides along argument \[0\]: there is no difference to take/)
  })
})

test('steps and tolerances are those of docs/testing-gradients.md', () => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'testing-gradients.md'), 'utf8')
  const rows = [...page.matchAll(/^\| (b?float\d\d) \| 6e-6(?: \((\S+?)(?: where .*)?\))? \| (\S+) \| (\S+) \|$/gm)]
  expect(rows.map(([, dtype]) => dtype)).toEqual(floats)
  const written = (v: number): string => Number(v.toPrecision(1)).toString()
  floats.forEach((dtype, i) => {
    const [, , own, relative, absolute] = rows[i]!
    expect(toleranceFor('derivatives', dtype, undefined)).toEqual({ relative: Number(relative), absolute: Number(absolute) })
    // Where the function insists on a type: the cube root of its precision.
    expect(Number(own ?? 6e-6).toString()).toBe(written(Math.cbrt(unitOf[dtype])))
  })
})

describe('options', () => {
  const cube = (a: NDArray): NDArray => a.mul(a).mul(a)
  test('tolerance and eps decide what passes', () => {
    const near = withDerivativeOf(cube, (a) => cube(a).mul(1.01))
    expect(() => checkGrads(near, [x])).toThrow(CheckError)
    checkGrads(near, [x], { tolerance: 0.05 })
    checkGrads(near, [x], { tolerance: { relative: 0.05 } })
    expect(() => checkGrads(cube, [x.astype('float64')], { eps: 0.5 })).toThrow(/eps 0\.5/)
  })
  test('a mode that is not asked for is not looked at', () => {
    const [wrong, args] = [withDerivativeOf(cube, (a) => cube(a).neg()), [x]] as const
    expect(messageOf(() => checkGrads(wrong, args, { modes: ['rev'] }))).toContain('mode rev')
    expect(messageOf(() => checkGrads(wrong, args, { modes: ['fwd'] }))).toContain('mode fwd')
  })
  test('nothing is left of the checks in what is checked', () => {
    const before = tree.map((leaf) => leaf.js(), [x, y])
    checkGrads((a, b) => a.mul(b), [x, y], { order: 2 })
    expect(tree.map((leaf) => leaf.js(), [x, y])).toEqual(before)
    expect(grad((a: NDArray) => np.sum(cube(a)))(x).shape).toEqual([3])
  })
})

describe('wrong uses are refused', () => {
  const f = (a: NDArray): NDArray => np.sin(a)
  const odd = (value: unknown): never => value as never
  test.each([
    ['no function', () => checkGrads(odd(3), [x]), ArgumentError, 'checkGrads: takes a function and got 3'],
    ['an array for the list of arguments', () => checkGrads(f, odd(x)), ArgumentError, 'checkGrads: args are a list with one entry for each argument of the function; write [x] for one argument'],
    ['an unknown option', () => checkGrads(f, [x], odd({ rtol: 1 })), ArgumentError, "checkGrads: unknown option 'rtol'; known options: order, modes, eps, tolerance"],
    ['an order of zero', () => checkGrads(f, [x], { order: 0 }), ArgumentError, 'checkGrads: order is 0; takes an integer from 1 to 10'],
    ['a mode that is none', () => checkGrads(f, [x], { modes: odd(['reverse']) }), ArgumentError, "checkGrads: modes is ['reverse']; takes a list of 'fwd' and 'rev'"],
    ['no modes', () => checkGrads(f, [x], { modes: [] }), ArgumentError, "checkGrads: modes is []; takes a list of 'fwd' and 'rev'"],
    ['a step of zero', () => checkGrads(f, [x], { eps: 0 }), ArgumentError, 'checkGrads: eps is a number > 0, and got 0'],
    ['a tolerance that is none', () => checkGrads(f, [x], { tolerance: odd({ rtol: 1 }) }), ArgumentError, 'checkGrads: tolerance is a number >= 0, or { relative, absolute } of them, and got { rtol: 1 }'],
    ['integers alone', () => checkGrads(f, [np.array([1, 2], { dtype: 'int32' })]), ArgumentError, 'checkGrads: no argument is of floating point (int32[2]), so there is no derivative to check'],
    ['no arguments', () => checkGrads(() => x, []), ArgumentError, 'checkGrads: no argument is of floating point (there is none), so there is no derivative to check'],
    ['a result of integers', () => checkGrads((a: NDArray) => np.argmax(a), [x]), ArgumentError, 'checkGrads: no result is of floating point (int32[]), so there is no derivative to check'],
    ['complex arguments', () => checkGrads(f, [np.array(new Float32Array([1, 2]), { dtype: 'complex64' })]), DtypeError, 'checkGrads: argument [0] is complex64[2]; differences are taken along real arguments. Take its real and imaginary parts as two arguments'],
    ['what is no tree', () => checkGrads(f, [odd('x')]), TreeError, 'checkGrads: the string "x" at [0] is no array, number or boolean, nor a list or plain object of them'],
    ['an unknown option of checkJvp', () => checkJvp(f, [x], odd({ order: 2 })), ArgumentError, "checkJvp: unknown option 'order'; known options: eps, tolerance"],
    ['an unknown option of checkVjp', () => checkVjp(f, [x], odd({ order: 2 })), ArgumentError, "checkVjp: unknown option 'order'; known options: eps, tolerance"],
    ['no arguments beside a rule', () => checkJvp(f, odd(f), odd(undefined)), ArgumentError, 'checkJvp: args are a list with one entry for each argument of the function; write [x] for one argument'],
  ])('%s', (_name, run, type, message) => {
    try {
      run()
    } catch (e) {
      expect(e).toBeInstanceOf(type)
      expect((e as Error).message).toBe(message)
      return
    }
    expect.unreachable()
  })
})
