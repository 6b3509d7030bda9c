/**
 * Quasi-affine index maps: constant + Σ coefficient · atom, where an atom is a loop variable, or the floor division
 * or remainder of such a sum by a positive constant. Transposes, broadcasts, slices, reversals, paddings and reshapes
 * of an array are nothing but other index maps into the same buffer.
 */
export interface Index {
  readonly constant: number
  readonly terms: readonly Term[]
}
export interface Term {
  readonly coefficient: number
  readonly atom: IndexAtom
}
export type IndexAtom =
  /** Loop variable `dim` of the kernel: 0 … P-1 the parallel space, then the inner dimensions of the stage. */
  | { readonly kind: 'dim'; readonly dim: number }
  | { readonly kind: 'floorDiv'; readonly of: Index; readonly by: number }
  | { readonly kind: 'mod'; readonly of: Index; readonly by: number }

/** Holds where low <= index < high. A test for divisibility is a guard on a remainder. */
export interface Guard {
  readonly index: Index
  readonly low: number
  readonly high: number
}
