/**
 * What lowers that which many apps never make. It is not here until the functions that make it bring it (`src/families`), so that
 * bundlers leave it out of the apps without them.
 */
import { InternalError } from '../core/errors.ts'
import type { Jaxpr } from '../core/jaxpr.ts'
import type { planWindows } from './wasm/contraction/windows.ts'
import type { emitWinograd } from './wasm/contraction/winograd/index.ts'
import type { emitDepthwise } from './wasm/depthwise/index.ts'
import type { emitPool } from './wasm/pooling/index.ts'
import type { SpecialFormulas, SpecialName } from './wasm/math/special.ts'
import type { emitSort } from './wasm/sort/index.ts'

type Pass = (jaxpr: Jaxpr) => Jaxpr

interface Brought {
  /** Operands that are read through windows; without, they are packed like others. */
  planWindows: typeof planWindows
  emitWinograd: typeof emitWinograd
  /** Depthwise convolutions; without, they are reductions like others. */
  emitDepthwise: typeof emitDepthwise
  /** Pooling by maxima and minima; without, reductions like others. */
  emitPool: typeof emitPool
  emitSort: typeof emitSort
  specialFormulas: SpecialFormulas
  /** The same of single numbers, for the `cpu` device. */
  specialNumbers: Readonly<Record<SpecialName, (x: number) => number>>
  /** Passes over loops; a program without any is left as it is. */
  cleanScans: Pass
  hoistFromScans: Pass
  sinkFromScans: Pass
}

export const brought: Partial<Brought> = {}

/** A part that code cannot do without. */
export function needed<K extends keyof Brought>(part: K): Brought[K] {
  const found = brought[part]
  if (found === undefined) throw new InternalError('lowering', `nobody has brought ${part}, as src/families does`)
  return found
}

export const bring = (parts: Partial<Brought>): void => void Object.assign(brought, parts)
