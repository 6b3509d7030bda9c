/** Draws made outside of any transformation run as one compiled program, not operation by operation. */
import { isArray, type NDArray } from '../core/array.ts'
import { isStaging } from '../core/trace.ts'
import type { ArrayLike } from '../core/tree.ts'
import { jit } from '../transforms/index.ts'

type Draw = (...arrays: NDArray[]) => NDArray

/** Programs kept; the least recently used goes first. */
const limit = 256
const programs = new Map<string, Draw>()

/**
 * `draw(...arrays)`. It may close over nothing but what `statics` tells, since draws of equal name and statics share a program.
 */
export function sampled(name: string, statics: readonly (ArrayLike | string | readonly number[])[], arrays: readonly NDArray[], draw: Draw): NDArray {
  // What is being traced becomes part of the program there; what is no array is refused by the draw itself.
  if (isStaging() || statics.some(isArray) || !arrays.every((a) => isArray(a) && a.trace === null)) return draw(...arrays)
  const id = JSON.stringify([name, ...statics.map((s) => (typeof s === 'number' ? exactly(s) : s))])
  const program = programs.get(id) ?? jit(draw)
  programs.delete(id)
  programs.set(id, program)
  if (programs.size > limit) for (const oldest of programs.keys()) {
    programs.delete(oldest)
    break
  }
  return program(...arrays)
}

/** JSON has neither infinities nor -0. */
const exactly = (x: number): string => (Object.is(x, -0) ? '-0' : String(x))
