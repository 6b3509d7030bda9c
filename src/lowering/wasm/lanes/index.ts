/**
 * Four elements at a time: how a logical vector lies in v128 values, how it comes from memory and goes there, what primitives,
 * conversions and reductions are on it. Knows instructions and formulas, no loops and no kernels.
 */
export { applyPrimitive, applySide, combineValues } from './apply.ts'
export { convert, fromInt32 } from './convert.ts'
export { fromStorageBits, toStorageBits } from './half.ts'
export { keep, type LaneContext, type Lanes, literal, partsOf, type Value } from './lanes.ts'
export { type Address, copyElement, loadContiguous, loadLanes, loadSplat, storeContiguous, storeLane, storeLanes } from './memory.ts'
export { extremum, finishAcross, finishLanes, flush, identity, needsTotals, type Order, primitiveOf, reduceStep, type Running, startReduction } from './reduce.ts'
export { selectParts } from './select.ts'
export { transposed } from './transposed.ts'
