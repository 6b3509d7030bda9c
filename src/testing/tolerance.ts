/** How far apart two numbers may be, and what is said where they are further. */
import { ArgumentError, type DType } from '../index.ts'
import { describe, type Numbers } from './leaves.ts'

/** |got - expected| may be up to `relative` · |expected| + `absolute` · max(1, the largest |expected| of the array). */
export interface Tolerance {
  readonly relative?: number
  readonly absolute?: number
}
type Whole = Required<Tolerance>

export type Floating = 'float64' | 'float32' | 'float16' | 'bfloat16'
const coarseness: readonly DType[] = ['float64', 'float32', 'float16', 'bfloat16']
/** Distance from 1 to the next number. */
export const unitOf: { readonly [D in Floating]: number } = { float64: 2 ** -52, float32: 2 ** -23, float16: 2 ** -10, bfloat16: 2 ** -7 }

export const isFloating = (dtype: DType): dtype is Floating => coarseness.includes(dtype)
const isComplex = (dtype: DType): boolean => dtype === 'complex64' || dtype === 'complex128'
export const hasFraction = (dtype: DType): boolean => isFloating(dtype) || isComplex(dtype)
const realOf = (dtype: DType): Floating => (isFloating(dtype) ? dtype : dtype === 'complex64' ? 'float32' : 'float64')
/** The one with the fewest digits; float64 of none. */
export const coarsest = (dtypes: readonly DType[]): Floating => dtypes.filter(isFloating).reduce<Floating>((a, b) => (coarseness.indexOf(b) > coarseness.indexOf(a) ? b : a), 'float64')

/** Derivatives: a wrong one is off by far more, a right one in float32 loses up to a few digits to cancellation. */
const ofDerivatives: { readonly [D in Floating]: Whole } = {
  float64: { relative: 1e-6, absolute: 1e-8 },
  float32: { relative: 1e-3, absolute: 1e-5 },
  float16: { relative: 3e-2, absolute: 3e-3 },
  bfloat16: { relative: 1e-1, absolute: 2e-2 },
}
/** One computation done in two ways: they differ in the order of sums and in the last digits of functions. */
const ofValues: { readonly [D in Floating]: Whole } = {
  float64: { relative: 1e-11, absolute: 1e-12 },
  float32: { relative: 1e-5, absolute: 1e-6 },
  float16: { relative: 5e-3, absolute: 2e-3 },
  bfloat16: { relative: 4e-2, absolute: 2e-2 },
}

export type Kind = 'derivatives' | 'values'

export function toleranceFor(kind: Kind, dtype: DType, asked: number | Tolerance | undefined): Whole {
  if (typeof asked === 'number') return { relative: asked, absolute: asked }
  return { ...(kind === 'derivatives' ? ofDerivatives : ofValues)[realOf(dtype)], ...asked }
}

/** @throws ArgumentError for a tolerance that is none. */
export function checkTolerance(operation: string, tolerance: unknown): void {
  const isSize = (x: unknown): boolean => typeof x === 'number' && x >= 0
  const isRecord = typeof tolerance === 'object' && tolerance !== null && Object.entries(tolerance).every(([name, x]) => (name === 'relative' || name === 'absolute') && isSize(x))
  if (tolerance === undefined || isSize(tolerance) || isRecord) return
  throw new ArgumentError(operation, `tolerance is a number >= 0, or { relative, absolute } of them, and got ${describe(tolerance)}`)
}

export interface Mismatch {
  readonly index: number
  readonly expected: number
  readonly got: number
  readonly allowed: number
}

const largest = (xs: Numbers): number => {
  let max = 0
  for (let i = 0; i < xs.length; i++) if (Number.isFinite(xs[i]) && Math.abs(xs[i]!) > max) max = Math.abs(xs[i]!)
  return max
}

/**
 * The number that is furthest off in relation to what it may be, or null where all are near enough. NaN is near NaN, and
 * an infinity near itself alone. `noise` is how uncertain what is expected is by itself.
 */
export function furthest(expected: Numbers, got: Numbers, { relative, absolute }: Whole, noise = 0): Mismatch | null {
  const floor = absolute * Math.max(1, largest(expected)) + noise
  let worst: Mismatch | null = null
  let ratio = 1
  for (let index = 0; index < expected.length; index++) {
    const [e, g] = [expected[index]!, got[index]!]
    if (Object.is(e, g) || e === g) continue
    const allowed = relative * Math.abs(e) + floor
    const far = Number.isFinite(e) && Number.isFinite(g) ? Math.abs(g - e) / allowed : Infinity
    if (far <= ratio) continue
    ratio = far
    worst = { index, expected: e, got: g, allowed }
    if (far === Infinity) break
  }
  return worst
}

const digits = (x: number): string => String(Number(x.toPrecision(7)))
const brief = (x: number): string => String(Number(x.toPrecision(3)))

/** Three lines: what was expected, what came, how far that is off. */
export function showMismatch({ expected, got, allowed }: Mismatch, expectedFrom: string, gotFrom: string): string {
  const off = Math.abs(got - expected)
  const times = allowed === 0 ? 'and none is allowed' : `${brief(off / allowed)} times the tolerance of ${brief(allowed)}`
  return [
    `  expected ${digits(expected)} (${expectedFrom})`,
    `  got      ${digits(got)} (${gotFrom})`,
    Number.isFinite(off) ? `  off by   ${brief(off)}, ${times}` : '  one of them is not finite',
  ].join('\n')
}
