export { emitContraction } from './emit.ts'
