/** Code whose sizes are read at run time gives what code for those sizes gives, bit for bit, and one module serves every shape. */
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { interpret } from '../../../src/backends/cpu/interpret.ts'
import { evalAvals } from '../../../src/core/abstract-eval/index.ts'
import { aval, type Aval, bytesOf, showType, sizeOf } from '../../../src/core/aval.ts'
import { decodeNumbers, encodeNumbers } from '../../../src/core/bytes.ts'
import { type DType, dtypeInfo, isInexact } from '../../../src/core/dtype.ts'
import { type Eqn, eqn, type Jaxpr, Var } from '../../../src/core/jaxpr.ts'
import type { Primitive, PrimitiveParams } from '../../../src/core/primitives/index.ts'
import { defaultDevice, np } from '../../../src/index.ts'
import { lowerToProgram } from '../../../src/lowering/index.ts'
import { emitProgram, sizedForm } from '../../../src/lowering/wasm/index.ts'
import { numRuns, sized } from '../../scale.ts'
import { type Case, cases } from '../../transforms/primitive-cases.ts'
import { someBytes } from '../agree.ts'
import { arranged, normalizeLoop } from '../../../src/lowering/wasm/arrange/index.ts'
import { isArranged, reductionKernel } from '../../../src/lowering/wasm/sized/fold-plan.ts'
import '../../families.ts'
import { runEmitted } from './emit/harness.ts'

function program<P extends Primitive>(primitive: P, params: PrimitiveParams[P], ...avals: readonly Aval[]): Jaxpr {
  const inputs = avals.map((a) => new Var(a))
  const outputs = evalAvals(primitive, avals, params).map((a) => new Var(a))
  const e: Eqn = eqn(primitive, params, inputs, outputs)
  return { constVars: [], inputs, equations: [e], outputs }
}

/** What the sized code makes of inputs, laid out as a call lays them out; guards behind the result must stay. */
function runSized(jaxpr: Jaxpr, inputs: readonly Uint8Array[]): Uint8Array {
  const form = sizedForm(jaxpr)
  if (form === null) throw new Error('there is no sized form')
  const room = 2 ** 20 + inputs.reduce((n, bytes) => n + bytes.length, 0) + form.scratchBytes
  const memory = new WebAssembly.Memory({ initial: Math.ceil(room / 2 ** 16) })
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(form.emit(false)), { env: { memory } })
  const all = new Uint8Array(memory.buffer)
  const words = new Uint32Array(memory.buffer)
  let at = 4096
  const place = (bytes: number): number => {
    const here = at
    at += Math.ceil(bytes / 64) * 64 + 64
    return here
  }
  const addresses = inputs.map((bytes) => {
    const here = place(bytes.length)
    all.set(bytes, here)
    return here
  })
  const size = bytesOf(jaxpr.outputs[0]!.aval)
  const out = place(size)
  all.fill(0xa5, out, out + size + 64)
  const scratch = place(form.scratchBytes)
  words.set([scratch, ...addresses, out, ...form.words.map((w) => w >>> 0)], 64 / 4)
  const run = exports['run'] as (thread: number, threads: number, args: number) => void
  run(0, 1, 64)
  expect(all.subarray(out + size, out + size + 64).every((b) => b === 0xa5), 'nothing is written behind the result').toBe(true)
  return all.slice(out, out + size)
}

function expectSame(jaxpr: Jaxpr): void {
  const inputs = jaxpr.inputs.map((v, i) => someBytes(v.aval, i + 1))
  const lowered = lowerToProgram(jaxpr)
  const [wanted] = runEmitted(emitProgram(lowered.program, lowered.plan), lowered.program, inputs, 1, new Map())
  expect(Buffer.compare(runSized(jaxpr, inputs), wanted!), `${jaxpr.equations[0]!.primitive} ${showType(jaxpr.outputs[0]!.aval)}`).toBe(0)
}

