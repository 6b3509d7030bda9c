/** Primitives whose parameters hold programs, and the random bit generator. */
import type { DeviceName } from '../device-name.ts'
import type { Jaxpr } from '../jaxpr.ts'
import type { NoParams } from './elementwise.ts'

export interface ControlFlowParams {
  /** A function compiled as one program. Operands are `jaxpr.inputs`, its closed-over arrays first. */
  jit: { readonly name: string; readonly jaxpr: Jaxpr; readonly device: DeviceName | null }
  /**
   * Operands `...consts, ...carry, ...xs`; `jaxpr` maps consts, carry, x slices to carry, y slices.
   * Results: final carry, stacked ys. `xs` and `ys` have a leading axis of `length`.
   */
  scan: {
    readonly length: number
    readonly reverse: boolean
    readonly numConsts: number
    readonly numCarry: number
    readonly jaxpr: Jaxpr
  }
}

export interface RandomParams {
  /** Operands `key0, key1, count0, count1` of uint32, elementwise; results two words. Salmon et al. 2011, 20 rounds. */
  threefry2x32: NoParams
}
