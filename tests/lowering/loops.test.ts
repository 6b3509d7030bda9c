/** What leaves loops: products before them and after them, within a budget, never past a barrier. */
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { checkJaxpr } from '../../src/core/check.ts'
import { defaultDevice } from '../../src/core/devices.ts'
import type { Jaxpr } from '../../src/core/jaxpr.ts'
import { printJaxpr } from '../../src/core/print.ts'
import { interpret } from '../../src/backends/cpu/interpret.ts'
import { grad, lax, makeJaxpr, np } from '../../src/index.ts'
import { hoistFromScans, hoistWithin } from '../../src/lowering/passes/loops/hoist-from-scans.ts'
import { sinkFromScans, sinkWithin } from '../../src/lowering/passes/loops/sink-from-scans.ts'
import { optimize, passes } from '../../src/lowering/passes/index.ts'
import { removeDead } from '../../src/lowering/passes/remove-dead.ts'
import { bind } from '../../src/core/trace.ts'
import '../families.ts'
import { sized } from '../scale.ts'
import { someBytes } from './agree.ts'

beforeAll(() => {
  defaultDevice('cpu')
})

type F = (...args: np.NDArray[]) => unknown
const zeros = (...shape: number[]): np.NDArray => np.zeros(shape)
const f64 = (...shape: number[]): np.NDArray => np.zeros(shape, { dtype: 'float64' })
const traced = (f: F, ...args: np.NDArray[]): Jaxpr => removeDead(makeJaxpr(f)(...args).jaxpr)

/** The loops of a program and of those inside, by the primitives of their bodies that are not elementwise. */
const inLoops = (jaxpr: Jaxpr): string =>
  jaxpr.equations
    .flatMap((e) => (e.primitive === 'scan' ? [`scan ${e.params.length} (${inLoops(e.params.jaxpr)})`] : e.primitive === 'dotGeneral' ? ['dot'] : []))
    .join(' ')

const results = (jaxpr: Jaxpr): number[] => {
  const inputs = jaxpr.inputs.map((v, i) => ({ aval: v.aval, bytes: someBytes(v.aval, i) }))
  return interpret(jaxpr, inputs).flatMap((x) => [...new Float64Array(new Uint8Array(x.bytes).buffer)])
}
function sameResults(a: Jaxpr, b: Jaxpr): void {
  const [x, y] = [results(checkJaxpr(a)), results(b)]
  expect(x.length).toBe(y.length)
  y.forEach((v, i) => expect(Math.abs(x[i]! - v)).toBeLessThanOrEqual(1e-12 * (1 + Math.abs(v))))
}

/** c ← tanh(x·w + c·u), with x as it comes. */
const cell = (w: np.NDArray, u: np.NDArray, xs: np.NDArray): readonly [np.NDArray, np.NDArray] =>
  lax.scan((c: np.NDArray, x: np.NDArray) => {
    const next = np.tanh(np.matmul(x, w).add(np.matmul(c, u)))
    return [next, next] as const
  }, f64(3, 4), xs)

describe('before the loop', () => {
  test('a product of x with weights is one product for all iterations', () => {
    const before = traced(cell, f64(5, 4), f64(4, 4), f64(6, 3, 5))
    const after = hoistFromScans(before)
    expect([inLoops(before), inLoops(after)]).toEqual(['scan 6 (dot dot)', 'dot scan 6 (dot)'])
    sameResults(after, before)
  })
  test('weights on the left, batches of products, and what stands before a product', () => {
    const f = (w: np.NDArray, b: np.NDArray, xs: np.NDArray, k: np.NDArray): unknown =>
      lax.scan((c: np.NDArray, [x, s]: readonly [np.NDArray, np.NDArray]) => {
        const left = np.matmul(w, np.exp(x.T).mul(s)) // [4,5] · [5,3]
        const batched = np.matmul(b, x.reshape([3, 5, 1])) // [3,4,5] · [3,5,1]
        return [c.add(left.T).add(batched.reshape([3, 4])), null] as const
      }, f64(3, 4), [xs, k] as const)
    const before = traced(f, f64(4, 5), f64(3, 4, 5), f64(6, 3, 5), f64(6))
    const after = hoistFromScans(before)
    expect(inLoops(after)).toBe('dot dot scan 6 ()')
    sameResults(after, before)
  })
  test('two layers of x alone leave one after the other', () => {
    const f = (w: np.NDArray, v: np.NDArray, xs: np.NDArray): unknown =>
      lax.scan((c: np.NDArray, x: np.NDArray) => [c.add(np.matmul(np.tanh(np.matmul(x, w)), v)), null] as const, f64(3, 4), xs)
    const before = traced(f, f64(5, 5), f64(5, 4), f64(6, 3, 5))
    const after = hoistFromScans(before)
    expect(inLoops(after)).toBe('dot dot scan 6 ()')
    sameResults(after, before)
  })
  test('what is the same in every iteration is computed once', () => {
    const f = (w: np.NDArray, xs: np.NDArray): unknown => lax.scan((c: np.NDArray, x: np.NDArray) => [np.matmul(c, np.matmul(w, np.exp(w))).add(x), null] as const, f64(3, 4), xs)
    const before = traced(f, f64(4, 4), f64(6, 3, 4))
    const after = hoistFromScans(before)
    expect(inLoops(after)).toBe('dot scan 6 (dot)')
    sameResults(after, before)
  })
})

