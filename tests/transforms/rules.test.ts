/** Every rule of every table: derivatives against differences in float64, transposes by inner products, batches one by one. */
import { beforeAll, describe, expect, test } from 'vitest'
import { aval, type Shape } from '../../src/core/aval.ts'
import { defaultDevice } from '../../src/core/devices.ts'
import { isInexact } from '../../src/core/dtype.ts'
import { ArgumentError } from '../../src/core/errors.ts'
import type { Primitive } from '../../src/core/primitives/index.ts'
import { bind, traceDepth, type Value } from '../../src/core/trace.ts'
import { moveAxis } from '../../src/transforms/build.ts'
import { elementwiseJvp } from '../../src/transforms/jvp/elementwise.ts'
import { indexingJvp } from '../../src/transforms/jvp/indexing.ts'
import { jvpFlat, jvpRules } from '../../src/transforms/jvp/index.ts'
import { reductionJvp } from '../../src/transforms/jvp/reduction.ts'
import { shapeJvp } from '../../src/transforms/jvp/shape.ts'
import { contractionJvp, randomJvp, windowsJvp } from '../../src/transforms/jvp/windows.ts'
import { linearizeFlat, recordLinear } from '../../src/transforms/linearize/index.ts'
import { elementwiseTranspose } from '../../src/transforms/transpose/elementwise.ts'
import { indexingTranspose } from '../../src/transforms/transpose/indexing.ts'
import { backwardPass, transposeRules, Undefined } from '../../src/transforms/transpose/index.ts'
import { reductionTranspose, shapeTranspose } from '../../src/transforms/transpose/shape.ts'
import { contractionTranspose, randomTranspose, windowsTranspose } from '../../src/transforms/transpose/windows.ts'
import { elementwiseBatch, randomBatch } from '../../src/transforms/vmap/elementwise.ts'
import { indexingBatch } from '../../src/transforms/vmap/indexing.ts'
import { batchedAt, batchFlat, batchRules, type Dim } from '../../src/transforms/vmap/index.ts'
import { reductionBatch, shapeBatch } from '../../src/transforms/vmap/shape.ts'
import { contractionBatch, windowsBatch } from '../../src/transforms/vmap/windows.ts'
import { hasTangent, instantiate, nonzero, type Tangent, Zero } from '../../src/transforms/zero.ts'
import { type Case, cases } from './primitive-cases.ts'
import { array, generator, type Input, numbers, randomNumbers } from './values.ts'

beforeAll(() => {
  defaultDevice('cpu')
})

const primitives = Object.keys(cases) as Primitive[]
const run = <P extends Primitive>(primitive: P, c: Case<P>) => (inputs: readonly Value[]): Value[] => bind(primitive, inputs, c.params)

const dtypeOf = (i: Input): NonNullable<Input['dtype']> => i.dtype ?? 'float64'
const isFloat = (i: Input): boolean => isInexact(dtypeOf(i))
const arraysOf = (inputs: readonly Input[], random: () => number): Value[] => inputs.map((i) => array(randomNumbers(i, random), i.shape, dtypeOf(i)))
const directionsOf = (inputs: readonly Input[], random: () => number): number[][] =>
  inputs.map((i) => (isFloat(i) ? randomNumbers({ shape: i.shape, range: [-1, 1] }, random) : []))

const moved = (xs: readonly Value[], inputs: readonly Input[], directions: readonly number[][], step: number): Value[] =>
  xs.map((x, i) => (isFloat(inputs[i]!) ? array(numbers(x).map((v, k) => v + step * directions[i]![k]!), inputs[i]!.shape, dtypeOf(inputs[i]!)) : x))

const tangentsOf = (inputs: readonly Input[], directions: readonly number[][]): Tangent[] =>
  inputs.map((i, k) => (isFloat(i) ? array(directions[k]!, i.shape, dtypeOf(i)) : new Zero(aval(i.shape, dtypeOf(i)))))

