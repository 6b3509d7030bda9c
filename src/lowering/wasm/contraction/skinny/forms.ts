/**
 * What the inner loops of skinny products have in common: above all the order in which products of one vector are added up, so that a
 * result has the same bits however its matrix lies.
 *
 * k is cut into runs of eight products, which are added up as ((0 + 4) + (2 + 6)) + ((1 + 5) + (3 + 7)): in dot products by lanes. Runs are
 * added up one after the other, and behind them single products where k is no multiple of eight. After so many steps of k that sum
 * goes to its total, which is float64.
 */
export type SkinnyType = 'float32' | 'float64' | 'int32'

/** Elements of a vector, and bytes of an element. */
export const vectorOf = (dtype: SkinnyType): { readonly lanes: 2 | 4; readonly bytes: 4 | 8 } => (dtype === 'float64' ? { lanes: 2, bytes: 8 } : { lanes: 4, bytes: 4 })

/** Steps of k in a run. */
export const runLength = 8
/** The steps of a run in an order in which few of its sums are open at a time. */
export const runOrder = [0, 4, 2, 6, 1, 5, 3, 7] as const
/** Steps of k after which a sum goes to its total: as accurate as 32 additions one after the other. */
export const totalLength = 128