const moving: readonly Primitive[] = ['transpose', 'broadcastInDim', 'rev', 'slice', 'pad', 'concatenate']
const isSized = (p: Primitive, c: Case<Primitive>): boolean => {
  const avals = c.inputs.map((i) => aval(i.shape, i.dtype ?? 'float32'))
  // NaNs of reductions may differ in their bits from code for the shape: they are held against the interpreter below
  return p !== 'jit' && p !== 'scan' && !p.startsWith('reduce') && !p.startsWith('arg') && sizedForm(program(p, c.params, ...avals)) !== null
}
const all = (Object.keys(cases) as Primitive[]).flatMap((p) => cases[p].map((c, i): [string, Primitive, Case<Primitive>] => [`${p} ${i}`, p, c as Case<Primitive>])).filter(([, p, c]) => isSized(p, c))

describe('the same bits as code for the shape', () => {
  test('every elementwise and every moving primitive has a sized form', () => {
    const found = new Set(all.map(([, p]) => p))
    for (const p of [...moving, 'add', 'exp', 'selectN', 'clamp', 'convertElementType', 'eq', 'pow'] as const) expect(found.has(p), p).toBe(true)
  })
  test.each(all)('%s', (_, primitive, c) => {
    // nextafter is refused for half floats, by the one table that both kinds of code use.
    for (const dtype of primitive === 'nextafter' ? (['float32', 'float64'] as const) : (['float32', 'float64', 'bfloat16'] as const)) {
      const avals = c.inputs.map((i) => aval(i.shape, i.dtype !== undefined && !isInexact(i.dtype) ? i.dtype : dtype))
      expectSame(program(primitive, c.params, ...avals))
    }
  })
  test('at any length, with operands of rank 0 in any place', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70 }), fc.constantFrom<DType>('float32', 'float64', 'int8', 'int16', 'uint32', 'bool', 'float16'), fc.boolean(), fc.boolean(), (n, dtype, x, y) => {
        const shape = (single: boolean): number[] => (single ? [] : [n])
        expectSame(program(dtype === 'bool' ? 'and' : 'add', {}, aval(shape(x), dtype), aval(shape(y), dtype)))
        expectSame(program('selectN', {}, aval(shape(y), 'bool'), aval([n], dtype), aval([n], dtype)))
      }),
      { numRuns },
    )
  })
  test('of long arrays, by blocks and what is left of them', () => {
    for (const n of [2 ** 16 + 1, 9 * 2 ** 13, 9 * 2 ** 13 + 256 + 7]) {
      for (const dtype of ['float32', 'float64', 'int8', 'float16'] as const) {
        expectSame(program('add', {}, aval([n], dtype), aval([n], dtype)))
        expectSame(program('selectN', {}, aval([n], 'bool'), aval([n], dtype), aval([n], dtype)))
        expectSame(program('mul', {}, aval([], dtype), aval([n], dtype)))
      }
      expectSame(program('exp', {}, aval([n], 'float32')))
      expectSame(program('convertElementType', { newDtype: 'int16', weakType: false }, aval([2, n], 'float32')))
    }
  })
  test('movements of generated shapes, to the byte', () => {
    const shapes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 })
    const dtypes = fc.constantFrom<DType>('float32', 'float64', 'int8', 'float16', 'key')
    const check = (jaxpr: Jaxpr): void => {
      if (bytesOf(jaxpr.outputs[0]!.aval) === 0) return
      const inputs = jaxpr.inputs.map((v, i) => someBytes(v.aval, i))
      const [wanted] = interpret(jaxpr, jaxpr.inputs.map((v, i) => ({ aval: v.aval, bytes: inputs[i]! })))
      expect([...runSized(jaxpr, inputs)]).toEqual([...wanted!.bytes])
    }
    fc.assert(
      fc.property(shapes, dtypes, fc.infiniteStream(fc.nat(1000)), (shape, dtype, stream) => {
        const below = (n: number): number => Number(stream.next().value) % n
        const x = aval(shape, dtype)
        const axes = shape.map((_, d) => d)
        check(program('rev', { dimensions: axes.filter(() => below(2) === 1) }, x))
        check(program('transpose', { permutation: [...axes].sort((a, b) => ((a * 7 + 3) % 5) - ((b * 7 + 3) % 5)) }, x))
        check(program('broadcastInDim', { shape: [2, ...shape.map((n) => (n === 1 ? 3 : n)), 2], broadcastDimensions: axes.map((d) => d + 1) }, x))
        const start = shape.map((n) => below(n))
        check(program('slice', { startIndices: start, limitIndices: shape, strides: shape.map(() => 1 + below(3)) }, x))
        check(program('concatenate', { dimension: below(shape.length) }, x, x, x))
        if (dtype !== 'key') check(program('pad', { paddingConfig: shape.map(() => [below(5) - 2, below(5) - 2, below(3)] as const).map(([l, h, i], d) => (shape[d]! + l + h < 0 ? ([0, 0, i] as const) : ([l, h, i] as const))) }, x, aval([], dtype)))
      }),
      { numRuns },
    )
  })
})

