/** Laws of transformations on random programs, with jit and scan inside. */
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { aval, type Aval, sizeOf } from '../../src/core/aval.ts'
import { checkJaxpr } from '../../src/core/check.ts'
import { defaultDevice } from '../../src/core/devices.ts'
import type { Jaxpr } from '../../src/core/jaxpr.ts'
import { bind, traceDepth, type Value } from '../../src/core/trace.ts'
import { jvpFlat } from '../../src/transforms/jvp/index.ts'
import { linearizeFlat } from '../../src/transforms/linearize/index.ts'
import { evalJaxpr } from '../../src/transforms/staging/jaxprs.ts'
import { traceToJaxpr } from '../../src/transforms/staging/stage.ts'
import { backwardPass, Undefined } from '../../src/transforms/transpose/index.ts'
import { batchedAt, batchFlat } from '../../src/transforms/vmap/index.ts'
import { hasTangent, instantiate, nonzero, type Tangent, Zero } from '../../src/transforms/zero.ts'
import { arbitraryJaxpr } from '../core/arbitrary-jaxpr.ts'
import { numSlowRuns } from '../scale.ts'
import { array, generator, numbers, randomNumbers } from './values.ts'

beforeAll(() => {
  defaultDevice('cpu')
})

type Flat = (inputs: readonly Value[]) => readonly Value[]

/** Everything of rank and dtype that a program takes, within a range in which differences mean something. */
const operandsOf = (avals: readonly Aval[], seed: number): Value[] => {
  const random = generator(seed)
  return avals.map((a) => array(randomNumbers({ shape: a.shape, dtype: a.dtype, range: a.dtype === 'bool' ? [0, 2] : [-2, 2] }, random), a.shape, a.dtype))
}
const tangentsOf = (avals: readonly Aval[], seed: number): Tangent[] => operandsOf(avals, seed).map((t) => (hasTangent(t.aval) ? t : new Zero(t.aval)))
const typesOf = (values: readonly { readonly aval: Aval }[]): Aval[] => values.map((v) => v.aval)

const forward = (f: Flat, xs: readonly Value[], ts: readonly Tangent[]): { outs: Value[]; tangents: Tangent[] } => jvpFlat((ys) => ({ outs: f(ys), aux: [] }), xs, ts)

function backward(f: Flat, xs: readonly Value[], cotangents: (outs: readonly Aval[]) => readonly Tangent[]): { outs: readonly Value[]; cotangents: Tangent[] } {
  const { outs, jaxpr, residuals, nonzeroOutputs } = linearizeFlat((ys) => ({ outs: f(ys), aux: [] }), xs, 'test')
  const given = cotangents(typesOf(outs)).filter((_, i) => nonzeroOutputs[i])
  return { outs, cotangents: backwardPass(checkJaxpr(jaxpr), jaxpr.inputs.map((v) => new Undefined(v.aval)), given, residuals) }
}

const flat = (ts: readonly Tangent[]): number[] => ts.flatMap((t) => (nonzero(t) ? numbers(t) : new Array<number>(sizeOf(t.aval.shape)).fill(0)))
/** Infinities and NaN depend on what a zero is multiplied with; beyond 1e8 float64 cancels. */
const tame = (xs: readonly number[]): boolean => xs.every((x) => Math.abs(x) < 1e8)
const inner = (a: readonly number[], b: readonly number[]): number => a.reduce((s, x, i) => s + x * b[i]!, 0)

function expectClose(got: readonly number[], wanted: readonly number[]): void {
  expect(got.length).toBe(wanted.length)
  const scale = 1 + Math.max(0, ...wanted.map(Math.abs))
  for (const [i, w] of wanted.entries()) expect(Math.abs(got[i]! - w), `element ${i}: ${got[i]} and ${w}`).toBeLessThanOrEqual(1e-9 * scale)
}

const programs = arbitraryJaxpr({ equations: 10, dtypes: ['float64', 'float64', 'int32', 'bool'] })
const law = (check: (jaxpr: Jaxpr, seed: number) => void): void => {
  fc.assert(
    fc.property(programs, fc.nat(), (jaxpr, seed) => {
      check(jaxpr, seed)
      expect(traceDepth()).toBe(0)
    }),
    { numRuns: 8 * numSlowRuns },
  )
}
const inline = (jaxpr: Jaxpr): Flat => (xs) => evalJaxpr(jaxpr, [], xs)
const compiled = (jaxpr: Jaxpr): Flat => (xs) => bind('jit', xs, { name: 'f', jaxpr, device: null })

