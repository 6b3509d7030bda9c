/** Programs that fit together, and what laws do with them again and again. */
import fc from 'fast-check'
import { linearize, type NDArray, np, random, type ShapeDtype } from 'pullback'
import { type Program, type ProgramOptions, programs } from 'pullback/testing'
import { isFloat } from './values.ts'

/** Some programs have arrays that fill vectors, tiles and blocks, and leave a rest. */
const elements = 5000

/** Programs whose derivatives are looked at: in float64, with whole numbers, truth values and keys among them. */
export const differentiable: ProgramOptions = { dtypes: ['float64', 'float64', 'float64', 'int32', 'bool', 'key'], elements }
/** Programs whose values are looked at, in the common types. */
export const common: ProgramOptions = { dtypes: ['float32', 'float32', 'float64', 'int32', 'int32', 'bool', 'key'], elements }

/** Programs of every number type but complex ones: most of them in the common types, where they share more. */
export const anyPrograms = (options: ProgramOptions = {}): fc.Arbitrary<Program> =>
  fc.oneof(
    { weight: 2, arbitrary: programs({ ...common, ...options }) },
    { weight: 1, arbitrary: programs({ ...common, ...options, dtypes: ['float32', 'float16', 'bfloat16', 'float64', 'int32', 'int16', 'int8', 'uint32', 'uint16', 'uint8', 'bool', 'key'] }) },
  )

export interface Pair {
  readonly f: Program
  readonly g: Program
}

/** `g` takes what `f` gives. */
export const composable = (options: ProgramOptions = differentiable): fc.Arbitrary<Pair> =>
  programs({ ...options, statements: 6 }).chain((f) => programs({ ...options, statements: 6, operands: f.results }).map((g) => ({ f, g })))

/** Two programs of one set of operands. */
export const parallel = (options: ProgramOptions = differentiable): fc.Arbitrary<Pair> =>
  programs(options).chain((f) => programs({ ...options, operands: f.operands }).map((g) => ({ f, g })))

export const composition = ({ f, g }: Pair) => (...xs: NDArray[]): NDArray[] => g.apply(...f.apply(...xs))

/** Arrays like others, of no meaning: tangents, cotangents, weights. */
export function like(xs: readonly NDArray[], seed: number): NDArray[] {
  let state = (seed * 2654435761) >>> 0
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 31 - 1
  }
  return xs.map((x) => (isFloat(x) ? np.reshape(np.array(Float64Array.from({ length: x.size }, next), { dtype: x.dtype }), [...x.shape]) : x))
}

/** The derivative of a program as a linear function of the tangents of its float operands, to those of its float results. */
export function derivativeOf(f: (...xs: NDArray[]) => NDArray[], at: readonly NDArray[]): (...tangents: NDArray[]) => NDArray[] {
  const [, push] = linearize(f, [...at])
  return (...tangents) => {
    let next = 0
    return push(...at.map((x) => (isFloat(x) ? tangents[next++]! : x))).filter(isFloat)
  }
}

export const floats = (xs: readonly NDArray[]): NDArray[] => xs.filter(isFloat)

/** An array of a type that holds nothing but zeros; of keys, those of two zero words. */
export const zerosOf = ({ shape, dtype }: ShapeDtype): NDArray => (dtype === 'key' ? random.wrapKeyData(np.zeros([...shape, 2], { dtype: 'uint32' })) : np.zeros([...shape], { dtype }))

/** The arrays of several calls, side by side along a new axis. */
export const stacked = (calls: readonly (readonly NDArray[])[], axes: readonly number[] | number = 0): NDArray[] =>
  calls[0]!.map((_, i) => np.stack(calls.map((xs) => xs[i]!), typeof axes === 'number' ? axes : axes[i]!))

/** A program as a scalar: its float results against weights. */
export const scalarOf = (f: (...xs: NDArray[]) => NDArray[], seed: number) => (...xs: NDArray[]): NDArray => {
  const ys = floats(f(...xs))
  return ys.reduce((total, y, i) => total.add(np.sum(y.mul(like([y], seed + i)[0]!))), np.array(0, { dtype: 'float64' }))
}