describe('reductions of generated shapes', () => {
  const axesOf = (rank: number, first: number, count: number): number[] => Array.from({ length: Math.min(count, rank - first) }, (_, i) => first + i)
  const shapes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 })
  /** Inputs full of zeros of both signs, NaNs and infinities, or of plain numbers. */
  const values = (jaxpr: Jaxpr, seed: number, special: boolean): Uint8Array => {
    const { shape, dtype } = jaxpr.inputs[0]!.aval
    const chosen = special ? [0, -0, 1, -1, NaN, 3, -Infinity, 0, 2, -0, 7] : [0, 1, -1, 3, 2, -2, 5]
    return encodeNumbers(Array.from({ length: sizeOf(shape) }, (_, i) => (dtype.startsWith('float') ? chosen[(i * i + seed) % chosen.length]! : (i * 7 + seed) % 5)), dtype)
  }
  const both = (jaxpr: Jaxpr, input: Uint8Array): [number[], number[]] => {
    const [wanted] = interpret(jaxpr, [{ aval: jaxpr.inputs[0]!.aval, bytes: input }])
    const { dtype } = jaxpr.outputs[0]!.aval
    return [[...decodeNumbers(runSized(jaxpr, [input]), dtype)].map(Number), [...decodeNumbers(wanted!.bytes, dtype)].map(Number)]
  }
  test('are what the interpreter gives', () => {
    fc.assert(
      fc.property(shapes, fc.constantFrom<DType>('float32', 'float64', 'int32', 'uint32'), fc.nat(3), fc.integer({ min: 1, max: 3 }), fc.nat(50), (shape, dtype, from, count, seed) => {
        const first = from % shape.length
        const axes = axesOf(shape.length, first, count)
        const x = aval(shape, dtype)
        for (const p of ['reduceSum', 'reduceProd', 'reduceMax', 'reduceMin'] as const) {
          const jaxpr = program(p, { axes }, x)
          if (dtype.startsWith('float') && (p === 'reduceSum' || p === 'reduceProd')) continue // see below
          const [got, wanted] = both(jaxpr, values(jaxpr, seed, p === 'reduceMax' || p === 'reduceMin'))
          expect(got).toEqual(wanted)
        }
        for (const p of ['argmax', 'argmin'] as const) {
          const jaxpr = program(p, { axis: first, indexDtype: 'int32' }, x)
          const [got, wanted] = both(jaxpr, values(jaxpr, seed, true))
          expect(got).toEqual(wanted)
        }
        if (dtype === 'int32' || dtype === 'uint32') {
          for (const p of ['reduceAnd', 'reduceOr', 'reduceXor'] as const) {
            const jaxpr = program(p, { axes }, aval(shape, seed % 2 === 0 ? 'bool' : dtype))
            const [got, wanted] = both(jaxpr, values(jaxpr, seed, false))
            expect(got).toEqual(wanted)
          }
        }
      }),
      { numRuns },
    )
  })
})

