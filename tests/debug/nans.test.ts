/** debug.nans: the first operation that makes a NaN throws, by name, eagerly and inside programs, loops and derivatives. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ArgumentError, debug, grad, jit, lax, NonFiniteError, np, nn, vmap } from '../../src/index.ts'
import { firstFrame, refused, thrownBy } from '../errors/refused.ts'

beforeEach(() => {
  debug.nans(true)
})
afterEach(() => {
  debug.nans(false)
  debug.infs(false)
})

const x = np.array([1, -1, 4])
const zero = np.array(0)

test('on, off, and which it is', () => {
  expect(debug.nans()).toBe(true)
  expect(debug.nans(false)).toBe(false)
  expect(np.log(x).slice(1).item()).toBeNaN()
  // @ts-expect-error no truth value
  expect(() => debug.nans('yes')).toThrow(ArgumentError)
})

test('an eager operation, by the name it was called by, at the line of the call', () => {
  expect(refused(() => np.log(x))).toMatchInlineSnapshot(`"NonFiniteError log: made NaN: 1 of 3 elements of float32[3], the first at [1]; from float32[3]"`)
  expect(refused(() => np.log10(x))).toMatchInlineSnapshot(`"NonFiniteError log10: made NaN: 1 of 3 elements of float32[3], the first at [1]; from float32[3]"`)
  expect(refused(() => zero.div(0))).toMatchInlineSnapshot(`"NonFiniteError div: made NaN: float32[]; from float32[], 0"`)
  expect(firstFrame(thrownBy(() => np.sqrt(x)))).toContain('nans.test.ts')
  expect(np.log(np.array([1, 2])).js()).toHaveLength(2)
})

test('a NaN that was there is found by the first operation whose result has it', () => {
  const held = np.array([1, NaN])
  expect(refused(() => held.add(1))).toMatchInlineSnapshot(`"NonFiniteError add: made NaN: 1 of 2 elements of float32[2], the first at [1]; from float32[2] that holds NaN already, 1"`)
  expect(np.isnan(held).js()).toEqual([false, true])
  expect(np.where(np.isnan(held), 0, held).js()).toEqual([1, 0])
  expect(refused(() => jit((v: np.NDArray) => v.mul(2))(held))).toMatchInlineSnapshot(`"NonFiniteError mul: made NaN in jit 'fn', by b:f32[2] = mul a 2.0:~f32[]: 1 of 2 elements of float32[2], the first at [1]; from float32[2] that holds NaN already, 2"`)
})

test('inside a compiled program: its name, the equation and the operands', () => {
  const loss = jit((v: np.NDArray) => np.sum(np.log(v.mul(2)).add(1)))
  expect(refused(() => loss(x))).toMatchInlineSnapshot(`"NonFiniteError log: made NaN in jit 'fn', by c:f32[3] = log b: 1 of 3 elements of float32[3], the first at [1]; from float32[3]"`)
  const outer = jit(function outer(v: np.NDArray) {
    return jit(function inner(w: np.NDArray) {
      return np.sqrt(w)
    })(v.sub(1))
  })
  expect(refused(() => outer(x))).toMatchInlineSnapshot(`"NonFiniteError sqrt: made NaN in jit 'outer', in jit 'inner', by b:f32[3] = sqrt a: 1 of 3 elements of float32[3], the first at [1]; from float32[3]"`)
  expect(loss(np.array([1, 2])).item()).toBeCloseTo(2 + Math.log(8))
})

test('what is masked inside a compiled program is not looked for, as in JAX', () => {
  const safe = jit((v: np.NDArray) => np.where(v.greater(0), np.log(v), 0))
  expect(safe(x).js()).toHaveLength(3)
  expect(refused(() => np.where(x.greater(0), np.log(x), 0))).toContain('log: made NaN')
})

test('in a loop: the iteration', () => {
  const body = (c: np.NDArray, v: np.NDArray): readonly [np.NDArray, np.NDArray] => [np.sqrt(c.sub(v)), c]
  expect(refused(() => lax.scan(body, np.array(3), np.array([1, 1, 1, 1])))).toMatchInlineSnapshot(`"NonFiniteError sqrt: made NaN in scan, iteration 2 of 4, by d:f32[] = sqrt c: float32[]; from float32[]"`)
  expect(refused(() => lax.scan(body, np.array(3), np.array([1, 1, 5, 1]), { reverse: true }))).toMatchInlineSnapshot(`"NonFiniteError sqrt: made NaN in scan, iteration 1 of 4, by d:f32[] = sqrt c: float32[]; from float32[]"`)
  expect(refused(() => jit((c: np.NDArray) => lax.scan(body, c, np.array([1, 1, 1]))[0])(np.array(3)))).toMatchInlineSnapshot(`"NonFiniteError sqrt: made NaN in jit 'fn', in scan, iteration 2 of 3, by d:f32[] = sqrt c: float32[]; from float32[]"`)
})

test('under grad: forward, and which part of the backward pass', () => {
  expect(refused(() => grad((v: np.NDArray) => np.sum(np.log(v)))(x))).toMatchInlineSnapshot(`"NonFiniteError log: made NaN under grad: 1 of 3 elements of float32[3], the first at [1]; from float32[3]"`)
  // The norm's derivative at 0 is 0 / 0, though its value is fine.
  const norm = (v: np.NDArray): np.NDArray => np.sqrt(np.sum(v.mul(v)))
  expect(norm(np.zeros([2])).item()).toBe(0)
  expect(refused(() => grad(norm)(np.zeros([2])))).toMatchInlineSnapshot(`"NonFiniteError mul: made NaN in the backward pass, at the transpose of mul: 2 of 2 elements of float32[2], the first at [0]; from float32[2], float32[2] that holds inf already"`)
  expect(refused(() => grad(jit(norm))(np.zeros([2])))).toMatchInlineSnapshot(`"NonFiniteError mul: made NaN in jit 'norm', by f:f32[2] = mul a e, in the backward pass, at the transpose of jit: 2 of 2 elements of float32[2], the first at [0]; from float32[2], float32[2] that holds inf already"`)
  expect(refused(() => jit(grad(norm))(np.zeros([2])))).toMatchInlineSnapshot(`"NonFiniteError mul: made NaN in jit 'norm', by h:f32[2] = mul a g: 2 of 2 elements of float32[2], the first at [0]; from float32[2], float32[2] that holds inf already"`)
})

test('under vmap', () => {
  expect(refused(() => vmap((v: np.NDArray) => np.log(v))(x))).toMatchInlineSnapshot(`"NonFiniteError log: made NaN under vmap: 1 of 3 elements of float32[3], the first at [1]; from float32[3]"`)
  expect(refused(() => vmap(grad((v: np.NDArray) => np.sqrt(v).mul(0)))(np.array([1, 0])))).toMatchInlineSnapshot(`"NonFiniteError mul: made NaN in the backward pass, at the transpose of mul, under vmap: 1 of 2 elements of float32[2], the first at [1]; from float32[], float32[2] that holds inf already"`)
})

test('donated arrays are let go when all is well, and kept when it is not', () => {
  const step = jit((v: np.NDArray) => np.log(v), { donateArgnums: 0 })
  const [good, bad] = [np.ones([3]).add(1), np.zeros([3]).sub(1)]
  step(good)
  expect(() => good.add(1)).toThrow('disposed or donated')
  expect(() => step(bad)).toThrow(NonFiniteError)
  expect(bad.js()).toEqual([-1, -1, -1])
})

test('infinities, where they are asked for', () => {
  expect(np.log(zero).item()).toBe(-Infinity)
  debug.infs(true)
  expect(refused(() => np.log(zero))).toMatchInlineSnapshot(`"NonFiniteError log: made inf: float32[]; from float32[]"`)
  expect(refused(() => jit((v: np.NDArray) => np.exp(v))(np.array([1, 1000])))).toMatchInlineSnapshot(`"NonFiniteError exp: made inf in jit 'fn', by b:f32[2] = exp a: 1 of 2 elements of float32[2], the first at [1]; from float32[2]"`)
  debug.nans(false)
  expect(np.log(np.array(-1)).item()).toBeNaN()
  expect(debug.infs()).toBe(true)
})

test('of functions that are made to work with infinities nothing is refused', () => {
  expect(nn.softmax(np.array([1, -Infinity])).js()).toEqual([1, 0])
  expect(grad((v: np.NDArray) => np.sum(nn.relu(v)))(x).js()).toEqual([1, 0, 1])
})