test('what leaves a loop in a loop leaves both at once', () => {
  const f = (a: np.NDArray, xs: np.NDArray): unknown => lax.scan((c: np.NDArray, x: np.NDArray) => [c, lax.scan((d: np.NDArray) => [d, np.sin(a)] as const, x, null, { length: 2 })[1]] as const, a, xs)
  const once = hoistFromScans(traced(f, f64(), f64(3)))
  expect(printJaxpr(hoistFromScans(once))).toBe(printJaxpr(once))
})

describe('after the loop', () => {
  test('the gradient of weights is one product over all iterations', () => {
    const loss = (w: np.NDArray, u: np.NDArray, xs: np.NDArray): np.NDArray => np.sum(np.square(cell(w, u, xs)[0]))
    const before = traced(grad(loss, { argnums: [0, 1, 2] }), f64(5, 4), f64(4, 4), f64(6, 3, 5))
    const after = sinkFromScans(hoistFromScans(optimize(before)))
    // forward: x·w before, c·u within; backward: ct·uᵀ within; the gradients of w, u and x after.
    expect(inLoops(after)).toBe('dot scan 6 (dot) scan 6 (dot) dot dot dot')
    sameResults(after, before)
  })
  test('ys that no carry waits for, with what is made of them', () => {
    const f = (u: np.NDArray, v: np.NDArray, xs: np.NDArray): unknown =>
      lax.scan((c: np.NDArray, x: np.NDArray) => {
        const next = np.tanh(np.matmul(c, u).add(x))
        return [next, [np.exp(np.matmul(next, v)).add(1), next]] as const
      }, f64(3, 4), xs)
    const before = traced(f, f64(4, 4), f64(4, 7), f64(6, 3, 4))
    const after = sinkFromScans(before)
    expect(inLoops(after)).toBe('scan 6 (dot) dot')
    sameResults(after, before)
  })
  test('a sum of a product and of something else leaves what else there is', () => {
    const f = (c0: np.NDArray, xs: np.NDArray): unknown =>
      lax.scan(([s, c]: readonly [np.NDArray, np.NDArray], x: np.NDArray) => [[s.add(np.matmul(x.T, c)).add(np.exp(s.mul(0).sum())), np.sin(c).add(x)], null] as const, [f64(4, 4), c0] as const, xs)
    const g = (c0: np.NDArray, xs: np.NDArray): unknown =>
      lax.scan(([s, c]: readonly [np.NDArray, np.NDArray], x: np.NDArray) => [[s.add(np.matmul(x.T, c)).add(np.cos(np.matmul(x.T, x))), np.sin(c).add(x)], null] as const, [f64(4, 4), c0] as const, xs)
    // s is read by more than its sum in f, so it stays.
    expect(inLoops(sinkFromScans(traced(f, f64(3, 4), f64(6, 3, 4))))).toBe('scan 6 (dot)')
    const before = traced(g, f64(3, 4), f64(6, 3, 4))
    expect(inLoops(sinkFromScans(before))).toBe('scan 6 (dot) dot')
    sameResults(sinkFromScans(before), before)
  })
  test('an outer product in each iteration becomes a product of matrices', () => {
    const outer = { dimensionNumbers: { contracting: [[], []], batch: [[], []] } } as const
    const f = (c0: np.NDArray, xs: np.NDArray): unknown =>
      lax.scan(([s, c]: readonly [np.NDArray, np.NDArray], x: np.NDArray) => [[s.add(bind('dotGeneral', [x, c], { ...outer, preferredElementType: null })[0]!), np.sin(c).add(x)], null] as const, [f64(4, 4), c0] as const, xs, { reverse: true })
    const before = traced(f, f64(4), f64(6, 4))
    const after = sinkFromScans(before)
    expect([inLoops(before), inLoops(after)]).toEqual(['scan 6 (dot)', 'scan 6 () dot'])
    sameResults(after, before)
  })
})

