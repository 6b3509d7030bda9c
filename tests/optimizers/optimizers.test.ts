/** What holds for every optimizer; trajectories against Optax's are in tests/oracle/optim.test.ts. */
import fc from 'fast-check'
import { concatAll } from 'fp-ts/lib/Monoid.js'
import { ArgumentError, grad, jit, lax, type NDArray, np, tree, TreeError } from 'pullback'
import { safetensors } from 'pullback/data'
import { adam, applyUpdates, chain, type GradientTransformation, identity, momentum, monoid, type OptimizerState, sgd, transformation } from 'pullback/optimizers'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { numSlowRuns } from '../scale.ts'

interface Params {
  readonly w: NDArray
  readonly b: readonly [NDArray]
}
const start: Params = { w: np.array([[1, -2], [0.5, 3]]), b: [np.array([0.1, -0.2])] }
const targets = np.array([[0.3, 1], [-1, 0.25], [2, -0.5]])
const inputs = np.array([[1, 0.5], [-0.25, 2], [0.75, -1]])
const loss = ({ w, b }: Params): NDArray => np.mean(np.square(np.matmul(inputs, w).add(b[0]).sub(targets)))

/** A user's own part: gradients cut to [-1, 1]. */
const clip = transformation<null>({ init: () => null, update: (grads, state) => [tree.map((g) => np.clip(g, -1, 1), grads), state] })

const optimizers: Readonly<Record<string, GradientTransformation>> = {
  sgd: sgd(0.1),
  momentum: momentum(0.1, 0.9),
  nesterov: momentum(0.1, 0.9, { nesterov: true }),
  adam: adam(0.1),
  chained: chain(clip, momentum(0.1, 0.5)),
  scheduled: sgd((step) => np.divide(0.1, step.add(1))),
}

type Carry = readonly [Params, OptimizerState<Params>]
const stepOf = (optimizer: GradientTransformation) => (params: Params, state: OptimizerState<Params>): Carry => {
  const [updates, next] = optimizer.update(grad(loss)(params), state, params)
  return [applyUpdates(params, updates), next]
}
function steps(n: number, step: (p: Params, s: OptimizerState<Params>) => Carry, [params, state]: Carry): Carry {
  let at: Carry = [params, state]
  for (let i = 0; i < n; i++) at = step(...at)
  return at
}
const from = (optimizer: GradientTransformation): Carry => [start, optimizer.init(start)]
const numbers = (t: unknown): number[] => tree.leaves(t).flatMap((leaf) => [...np.asarray(leaf).dataSync()])
const close = (a: unknown, b: unknown): void => {
  const [x, y] = [numbers(a), numbers(b)]
  expect(x.length).toBe(y.length)
  x.forEach((v, i) => expect(v).toBeCloseTo(y[i]!, 5))
}

describe.each(Object.entries(optimizers))('%s', (_name, optimizer) => {
  test('goes downhill', () => {
    const [params] = steps(20, jit(stepOf(optimizer)), from(optimizer))
    expect(loss(params).item()).toBeLessThan(0.7 * loss(start).item())
  })

  test('is a pure function: it gives the same twice, and leaves what it got', () => {
    const [params, state] = steps(2, stepOf(optimizer), from(optimizer))
    const before = numbers([params, state])
    expect(numbers(stepOf(optimizer)(params, state))).toEqual(numbers(stepOf(optimizer)(params, state)))
    expect(numbers([params, state])).toEqual(before)
  })

  test('does the same eagerly, under jit, and as a scan', () => {
    const eager = steps(5, stepOf(optimizer), from(optimizer))
    close(steps(5, jit(stepOf(optimizer)), from(optimizer)), eager)
    const scanned = jit((params: Params, state: OptimizerState<Params>) => lax.scan(([p, s]) => [stepOf(optimizer)(p, s), null], [params, state] as const, null, { length: 5 })[0])
    close(scanned(...from(optimizer)), eager)
  })

  test('goes on from a safetensors file to the same bits', () => {
    const step = jit(stepOf(optimizer))
    const middle = steps(3, step, from(optimizer))
    const [leaves, structure] = tree.flatten(middle)
    const read = safetensors.decode(safetensors.encode(Object.fromEntries(leaves.map((leaf, i) => [`${i}`, np.asarray(leaf)]))))
    const restored = tree.unflatten(structure, leaves.map((_, i) => read[`${i}`]!))
    expect(numbers(steps(3, step, restored))).toEqual(numbers(steps(3, step, middle)))
  })

  test.each(['float16', 'bfloat16', 'float32', 'float64'] as const)('keeps parameters and state in %s', (dtype) => {
    const params = np.ones([3], { dtype })
    const state = optimizer.init(params)
    const [updates, next] = optimizer.update(np.ones([3], { dtype }), state, params)
    expect(updates.dtype).toBe(dtype)
    expect(applyUpdates(params, updates).dtype).toBe(dtype)
    const dtypes = (s: unknown): string[] => tree.leaves(s).map((leaf) => np.asarray(leaf).dtype)
    expect(dtypes(next)).toEqual(dtypes(state))
  })
})

