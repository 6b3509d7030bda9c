/**
 * How far rounding may take a program's results: found by running it again with operations off by as much as they may
 * be (Parker's Monte Carlo arithmetic, 1997). Between devices only those are off that they round differently: addition,
 * multiplication, square root and the like stay as they are, so x - x is 0 and a comparison of such numbers is exact.
 */
import { fromNumbers, type HostArray, numbersOf } from '../../src/backends/cpu/host-array.ts'
import { expect } from 'vitest'
import { sizeOf } from '../../src/core/aval.ts'
import { type DType, isInexact } from '../../src/core/dtype.ts'
import type { Eqn, Jaxpr } from '../../src/core/jaxpr.ts'
import type { Primitive } from '../../src/core/primitives/index.ts'
import { generator } from '../transforms/values.ts'
import { absolute, applyRule, selects, walk, type Weighed } from './walk.ts'

/** Sums of products: off relative to the same sum of absolute values, whatever its order. */
const sums: ReadonlySet<Primitive> = new Set<Primitive>(['reduceSum', 'cumsum', 'dotGeneral', 'convGeneralDilated', 'reduceWindowSum', 'scatterAdd', 'selectAndScatterAdd'])
/** Never rounded: what moves, compares and chooses. */
const unrounded: ReadonlySet<Primitive> = new Set<Primitive>([
  'neg', 'sign', 'floor', 'ceil', 'round', 'abs', 'isFinite', 'not', 'stopGradient',
  'max', 'min', 'nextafter', 'and', 'or', 'xor', 'eq', 'ne', 'lt', 'le', 'gt', 'ge', 'selectN', 'clamp',
  'reduceMax', 'reduceMin', 'cummax', 'cummin', 'argmax', 'argmin', 'reduceWindowMax', 'reduceWindowMin', 'selectAndGatherAdd',
  'reshape', 'transpose', 'broadcastInDim', 'rev', 'concatenate', 'pad', 'slice', 'iota', 'bitcastConvertType', 'optimizationBarrier',
  'dynamicSlice', 'dynamicUpdateSlice', 'gather', 'scatter', 'scatterMin', 'scatterMax', 'sort', 'topK',
])
/** Rounded to the nearest number, by every device. */
const correctlyRounded: ReadonlySet<Primitive> = new Set<Primitive>(['add', 'sub', 'mul', 'div', 'rem', 'sqrt', 'square', 'convertElementType'])

/** Rounded differently in another order. */
const ordered: ReadonlySet<Primitive> = new Set<Primitive>([...sums, 'reduceProd', 'cumprod', 'cumlogsumexp', 'reduceWindowProd', 'scatterMul'])

/** Operations that one device may round differently in another kernel. */
export const byOrder = (p: Primitive): boolean => ordered.has(p)
/** The same, and additions: what a sum over a loop's steps is that a product over all of them replaces. */
export const whereReordered = (p: Primitive): boolean => ordered.has(p) || p === 'add'
/** Operations that devices round differently. */
export const byDevice = (p: Primitive): boolean => !unrounded.has(p) && !correctlyRounded.has(p)
/** Operations that round at all. */
export const everywhere = (p: Primitive): boolean => !unrounded.has(p)

const epsilons: { readonly [D in DType]?: number } = { float64: 2 ** -52, complex128: 2 ** -52, float32: 2 ** -23, complex64: 2 ** -23, float16: 2 ** -10, bfloat16: 2 ** -7 }

/**
 * By how many units in the last place a function of the `wasm` device may be off: the larger figure of docs/math-accuracy.md, which a test holds to this table.
 * What the reference computes is off by less than one (float64: V8's functions) or by half of one (float32: rounded once).
 */
export const functionUnits: { readonly [P in Primitive]?: number } = {
  exp: 1.1, exp2: 1.2, expm1: 1.9, log: 0.9, log1p: 0.9, sin: 1.6, cos: 1.6, tan: 0.9, asin: 0.9, acos: 0.9, atan: 0.9, atan2: 1.6,
  sinh: 1.6, cosh: 1.4, tanh: 2.3, asinh: 1.6, acosh: 2, atanh: 1.6, logistic: 2.4, erf: 1.3, erfc: 2, erfInv: 3, lgamma: 3, digamma: 4, cbrt: 0.7, rsqrt: 1.5, pow: 1,
}
/** Off by so many units of 1 where the result is smaller than that: beside zeros that no number is. */
const absolute1: ReadonlySet<Primitive> = new Set<Primitive>(['lgamma', 'digamma'])

