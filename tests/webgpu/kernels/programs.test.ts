/** Whole programs on a device: loops, memory that is used again, given operands, more buffers and larger arrays than a shader may bind. */
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { encodeNumbers } from '../../../src/core/bytes.ts'
import type { Jaxpr } from '../../../src/core/jaxpr.ts'
import { grad, lax, makeJaxpr, nn, np, random } from '../../../src/index.ts'
import { baseLimits, type ShaderLimits } from '../../../src/lowering/wgsl/index.ts'
import { arbitraryJaxpr } from '../../core/arbitrary-jaxpr.ts'
import { numSlowRuns, scale, sized } from '../../scale.ts'
import { expectAgreementOnDevice } from './agree.ts'
import { closeDevice } from './run-shaders.ts'

afterAll(closeDevice)

const zeros = (...shape: number[]): np.NDArray => np.zeros(shape)

describe('loops', () => {
  const recurrent = (reverse: boolean) => (w: np.NDArray, xs: np.NDArray) =>
    lax.scan((h: np.NDArray, x: np.NDArray) => { const next = np.tanh(h.matmul(w).add(x)); return [next, next.mul(2)] as const }, zeros(3, 4), xs, { reverse })
  // As dispatches: workgroup-loops.test.ts has those of one workgroup.
  const workgroupLoops = false
  test.each([1, 2, 3, 6])('%i iterations, either way, and their gradient', async (count) => {
    for (const reverse of [false, true]) {
      const loss = (w: np.NDArray, xs: np.NDArray): np.NDArray => { const [h, ys] = recurrent(reverse)(w, xs); return np.sum(h).add(np.sum(np.square(ys))) }
      await expectAgreementOnDevice(makeJaxpr(recurrent(reverse))(zeros(4, 4), zeros(count, 3, 4)).jaxpr, undefined, { workgroupLoops })
      await expectAgreementOnDevice(makeJaxpr(grad(loss, { argnums: [0, 1] }))(zeros(4, 4), zeros(count, 3, 4)).jaxpr, undefined, { workgroupLoops })
    }
  })
  test('in loops, slices of slices, several carries that change places', async () => {
    const nested = (xs: np.NDArray) =>
      lax.scan(([a, b]: readonly [np.NDArray, np.NDArray], row: np.NDArray) => {
        const [sum, steps] = lax.scan((s: np.NDArray, x: np.NDArray) => [s.add(x.mul(a)), s] as const, b, row)
        return [[b, sum] as const, steps.mul(2)] as const
      }, [zeros(2), np.ones([2])] as const, xs)
    await expectAgreementOnDevice(makeJaxpr(nested)(zeros(3, 4, 2)).jaxpr, undefined, { workgroupLoops })
    await expectAgreementOnDevice(makeJaxpr((xs: np.NDArray) => nested(xs)[0])(zeros(4, 3, 2)).jaxpr, undefined, { workgroupLoops })
  })
  test('more iterations than there are counters', async () => {
    // Every iteration is a dispatch.
    const { shaders } = await expectAgreementOnDevice(makeJaxpr((xs: np.NDArray) => lax.scan((c: np.NDArray, x: np.NDArray) => { const n = np.maximum(np.flip(c), x); return [n, n] as const }, zeros(2), xs))(zeros(5000)).jaxpr, undefined, { workgroupLoops })
    expect(shaders.shaders.map((s) => s.counters)).toContain(2)
  })
  test('with updates, sorts and random numbers inside', async () => {
    const f = (is: np.NDArray, key: np.NDArray) =>
      lax.scan((c: np.NDArray, i: np.NDArray) => [np.sort(c.at(i).add(1)).add(random.uniform(key, [40])), np.cumsum(c)] as const, zeros(40), is)
    await expectAgreementOnDevice(makeJaxpr(f)(np.zeros([3, 5], { dtype: 'int32' }), random.key(3)).jaxpr)
  })
})

