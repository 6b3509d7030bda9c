export { jvpFlat, jvpRules, type WithAux } from './interpreter.ts'
