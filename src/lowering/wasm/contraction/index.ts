export { emitContraction } from './driver/index.ts'
export { emitSkinny } from './skinny/index.ts'
export { emitWinograd } from './winograd/index.ts'
