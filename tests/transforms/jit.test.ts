/** jit: traced once for each signature, one compiled call forwards and one backwards. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { NDArray } from '../../src/core/array.ts'
import { aval } from '../../src/core/aval.ts'
import { encodeNumbers } from '../../src/core/bytes.ts'
import { compiles } from '../../src/core/debug.ts'
import { defaultDevice, putArray } from '../../src/core/devices.ts'
import { ArgumentError, ConcretizationError, DisposedError, TreeError } from '../../src/core/errors.ts'
import { counters } from '../../src/core/evaluate.ts'
import { sin } from '../../src/core/ops/index.ts'
import { traceDepth } from '../../src/core/trace.ts'
import { lower } from '../../src/lower.ts'
import { grad, jit, jvp, makeJaxpr, valueAndGrad, vmap } from '../../src/transforms/index.ts'
import { traceCounter } from '../../src/transforms/jit.ts'
import { array, scalar } from './values.ts'

beforeEach(() => {
  defaultDevice('cpu')
})

/** What a call costs: functions traced, compiled programs called, operations run one by one. */
function cost(f: () => unknown): { traces: number; jitCalls: number; eagerCalls: number } {
  const before = { ...counters, ...traceCounter }
  f()
  return {
    traces: traceCounter.traces - before.traces,
    jitCalls: counters.jitCalls - before.jitCalls,
    eagerCalls: counters.eagerCalls - before.eagerCalls,
  }
}

const x = array([1, 2, 3])
const loss = (v: NDArray): NDArray => sin(v).mul(v).sum()

describe('the cache', () => {
  test('a second call does not trace', () => {
    const f = jit(loss)
    expect(cost(() => f(x))).toEqual({ traces: 1, jitCalls: 1, eagerCalls: 0 })
    expect(cost(() => f(array([4, 5, 6])))).toEqual({ traces: 0, jitCalls: 1, eagerCalls: 0 })
  })

  test('belongs to the function, not to the call of jit', () => {
    const f = (v: NDArray): NDArray => v.mul(2)
    jit(f)(x)
    expect(cost(() => jit(f)(x)).traces).toBe(0)
  })

  test('shape, dtype and structure are the signature; a value is not', () => {
    const f = jit((v: { a: NDArray | number; b?: NDArray }) => (typeof v.a === 'number' ? v : v.a))
    expect(cost(() => f({ a: x })).traces).toBe(1)
    expect(cost(() => f({ a: array([1, 2]) })).traces).toBe(1)
    expect(cost(() => f({ a: array([1, 2, 3], [3], 'float32') })).traces).toBe(1)
    expect(cost(() => f({ a: x, b: x })).traces).toBe(1)
    expect(cost(() => f({ a: 1 })).traces).toBe(1)
    expect(cost(() => f({ a: 0.5 })).traces).toBe(0)
    expect(cost(() => f({ a: x })).traces).toBe(0)
  })

  test('so is whether a type is weak: it decides the dtype of what is made of it', () => {
    const half = array([1, 2, 3], [3], 'float16')
    const f = jit((v: NDArray) => half.mul(v))
    const strong = array([2], [], 'float32')
    expect(cost(() => f(strong)).traces).toBe(1)
    const weak = putArray(encodeNumbers([2], 'float32'), aval([], 'float32', true), 'cpu')
    expect(cost(() => f(weak)).traces).toBe(1)
    expect([f(strong).dtype, f(weak).dtype, f(strong).dtype]).toEqual(['float32', 'float16', 'float32'])
  })

  test('static arguments are part of it', () => {
    const f = jit((v: NDArray, n: number) => (n > 1 ? v.mul(n) : v), { staticArgnums: 1 })
    expect(f(x, 3).js()).toEqual([3, 6, 9])
    expect(f(x, 1).js()).toEqual([1, 2, 3])
    expect(cost(() => f(x, 3)).traces).toBe(0)
    expect(cost(() => f(x, 4)).traces).toBe(1)
  })

  test('static arguments are compared by value as they were at the call, functions by identity, NaN with itself', () => {
    const f = jit((v: NDArray, how: { by: number; after?: (y: NDArray) => NDArray }) => (how.after ?? ((y) => y))(v.mul(how.by)), { staticArgnums: 1 })
    const how = { by: 2 }
    expect(cost(() => f(x, how)).traces).toBe(1)
    expect(cost(() => f(x, { by: 2 })).traces).toBe(0)
    how.by = 3
    expect(f(x, how).js()).toEqual([3, 6, 9])
    const [negative, double] = [(y: NDArray) => y.neg(), (y: NDArray) => y.mul(2)]
    expect([f(x, { by: 1, after: negative }).js(), f(x, { by: 1, after: double }).js()]).toEqual([[-1, -2, -3], [2, 4, 6]])
    expect(cost(() => f(x, { after: double, by: 1 })).traces).toBe(0)
    expect([NaN, Infinity, NaN, 0, -0].map((by) => cost(() => f(x, { by })).traces)).toEqual([1, 1, 0, 1, 1])
  })

  test('arrays closed over are inputs of the program, scalars are literals', () => {
    const w = array([1, 10, 100])
    const c = scalar(2)
    expect(String(makeJaxpr((v: NDArray) => v.mul(w).add(c))(x))).toMatchInlineSnapshot(`
      "{ lambda a:f64[3]; b:f64[3]. let
          c:f64[3] = mul b a
          d:f64[3] = add c 2.0:f64[]
        in (d,) }"
    `)
    expect(jit((v: NDArray) => v.mul(w).add(c))(x).js()).toEqual([3, 22, 302])
  })

  test('debug.compiles says why a function was traced', () => {
    const f = jit(function scale(v: NDArray, w: NDArray | number, k: number) {
      return v.mul(w).mul(k)
    }, { staticArgnums: 2 }) // prettier-ignore
    const single = array([1, 2], [2], 'float32')
    const y = array([1, 2])
    f(y, y, 1)
    f(single, single, 1)
    f(single, 2, 1)
    f(single, 2, 3)
    grad((c: NDArray) => jit((v: NDArray) => v.mul(c).sum())(y))(scalar(1))
    expect(compiles().slice(-5).map(({ name, signature, reason }) => [name, signature, reason])).toEqual([
      ['scale', 'float64[2], float64[2]', 'the first call of this function'],
      ['scale', 'float32[2], float32[2]', 'argument [0] is float32[2], and was float64[2]'],
      ['scale', 'float32[2], float32[]', 'argument [1] is weak float32[], and was float32[2]'],
      ['scale', 'float32[2], float32[]', 'static arguments differ'],
      ['fn', 'float64[2]', 'it closes over a value of a transformation outside, so it is traced at each call'],
    ])
  })

  test('a device may be asked for: arguments are brought there', () => {
    const f = jit((v: NDArray) => v.mul(2), { device: 'wasm' })
    const y = f(array([1, 2]))
    expect([y.device, y.js()]).toEqual(['wasm', [2, 4]])
  })

  test('a function that closes over a value of an outer transformation is traced each time', () => {
    const g = (y: NDArray): NDArray => jit((v: NDArray) => v.mul(y))(x).sum()
    expect(grad(g)(scalar(2)).js()).toBe(6)
    expect(grad(g)(scalar(5)).js()).toBe(6)
    let outer: NDArray = scalar(1)
    const f = jit((v: NDArray) => v.mul(outer))
    const through = (y: NDArray): NDArray => {
      outer = y
      return f(x).sum()
    }
    expect(valueAndGrad(through)(scalar(3)).map((v) => v.js())).toEqual([18, 6])
    expect(valueAndGrad(through)(scalar(4)).map((v) => v.js())).toEqual([24, 6])
  })
})

