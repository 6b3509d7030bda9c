export { emitContraction } from './driver/index.ts'
export { splitPhases } from './phases.ts'
export { emitSkinny } from './skinny/index.ts'
export { emitWinograd } from './winograd-if-brought.ts'
