/** Loops that one workgroup runs by itself: little work an iteration, of points that need what others make. */
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import type { Jaxpr } from '../../../src/core/jaxpr.ts'
import { grad, lax, makeJaxpr, nn, np, random } from '../../../src/index.ts'
import { baseLimits, type Command, type ShaderLimits } from '../../../src/lowering/wgsl/index.ts'
import { LSTM } from '../../../src/stax/index.ts'
import { arbitraryJaxpr } from '../../core/arbitrary-jaxpr.ts'
import { someBytes } from '../../lowering/agree.ts'
import { numSlowRuns } from '../../scale.ts'
import { type AgreementOptions, expectAgreementOnDevice, expectSame } from './agree.ts'
import { closeDevice, type Run, runJaxpr } from './run-shaders.ts'

afterAll(closeDevice)

const zeros = (...shape: number[]): np.NDArray => np.zeros(shape)
const ints = (...shape: number[]): np.NDArray => np.zeros(shape, { dtype: 'int32' })

/** Agrees with the reference, and has the bits that dispatches have. */
async function expectSameAsDispatches(jaxpr: Jaxpr, options: AgreementOptions = {}): Promise<{ readonly run: Run; readonly dispatches: Run }> {
  const inputs = jaxpr.inputs.map((v, i) => someBytes(v.aval, i))
  const run = await expectAgreementOnDevice(jaxpr, inputs, options)
  const dispatches = await runJaxpr(jaxpr, inputs, { ...options, workgroupLoops: false })
  expectSame(run.outputs, dispatches.outputs, jaxpr.outputs.map((a) => a.aval))
  return { run, dispatches }
}

const kinds = (commands: readonly Command[]): string[] => commands.map((c) => c.kind)

/** ... and no loop is left to the command buffer. */
async function expectNoLoop(jaxpr: Jaxpr, options: AgreementOptions = {}): Promise<Run> {
  const { run, dispatches } = await expectSameAsDispatches(jaxpr, options)
  expect(kinds(dispatches.shaders.commands)).toContain('loop')
  expect(kinds(run.shaders.commands)).not.toContain('loop')
  return run
}

type Cell = (h: np.NDArray, x: np.NDArray) => np.NDArray
const scanned = (cell: Cell, h0: np.NDArray, xs: np.NDArray, reverse = false) => lax.scan((h: np.NDArray, x: np.NDArray) => { const next = cell(h, x); return [next, next] as const }, h0, xs, { reverse })
/** Products are small, so that rounding errors stay small too. */
const rnn = (reverse: boolean) => (w: np.NDArray, h0: np.NDArray, xs: np.NDArray) => scanned((h, x) => np.tanh(h.matmul(w).mul(1 / w.shape[0]!).add(x)), h0, xs, reverse)

describe('recurrent networks', () => {
  test.each([[[8]], [[3, 8]], [[6, 7]], [[5, 40]]])('of hidden state %j: the whole loop is one dispatch of one workgroup, either way', async (shape) => {
    const width = shape.at(-1)!
    for (const reverse of [false, true]) {
      const { shaders } = await expectNoLoop(makeJaxpr(rnn(reverse))(zeros(width, width), zeros(...shape), zeros(9, ...shape)).jaxpr)
      expect(shaders.commands).toMatchObject([{ kind: 'dispatch', workgroups: [1, 1, 1] }])
      expect(shaders.places.filter((p) => p.kind === 'temp')).toEqual([])
    }
  })
  test('so are the loops of their gradients', async () => {
    for (const reverse of [false, true]) {
      const loss = (w: np.NDArray, h0: np.NDArray, xs: np.NDArray): np.NDArray => { const [h, ys] = rnn(reverse)(w, h0, xs); return np.sum(h).add(np.sum(np.square(ys))) }
      for (const shape of [[8], [3, 8]]) await expectNoLoop(makeJaxpr(grad(loss, { argnums: [0, 1, 2] }))(zeros(8, 8), zeros(...shape), zeros(7, ...shape)).jaxpr)
    }
  })
  test('an LSTM of 8 and its gradient, which read and write more arrays than a shader binds', async () => {
    const [init, apply] = LSTM(8)
    const { params } = init(random.key(0), [-1, 6, 5])
    const jaxpr = (f: (p: typeof params, x: np.NDArray) => unknown): Jaxpr => {
      const made = makeJaxpr(f)(params, zeros(2, 6, 5))
      expect(made.consts).toEqual([])
      return made.jaxpr
    }
    await expectNoLoop(jaxpr((p, x) => apply(p, x, { mode: 'train' })))
    const { shaders } = await expectNoLoop(jaxpr(grad((p: typeof params, x: np.NDArray) => np.sum(np.square(apply(p, x, { mode: 'train' }))))))
    expect(Math.max(...shaders.shaders.map((s) => s.access.length))).toBeLessThanOrEqual(8)
  })
})