function close(got: readonly number[], wanted: readonly number[], tolerance: number): void {
  expect(got.length).toBe(wanted.length)
  for (const [i, w] of wanted.entries()) {
    const g = got[i]!
    if (Number.isNaN(w) || !Number.isFinite(w)) expect(Object.is(g, w) || g === w).toBe(true)
    else expect(Math.abs(g - w), `element ${i}: ${g} and ${w}`).toBeLessThanOrEqual(tolerance * (1 + Math.abs(w)))
  }
}

const inner = (a: readonly Tangent[], b: readonly Tangent[]): number => {
  let total = 0
  for (const [i, x] of a.entries()) {
    const y = b[i]!
    if (!nonzero(x) || !nonzero(y) || !hasTangent(x.aval)) continue
    const ys = numbers(y)
    for (const [k, v] of numbers(x).entries()) total += v * ys[k]!
  }
  return total
}

const each = primitives.flatMap((primitive) => cases[primitive].map((c, i): [string, Primitive, Case<Primitive>] => [`${primitive} ${i}`, primitive, c as Case<Primitive>]))

test('no primitive is in two families, where one rule would hide the other', () => {
  const families = [
    [elementwiseJvp, reductionJvp, shapeJvp, indexingJvp, contractionJvp, windowsJvp, randomJvp],
    [elementwiseTranspose, reductionTranspose, shapeTranspose, indexingTranspose, contractionTranspose, windowsTranspose, randomTranspose],
    [elementwiseBatch, reductionBatch, shapeBatch, indexingBatch, contractionBatch, windowsBatch, randomBatch],
  ]
  for (const tables of families) {
    const names = [...tables.flatMap((t) => Object.keys(t)), 'jit', 'scan']
    expect(names.length).toBe(new Set(names).size)
    expect(names.sort()).toEqual([...primitives].sort())
  }
})

test('every primitive of every table has cases', () => {
  for (const table of [jvpRules, transposeRules, batchRules]) expect(Object.keys(table).sort()).toEqual([...primitives].sort())
})

describe('forward mode', () => {
  test.each(each.filter(([, , c]) => c.inputs.some(isFloat)))('%s', (_, primitive, c) => {
    const random = generator(7)
    const f = run(primitive, c)
    const xs = arraysOf(c.inputs, random)
    const directions = directionsOf(c.inputs, random)
    const forward = (at: readonly Value[]) => jvpFlat((ys) => ({ outs: f(ys), aux: [] }), at, tangentsOf(c.inputs, directions))
    if (c.derivative === 'refused') {
      expect(() => forward(xs)).toThrow(ArgumentError)
      expect(traceDepth()).toBe(0)
      return
    }
    const { outs, tangents } = forward(xs)
    const plain = f(xs)
    const h = c.step ?? 1e-6
    const [after, before] = [f(moved(xs, c.inputs, directions, h)), f(moved(xs, c.inputs, directions, -h))]
    for (const [i, out] of outs.entries()) {
      expect(numbers(out)).toEqual(numbers(plain[i]!))
      if (!hasTangent(out.aval)) {
        expect(tangents[i]).toBeInstanceOf(Zero)
        continue
      }
      const [up, down] = [numbers(after[i]!), numbers(before[i]!)]
      const quotient = c.derivative === 'zero' ? up.map(() => 0) : up.map((u, k) => (u - down[k]!) / (2 * h))
      expect(tangents[i]!.aval.shape).toEqual(out.aval.shape)
      expect(tangents[i]!.aval.dtype).toBe(out.aval.dtype)
      close(numbers(instantiate(tangents[i]!)), quotient, c.tolerance ?? 1e-7)
    }
  })
})

