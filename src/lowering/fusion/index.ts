export { assemble } from './assemble.ts'
export { sumDType } from './rules/reduction.ts'
