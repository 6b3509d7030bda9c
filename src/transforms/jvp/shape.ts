/** Structural primitives are linear: tangents move as their arrays do. */
import type { ShapeParams } from '../../core/primitives/index.ts'
import { bind } from '../../core/trace.ts'
import { nonzero, type Tangent } from '../zero.ts'
import { flat, type JvpRules, linear } from './rule.ts'

export const shapeJvp: JvpRules<keyof ShapeParams> = {
  reshape: linear('reshape'),
  transpose: linear('transpose'),
  broadcastInDim: linear('broadcastInDim'),
  rev: linear('rev'),
  concatenate: linear('concatenate'),
  pad: linear('pad'),
  slice: linear('slice'),
  iota: flat('iota'),
  bitcastConvertType: flat('bitcastConvertType'),
  // Two barriers, so that primals which are known do not wait for tangents.
  optimizationBarrier: (primals, tangents) => {
    const moved = bind('optimizationBarrier', tangents.filter(nonzero), {})
    let next = 0
    return [bind('optimizationBarrier', primals, {}), tangents.map((t): Tangent => (nonzero(t) ? moved[next++]! : t))]
  },
}
