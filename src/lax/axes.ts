/** Axes as jax.lax counts them: from the front alone, where np counts from the end too. */
import { ShapeError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'

/** One axis. @throws ShapeError for a negative one, naming the same axis from the front and np's form. */
export function plainAxis(operation: string, axis: number, rank: number, form: string | null = null): number {
  const at = ops.normalAxis(operation, axis, rank)
  if (axis >= 0) return at
  const other = form === null ? '' : `, or use ${form}, which counts from the end too`
  throw new ShapeError(operation, `axis ${axis} is negative, and lax.${operation} counts axes from the front; write ${at}${other}`)
}

/** Axes that are different from each other, sorted. @throws as `plainAxis`. */
export function plainAxes(operation: string, axes: readonly number[], rank: number, form: string | null = null): number[] {
  for (const axis of axes) plainAxis(operation, axis, rank, form)
  return ops.normalAxes(operation, axes, rank)
}
