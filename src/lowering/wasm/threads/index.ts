export { barrier } from './barrier.ts'
export { beginClaims, claimShares } from './claims.ts'
export { control, controlEnd, maxThreads, otherClaims } from './control.ts'