describe('forward mode with one operand held fixed', () => {
  test.each(each.filter(([, , c]) => c.inputs.filter(isFloat).length > 1 && c.derivative === undefined))('%s', (_, primitive, c) => {
    const random = generator(8)
    const f = run(primitive, c)
    const xs = arraysOf(c.inputs, random)
    for (const k of c.inputs.keys()) {
      if (!isFloat(c.inputs[k]!)) continue
      const directions = directionsOf(c.inputs, random).map((d, i) => (i === k ? d : d.map(() => 0)))
      const tangents = tangentsOf(c.inputs, directions).map((t, i) => (i === k ? t : new Zero(t.aval)))
      const result = jvpFlat((ys) => ({ outs: f(ys), aux: [] }), xs, tangents)
      const h = c.step ?? 1e-6
      const [after, before] = [f(moved(xs, c.inputs, directions, h)), f(moved(xs, c.inputs, directions, -h))]
      for (const [i, t] of result.tangents.entries()) {
        if (!hasTangent(t.aval)) continue
        const [up, down] = [numbers(after[i]!), numbers(before[i]!)]
        expect(t.aval.shape).toEqual(result.outs[i]!.aval.shape)
        close(numbers(instantiate(t)), up.map((u, e) => (u - down[e]!) / (2 * h)), c.tolerance ?? 1e-7)
      }
    }
  })
})

describe('rules are differentiable', () => {
  test.each(each.filter(([, , c]) => c.inputs.some(isFloat) && c.derivative === undefined && c.step === undefined))('%s', (_, primitive, c) => {
    const random = generator(9)
    const f = run(primitive, c)
    const xs = arraysOf(c.inputs, random)
    const first = directionsOf(c.inputs, random)
    const second = directionsOf(c.inputs, random)
    const derivative = (at: readonly Value[]): Value[] =>
      jvpFlat((ys) => ({ outs: f(ys), aux: [] }), at, tangentsOf(c.inputs, first)).tangents.filter((t) => hasTangent(t.aval)).map(instantiate)
    const { tangents } = jvpFlat((ys) => ({ outs: derivative(ys), aux: [] }), xs, tangentsOf(c.inputs, second))
    const h = 1e-6
    const [after, before] = [derivative(moved(xs, c.inputs, second, h)), derivative(moved(xs, c.inputs, second, -h))]
    for (const [i, t] of tangents.entries()) {
      const [up, down] = [numbers(after[i]!), numbers(before[i]!)]
      close(numbers(instantiate(t)), up.map((u, k) => (u - down[k]!) / (2 * h)), 1e-6)
    }
  })
})

describe('reverse mode agrees with forward mode', () => {
  test.each(each.filter(([, , c]) => c.inputs.some(isFloat) && c.derivative === undefined))('%s', (_, primitive, c) => {
    const random = generator(10)
    const f = run(primitive, c)
    const xs = arraysOf(c.inputs, random)
    const ts = tangentsOf(c.inputs, directionsOf(c.inputs, random))
    const forward = jvpFlat((ys) => ({ outs: f(ys), aux: [] }), xs, ts)
    const linear = linearizeFlat((ys) => ({ outs: f(ys), aux: [] }), xs, 'test')
    const cts = forward.outs.map((o): Tangent => (hasTangent(o.aval) ? array(randomNumbers({ shape: o.aval.shape }, random), o.aval.shape, o.aval.dtype) : new Zero(o.aval)))
    const given = cts.filter((__, i) => linear.nonzeroOutputs[i])
    const back = backwardPass(linear.jaxpr, linear.jaxpr.inputs.map((v) => new Undefined(v.aval)), given, linear.residuals)
    for (const [i, v] of linear.jaxpr.inputs.entries()) {
      expect(back[i]!.aval.shape).toEqual(v.aval.shape)
      expect(back[i]!.aval.dtype).toBe(v.aval.dtype)
    }
    const floats = ts.filter(nonzero)
    const wanted = inner(cts, forward.tangents)
    expect(Math.abs(inner(back, floats) - wanted)).toBeLessThanOrEqual((c.tolerance ?? 1e-9) * (1 + Math.abs(wanted)))
  })
})

