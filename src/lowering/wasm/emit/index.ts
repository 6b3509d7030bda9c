export { emitProgram, type EmitOptions, type EmittedProgram, worthSharing } from './program.ts'
export { emitLoopKernel, type EmittedLoop, type LoopOptions } from './loop-kernel.ts'