describe('on random programs', () => {
  test('the reverse of a derivative is its transpose', () => {
    law((jaxpr, seed) => {
      const avals = typesOf(jaxpr.inputs)
      const xs = operandsOf(avals, seed)
      const ts = tangentsOf(avals, seed + 1)
      const there = forward(inline(jaxpr), xs, ts)
      const cts = tangentsOf(typesOf(there.outs), seed + 2)
      const back = backward(inline(jaxpr), xs, () => cts)
      const [a, b] = [flat(there.tangents), flat(cts)]
      const [c, d] = [flat(back.cotangents), flat(ts.filter(nonzero))]
      if (!tame([...a, ...c])) return
      const wanted = inner(a, b)
      expect(Math.abs(inner(c, d) - wanted)).toBeLessThanOrEqual(1e-9 * (1 + a.reduce((s, x, i) => s + Math.abs(x * b[i]!), 0)))
    })
  })

  test('derivatives of a compiled program are those of the program', () => {
    law((jaxpr, seed) => {
      const avals = typesOf(jaxpr.inputs)
      const xs = operandsOf(avals, seed)
      const ts = tangentsOf(avals, seed + 1)
      const [plain, jitted] = [forward(inline(jaxpr), xs, ts), forward(compiled(jaxpr), xs, ts)]
      if (!tame(flat(plain.tangents))) return
      expectClose(flat(jitted.tangents), flat(plain.tangents))
      const cotangents = (outs: readonly Aval[]): Tangent[] => tangentsOf(outs, seed + 2)
      const wanted = flat(backward(inline(jaxpr), xs, cotangents).cotangents)
      if (tame(wanted)) expectClose(flat(backward(compiled(jaxpr), xs, cotangents).cotangents), wanted)
    })
  })

  test('a batch is its elements, compiled or not', () => {
    law((jaxpr, seed) => {
      const size = 2
      const avals = typesOf(jaxpr.inputs)
      const elements = [operandsOf(avals, seed), operandsOf(avals, seed + 1)]
      const mapped = avals.map((_, i) => ((seed >> i) & 1) === 0)
      const xs = avals.map((a, i) => (mapped[i] ? array(elements.flatMap((e) => numbers(e[i]!)), [size, ...a.shape], a.dtype) : elements[0]![i]!))
      const single = elements.map((e) => inline(jaxpr)(e.map((x, i) => (mapped[i] ? x : elements[0]![i]!))))
      for (const f of [inline(jaxpr), compiled(jaxpr)]) {
        const { outs, dims } = batchFlat(f, { size, axisName: null }, xs, mapped.map((m) => (m ? 0 : null)))
        const got = outs.map((o, i) => numbers(batchedAt(o, dims[i]!, size, 0)))
        for (const [i, values] of got.entries()) {
          const wanted = single.flatMap((out) => numbers(out[i]!))
          if (tame(wanted)) expectClose(values, wanted)
        }
      }
    })
  })

  test('programs of any nesting are well formed', () => {
    law((jaxpr) => {
      const avals = typesOf(jaxpr.inputs)
      const derivative: (f: Flat) => Flat = (f) => (xs) => {
        const { outs, tangents } = forward(f, xs, xs.map((x): Tangent => (hasTangent(x.aval) ? x : new Zero(x.aval))))
        return [...outs, ...tangents.map(instantiate)]
      }
      const gradient: (f: Flat) => Flat = (f) => (xs) => {
        const { outs, cotangents } = backward(f, xs, (types) => types.map((a): Tangent => (hasTangent(a) ? instantiate(new Zero(a)) : new Zero(a))))
        return [...outs, ...cotangents.map(instantiate)]
      }
      const batch: (f: Flat) => Flat = (f) => (xs) => {
        const { outs, dims } = batchFlat(f, { size: 2, axisName: null }, xs.map((x) => batchedAt(x, null, 2, 0)), xs.map(() => 0))
        return outs.map((o, i) => batchedAt(o, dims[i]!, 2, 0))
      }
      const f = compiled(jaxpr)
      for (const g of [derivative(gradient(f)), gradient(derivative(f)), batch(gradient(f)), gradient(batch(f)), batch(derivative(f))]) {
        checkJaxpr(traceToJaxpr(g, avals.map((a) => aval(a.shape, a.dtype, a.weakType)), 'test').jaxpr)
      }
    })
  })
})
