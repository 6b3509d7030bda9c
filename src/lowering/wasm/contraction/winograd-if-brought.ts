import { brought } from '../../brought.ts'
import type { emitWinograd as Emit } from './winograd/index.ts'

/** Convolutions by Winograd's algorithm, where whatever makes convolutions has brought it; else null. */
export const emitWinograd: typeof Emit = (...kernel) => brought.emitWinograd?.(...kernel) ?? null