describe('transposes', () => {
  test.each(each.filter(([, primitive]) => transposeRules[primitive] !== 'nonlinear').filter(([, , c]) => c.linear !== undefined))('%s', (_, primitive, c) => {
    for (const group of c.linear ?? []) {
      const random = generator(11)
      const xs = arraysOf(c.inputs, random)
      const f = (given: readonly Value[]): Value[] => run(primitive, c)(xs.map((x, i) => (group.includes(i) ? given[group.indexOf(i)]! : x)))
      const avals = group.map((i) => xs[i]!.aval)
      const zero = f(avals.map((a) => instantiate(new Zero(a))))
      const ts = group.map((i) => array(randomNumbers({ shape: c.inputs[i]!.shape }, random), c.inputs[i]!.shape, dtypeOf(c.inputs[i]!)))
      const outs = f(ts)
      const { jaxpr, residuals } = recordLinear(f, avals, 'test')
      const cts = outs.map((o): Tangent => (hasTangent(o.aval) ? array(randomNumbers({ shape: o.aval.shape }, random), o.aval.shape, o.aval.dtype) : new Zero(o.aval)))
      const back = backwardPass(jaxpr, jaxpr.inputs.map((v) => new Undefined(v.aval)), cts, residuals)
      // Affine in the group: what other operands add is there at zero as well.
      const wanted = inner(cts, outs) - inner(cts, zero)
      expect(Math.abs(inner(back, ts) - wanted)).toBeLessThanOrEqual((c.tolerance ?? 1e-9) * (1 + Math.abs(wanted)))
    }
  })

  test('every primitive with a rule is tried', () => {
    const untried = primitives.filter((p) => transposeRules[p] !== 'nonlinear' && !cases[p].some((c) => c.linear !== undefined))
    expect(untried).toEqual([])
  })

  test.each(each.filter(([, primitive, c]) => transposeRules[primitive] === 'nonlinear' && isFloat(c.inputs[0] ?? { shape: [], dtype: 'int32' })))('%s is refused', (_, primitive, c) => {
    const xs = arraysOf(c.inputs, generator(12))
    const { jaxpr, residuals } = recordLinear(([x]) => run(primitive, c)([x!, ...xs.slice(1)]), [xs[0]!.aval], 'test')
    const cts = jaxpr.outputs.map((o): Tangent => (hasTangent(o.aval) ? instantiate(new Zero(o.aval)) : new Zero(o.aval)))
    if (!cts.some(nonzero)) return
    expect(() => backwardPass(jaxpr, [new Undefined(xs[0]!.aval)], cts, residuals)).toThrow(`applies ${primitive}`)
  })
})

describe('batches', () => {
  const size = 3
  const stack = (elements: readonly Value[], shape: Shape, dim: number): Value =>
    moveAxis(array(elements.flatMap(numbers), [size, ...shape], elements[0]!.aval.dtype), 0, dim)

  test.each(each.filter(([, , c]) => c.inputs.length > 0))('%s', (_, primitive, c) => {
    const random = generator(13)
    const f = run(primitive, c)
    const n = c.inputs.length
    for (let subset = 1; subset < 2 ** n; subset++) {
      for (const last of [false, true]) {
        const dims = c.inputs.map((i, k): Dim => ((subset >> k) & 1 ? (last ? i.shape.length : 0) : null))
        const elements = Array.from({ length: size }, () => arraysOf(c.inputs, random))
        const shared = elements[0]!
        const inputs = c.inputs.map((i, k) => (dims[k] === null ? shared[k]! : stack(elements.map((e) => e[k]!), i.shape, dims[k]!)))
        const { outs, dims: outDims } = batchFlat(f, { size, axisName: null }, inputs, dims)
        const batch = outs.map((o, i) => numbers(batchedAt(o, outDims[i]!, size, 0)))
        const single = elements.map((e) => f(e.map((x, k) => (dims[k] === null ? shared[k]! : x))))
        for (const [i, got] of batch.entries()) close(got, single.flatMap((out) => numbers(out[i]!)), 1e-12)
      }
    }
  })
})