describe('within a budget', () => {
  const before = (): Jaxpr => traced(cell, f64(5, 4), f64(4, 4), f64(12, 3, 5))
  test('a loop whose product would be too large is a loop over chunks', () => {
    const perIteration = 3 * 4 * 8
    const after = hoistWithin(before(), 6 * perIteration)
    expect(inLoops(after)).toBe('scan 2 (dot scan 6 (dot))')
    sameResults(after, before())
    expect(inLoops(hoistWithin(after, 6 * perIteration))).toBe(inLoops(after))
  })
  test('chunks that would be too short are not made', () => {
    expect(inLoops(hoistWithin(before(), 200))).toBe('scan 12 (dot dot)')
  })
  test('sums go by chunks too', () => {
    const loss = (w: np.NDArray, u: np.NDArray, xs: np.NDArray): np.NDArray => np.sum(cell(w, u, xs)[1])
    const ahead = passes.slice(0, passes.findIndex(({ name }) => name === 'hoistFromScans'))
    const plain = ahead.reduce((j, pass) => pass.run(j), traced(grad(loss, { argnums: [0, 1] }), f64(5, 4), f64(4, 4), f64(12, 3, 5)))
    const after = sinkWithin(plain, 6 * 3 * 4 * 8)
    sameResults(after, plain)
    expect(inLoops(after)).toContain('scan 2 (scan 6 (')
  })
  test('what chunks leave over is a loop of its own, with its product outside', () => {
    const prime = traced(cell, f64(5, 4), f64(4, 4), f64(13, 3, 5))
    const after = hoistWithin(prime, 6 * 3 * 4 * 8)
    expect(inLoops(after)).toBe('scan 2 (dot scan 5 (dot)) dot scan 3 (dot)')
    sameResults(after, prime)
    expect(inLoops(hoistWithin(after, 6 * 3 * 4 * 8))).toBe(inLoops(after))
  })
  test('so it is with the budget that programs have', () => {
    const f = (w: np.NDArray, xs: np.NDArray): unknown => lax.scan((c: np.NDArray, x: np.NDArray) => [c.add(np.matmul(x, w)), null] as const, f64(1, 2 ** 17), xs)
    expect(inLoops(hoistFromScans(traced(f, f64(1, 2 ** 17), f64(67, 1, 1))))).toBe('dot scan 34 () dot scan 33 ()')
  })
  test('gradients of a prime number of iterations, backwards: products of both loops before and after each chunk', () => {
    const loss = (w: np.NDArray, u: np.NDArray, xs: np.NDArray): np.NDArray => np.sum(np.sin(cell(w, u, xs)[1]))
    const ahead = passes.slice(0, passes.findIndex(({ name }) => name === 'hoistFromScans'))
    const plain = ahead.reduce((j, pass) => pass.run(j), traced(grad(loss, { argnums: [0, 1] }), f64(5, 4), f64(4, 4), f64(13, 3, 5)))
    const after = sinkWithin(hoistWithin(plain, 600), 600)
    expect([inLoops(plain), inLoops(after)]).toMatchInlineSnapshot(`
      [
        "scan 13 (dot dot) scan 13 (dot dot dot)",
        "scan 2 (dot scan 5 (dot)) dot scan 3 (dot) scan 2 (scan 5 (dot) dot dot) scan 3 (dot) dot dot",
      ]
    `)
    sameResults(after, plain)
  })
  test('any length, budget and direction: the same results, and nothing left to do', () => {
    const run = (length: number, reverse: boolean): Jaxpr =>
      traced((w: np.NDArray, xs: np.NDArray) => lax.scan(([s, c]: readonly [np.NDArray, np.NDArray], x: np.NDArray) => {
        const next = np.tanh(np.matmul(x, w).add(c))
        return [[s.add(np.matmul(x.T, next)), next], next.sum(0)] as const
      }, [f64(3, 2), f64(2, 2)] as const, xs, { reverse }), f64(3, 2), f64(length, 2, 3))
    fc.assert(fc.property(fc.integer({ min: 2, max: 40 }), fc.integer({ min: 100, max: 1000 }), fc.boolean(), (length, budget, reverse) => {
      const before = run(length, reverse)
      const after = removeDead(sinkWithin(hoistWithin(before, budget), budget))
      sameResults(after, before)
      expect(inLoops(sinkWithin(hoistWithin(after, budget), budget))).toBe(inLoops(after))
    }), { numRuns: sized(30, 1000) })
  })
})

describe('never past a barrier', () => {
  const barrier = (x: np.NDArray): np.NDArray => bind('optimizationBarrier', [x], {})[0]!
  test('a product of what stands behind one stays', () => {
    const f = (w: np.NDArray, xs: np.NDArray): unknown => lax.scan((c: np.NDArray, x: np.NDArray) => [c.add(np.tanh(np.matmul(barrier(x), w).add(c))), null] as const, zeros(3, 4), xs)
    const before = traced(f, zeros(5, 4), zeros(6, 3, 5))
    expect(printJaxpr(hoistFromScans(before))).toBe(printJaxpr(before))
  })
  test('a sum of products of what stands behind one stays', () => {
    const f = (c0: np.NDArray, xs: np.NDArray): unknown =>
      lax.scan(([s, c]: readonly [np.NDArray, np.NDArray], x: np.NDArray) => [[s.add(np.matmul(x.T, np.sin(barrier(c)))), np.sin(c).add(x)], null] as const, [zeros(4, 4), c0] as const, xs)
    const before = traced(f, zeros(3, 4), zeros(6, 3, 4))
    expect(printJaxpr(sinkFromScans(before))).toBe(printJaxpr(before))
  })
})