describe('sums and products of floats', () => {
  const dtypes = fc.constantFrom<DType>('float32', 'float64', 'int32', 'float16', 'bfloat16', 'int8', 'uint16')
  const folds = fc.constantFrom('reduceSum', 'reduceProd', 'reduceMax', 'reduceMin')
  /** Shapes of one to five axes: of few elements, or with one long axis, or with several. */
  const some = (max: number, maxLength: number): fc.Arbitrary<number[]> => fc.array(fc.integer({ min: 1, max }), { minLength: 1, maxLength })
  const withLong = (rest: fc.Arbitrary<number[]>, max: number): fc.Arbitrary<number[]> =>
    fc.tuple(rest, fc.integer({ min: 100, max }), fc.nat()).map(([shape, long, at]) => shape.with(at % shape.length, long))
  const shapes = fc.oneof(some(9, 5), some(70, 3), withLong(some(5, 4), 9000), withLong(withLong(some(4, 3), 400), 400), withLong(fc.constant([1]), sized(80_000, 5_000_000)))
  const axesOf = (shape: readonly number[], mask: number): number[] => {
    const axes = shape.map((_, d) => d).filter((d) => ((mask >> d) & 1) === 1)
    return axes.length > 0 ? axes : [mask % shape.length]
  }
  /** Numbers of many sizes, with zeros of both signs, and now and then NaN and infinities. */
  const bytesOfValues = (dtype: DType, n: number, seed: number): Uint8Array => {
    let state = seed + 1
    const next = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32
    const special = [0, -0, 0, -0, NaN, Infinity, -Infinity]
    const most = seed % 3 === 0 ? 7 : 4
    return encodeNumbers(Array.from({ length: n }, () => {
      const x = next()
      if (!dtype.includes('float')) return Math.floor((x - (dtype.startsWith('u') ? 0 : 0.5)) * 2 ** (8 * dtypeInfo[dtype].bytes - 1))
      return seed % 2 === 0 && x < 0.02 ? special[Math.floor(x * 50 * most)]! : (x - 0.5) * 2 ** Math.floor(20 * next() - 10)
    }), dtype)
  }
  /** Its bits; a NaN is a NaN. */
  const bitsOf = (bytes: Uint8Array, dtype: DType): string[] => [...decodeNumbers(bytes, dtype)].map((x) => (Object.is(x, -0) ? '-0' : String(x)))

  test('have the kernel that the lowering makes, with its axes merged', () => {
    fc.assert(
      fc.property(shapes, dtypes, folds, fc.nat(31), (shape, dtype, p, mask) => {
        const axes = axesOf(shape, mask)
        fc.pre(axes.some((d) => shape[d]! > 1))
        const { steps } = lowerToProgram(program(p, { axes }, aval(shape, dtype))).program
        const [step] = steps
        if (step?.kind !== 'kernel' || step.kernel.kind !== 'loop' || steps.length > 1) throw new Error('is no single loop')
        const combine = ({ reduceSum: 'sum', reduceProd: 'prod', reduceMax: 'max', reduceMin: 'min' } as const)[p]
        const lowered = { ...step.kernel, name: '' }
        const made = reductionKernel(shape, axes, combine, dtype)
        expect(made).toEqual(normalizeLoop(lowered))
        expect(isArranged(made) ? made : arranged(made, false)).toEqual(arranged(lowered, false))
      }),
      { numRuns },
    )
  })

  test('have the bits that code for the very shape gives, over any axes', () => {
    fc.assert(
      fc.property(shapes, dtypes, folds, fc.nat(31), fc.nat(1000), (shape, dtype, p, mask, seed) => {
        const jaxpr = program(p, { axes: axesOf(shape, mask) }, aval(shape, dtype))
        // Code of their own: reductions over many axes apart, of many narrow elements in columns, and to so many results of a few elements each.
        if (sizedForm(jaxpr) === null) return shape.length > 4 || (dtypeInfo[dtype].bytes < 4 && sizeOf(shape) >= 2 ** 16) || sizeOf(jaxpr.outputs[0]!.aval.shape) >= 2 ** 15
        const input = bytesOfValues(dtype, sizeOf(shape), seed)
        const lowered = lowerToProgram(jaxpr)
        const [wanted] = runEmitted(emitProgram(lowered.program, lowered.plan), lowered.program, [input], 1, new Map())
        expect(bitsOf(runSized(jaxpr, [input]), dtype)).toEqual(bitsOf(wanted!, dtype))
        return true
      }),
      { numRuns },
    )
  })

  test('count what is left behind whole chunks, once and from where it stands', () => {
    const cases = [[[65_537], [0]], [[100_003], [0]], [[1_000_003], [0]], [[2, 50_001], [1]], [[50_001, 3], [0]], [[4001, 67], [0]], [[3, 40_003, 2], [1]], [[211, 5, 307], [0, 2]], [[3, 211, 307], [1, 2]]] as const
    for (const [shape, axes] of cases) {
      for (const dtype of ['float32', 'float64', 'int32'] as const) {
        const jaxpr = program('reduceSum', { axes }, aval(shape, dtype))
        if (sizedForm(jaxpr) === null) throw new Error(`${shape} has no sized form`)
        const input = bytesOfValues(dtype, sizeOf(shape), 1)
        const lowered = lowerToProgram(jaxpr)
        const [wanted] = runEmitted(emitProgram(lowered.program, lowered.plan), lowered.program, [input], 1, new Map())
        expect(bitsOf(runSized(jaxpr, [input]), dtype), `${dtype}[${shape}] over ${axes}`).toEqual(bitsOf(wanted!, dtype))
      }
    }
  })

  test('have a sized form however large they are, and whatever their axes', () => {
    for (const [shape, axes] of [[[100_000], [0]], [[3, 4, 5], [0, 2]], [[1000, 70], [0]], [[4, 5, 6, 7], [0, 2]], [[30_000, 300], [0]], [[2, 3, 4, 5, 6], [1, 3]], [[7, 1], [1]]] as const)
      expect(sizedForm(program('reduceSum', { axes }, aval(shape, 'float32'))), String(shape)).not.toBeNull()
  })
})

