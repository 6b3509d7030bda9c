export { emitWinograd } from './emit.ts'