describe('loops whose points need only what is their own', () => {
  type State = readonly [np.NDArray, np.NDArray]
  const oscillator = (reverse: boolean) => (x: np.NDArray, v: np.NDArray, forces: np.NDArray) =>
    lax.scan(([x, v]: State, f: np.NDArray) => { const w = v.add(f.sub(x).mul(0.1)); return [[x.add(w.mul(0.1)), w] as const, x] as const }, [x, v] as const, forces, { reverse })
  const operands = (count: number): [np.NDArray, np.NDArray, np.NDArray] => [zeros(70), zeros(70), zeros(count, 70)]
  const oneDispatch = (count: number) => [{ kind: 'dispatch', workgroups: [count, 1, 1] }]

  test('are one dispatch, whatever their length, with nothing but operands and results in memory', async () => {
    for (const reverse of [false, true]) {
      const { shaders } = await expectAgreementOnDevice(makeJaxpr(oscillator(reverse))(...operands(9)).jaxpr)
      expect(shaders.commands).toMatchObject(oneDispatch(2))
      expect(shaders.commands).toHaveLength(1)
      expect(shaders.places.map((p) => p.kind)).toEqual(['input', 'input', 'input', 'output', 'output', 'output'])
    }
  })
  test('so are their gradients, but for what stands before and after the loops', async () => {
    const loss = (x: np.NDArray, v: np.NDArray, forces: np.NDArray): np.NDArray => np.sum(np.sin(oscillator(false)(x, v, forces)[1]))
    const { shaders } = await expectAgreementOnDevice(makeJaxpr(grad(loss, { argnums: [0, 2] }))(...operands(9)).jaxpr)
    expect(shaders.commands.filter((c) => c.kind === 'loop')).toEqual([])
  })
  test('over operands that are given away, carries that change places, and state of several dtypes', async () => {
    const f = (a: np.NDArray, b: np.NDArray, seeds: np.NDArray) =>
      lax.scan(([a, b, n]: readonly [np.NDArray, np.NDArray, np.NDArray], s: np.NDArray) => [[b, a.add(b.mul(0.5)), lax.bitwiseXor(n, s)] as const, [a, np.greater(b, 0)] as const] as const, [a, b, np.zeros([3], { dtype: 'int32' })] as const, seeds)
    const { jaxpr } = makeJaxpr(f)(zeros(3), zeros(3), np.zeros([7, 3], { dtype: 'int32' }))
    for (const donated of [new Set<number>(), new Set([0, 1]), new Set([0, 1, 2])]) await expectAgreementOnDevice(jaxpr, undefined, { donated })
  })
  test('of more iterations than a driver may let one dispatch take', async () => {
    const { shaders } = await expectAgreementOnDevice(makeJaxpr((start: np.NDArray, xs: np.NDArray) => lax.scan((c: np.NDArray, x: np.NDArray) => { const n = np.maximum(c.mul(0.99), x); return [n, n] as const }, start, xs))(zeros(2), zeros(9000, 2)).jaxpr)
    expect(shaders.shaders).toHaveLength(1)
    expect(shaders.commands.map((c) => c.kind)).toEqual(['copy', 'dispatch', 'dispatch', 'dispatch'])
  })
  test('in loops that are not', async () => {
    const f = (xs: np.NDArray) => lax.scan((c: np.NDArray, row: np.NDArray) => lax.scan((s: np.NDArray, x: np.NDArray) => [s.mul(0.5).add(x), s] as const, np.flip(c), row), zeros(2), xs)
    const { shaders } = await expectAgreementOnDevice(makeJaxpr(f)(zeros(3, 4, 2)).jaxpr, undefined, { workgroupLoops: false })
    expect(shaders.commands.map((c) => c.kind)).toContain('loop')
  })
  test('are not those that read what is another’s: neighbours, sums, elements by number', async () => {
    const bodies = [(c: np.NDArray) => np.roll(c, 1), (c: np.NDArray) => c.sub(np.mean(c)), (c: np.NDArray) => c.slice(np.astype(np.clip(c, 0, 3), 'int32'))]
    for (const body of bodies) {
      const { shaders } = await expectAgreementOnDevice(makeJaxpr((x: np.NDArray, xs: np.NDArray) => lax.scan((c: np.NDArray, v: np.NDArray) => [body(c).add(v), c] as const, x, xs))(zeros(4), zeros(3, 4)).jaxpr, undefined, { workgroupLoops: false })
      expect(shaders.commands.map((c) => c.kind)).toContain('loop')
    }
  })
})

