export { emitProgram, type EmitOptions, type EmittedProgram, worthSharing } from './emit/index.ts'
export { type SizedForm, sizedForm } from './sized/index.ts'
export { peak, stream } from './ceilings.ts'
export { control, controlEnd, maxThreads, otherClaims } from './threads/index.ts'
