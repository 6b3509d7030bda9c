/** Whole programs on a device: loops, memory that is used again, given operands, more buffers and larger arrays than a shader may bind. */
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { encodeNumbers } from '../../../src/core/bytes.ts'
import type { Jaxpr } from '../../../src/core/jaxpr.ts'
import { DeviceError, grad, lax, makeJaxpr, nn, np, random } from '../../../src/index.ts'
import { lowerToProgram } from '../../../src/lowering/index.ts'
import { baseLimits, emitShaders, type ShaderLimits, type ShaderProgram } from '../../../src/lowering/wgsl/index.ts'
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
      expect(partsBound(shaders)).toBeGreaterThan(0)
    }
  })

  /** Where shaders bind anything but the beginning of an array. */
  const partsBound = ({ commands }: ShaderProgram): number => commands.flatMap((c) => (c.kind === 'dispatch' ? c.bindings.filter(({ offset }) => offset > 0) : [])).length
  /** Agrees, though arrays are larger than a binding, and no shader binds more than it may. */
  const fits = async (f: (...xs: np.NDArray[]) => np.NDArray | np.NDArray[], ...xs: np.NDArray[]): Promise<void> => fitsIn(small, f, ...xs)
  const fitsIn = async (limits: ShaderLimits, f: (...xs: np.NDArray[]) => np.NDArray | np.NDArray[], ...xs: np.NDArray[]): Promise<void> => {
    const { shaders } = await expectAgreementOnDevice(makeJaxpr(f)(...xs).jaxpr, undefined, { limits })
    for (const { access } of shaders.shaders) expect(access.length).toBeLessThanOrEqual(limits.storageBuffers)
    expect(shaders.places.some(({ bytes }) => bytes > limits.bindingBytes)).toBe(true)
  }
  const ints = (n: number): np.NDArray => np.zeros([n], { dtype: 'int32' })

  describe('several such arrays in one operation go through shaders that each bind a part of them', () => {
    test('elementwise, whatever the shapes and dtypes', async () => {
      await fits((x, y) => x.add(y), zeros(192), zeros(192))
      await fits((x) => x.add(1), zeros(320))
      await fits((x, y, z) => x.mul(y).add(z), zeros(200), zeros(200), zeros(200))
      await fits((x, y) => x.mul(y.astype('float32')).add(x.T.mul(2)), zeros(16, 16), ints(256).reshape([16, 16]))
      await fits((x, y) => np.concatenate([x, y, np.flip(x)]), zeros(150), zeros(90))
      await fits((x) => np.roll(x, 5).sub(np.roll(x, -77)), zeros(300))
      await fits((x) => np.pad(x, 3).mul(2), zeros(15, 15))
    })
    test('with more results and operands than a shader binds besides, and results over operands', async () => {
      const adam = (p: np.NDArray, m: np.NDArray, v: np.NDArray, g: np.NDArray): np.NDArray[] => {
        const [m1, v1] = [m.mul(0.9).add(g.mul(0.1)), v.mul(0.999).add(g.mul(g).mul(0.001))]
        return [p.sub(m1.div(np.sqrt(np.abs(v1)).add(1e-3))), m1, v1]
      }
      const { jaxpr } = makeJaxpr(adam)(zeros(150), zeros(150), zeros(150), zeros(150))
      for (const donated of [new Set<number>(), new Set([0, 1, 2])]) {
        const { shaders } = await expectAgreementOnDevice(jaxpr, undefined, { limits: small, donated })
        for (const { access } of shaders.shaders) expect(access.length).toBeLessThanOrEqual(8)
      }
      const sums = makeJaxpr((...xs: np.NDArray[]) => xs.map((x, i) => xs.reduce((a, b) => a.add(b.mul(i)), x)))(...Array.from({ length: 6 }, () => zeros(100))).jaxpr
      for (const donated of [new Set<number>(), new Set([0, 1, 2, 3, 4, 5])]) {
        const { shaders } = await expectAgreementOnDevice(sums, undefined, { limits: small, donated })
        for (const { access } of shaders.shaders) expect(access.length).toBeLessThanOrEqual(8)
      }
    })
    test('reads at computed places', async () => {
      await fits((x, i) => np.take(x, i), zeros(192), ints(192))
      await fits((x, i) => np.take(x, i), zeros(600), ints(60))
      await fits((x, i) => x.at(i).get({ mode: 'fill', fillValue: -1 }).mul(2), zeros(600), ints(60))
      await fits((x, i, y) => np.take(x, i, { axis: 0 }).mul(y), zeros(120, 5), ints(12), zeros(12, 5))
    })
    test('reductions, rows and cumulative operations', async () => {
      await fits((x) => nn.softmax(x), zeros(12, 30))
      await fits((x, y) => [np.sum(x.mul(y), 1), np.argmax(x.sub(y), 1)], zeros(15, 20), zeros(15, 20))
      await fits((x, y) => np.argmax(x.sub(y), 0), zeros(12, 20), zeros(12, 20))
      await fits((x) => np.cumsum(x, 1), zeros(16, 20))
    })
    test('long rows, in chunks and blocks', async () => {
      // Rows are cut into chunks of some thousand elements.
      const longer = { ...small, bindingBytes: 8192 }
      await fitsIn(longer, (x) => nn.softmax(x), zeros(20_000))
      await fitsIn({ ...small, bindingBytes: 16_384 }, (x, y) => [np.sum(x.mul(y)), np.argmin(x.sub(y))], zeros(17_000), zeros(17_000))
      await fitsIn(longer, (x) => np.cumsum(x), zeros(10_000))
      await fitsIn(longer, (x, y) => np.cumsum(np.flip(x, 1).mul(y), 1), zeros(2, 5000), zeros(2, 5000))
    })
    test('products, in pieces of results and of the depth', async () => {
      await fits((x, y) => np.matmul(x, y), zeros(16, 16), zeros(16, 16))
      await fitsIn(small, (x, y) => np.matmul(x, y).add(1), zeros(8, 36), zeros(36, 16))
      await fits((x, y) => np.matmul(x, y), zeros(6, 90), zeros(90, 6))
    })
    test('but for what no order of parts avoids, which is an error at the call', () => {
      const { program } = lowerToProgram(makeJaxpr((x: np.NDArray) => np.max(x, 0))(zeros(60, 20)).jaxpr)
      const refused = () => emitShaders(program, { limits: small })
      expect(refused).toThrow(DeviceError)
      expect(refused).toThrow(/this GPU binds at most 8 parts of arrays at once, of 256 bytes each, and kernel copy needs more for arrays of 4800 bytes; use smaller arrays.*devicePut/)
    })
    test('slices of them in loops', async () => {
      const f = (xs: np.NDArray, ys: np.NDArray) => lax.scan((c: np.NDArray, [x, y]: readonly [np.NDArray, np.NDArray]) => { const n = np.flip(c).add(x.mul(y)); return [n, n.sub(x)] as const }, zeros(40), [xs, ys] as const)
      await fits((xs, ys) => [...f(xs, ys)], zeros(10, 40), zeros(10, 40))
    })
    test('sorts', async () => {
      await fits((x) => np.sort(x), zeros(192))
      await fits((x) => [np.sort(x, 0), np.argsort(x, 1)], zeros(12, 16))
      const longer = { ...small, bindingBytes: 8192 }
      await fitsIn(longer, (x) => np.sort(x), zeros(5000))
      await fitsIn(longer, (x) => np.argsort(x, 0), zeros(2100, 2))
      await fitsIn(longer, (x, y, z) => lax.sort([x, y, z], { numKeys: 2 }), ints(3000), ints(3000), zeros(3000))
    })
    test('updates', async () => {
      await fits((x, i, v) => x.at(i).add(v), zeros(128), ints(128), zeros(128))
      await fits((x, i, v) => x.at(i).add(v), zeros(600), ints(40), zeros(40))
      await fits((x, i, v) => [x.at(i).add(v), x.at(i).set(v)], ints(300), ints(90), ints(90))
      await fits((x, i, v) => x.at(i).add(np.sin(v)), zeros(120, 4), ints(40), zeros(40, 4))
      await fits((x, i, v) => lax.dynamicUpdateSlice(x, v, [i]), zeros(600), np.zeros([], { dtype: 'int32' }), zeros(150))
      await fits((x, v) => x.at([100, 400]).set(v), zeros(500), zeros(300))
      await fits(grad((x: np.NDArray, i: np.NDArray) => np.sum(np.square(np.take(x, i)))), zeros(300), ints(100))
    })
  })
})
