export { emitProgram, type EmittedProgram } from './program.ts'
export { emitLoopKernel, type EmittedLoop, type LoopOptions } from './loop-kernel.ts'
