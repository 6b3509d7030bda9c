/** Bodies of loops from programs: what the program makes of a carry and an x becomes the next carry, and y. */
import type fc from 'fast-check'
import { type NDArray, np, type ShapeDtype } from 'pullback'
import { common, stacked, zerosOf } from './composed.ts'
import { type Program, type ProgramOptions, programs } from 'pullback/testing'
import { isFloat } from './values.ts'

export interface Body {
  readonly step: (carry: NDArray[], x: NDArray[]) => [carry: NDArray[], ys: NDArray[]]
  readonly init: (seed: number) => NDArray[]
  /** The xs of so many steps, side by side. */
  readonly xs: (seed: number, steps: number) => NDArray[]
  toString(): string
}

/** The first operand is carried, the others are the loop's xs. */
export const bodies = (options: ProgramOptions = {}): fc.Arbitrary<Body> => programs({ ...common, ...options, statements: 6 }).map(bodyOf)

function bodyOf(f: Program): Body {
  const [first, ...rest] = f.operands
  const carried: readonly ShapeDtype[] = first === undefined ? [] : [first]
  return {
    step: (carry, x) => {
      const ys = f.apply(...carry, ...x)
      return [carry.map((c) => next(c, ys)), ys]
    },
    init: (seed) => f.args(seed).slice(0, carried.length),
    xs: (seed, steps) => {
      if (steps > 0) return stacked(Array.from({ length: steps }, (_, i) => f.args(seed + i).slice(carried.length)))
      return rest.map(({ shape, dtype }) => zerosOf({ shape: [0, ...shape], dtype }))
    },
    toString: () => `a loop that carries the first operand of\n${f.toString()}`,
  }
}

/** The first result of the carry's type, else the carry with everything real that was computed squeezed into it. */
function next(carry: NDArray, ys: readonly NDArray[]): NDArray {
  const same = ys.find((y) => y.dtype === carry.dtype && y.shape.join() === carry.shape.join())
  if (same !== undefined || !isFloat(carry)) return same ?? carry
  return ys.filter((y) => isFloat(y) && y.dtype === carry.dtype).reduce((c, y) => c.mul(0.5).add(np.tanh(np.sum(y))), carry)
}
