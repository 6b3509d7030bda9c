/** Result shapes of dotGeneral and of convolution. */
import type { Shape } from '../aval.ts'
import type { ConvParams, DotDimensionNumbers } from '../primitives/contraction.ts'
import { windowShape } from './windows.ts'

/** The axes of one side that are neither batch nor contracted, in order. */
export function freeAxes(rank: number, contracting: readonly number[], batch: readonly number[]): number[] {
  const free: number[] = []
  for (let i = 0; i < rank; i++) if (!contracting.includes(i) && !batch.includes(i)) free.push(i)
  return free
}

/** Batch axes, then the free axes of lhs, then those of rhs. */
export function dotShape(lhs: Shape, rhs: Shape, { contracting, batch }: DotDimensionNumbers): number[] {
  return [
    ...batch[0].map((i) => lhs[i]!),
    ...freeAxes(lhs.length, contracting[0], batch[0]).map((i) => lhs[i]!),
    ...freeAxes(rhs.length, contracting[1], batch[1]).map((i) => rhs[i]!),
  ]
}

/** The shape of a convolution, its axes where `dimensionNumbers.out` puts them. */
export function convShape(lhs: Shape, rhs: Shape, p: ConvParams): number[] {
  const d = p.dimensionNumbers
  const spatial = windowShape(
    d.lhs.slice(2).map((i) => lhs[i]!),
    {
      windowDimensions: d.rhs.slice(2).map((i) => rhs[i]!),
      windowStrides: p.windowStrides,
      padding: p.padding,
      baseDilation: p.lhsDilation,
      windowDilation: p.rhsDilation,
    },
  )
  const logical = [lhs[d.lhs[0]!]! / p.batchGroupCount, rhs[d.rhs[0]!]!, ...spatial]
  const out = new Array<number>(logical.length)
  for (const [i, axis] of d.out.entries()) out[axis] = logical[i]!
  return out
}
