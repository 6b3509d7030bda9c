/** Stable sorts, and the first elements of rows in order. Brought by `src/families/sorts.ts`. */
export { emitSort } from './sort.ts'