describe('elements that come from many places', () => {
  test('are chosen without a branch a condition: drivers take minutes, and gigabytes, for hundreds of those', async () => {
    const chained = (x: np.NDArray): np.NDArray => lax.reduce(x, 0, (a: np.NDArray, b: np.NDArray) => np.tanh(np.add(a, b)), [1])
    const { jaxpr } = makeJaxpr((x: np.NDArray) => [chained(x), grad((y: np.NDArray) => np.sum(chained(y)))(x)])(zeros(2, sized(3, 5)))
    const { shaders } = await expectAgreementOnDevice(jaxpr)
    expect(Math.max(...shaders.shaders.map(({ code }) => code.length))).toBeGreaterThan(sized(5000, 10_000))
    for (const { code } of shaders.shaders) expect(code).not.toMatch(/&&|\|\|/)
  })
})

describe('memory', () => {
  test('generated programs, of every dtype of 32 bits and less', async () => {
    const dtypes = ['float32', 'int32', 'bool', 'uint8', 'float16', 'bfloat16', 'int8', 'uint32'] as const
    await fc.assert(
      fc.asyncProperty(fc.subarray([...dtypes], { minLength: 1 }).chain((some) => arbitraryJaxpr({ dtypes: some })), async (jaxpr) => {
        await expectAgreementOnDevice(jaxpr, undefined, { donated: new Set(jaxpr.inputs.keys()) })
      }),
      { numRuns: numSlowRuns },
    )
  })
  test('of a given operand takes the result, where nobody reads it later', async () => {
    const { jaxpr } = makeJaxpr((p: np.NDArray, m: np.NDArray, g: np.NDArray) => { const v = m.mul(0.9).add(g); return [p.sub(v.mul(0.1)), v] })(zeros(5, 3), zeros(5, 3), zeros(5, 3))
    const { shaders } = await expectAgreementOnDevice(jaxpr, undefined, { donated: new Set([0, 1]) })
    expect(shaders.places.map((p) => p.kind)).toEqual(['input', 'input', 'input'])
    expect(shaders.places.map((p) => p.kind === 'input' && p.written)).toEqual([true, true, false])
    const kept = await expectAgreementOnDevice(jaxpr)
    expect(kept.shaders.places.map((p) => p.kind)).toEqual(['input', 'input', 'input', 'output', 'output'])
  })
})

