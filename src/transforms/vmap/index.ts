export { batchFlat, batchRules } from './interpreter.ts'
export { batchedAt, type Dim } from './rule.ts'
