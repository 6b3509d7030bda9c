/** Draws made outside of any transformation run as one compiled program, not operation by operation. */
import { isArray, type NDArray } from '../core/array.ts'
import { Lru } from '../core/lru.ts'
import { isStaging } from '../core/trace.ts'
import type { ArrayLike } from '../core/tree.ts'
import { jit } from '../transforms/index.ts'

type Draw = (...arrays: NDArray[]) => NDArray

/** Of each draw only the traced function is kept, whose programs have a bound of their own. */
const programs = new Lru<string, Draw>({ count: 256, bytes: Infinity })

/**
 * `draw(...arrays)`. It may close over nothing but what `statics` tells, since draws of equal name and statics share a program.
 */
export function sampled(name: string, statics: readonly (ArrayLike | string | readonly number[])[], arrays: readonly NDArray[], draw: Draw): NDArray {
  // What is being traced becomes part of the program there; what is no array is refused by the draw itself.
  if (isStaging() || statics.some(isArray) || !arrays.every((a) => isArray(a) && a.trace === null)) return draw(...arrays)
  const id = JSON.stringify([name, ...statics.map((s) => (typeof s === 'number' ? exactly(s) : s))])
  let program = programs.get(id)
  if (program === undefined) programs.set(id, (program = jit(draw)), 0)
  return program(...arrays)
}

/** JSON has neither infinities nor -0. */
const exactly = (x: number): string => (Object.is(x, -0) ? '-0' : String(x))
