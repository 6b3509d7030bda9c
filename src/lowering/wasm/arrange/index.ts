/**
 * Loop kernels made ready for vectors and threads, as loop kernels still: axes merged, split and ordered, long reductions in
 * chunks, windows that overlap computed together; and the numbers that say how the result is cut. Emits nothing.
 */
export { arranged } from './arranged.ts'
export { accumulatorBit, dependenciesOf, indexMask, reducedBit } from './dependencies.ts'
export { guardReads } from './guards.ts'
export { nonPositiveNodes } from './non-positive.ts'
export { normalizeLoop } from './normalize.ts'
export { type Pass, passesOf } from './passes-of-row.ts'
export { reduceOrder } from './reduce-order.ts'
export { reuseComputed } from './reuse.ts'
export { segmentConcatenation } from './segments.ts'
export { blockOf, bodyCost, chooseMode, foldsSixes, forksFor, forksOfRows, pointCost, timeOf, unitAxes, unitsPerCall, type VectorMode } from './shape-of-work.ts'
export { shareReads } from './share-reads.ts'
export { splitLongReductions } from './split.ts'
export { splitLongScans } from './split-scans.ts'
export { type SumOrder, sumOrder } from './sum-order.ts'
export { blockWindows } from './windows.ts'
