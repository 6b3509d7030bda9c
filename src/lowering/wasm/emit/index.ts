/** Kernels and programs of them as WebAssembly: loops over arranged kernels, scatters, and the one function that runs a program. */
export { emitLoopKernel } from './loop-kernel.ts'
export { emitProgram, type EmittedProgram, worthSharing } from './program.ts'