/** Of GPUs, whose functions WGSL bounds loosely and whose order of sums nobody knows. */
const looseUnits = 4

/**
 * Units in the last place by which the results of two devices may differ. Sums and products of n terms: √n of the terms' absolute values, which is twice
 * √n roundings (Higham and Mary 2019: λ √n u, with λ = 2, for roundings that are as good as independent; n u is never reached).
 */
function unitsOf(e: Eqn): number {
  const own = functionUnits[e.primitive]
  if (own !== undefined) return own + 1
  if (e.primitive === 'integerPow') return Math.abs(e.params.y)
  return ordered.has(e.primitive) ? Math.sqrt(Math.max(1, termsOf(e))) : 1
}

/** How many terms one result has at most. */
function termsOf(e: Eqn): number {
  const [x, y] = e.inputs.map((a) => a.aval.shape)
  switch (e.primitive) {
    case 'dotGeneral':
      return sizeOf(e.params.dimensionNumbers.contracting[0].map((i) => x![i]!))
    case 'convGeneralDilated':
      return sizeOf(y!)
    case 'cumsum':
    case 'cumprod':
    case 'cumlogsumexp':
      return x![e.params.axis]!
    case 'reduceSum':
    case 'reduceProd':
      return sizeOf(e.params.axes.map((i) => x![i]!))
    case 'reduceWindowSum':
    case 'reduceWindowProd':
      return sizeOf(e.params.windowDimensions)
    default:
      // What is scattered may all meet in one place.
      return 1 + sizeOf(e.inputs.at(-1)!.aval.shape)
  }
}

/** A result, tainted (by any weight) where an operation that rounds had a part in it. */
type Tainted = Weighed

/** Numbers below the least normal one as a device may have them that flushes them to zero: all, or some of them. What is as small after a rounding counts as well. */
function flushed(x: HostArray, flushes: boolean): HostArray {
  return flushes && isInexact(x.aval.dtype) ? fromNumbers(x.aval, Float64Array.from(numbersOf(x), (v) => (v !== 0 && Math.abs(v) < 2 ** -126 * (1 + 2 ** -16) ? (v < 0 ? -0 : 0) : v))) : x
}

/**
 * The program's results when each operation that `rounds` is off by up to its units; by nothing for seed 0, and the other way for the negative seed. Each operation
 * flushes what it takes and gives with the chance `flushing`.
 */
function perturbed(jaxpr: Jaxpr, inputs: readonly HostArray[], seed: number, rounds: (p: Primitive) => boolean, units: (e: Eqn) => number, flushing = 0): Tainted[] {
  // Where the order of sums alone differs, an addition is a step of one.
  const addsUp = (p: Primitive): boolean => sums.has(p) || (p === 'add' && !rounds('mul'))
  const random = generator(Math.abs(seed))
  const chance = generator(Math.abs(seed) + 77)
  const sign = Math.sign(seed)
  const flush = (x: HostArray): HostArray => (flushing === 0 ? x : flushed(x, flushing === 1 || chance() < flushing))
  return walk(jaxpr, inputs.map((x) => ({ ...x, weight: null })), (e, given) => {
    const operands = given.map((x) => ({ ...x, ...flush(x) }))
    const results = applyRule(e, operands).map(flush)
    const moves = rounds(e.primitive)
    const tainted = moves || operands.some((x) => x.weight !== null)
    const sizes = moves && addsUp(e.primitive) ? applyRule(e, operands.map((x, i) => (isInexact(x.aval.dtype) && !selects(e, i) ? absolute(x) : x))) : results
    return results.map((r, k) => {
      const epsilon = epsilons[r.aval.dtype]
      if (!moves || epsilon === undefined) return { ...r, weight: tainted ? r : null }
      const size = numbersOf(sizes[k]!)
      const [off1, least] = [units(e) * epsilon, absolute1.has(e.primitive) ? 1 : 0]
      // An infinity stays one: what is beyond the largest number is so for every device. Never off by little: that is rounded away by
      // the next operation, in all of the few samples.
      const off = (x: number, i: number): number => {
        const unit = 2 * random() - 1
        return Number.isFinite(x) ? x + sign * off1 * (unit + Math.sign(unit)) * 0.5 * Math.max(least, Math.abs(size[i]!)) : x
      }
      const moved = seed === 0 ? r : fromNumbers(r.aval, Float64Array.from(numbersOf(r), off))
      return { ...moved, weight: moved }
    })
  })
}

