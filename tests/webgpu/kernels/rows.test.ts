/** Reductions, row kernels and cumulative operations on a device, at the sizes where they are done another way. */
import { afterAll, describe, expect, test } from 'vitest'
import { decodeNumbers, encodeNumbers } from '../../../src/core/bytes.ts'
import { lax, makeJaxpr, nn, np } from '../../../src/index.ts'
import { lowerToProgram } from '../../../src/lowering/index.ts'
import { baseLimits, emitShaders } from '../../../src/lowering/wgsl/index.ts'
import { scale, sized } from '../../scale.ts'
import { expectAgreementOnDevice, expectSame } from './agree.ts'
import { closeDevice, hasSubgroups, runJaxpr, runProgram, runShaders } from './run-shaders.ts'

afterAll(closeDevice)

const zeros = (...shape: number[]): np.NDArray => np.zeros(shape)
type F = (x: np.NDArray) => np.NDArray | readonly np.NDArray[]
const agree = async (f: F, ...shape: number[]) => expectAgreementOnDevice(makeJaxpr((x: np.NDArray) => f(x))(zeros(...shape)).jaxpr)

/** One invocation a row; lanes and a tree; the last row of a workgroup; chunks. */
const lengths = sized([0, 1, 33, 4097, 20_000], [0, 1, 2, 31, 32, 33, 127, 129, 1000, 4096, 4097, 20_000, 300_000])

describe('folds along rows and columns', () => {
  test.each(lengths)('of %i elements', async (n) => {
    await agree((x) => [np.sum(x, 1), np.max(np.concatenate([x, np.zeros([3, 1])], 1), 1)], 3, n)
    await agree((x) => [np.sum(x, 0), np.min(np.concatenate([x, np.zeros([1, 5])], 0), 0)], n, 5)
  })
  test('positions: the first of equals, the first NaN', async () => {
    for (const n of sized([33, 9000], [5, 33, 300, 9000])) {
      const { jaxpr } = makeJaxpr((x: np.NDArray) => [np.argmax(x, 1), np.argmin(x, 1), np.argmax(x, 0)])(zeros(2, n))
      await expectAgreementOnDevice(jaxpr)
      const ties = encodeNumbers(Array.from({ length: 2 * n }, (_, i) => (i % 3 === 0 ? 1 : 0)), 'float32')
      await expectAgreementOnDevice(jaxpr, [ties])
      const withNaN = encodeNumbers(Array.from({ length: 2 * n }, (_, i) => (i % n === Math.floor(n / 2) || i % n === n - 1 ? NaN : i)), 'float32')
      await expectAgreementOnDevice(jaxpr, [withNaN])
      const infinite = encodeNumbers(Array.from({ length: 2 * n }, () => -Infinity), 'float32')
      await expectAgreementOnDevice(jaxpr, [infinite])
    }
  })
  test('of everything to one number, in chunks', async () => {
    const { count } = await agree((x) => np.sum(np.square(x)), 300, 1000)
    expect(count.dispatches).toBe(2)
    await agree((x) => [np.mean(x), np.max(x), np.argmin(x.ravel())], 1, 70_001)
  })
  test('of small integers and truth values', async () => {
    for (const dtype of sized(['int8', 'bool'] as const, ['int8', 'uint8', 'int32', 'uint32', 'bool'] as const)) {
      const { jaxpr } = makeJaxpr((x: np.NDArray) => [np.max(x, 1), lax.reduce(x, np.zeros([], { dtype }), (a, b) => lax.bitwiseXor(a, b), [1]), np.any(x, 0), np.all(x, 1)])(np.zeros([3, 200], { dtype }))
      await expectAgreementOnDevice(jaxpr)
    }
  })
  test('more workgroups than one dimension takes', async () => {
    const { shaders } = await agree((x) => x.add(1), 65_536 * 64 + 1)
    expect(shaders.commands).toMatchObject([{ workgroups: [32_769, 2, 1] }])
    if (scale === 'full') await agree((x) => np.sum(x, 1), 66_000 * 32, 32)
  })
})

describe('row kernels', () => {
  const layerNorm = (x: np.NDArray): np.NDArray => {
    const centred = x.sub(np.mean(x, -1, { keepdims: true }))
    return centred.div(np.sqrt(np.mean(np.square(centred), -1, { keepdims: true }).add(1e-5)))
  }
  test.each(sized([7, 300, 40_000], [1, 7, 31, 64, 300, 4096, 5000, 40_000]))('softmax, log-sum-exp and layer norm of rows of %i', async (n) => {
    await agree((x) => [nn.softmax(x), nn.logSoftmax(x)], 3, n)
    await agree(layerNorm, 3, n)
  })
  test('softmax along a middle and a first axis', async () => {
    await agree((x) => nn.softmax(x, 1), 2, 40, 130)
    await agree((x) => nn.softmax(x, 0), 300, 200)
  })
  test.each([['softmax', (x: np.NDArray) => nn.softmax(x)], ['layer norm', layerNorm]] as const)('a row of up to 4096 is read once, and written once: %s', async (_, f) => {
    const { shaders, count } = await agree(f, 2, 4096)
    expect(count).toEqual({ dispatches: 1, copies: 0 })
    expect(shaders.shaders[0]!.code.match(/= b0\[/g)).toHaveLength(1)
    expect(shaders.shaders[0]!.code.match(/\bb1\[[^\]]*\] = /g)).toHaveLength(1)
  })
  test('NaN and infinities are what they are on cpu', async () => {
    const { jaxpr } = makeJaxpr((x: np.NDArray) => [nn.softmax(x), np.max(x, 1), np.sum(x, 1), np.min(x, 0)])(zeros(4, 40))
    const values = Array.from({ length: 160 }, (_, i) => (i < 40 ? (i === 7 ? NaN : i) : i < 80 ? (i === 50 ? Infinity : 1) : i < 120 ? -Infinity : i % 2 === 0 ? -0 : 0))
    await expectAgreementOnDevice(jaxpr, [encodeNumbers(values, 'float32')])
  })
})

