export { backwardPass, transposeRules } from './interpreter.ts'
export { type Operand, Undefined } from './rule.ts'