test('batches of a large array are movements of rows, whatever their place; large transposes have code of their own', () => {
  const rows = aval([5000, 784], 'float32')
  const batch = (start: number): Jaxpr => program('slice', { startIndices: [start, 0], limitIndices: [start + 128, 784], strides: [1, 1] }, rows)
  expect(sizedForm(batch(0))?.key).toBe(sizedForm(batch(777))?.key)
  expect(sizedForm(batch(0))).not.toBeNull()
  expect(sizedForm(program('transpose', { permutation: [1, 0] }, rows))).toBeNull()
})

test('a new shape compiles nothing', () => {
  defaultDevice('wasm')
  const modules = vi.spyOn(WebAssembly, 'Module')
  const use = (n: number): void => {
    const x = np.ones([n, 3])
    np.exp(x).add(1).mul(x).T.slice([1, 2]).dispose()
    for (const axis of [0, 1]) np.sum(x, { axis }).add(np.argmax(x, { axis })).add(np.prod(x, { axis })).dispose()
    np.mean(x).add(np.max(x)).dispose()
  }
  const useLong = (n: number): void => np.exp(np.array(new Float32Array(n))).add(1).dispose()
  use(2)
  useLong(100_000)
  modules.mockClear()
  for (let n = 3; n < 40; n++) use(n)
  for (let n = 100_001; n < 100_004; n++) useLong(n)
  expect(modules).not.toHaveBeenCalled()
  modules.mockRestore()
})