describe('cumulative operations', () => {
  test.each(sized([2, 1024, 3000], [1, 2, 511, 512, 1024, 1025, 5000]))('along %i elements, both ways', async (n) => {
    // Whole numbers, whose sums are exact in any order.
    const { jaxpr } = makeJaxpr((x: np.NDArray) => [np.cumsum(x, 1), lax.cummax(x, 1, { reverse: true }), lax.cumsum(x, 0, { reverse: true })])(zeros(3, n))
    await expectAgreementOnDevice(jaxpr, [encodeNumbers(Array.from({ length: 3 * n }, (_, i) => (Math.imul(i, 40503) >> 3) % 50), 'float32')])
  })
  test('with what stands before and after', async () => {
    await agree((x) => np.exp(np.cumsum(x.mul(0.01), 1)).mul(x), 2, 3000)
    const { jaxpr } = makeJaxpr((x: np.NDArray) => np.cumsum(x))(np.zeros([3000], { dtype: 'int32' }))
    await expectAgreementOnDevice(jaxpr)
  })
  test('give the same bits in every run', async () => {
    const { jaxpr } = makeJaxpr((x: np.NDArray) => np.cumsum(x))(zeros(10_000))
    const inputs = [encodeNumbers(Array.from({ length: 10_000 }, (_, i) => Math.sin(i) / (1 + i)), 'float32')]
    const [a, b] = [await runJaxpr(jaxpr, inputs), await runJaxpr(jaxpr, inputs)]
    expect(decodeNumbers(b.outputs[0]!, 'float32')).toEqual(decodeNumbers(a.outputs[0]!, 'float32'))
  })
})

describe('trees of subgroups', () => {
  const f = (x: np.NDArray): np.NDArray[] => [np.sum(x, 1), np.sum(x, 0), np.argmin(x, 1)]
  const asProgram = (n: number) => {
    const { jaxpr } = makeJaxpr(f)(zeros(5, n))
    return { ...lowerToProgram(jaxpr), avals: jaxpr.outputs.map((v) => v.aval), inputs: [encodeNumbers(Array.from({ length: 5 * n }, (_, i) => Math.sin(i * i) / (1 + (i % 17))), 'float32')] }
  }
  const withSubgroups = { limits: { ...baseLimits, subgroups: true } }

  test.skipIf(!hasSubgroups).each(sized([300], [33, 64, 257, 3000, 70_000]))('have the bits of those in memory, rows of %i, whatever the size of a subgroup', async (n) => {
    const { program, inputs, avals } = asProgram(n)
    const { outputs: wanted } = await runProgram(program, inputs)
    const shaders = emitShaders(program, withSubgroups)
    expect(shaders.shaders.some(({ code }) => code.startsWith('enable subgroups;'))).toBe(true)
    expectSame((await runShaders(program, shaders, inputs)).outputs, wanted, avals)
    // Of two; and of any size whose invocations are not neighbours.
    for (const change of [(code: string) => code.replace('min(subgroup_size, ', 'min(2u, ').replace('(subgroupAdd(1u) != span)', 'false').replace('local - place', 'local - place % span').replace('subgroupBroadcastFirst(first)', 'first'), (code: string) => code.replace('(first % span != 0u)', 'true')]) {
      const changed = { ...shaders, shaders: shaders.shaders.map((s) => ({ ...s, code: change(s.code) })) }
      expect(changed.shaders.some(({ code }, i) => code !== shaders.shaders[i]!.code)).toBe(true)
      expectSame((await runShaders(program, changed, inputs)).outputs, wanted, avals)
    }
  })
  test('wait for others only where more than one subgroup has something left', () => {
    const { program } = lowerToProgram(makeJaxpr((x: np.NDArray) => np.sum(x, 1))(zeros(8, 300)).jaxpr)
    const [, code] = emitShaders(program, withSubgroups).shaders[0]!.code.split('fn main')
    expect(code).toMatch(/subgroupShuffleXor[^}]*}[^}]*}\s*left \/= reach;\s*if \(left > 1i\) {/)
    expect(code!.split('if (left > 1i)').map((part) => part.match(/workgroupBarrier/g)?.length ?? 0)).toEqual([0, 2])
  })
})