describe('under other transformations', () => {
  test('the gradient is one call forwards and one backwards, and is not traced again', () => {
    const g = grad(jit(loss))
    g(x)
    expect(cost(() => g(x))).toEqual({ traces: 0, jitCalls: 2, eagerCalls: 0 })
    expect(g(x).js()).toEqual(grad(loss)(x).js())
  })

  test('so are forward mode and batches: one call', () => {
    const f = jit(loss)
    expect(cost(() => jvp(f, [x], [x])).jitCalls).toBe(1)
    const batch = array([1, 2, 3, 4, 5, 6], [2, 3])
    expect(cost(() => vmap(f)(batch)).jitCalls).toBe(1)
    expect(cost(() => vmap(grad(f))(batch)).jitCalls).toBe(2)
  })

  test('inside jit it is an equation', () => {
    const inner = jit(function square(v: NDArray) {
      return v.mul(v)
    })
    expect(String(makeJaxpr((v: NDArray) => inner(v).sum())(x))).toMatchInlineSnapshot(`
      "{ lambda ; a:f64[3]. let
          b:f64[3] = jit[
            device=None
            jaxpr={ lambda ; c:f64[3]. let d:f64[3] = mul c c in (d,) }
            name=square
          ] a
          e:f64[] = reduceSum[axes=(0,)] b
        in (e,) }"
    `)
  })
})

describe('arguments', () => {
  test('donated arrays cannot be used afterwards', () => {
    const f = jit((v: NDArray, w: NDArray) => v.add(w), { donateArgnums: 0 })
    const given = array([1, 2, 3])
    expect(f(given, x).js()).toEqual([2, 4, 6])
    expect(() => given.js()).toThrow(DisposedError)
    expect(x.js()).toEqual([1, 2, 3])
  })

  test('numbers, booleans, nothing, and results that are none of the inputs', () => {
    const f = jit((a: number, b: boolean, c: null, d?: { e: NDArray }) => [a, b, c, d, 7] as const)
    const [a, b, c, d, seven] = f(2.5, true, null, { e: x })
    expect([a.js(), b.js(), c, d?.e.js(), seven.js()]).toEqual([2.5, true, null, [1, 2, 3], 7])
    expect([a.dtype, b.dtype, seven.dtype]).toEqual(['float32', 'bool', 'float32'])
  })

  test('what is wrong is named', () => {
    // @ts-expect-error unknown option
    expect(() => jit(loss, { static: 0 })).toThrow(ArgumentError)
    expect(() => jit(loss, { staticArgnums: 3 })(x)).toThrow(/staticArgnums 3 for a call with 1 arguments/)
    // @ts-expect-error not a function
    expect(() => jit(3)).toThrow(ArgumentError)
    expect(() => jit((v: unknown) => v)('text')).toThrow(TreeError)
    expect(() => jit((v: NDArray) => Promise.resolve(v))(x)).toThrow(/a Promise/)
    expect(() => jit((v: NDArray) => (v.item() > 0 ? v : v.neg()))(scalar(1))).toThrow(ConcretizationError)
    expect(traceDepth()).toBe(0)
  })
})

test('lower shows the program on its way', () => {
  const lowered = lower((v: NDArray) => sin(v.mul(2)))(x)
  expect(lowered.text('jaxpr')).toMatchInlineSnapshot(`
    "{ lambda ; a:f64[3]. let
        b:f64[3] = mul a 2.0:~f64[]
        c:f64[3] = sin b
      in (c,) }"
  `)
  expect(lowered.compile().memoryAnalysis()).toMatchObject({ argumentBytes: 24, outputBytes: 24 })
  expect(lowered.compile().costAnalysis().kernels).toBe(1)
  expect(lowered.compile().call(x).js()).toEqual(sin(x.mul(2)).js())
})
