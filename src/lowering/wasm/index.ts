export { emitProgram, type EmittedProgram } from './emit/index.ts'
