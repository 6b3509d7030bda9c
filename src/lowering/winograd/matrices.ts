/**
 * The linear maps of Winograd's minimal filtering: Lavin, Gray, "Fast algorithms for convolutional neural networks" (2016),
 * for the points 0, 1, -1 and infinity. A tile of 4 × 4 elements and 3 × 3 taps give 2 × 2 results with 16 products instead
 * of 36; the same tile and 2 × 2 gradients give the 3 × 3 taps' gradient.
 */

/** Rows of coefficients. */
export type Matrix = readonly (readonly number[])[]

/** Of the data: Bᵀ d B. */
export const dataMatrix: Matrix = [
  [1, 0, -1, 0],
  [0, 1, 1, 0],
  [0, -1, 1, 0],
  [0, 1, 0, -1],
]
/** Of the taps: G g Gᵀ, and of results' gradients in their place. */
export const tapsMatrix: Matrix = [
  [1, 0, 0],
  [0.5, 0.5, 0.5],
  [0.5, -0.5, 0.5],
  [0, 0, 1],
]
export const gradientMatrix: Matrix = [
  [1, 0],
  [0.5, 0.5],
  [0.5, -0.5],
  [0, 1],
]
/** Of the products: Aᵀ m A, to 2 × 2 results or 3 × 3 taps. */
export const resultMatrix: Matrix = [
  [1, 1, 1, 0],
  [0, 1, -1, -1],
]
export const tapsResultMatrix: Matrix = [
  [1, 1, 1, 0],
  [0, 1, -1, 0],
  [0, 1, 1, -1],
]

/** Products of a tile. */
export const products = 16

export interface Combination {
  /** Added or subtracted one after the other, the first added. */
  readonly terms: readonly { readonly minus: boolean; readonly i: number }[]
  /** What their sum is multiplied by. */
  readonly scale: number
}

/** Σ coefficients · x, of coefficients that are 0 or ±c: in one order everywhere, so devices round alike. */
export function combinationOf(coefficients: readonly number[]): Combination {
  const used = coefficients.flatMap((c, i) => (c === 0 ? [] : [{ c, i }])).sort((a, b) => b.c - a.c)
  return { terms: used.map(({ c, i }) => ({ minus: c < 0, i })), scale: used[0]!.c }
}