describe('other bodies', () => {
  const forms: Record<string, Cell> = {
    softmax: (h, x) => nn.softmax(h.mul(2).add(x)),
    'a mean that is taken away': (h, x) => h.sub(np.mean(h)).mul(0.9).add(x),
    'neighbours': (h, x) => np.roll(h, 1).sub(h).mul(0.25).add(x),
    'a running sum': (h, x) => np.cumsum(h).mul(0.01).add(x),
    'elements by number': (h, x) => h.slice(np.astype(np.clip(np.abs(h).mul(2), 0, 3), 'int32')).add(x),
    'the largest element’s place': (h, x) => np.where(np.equal(np.arange(h.shape[0]!), np.argmax(h)), h.mul(0.5), h).add(x),
  }
  test.each(Object.keys(forms))('%s, and the gradient', async (name) => {
    const cell = forms[name]!
    await expectNoLoop(makeJaxpr((h: np.NDArray, xs: np.NDArray) => scanned(cell, h, xs))(zeros(70), zeros(5, 70)).jaxpr)
    await expectSameAsDispatches(makeJaxpr(grad((h: np.NDArray, xs: np.NDArray) => np.sum(np.sin(scanned(cell, h, xs)[1])), { argnums: [0, 1] }))(zeros(10), zeros(5, 10)).jaxpr)
  })
  test('rows of more elements than one invocation takes: several share each, several rows at a time', async () => {
    const cell: Cell = (h, x) => nn.softmax(h.add(x)).sub(np.mean(h, { axis: -1, keepdims: true }))
    await expectNoLoop(makeJaxpr((h: np.NDArray, xs: np.NDArray) => scanned(cell, h, xs))(zeros(11, 40), zeros(3, 11, 40)).jaxpr)
    const columns: Cell = (h, x) => h.sub(np.max(h, 0)).add(np.argmin(h, 0)).add(x)
    await expectNoLoop(makeJaxpr((h: np.NDArray, xs: np.NDArray) => scanned(columns, h, xs))(zeros(100, 3), zeros(3, 100, 3)).jaxpr)
  })
  test('state of several dtypes that changes places, several arrays in and out', async () => {
    type State = readonly [np.NDArray, np.NDArray, np.NDArray, np.NDArray]
    const f = (a: np.NDArray, b: np.NDArray, xs: np.NDArray, ys: np.NDArray) =>
      lax.scan(([a, b, n, on]: State, [x, y]: readonly [np.NDArray, np.NDArray]) => {
        const next: State = [np.flip(b), a.add(b.mul(0.5)).add(x), lax.bitwiseXor(np.roll(n, 1), y), np.logicalNot(np.flip(on))]
        return [next, [np.where(on, a, np.sum(b)), np.greater(b, 0), n] as const] as const
      }, [a, b, ints(3), np.greater(a, 0)] as const, [xs, ys] as const)
    const { jaxpr } = makeJaxpr(f)(zeros(3), zeros(3), zeros(7, 3), ints(7, 3))
    for (const donated of [new Set<number>(), new Set([0, 1]), new Set([0, 1, 2, 3])]) await expectNoLoop(jaxpr, { donated })
  })
  test('random numbers from a key that is carried, small integers', async () => {
    const f = (key: np.NDArray, n: np.NDArray) =>
      lax.scan(([key, n]: readonly [np.NDArray, np.NDArray], _: np.NDArray) => {
        const [next, own] = random.split(key)
        return [[next!, np.roll(n, 1).add(1)] as const, random.uniform(own!, [5])] as const
      }, [key, n] as const, zeros(6))
    const { jaxpr } = makeJaxpr(f)(random.key(1), np.zeros([5], { dtype: 'uint8' }))
    await expectSameAsDispatches(jaxpr)
  })
  test('loops in loops, slices of slices', async () => {
    const nested = (xs: np.NDArray) =>
      lax.scan(([a, b]: readonly [np.NDArray, np.NDArray], row: np.NDArray) => {
        const [sum, steps] = lax.scan((s: np.NDArray, x: np.NDArray) => [np.flip(s).add(x.mul(a)), s] as const, b, row)
        return [[b, sum] as const, [steps.mul(2), np.sum(steps, 0)] as const] as const
      }, [zeros(2), np.ones([2])] as const, xs)
    for (const shape of [[3, 4, 2], [4, 3, 2]]) await expectNoLoop(makeJaxpr(nested)(zeros(...shape)).jaxpr)
    await expectSameAsDispatches(makeJaxpr(grad((xs: np.NDArray) => np.sum(nested(xs)[1][0])))(zeros(3, 4, 2)).jaxpr)
  })
  test('in loops that are too much work', async () => {
    const f = (w: np.NDArray, big: np.NDArray, xs: np.NDArray) =>
      lax.scan((c: np.NDArray, row: np.NDArray) => [np.matmul(c, w).mul(0.01), lax.scan((s: np.NDArray, x: np.NDArray) => [np.flip(s).mul(0.5).add(x), s] as const, c.slice(0), row)[1]] as const, big, xs)
    const { run } = await expectSameAsDispatches(makeJaxpr(f)(zeros(64, 64), zeros(40, 64), zeros(3, 4, 64)).jaxpr)
    expect(run.shaders.commands.map((c) => (c.kind === 'loop' ? c.phases.flatMap((p) => kinds(p)).includes('loop') : false))).not.toContain(true)
  })
  test.each([0, 1, 2, 3])('%i iterations', async (count) => {
    await expectSameAsDispatches(makeJaxpr(rnn(false))(zeros(8, 8), zeros(8), zeros(count, 8)).jaxpr)
  })
})

