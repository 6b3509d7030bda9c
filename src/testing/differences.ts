/**
 * Derivatives from nothing but values of the function: central differences, (f(x + εv) - f(x - εv)) / 2ε = Jv + O(ε²).
 *
 * They are taken in float64 wherever the function follows the dtype of its arguments, so that a gradient in float32 is held
 * against numbers with ten digits. The step is a share of the argument's mean magnitude, ε the cube root of the precision,
 * where the error of truncation and that of rounding are alike: Press et al., Numerical Recipes, section 5.7.
 */
import { ArgumentError, CheckError, DtypeError, type NDArray, np, random } from '../index.ts'
import { type AnyFunction, elementAt, type Leaf, type Leaves, leavesOf, type Numbers, numbersOf, rebuildArgs, show } from './leaves.ts'
import { coarsest, type Floating, isFloating, unitOf } from './tolerance.ts'

export interface Difference {
  /** Of each floating point leaf of the result; null for other leaves. */
  readonly values: readonly (Numbers | null)[]
  /** How far rounding alone may put a number of each leaf off. */
  readonly noise: readonly number[]
}

export interface Point {
  readonly args: Leaves
  /** Which leaves of the arguments have derivatives. */
  readonly differentiable: readonly number[]
  /** The function's value there. */
  readonly out: Leaves
  readonly precision: Floating
  readonly eps: number
  /** What the numbers that `along` gives are called in a message. */
  readonly source: string
  /** The difference with leaf `i` of the arguments moved along `v`, which is like that leaf. */
  readonly along: (i: number, v: NDArray) => Difference
}

/**
 * Pairs of sign and size for each element, away from zero, so that every element takes part and none dominates:
 * ±(0.5 … 1.5), times `scale`. The same each time.
 */
export function directionLike({ shape, dtype, device }: NDArray, seed: number, scale = 1): NDArray {
  const u = random.uniform(random.foldIn(random.key(0x9e3779b9), seed), shape, { minval: -1, maxval: 1, dtype: 'float64' }).dataSync()
  const v = Float64Array.from(u, (x) => scale * (x < 0 ? x - 0.5 : x + 0.5))
  return np.array(v, { device }).reshape(shape).astype(dtype)
}

/** The zero direction; what has no derivatives stands for itself, and nobody reads it. */
export const stillLike = (x: NDArray): NDArray => (isFloating(x.dtype) ? np.zerosLike(x) : x)

/** A direction for each leaf that has derivatives, as long as the leaf is large. */
export const directionsLike = (leaves: readonly Leaf[], seed: number): NDArray[] =>
  leaves.map(({ x }, i) => (isFloating(x.dtype) ? directionLike(x, seed + i, magnitude(x)) : x))

/** The mean of |x|, or 1 where that is no size to go by. */
export function magnitude(x: NDArray): number {
  const values = numbersOf(x)
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += Math.abs(values[i]!)
  const mean = sum / values.length
  return mean > 0 && mean < Infinity ? mean : 1
}

/** @throws ArgumentError or DtypeError where there is nothing to differentiate. */
export function pointOf(operation: string, f: AnyFunction, args: readonly unknown[], eps: number | undefined): Point {
  const given = leavesOf(args)
  const complex = given.list.find(({ x }) => x.dtype === 'complex64' || x.dtype === 'complex128')
  if (complex !== undefined) throw new DtypeError(operation, `argument ${complex.path} is ${show(complex.x)}; differences are taken along real arguments. Take its real and imaginary parts as two arguments`)
  const differentiable = given.list.flatMap(({ x }, i) => (isFloating(x.dtype) ? [i] : []))
  if (differentiable.length === 0) throw new ArgumentError(operation, `no argument is of floating point (${given.list.map(({ x }) => show(x)).join(', ') || 'there is none'}), so there is no derivative to check`)
  const own = given.list.map(({ x }) => x)
  const out = leavesOf(f(...rebuildArgs(given.structure, own)))
  if (!out.list.some(({ x }) => isFloating(x.dtype))) throw new ArgumentError(operation, `no result is of floating point (${out.list.map(({ x }) => show(x)).join(', ') || 'there is none'}), so there is no derivative to check`)

  const wide = own.map((x) => (isFloating(x.dtype) ? x.astype('float64') : x))
  const wideOut = valueOrNull(f, rebuildArgs(given.structure, wide), out)
  const at = wideOut === null ? own : wide
  const precision = coarsest([...at, ...(wideOut ?? out).list.map(({ x }) => x)].map((x) => x.dtype))
  const step = eps ?? Math.cbrt(unitOf[precision])
  const values = (i: number, v: NDArray, sign: 1 | -1): Leaves =>
    leavesOf(f(...rebuildArgs(given.structure, at.map((x, k) => (k === i ? x.add(v.astype(x.dtype).mul(sign * step)) : x)))))
  return {
    args: given,
    differentiable,
    out,
    precision,
    eps: step,
    source: `central differences in ${precision}, eps ${Number(step.toPrecision(3))}`,
    along: (i, v) => difference(operation, given.list[i]!, values(i, v, 1), values(i, v, -1), step, precision),
  }
}

/** The function's value at float64 arguments; null where it does not take them. */
function valueOrNull(f: AnyFunction, args: readonly unknown[], like: Leaves): Leaves | null {
  try {
    const out = leavesOf(f(...args))
    return out.structure.key === like.structure.key ? out : null
  } catch (e) {
    // It closes over arrays of another dtype, and uses them where dtypes have to be equal.
    if (e instanceof DtypeError) return null
    throw e
  }
}

function difference(operation: string, argument: Leaf, plus: Leaves, minus: Leaves, step: number, precision: Floating): Difference {
  const noise: number[] = []
  const values = plus.list.map((leaf, k) => {
    const { x } = leaf
    noise.push(0)
    if (!isFloating(x.dtype)) return null
    const [p, m] = [numbersOf(x), numbersOf(minus.list[k]!.x)]
    let largest = 0
    const d = Float64Array.from(p, (a, i) => {
      const b = m[i]!
      // An infinity on both sides is a constant.
      if (a === b) return 0
      largest = Math.max(largest, Math.abs(a), Math.abs(b))
      return (a - b) / (2 * step)
    })
    const odd = d.findIndex((v) => !Number.isFinite(v))
    if (odd >= 0) {
      throw new CheckError(operation, `${elementAt(leaf, odd)} is ${p[odd]} and ${m[odd]} on the two sides along argument ${argument.path}: there is no difference to take. Choose arguments around which the function is finite, or a smaller eps`)
    }
    noise[k] = (4 * unitOf[precision] * largest) / step
    return d
  })
  return { values, noise }
}
