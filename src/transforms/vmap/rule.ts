/** The type of a batching rule, and forms that many rules have. */
import type { Aval, Shape } from '../../core/aval.ts'
import type { Primitive, PrimitiveParams } from '../../core/primitives/index.ts'
import { bind, type Value } from '../../core/trace.ts'
import { broadcastInDim, moveAxis, range } from '../build.ts'

/** Which axis of a value is the mapped one; null: the value is the same for every element of the batch. */
export type Dim = number | null

/** From operands with their mapped axes (at least one) to results with theirs. */
export type Batch<P extends Primitive> = (
  size: number,
  inputs: readonly Value[],
  dims: readonly Dim[],
  params: PrimitiveParams[P],
) => readonly [outs: readonly Value[], dims: readonly Dim[]]
export type BatchRules<K extends Primitive = Primitive> = { readonly [P in K]: Batch<P> }

/** The rank that the user's function sees. */
export const rankOf = (x: Value, dim: Dim): number => x.aval.shape.length - (dim === null ? 0 : 1)

/** Where the user's axis stands in the batched array. */
export const shifted = (axis: number, dim: number): number => (axis < dim ? axis : axis + 1)
export const allShifted = (axes: readonly number[], dim: number): number[] => axes.map((a) => shifted(a, dim))

/** A list with an entry for the mapped axis put in. */
export const inserted = <T>(items: readonly T[], dim: number, item: T): T[] => [...items.slice(0, dim), item, ...items.slice(dim)]

/** The type that the user's function sees. */
export const unbatched = ({ shape, ...rest }: Aval, dim: Dim): Aval => ({ ...rest, shape: dim === null ? shape : shape.filter((_, i) => i !== dim) })

/** The same array with the mapped axis at `to`; one that is not mapped is repeated. */
export function batchedAt(x: Value, dim: Dim, size: number, to: number): Value {
  if (dim !== null) return moveAxis(x, dim, to)
  const { shape } = x.aval
  return broadcastInDim(x, { shape: inserted(shape, to, size), broadcastDimensions: range(shape.length).map((i) => shifted(i, to)) })
}

/** The mapped axis in front, where there is one. */
export const toFront = (x: Value, dim: Dim): Value => (dim === null ? x : moveAxis(x, dim, 0))

/** Elementwise: every operand that has axes gets the mapped one at the same place; those of rank 0 stay if they may. */
export function elementwise<P extends Primitive>(primitive: P): Batch<P> {
  return (size, inputs, dims, params) => {
    const ranks = inputs.map((x, i) => rankOf(x, dims[i]!))
    const rank = Math.max(...ranks)
    const shape: Shape = inputs.map((x, i) => unbatched(x.aval, dims[i]!).shape).find((s) => s.length === rank)!
    // The place that needs no move: that of the first operand which has all axes.
    const first = inputs.findIndex((_, i) => dims[i] !== null && ranks[i] === rank)
    const to = first < 0 ? 0 : dims[first]!
    const whole = inserted(shape, to, size)
    const operands = inputs.map((x, i) => {
      const dim = dims[i]!
      if (ranks[i] === rank && rank > 0) return batchedAt(x, dim, size, to)
      // A scalar for each element of the batch stands beside arrays as an array of their shape.
      return dim === null || rank === 0 ? x : broadcastInDim(x, { shape: whole, broadcastDimensions: [to] })
    })
    const outs = bind(primitive, operands, params)
    return [outs, outs.map(() => to)]
  }
}

/** Where the first mapped operand has its axis: the place to which the others are brought. */
export const commonDim = (dims: readonly Dim[]): number => dims.find((d): d is number => d !== null) ?? 0
