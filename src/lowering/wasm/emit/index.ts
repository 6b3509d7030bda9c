/** Kernels and programs of them as WebAssembly: loops over arranged kernels, scatters, and the one function that runs a program. */
export { emitLoopKernel, type EmittedLoop, type LoopOptions } from './loop-kernel.ts'
export { emitProgram, type EmitOptions, type EmittedProgram, worthSharing } from './program.ts'
