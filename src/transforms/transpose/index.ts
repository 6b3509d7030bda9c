export { backwardPass, transposeRules } from './interpreter.ts'
export { Undefined } from './rule.ts'