/** Whether a number below the least normal one is part of the calculation. */
function meetsSubnormals(jaxpr: Jaxpr, inputs: readonly HostArray[]): boolean {
  let met = false
  const look = (x: HostArray): void => {
    if (isInexact(x.aval.dtype)) met ||= numbersOf(x).some((v) => v !== 0 && Math.abs(v) < 2 ** -126)
  }
  inputs.forEach(look)
  walk(jaxpr, inputs.map((x) => ({ ...x, weight: null })), (e, operands) => {
    const results = applyRule(e, operands)
    results.forEach(look)
    return results.map((r) => ({ ...r, weight: null }))
  })
  return met
}

/** Runs from which the spread of each result is read: each of them one way and the other (Hammersley and Morton 1956), since what a step up leaves as it is a step down may change. */
const samples = [1, -1, 2, -2, 3, -3, 4, -4]
/** How a device may flush small numbers: all of them, or each operation as it likes. */
const flushings: readonly (readonly [seed: number, chance: number])[] = [[0, 1], [1, 1], [-1, 1], [2, 0.5], [-2, 0.5], [3, 0.5]]
/**
 * The true spread is wider than that of a few samples, in each of which every operation is off by half of its units to all of them: k operations that matter
 * alike then move a result by √k steps, and might by k. On wasm two results of all programs at full size were three times as far off as the furthest sample, all others
 * at most twice.
 */
const margin = 4
/** Of GPUs, as their units. */
const looseMargin = 16

/**
 * By how much each result may be off: 0 where no operation in its past `rounds`, else a few units at least. NaN where it is a matter of rounding
 * whether there is a number at all, or which integer. With `flushes`, of devices that may take numbers below the least normal one for zero.
 */
export function spreads(jaxpr: Jaxpr, inputs: readonly HostArray[], rounds: (p: Primitive) => boolean = byDevice, flushes = false): Float64Array[] {
  const units = flushes ? (): number => looseUnits : unitsOf
  const runs = [0, ...samples].map((s) => perturbed(jaxpr, inputs, s, rounds, units))
  if (flushes && meetsSubnormals(jaxpr, inputs)) runs.push(...flushings.map(([s, chance]) => perturbed(jaxpr, inputs, s, rounds, units, chance)))
  const [first, ...others] = runs
  return first!.map((r, k) => {
    const epsilon = r.weight === null ? 0 : (epsilons[r.aval.dtype] ?? 0)
    const each = others.map((o) => numbersOf(o[k]!))
    return Float64Array.from(numbersOf(r), (x, i) => {
      const furthest = Math.max(...each.map((ys) => (Object.is(ys[i], x) ? 0 : Math.abs(ys[i]! - x))))
      // No sample moves what a smaller step may, where roundings on the way happen to meet.
      if (furthest === 0) return Number.isFinite(x) ? looseUnits * epsilon * Math.abs(x) : 0
      return isInexact(r.aval.dtype) && furthest < Infinity ? (flushes ? looseMargin : margin) * furthest : NaN
    })
  })
}

/**
 * Equal where rounding has no part, else no further apart than rounding explains. False where nothing could be compared:
 * every element is a matter of rounding.
 */
export function expectWithinSpread(got: readonly HostArray[], wanted: readonly HostArray[], spread: readonly Float64Array[]): boolean {
  let compared = 0
  wanted.forEach((x, i) => {
    const [a, b] = [numbersOf(got[i]!), numbersOf(x)]
    expect(a.length, `elements of result ${i}`).toBe(b.length)
    if (b.length === 0) compared++
    b.forEach((w: number, k: number) => {
      const bound = spread[i]![k]!
      if (Number.isNaN(bound)) return
      compared++
      if (!(Object.is(a[k], w) || (a[k] === w && bound > 0) || Math.abs(a[k]! - w) <= bound)) expect.fail(`result ${i}, element ${k}: ${a[k]} and ${w} differ by more than ${bound}`)
    })
  })
  return compared > 0 || wanted.length === 0
}
