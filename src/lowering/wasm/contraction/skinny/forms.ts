/** What the inner loops of skinny products have in common. */
export type SkinnyType = 'float32' | 'float64' | 'int32'

/** Elements of a vector, and bytes of an element. */
export const vectorOf = (dtype: SkinnyType): { readonly lanes: 2 | 4; readonly bytes: 4 | 8 } => (dtype === 'float64' ? { lanes: 2, bytes: 8 } : { lanes: 4, bytes: 4 })