describe('chain is a monoid, on trajectories', () => {
  const part = fc.constantFrom(...Object.values(optimizers), identity)
  const trajectory = (optimizer: GradientTransformation): number[] => numbers(steps(3, stepOf(optimizer), from(optimizer))[0])

  test('identity is its unit', () => {
    fc.assert(fc.property(part, (a) => {
      expect(trajectory(monoid.concat(a, monoid.empty))).toEqual(trajectory(a))
      expect(trajectory(monoid.concat(monoid.empty, a))).toEqual(trajectory(a))
    }), { numRuns: numSlowRuns })
  })

  test('it is associative, and concatAll is a chain of all', () => {
    fc.assert(fc.property(part, part, part, (a, b, c) => {
      const flat = trajectory(chain(a, b, c))
      expect(trajectory(chain(chain(a, b), c))).toEqual(flat)
      expect(trajectory(chain(a, chain(b, c)))).toEqual(flat)
      expect(trajectory(concatAll(monoid)([a, b, c]))).toEqual(flat)
    }), { numRuns: numSlowRuns })
  })

  test('a chain of none leaves gradients as they are', () => {
    const [updates] = chain().update(start, chain().init(start), start)
    expect(numbers(updates)).toEqual(numbers(start))
  })
})

describe('a schedule', () => {
  test('is asked with the step, 0 first', () => {
    const optimizer = sgd((step) => step.astype('float32').add(1))
    let state = optimizer.init(np.array(0))
    const updates = [0, 0, 0].map(() => {
      const [u, next] = optimizer.update(np.array(1), state)
      state = next
      return u.item()
    })
    expect(updates).toEqual([-1, -2, -3])
  })

  test.each(['sgd', 'momentum', 'adam'] as const)('that is constant gives what the number gives: %s', (name) => {
    const make = { sgd, momentum: (r: Parameters<typeof sgd>[0]) => momentum(r, 0.9), adam }[name]
    close(steps(4, stepOf(make(() => np.array(0.05))), from(make(0.05))), steps(4, stepOf(make(0.05)), from(make(0.05))))
  })
})

test('momentum and its Nesterov form, by hand', () => {
  // v: 1, 1.5 from gradients 1, 1 and mass 0.5; Nesterov looks ahead: 0.5 v + g.
  const two = (optimizer: GradientTransformation): number[] => {
    const g = np.array(1)
    const [u, s] = optimizer.update(g, optimizer.init(g))
    return [u.item(), optimizer.update(g, s)[0].item()]
  }
  expect(two(momentum(1, 0.5))).toEqual([-1, -1.5])
  expect(two(momentum(1, 0.5, { nesterov: true }))).toEqual([-1.5, -1.75])
})

test('updates have the type of the parameters', () => {
  const [updates, state] = adam(0.1).update(start, adam(0.1).init(start), start)
  expectTypeOf(updates).toEqualTypeOf<Params>()
  expectTypeOf(state).toEqualTypeOf<OptimizerState<Params>>()
  expectTypeOf(applyUpdates(start, updates)).toEqualTypeOf<Params>()
  // @ts-expect-error a state of other parameters
  expect(() => adam(0.1).update(start.w, state)).toThrow(TreeError)
})

describe('refuses', () => {
  test('a learning rate that is none, and unknown options', () => {
    expect(() => sgd(-1)).toThrow(ArgumentError)
    expect(() => adam(Number.NaN)).toThrow('adam: the learning rate is NaN; takes a number >= 0, or a schedule: a function of the step')
    const misspelt: object = { beta1: 0.9 }
    expect(() => adam(0.1, misspelt)).toThrow("adam: unknown option 'beta1'; known options: b1, b2, eps")
    expect(() => momentum(0.1, 0.9, misspelt)).toThrow("momentum: unknown option 'beta1'; known options: nesterov")
  })

  test('gradients that are put together otherwise than the parameters', () => {
    const optimizer = adam(0.1)
    const state: OptimizerState<unknown> = optimizer.init(start)
    expect(() => optimizer.update<unknown>({ w: start.w }, state)).toThrow(TreeError)
    expect(() => applyUpdates<unknown>(start, [start.w])).toThrow(TreeError)
  })
})
