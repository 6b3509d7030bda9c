export { emitSkinny } from './emit.ts'
