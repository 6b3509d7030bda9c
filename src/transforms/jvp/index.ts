export { jvpFlat, jvpRules } from './interpreter.ts'
