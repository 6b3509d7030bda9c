/** Arrays of tests as numbers, and what it means for two lists of them to be equal. */
import type { NDArray } from 'pullback'
import { expect } from 'vitest'
import { type HostArray, numbersOf } from '../../src/backends/cpu/host-array.ts'
import { isInexact } from '../../src/core/dtype.ts'

export const hostOf = (x: NDArray): HostArray => ({ aval: x.aval, bytes: x.concrete('test').storage('test').read() })
export const numbers = (x: NDArray): number[] => [...numbersOf(hostOf(x))]
export const isFloat = (x: { readonly dtype: NDArray['dtype'] }): boolean => isInexact(x.dtype)

/** Every number finite: what a law of exact arithmetic can be asked of. */
export const finite = (xs: readonly NDArray[]): boolean => xs.every((x) => !isFloat(x) || numbers(x).every(Number.isFinite))

export function expectTypes(got: readonly NDArray[], wanted: readonly NDArray[]): void {
  expect(got.map((x) => `${x.dtype}[${x.shape.join()}]`)).toEqual(wanted.map((x) => `${x.dtype}[${x.shape.join()}]`))
}

/** Equal to the bit: NaN is NaN, and 0 is not -0. */
export function expectSame(got: readonly NDArray[], wanted: readonly NDArray[], what = ''): void {
  expectTypes(got, wanted)
  wanted.forEach((x, i) => expect(numbers(got[i]!), `${what} result ${i}`).toEqual(numbers(x)))
}

/** Equal as numbers are: 0 is -0, for sums that start from a zero or do not. */
export function expectEqual(got: readonly NDArray[], wanted: readonly NDArray[], what = ''): void {
  expectTypes(got, wanted)
  const plain = (x: NDArray): number[] => numbers(x).map((v) => v + 0)
  wanted.forEach((x, i) => expect(plain(got[i]!), `${what} result ${i}`).toEqual(plain(x)))
}

/** Units of rounding (2⁻⁵³) that a sum may be off, relative to the sum of its terms' absolute values. */
const roundings = 4096 * 2 ** -53

/** Equal up to the rounding of sums whose terms' absolute values add up to `sums`. */
export function expectWithin(got: readonly NDArray[], wanted: readonly NDArray[], sums: readonly ArrayLike<number>[], what = ''): void {
  expectTypes(got, wanted)
  wanted.forEach((x, i) => {
    const [a, b] = [numbers(got[i]!), numbers(x)]
    b.forEach((w, k) => {
      const bound = isFloat(x) ? roundings * sums[i]![k]! + Number.MIN_VALUE : 0
      if (!(Object.is(a[k], w) || Math.abs(a[k]! - w) <= bound)) expect.fail(`${what} result ${i}, element ${k}: ${a[k]} and ${w} differ by more than ${bound}`)
    })
  })
}

/** Of the floats of two lists: the sum of products. */
export const inner = (xs: readonly NDArray[], ys: readonly NDArray[]): number =>
  xs.reduce((total, x, i) => total + (isFloat(x) ? numbers(x).reduce((s, v, k) => s + v * numbers(ys[i]!)[k]!, 0) : 0), 0)
