/** Bad input to derivatives and vmap: a typed error with shapes and a way out, and no interpreter left behind. */
import { beforeEach, afterEach, describe, expect, test } from 'vitest'
import type { NDArray } from '../../src/core/array.ts'
import { defaultDevice } from '../../src/core/devices.ts'
import { ArgumentError, DtypeError, ShapeError, TreeError } from '../../src/core/errors.ts'
import { sin, tanh } from '../../src/core/ops/index.ts'
import { isStaging, traceDepth } from '../../src/core/trace.ts'
import { evalShape, grad, hessian, jacfwd, jacrev, jit, jvp, linearize, linearTranspose, makeJaxpr, stopGradient, valueAndGrad, vjp, vmap } from '../../src/transforms/index.ts'
import { array, scalar } from './values.ts'

beforeEach(() => {
  defaultDevice('cpu')
})
afterEach(() => {
  expect(traceDepth()).toBe(0)
  expect(isStaging()).toBe(false)
})

const x = array([1, 2, 3])
const whole = array([1, 2], [2], 'int32')

describe('grad', () => {
  test('of what is no scalar names the shape and what to use', () => {
    expect(() => grad(sin)(x)).toThrow(ShapeError)
    expect(() => grad(sin)(x)).toThrow(/grad: the function returned float64\[3\].*jacrev.*vjp/)
    expect(() => valueAndGrad((v: NDArray) => [v, v] as const)(x)).toThrow(TreeError)
    expect(() => grad((v: NDArray) => v.sum().astype('int32'))(x)).toThrow(DtypeError)
  })

  test('with respect to integers names the leaf', () => {
    expect(() => grad((v: NDArray) => v.sum())(whole)).toThrow(DtypeError)
    expect(() => grad((v: { a: NDArray; n: NDArray }) => v.a.sum())({ a: x, n: whole })).toThrow(/argument \[0\]\["n"\] is int32\[2\]/)
    expect(grad((v: NDArray, n: NDArray) => v.sum().add(n.sum()), { argnums: 0 })(x, whole).js()).toEqual([1, 1, 1])
  })

  test('of functions that are none, that return promises or iterators', () => {
    // @ts-expect-error not a function
    expect(() => grad(3)).toThrow(ArgumentError)
    // @ts-expect-error a promise is no tree
    expect(() => grad(async (v: NDArray) => v.sum())(x)).toThrow(/a Promise/)
    // @ts-expect-error an iterator is no tree
    expect(() => grad(function* (v: NDArray) { yield v })(x)).toThrow(TreeError) // prettier-ignore
    expect(() => grad((v: NDArray) => { throw new RangeError(String(v)) })(x)).toThrow(RangeError) // prettier-ignore
  })

  test('options and argnums', () => {
    // @ts-expect-error unknown option
    expect(() => grad(tanh, { argnum: 1 })).toThrow(/unknown option 'argnum'; known options: argnums, hasAux/)
    expect(() => grad((v: NDArray) => v.sum(), { argnums: 2 as 0 })(x)).toThrow(/argnums 2 for a call with 1 arguments/)
    expect(grad((a: NDArray, b: NDArray) => a.mul(b).sum(), { argnums: -1 as 1 })(x, x).js()).toEqual([1, 2, 3])
    expect(() => grad((v: NDArray) => v.sum() as unknown as [NDArray, NDArray], { hasAux: true })(x)).toThrow(/must return \[value, aux\]/)
  })
})

test('tangents and cotangents must be like what they belong to', () => {
  expect(() => jvp(sin, [x], [array([1, 2])])).toThrow(ShapeError)
  expect(() => jvp(sin, [x], [array([1, 2, 3], [3], 'float32')])).toThrow(DtypeError)
  // @ts-expect-error another structure
  expect(() => jvp(sin, [x], [{ x }])).toThrow(TreeError)
  const [, pullback] = vjp(sin, [x])
  expect(() => pullback(scalar(1))).toThrow(/the cotangent is float64\[\], and float64\[3\] is needed/)
  const [, push] = linearize(sin, [x])
  expect(() => push(scalar(1))).toThrow(ShapeError)
  expect(() => linearTranspose(sin, [x])(x)).toThrow(/not linear: it applies sin/)
  expect(() => linearTranspose((v: NDArray) => v.mul(v), [x])(x)).toThrow(/both depend on its inputs/)
})

describe('vmap', () => {
  const f = (a: NDArray, b: NDArray): NDArray => a.add(b)
  test('sizes of mapped axes', () => {
    expect(() => vmap(f)(x, array([1, 2]))).toThrow(/sizes of mapped axes differ: \[0\] float64\[3\] has 3 along axis 0, \[1\] float64\[2\] has 2 along axis 0/)
    expect(() => vmap(f)(x, scalar(1))).toThrow(/has no axis 0 to map over/)
    expect(() => vmap(f, [0, 2])(x, x)).toThrow(ShapeError)
    expect(() => vmap(f, [null, null])(x, x)).toThrow(ArgumentError)
    expect(() => vmap(f, [0, null], null)(x, x)).toThrow(/outAxes is null/)
    // @ts-expect-error one axis an argument
    expect(() => vmap(f, [0])(x, x)).toThrow(TreeError)
    // @ts-expect-error unknown option
    expect(() => vmap(f, 0, 0, { axis: 1 })).toThrow(/known options: axisName, axisSize/)
    expect(() => vmap((v: NDArray) => (v.item() > 0 ? v : v.neg()))(x)).toThrow(/not known while vmap/)
  })

  test('axes in and out, from the end, of trees, and of nothing', () => {
    const m = array([1, 2, 3, 4, 5, 6], [2, 3])
    expect(vmap((v: NDArray) => v.sum(), -1)(m).js()).toEqual([5, 7, 9])
    expect(vmap((v: NDArray) => v.mul(2), 1, -1)(m).js()).toEqual([[2, 4, 6], [8, 10, 12]])
    expect(vmap((p: { a: NDArray; b: NDArray }) => ({ c: p.a.add(p.b), d: p.b }), [{ a: 0, b: null }], { c: 0, d: null })({ a: x, b: scalar(1) }).c.js()).toEqual([2, 3, 4])
    expect(vmap((v: NDArray) => v, [null], 0, { axisSize: 2 })(x).js()).toEqual([[1, 2, 3], [1, 2, 3]])
    expect(vmap(vmap(f, [null, 0]), [0, null])(x, array([10, 20])).js()).toEqual([[11, 21], [12, 22], [13, 23]])
  })
})

test('the other doors check as well', () => {
  for (const door of [jacfwd, jacrev, hessian]) {
    expect(() => door((v: NDArray) => v.sum())(whole)).toThrow(DtypeError)
    // @ts-expect-error unknown option
    expect(() => door(sin, { aux: true })).toThrow(ArgumentError)
  }
  // @ts-expect-error not a function
  expect(() => makeJaxpr(1)).toThrow(ArgumentError)
  expect(() => evalShape((v: NDArray) => v.reshape([2, 2]), x)).toThrow(ShapeError)
  expect(evalShape((v: NDArray) => ({ s: v.sum(), k: [1, v] }), x)).toEqual({ s: { shape: [], dtype: 'float64' }, k: [{ shape: [], dtype: 'float32' }, { shape: [3], dtype: 'float64' }] })
  expect(grad((v: NDArray) => v.mul(stopGradient({ w: v }).w).sum())(x).js()).toEqual([1, 2, 3])
  expect(() => jit((v: NDArray) => v.add(array([1, 2])))(x)).toThrow(ShapeError)
})