describe('more than a shader may bind', () => {
  const many = (...xs: np.NDArray[]): np.NDArray[] => {
    const total = xs.reduce((sum, x, i) => sum.add(np.sin(x).mul(i)), xs[0]!)
    return [total, np.sum(total, 1), ...xs.map((x, i) => x.add(i)), np.concatenate(xs, 1), nn.softmax(np.concatenate(xs, 1))]
  }
  const inputs = Array.from({ length: 12 }, () => zeros(4, 5))
  test('twelve operands and as many results', async () => {
    const { shaders } = await expectAgreementOnDevice(makeJaxpr(many)(...inputs).jaxpr)
    expect(Math.max(...shaders.shaders.map((s) => s.access.length))).toBeLessThanOrEqual(8)
  })
  test('a product of sums of many, an update of many, a running sum of many', async () => {
    const sum = (xs: readonly np.NDArray[]): np.NDArray => xs.reduce((a, b) => a.add(np.cos(b)))
    const f = (i: np.NDArray, ...xs: np.NDArray[]): np.NDArray[] => [
      np.matmul(sum(xs.slice(0, 5)), sum(xs.slice(5)).T).add(sum(xs).mul(0.1).slice([], [0, 4])).mul(xs[0]!.slice([], [0, 4])),
      np.cumsum(sum(xs), 1),
      xs[0]!.at(i).add(sum(xs)),
    ]
    await expectAgreementOnDevice(makeJaxpr((i: np.NDArray, ...xs: np.NDArray[]) => f(i, ...xs))(np.zeros([4], { dtype: 'int32' }), ...inputs).jaxpr)
  })
  test('one choice among many, reads and updates at places of many coordinates, in bounds and out', async () => {
    const axes = new Array<number>(9).fill(2)
    const places = Array.from({ length: 9 }, () => np.zeros([6], { dtype: 'int32' }))
    const starts = axes.map(() => np.zeros([], { dtype: 'int32' }))
    const programs: Jaxpr[] = [
      makeJaxpr((which: np.NDArray, ...xs: np.NDArray[]) => lax.selectN(which, ...xs))(np.zeros([4, 5], { dtype: 'int32' }), ...inputs).jaxpr,
      makeJaxpr((x: np.NDArray, ...is: np.NDArray[]) => [x.slice(...is), x.at(...is).get({ mode: 'fill', fillValue: -1 })])(zeros(...axes), ...places).jaxpr,
      makeJaxpr((x: np.NDArray, ...is: np.NDArray[]) => lax.dynamicSlice(x, is, [1, 2, 1, 1, 1, 1, 1, 1, 2]))(zeros(...axes), ...starts).jaxpr,
      makeJaxpr((x: np.NDArray, ...is: np.NDArray[]) => lax.dynamicUpdateSlice(x, np.ones([1, 2, 1, 1, 1, 1, 1, 1, 2]), is))(zeros(...axes), ...starts).jaxpr,
      makeJaxpr((x: np.NDArray, v: np.NDArray, ...is: np.NDArray[]) => [x.at(...is).add(v), x.at(...is).set(v)])(zeros(...axes), zeros(6), ...places).jaxpr,
    ]
    for (const jaxpr of programs) {
      const { shaders } = await expectAgreementOnDevice(jaxpr)
      expect(Math.max(...shaders.shaders.map((s) => s.access.length))).toBeLessThanOrEqual(8)
    }
  })
  test('nine numbers from one long array, by chunks', async () => {
    const f = (x: np.NDArray): np.NDArray[] => [np.sum(x), np.sum(np.square(x)), np.max(x), np.min(x), np.argmax(x), np.argmin(x), np.sum(np.abs(x)), np.max(np.sin(x)), np.any(x)]
    const { shaders } = await expectAgreementOnDevice(makeJaxpr(f)(zeros(20_000)).jaxpr)
    expect(shaders.shaders.map((s) => s.access.length).filter((n) => n > 8)).toEqual([])
  })
  test.runIf(scale === 'full')('arrays of more bytes than any device binds at once', async () => {
    const rows = 9_000_000
    const values = encodeNumbers(Array.from({ length: 4 * rows }, (_, i) => ((Math.imul(i, 40503) >>> 3) % 9) - 4), 'float32')
    for (const f of [(x: np.NDArray) => x.mul(2).add(1), (x: np.NDArray) => [np.sum(x), np.max(x, 0)], (x: np.NDArray) => np.matmul(x, np.ones([4, 2]))]) {
      const { shaders } = await expectAgreementOnDevice(makeJaxpr(f)(zeros(rows, 4)).jaxpr, [values])
      expect(shaders.shaders.some(({ code }) => code.includes('read_b'))).toBe(true)
    }
  })
  /** Windows of 256 bytes, so that small arrays go through several. */
  const small: ShaderLimits = { ...baseLimits, bindingBytes: 256 }
  test('arrays larger than a binding are read and written through windows', async () => {
    const programs: Jaxpr[] = [
      makeJaxpr((x: np.NDArray) => x.T.add(1))(zeros(10, 15)).jaxpr,
      makeJaxpr((x: np.NDArray) => [np.sum(x, 0), np.argmax(x, 1)])(zeros(10, 15)).jaxpr,
      makeJaxpr((x: np.NDArray, y: np.NDArray) => np.matmul(x, y))(zeros(10, 12), zeros(12, 9)).jaxpr,
      makeJaxpr((x: np.NDArray) => np.sort(x))(zeros(100)).jaxpr,
      makeJaxpr((x: np.NDArray, i: np.NDArray) => x.at(i).add(i))(np.zeros([100], { dtype: 'int32' }), np.zeros([3], { dtype: 'int32' })).jaxpr,
    ]
    for (const jaxpr of programs) {
      const { shaders } = await expectAgreementOnDevice(jaxpr, undefined, { limits: small })
      expect(shaders.shaders.some(({ code }) => code.includes('read_b'))).toBe(true)
    }
  })
})