test('more iterations than a driver may let one dispatch take', async () => {
  const { jaxpr } = makeJaxpr((h: np.NDArray, xs: np.NDArray) => scanned((h, x) => np.maximum(np.flip(h).mul(0.99), x), h, xs))(zeros(2), zeros(9000, 2))
  const { shaders } = await expectAgreementOnDevice(jaxpr)
  expect(shaders.shaders).toHaveLength(1)
  expect(kinds(shaders.commands)).toEqual(['copy', 'dispatch', 'dispatch', 'dispatch'])
})

test('arrays beyond what a shader binds go into one, and out of it', async () => {
  const limits: ShaderLimits = { ...baseLimits, storageBuffers: 4 }
  type Four = readonly [np.NDArray, np.NDArray, np.NDArray, np.NDArray]
  const f = (w: np.NDArray, start: Four, xs: Four) =>
    lax.scan((c: Four, x: Four) => {
      const of = (i: 0 | 1 | 2 | 3, j: 0 | 1 | 2 | 3): np.NDArray => np.flip(c[j]).matmul(w).mul(0.5).add(x[i])
      const next: Four = [of(0, 1), of(1, 2), of(2, 3), of(3, 0)]
      return [next, c] as const
    }, start, xs)
  const four = (...shape: number[]): Four => [zeros(...shape), zeros(...shape), zeros(...shape), zeros(...shape)]
  const { jaxpr } = makeJaxpr(f)(zeros(3, 3), four(3), four(5, 3))
  for (const donated of [new Set<number>(), new Set(jaxpr.inputs.keys())]) {
    const { shaders } = await expectNoLoop(jaxpr, { limits, donated })
    expect(Math.max(...shaders.shaders.map((s) => s.access.length))).toBeLessThanOrEqual(4)
  }
})

test('bodies of much work, and of what takes several shaders, are dispatches', async () => {
  const bodies: [Cell, readonly number[]][] = [[(h, x) => h.matmul(h).mul(0.01).add(x), [64, 64]], [(h, x) => np.sort(h).add(x), [10]], [(h, x) => np.roll(h, 1).add(x), [5000]]]
  for (const [cell, shape] of bodies) {
    const { run } = await expectSameAsDispatches(makeJaxpr((h: np.NDArray, xs: np.NDArray) => scanned(cell, h, xs))(zeros(...shape), zeros(3, ...shape)).jaxpr)
    expect(kinds(run.shaders.commands)).toContain('loop')
  }
})

test('generated programs with loops', async () => {
  const loops = arbitraryJaxpr({ equations: 8 }).filter((jaxpr) => jaxpr.equations.some((e) => e.primitive === 'scan'))
  await fc.assert(fc.asyncProperty(loops, async (jaxpr) => void (await expectSameAsDispatches(jaxpr, { donated: new Set(jaxpr.inputs.keys()) }))), { numRuns: numSlowRuns })
})
