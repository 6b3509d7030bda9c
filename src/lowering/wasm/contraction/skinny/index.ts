export { emitSkinny } from './emit.ts'
export { runLength } from './forms.ts'
