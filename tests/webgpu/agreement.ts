/** What laws on webgpu share: programs of what GPUs compute in, and results that are no further apart than rounding explains. */
import { defaultDevice, makeJaxpr, type NDArray } from 'pullback'
import type { ProgramOptions } from 'pullback/testing'
import type { Primitive } from '../../src/core/primitives/index.ts'
import { byDevice, expectWithinSpread, spreads } from '../laws/rounding.ts'
import { expectTypes, hostOf } from '../laws/values.ts'
import { fetched } from './own.ts'

export type Fn = (...xs: NDArray[]) => NDArray[]

/** Programs of what GPUs compute in: functions inside may be in float64 whatever the types of operands. */
export const in32Bits = (f: { toString: () => string }): boolean => !/f64|float64/.test(String(f))
export const common: ProgramOptions = { dtypes: ['float32', 'float32', 'int32', 'bool', 'key'] }
export const differentiable: ProgramOptions = { dtypes: ['float32', 'float32', 'int32', 'bool'] }

/** GPUs may round these by a unit or two where others round to nearest. */
const loosely: ReadonlySet<Primitive> = new Set<Primitive>(['div', 'rem', 'sqrt'])
export const byGpu = (p: Primitive): boolean => byDevice(p) || loosely.has(p)
/** The same, and additions: of sides that add up the same cotangents in other orders. */
export const byGpuReordered = (p: Primitive): boolean => byGpu(p) || p === 'add'

/** What `f` gives where webgpu is the default device: its operands, and what it makes of numbers, are there. */
export async function onGpu(f: () => readonly NDArray[]): Promise<readonly NDArray[]> {
  defaultDevice('webgpu')
  let results: readonly NDArray[]
  try {
    results = f()
  } finally {
    defaultDevice('cpu')
  }
  return fetched(results)
}

/** By how much rounding may move what `f` gives. GPUs may take numbers below the least normal one for zero (WGSL, “Floating point evaluation”): what that changes, both ways are tried. */
function spreadOf(f: Fn, xs: readonly NDArray[], rounds: (p: Primitive) => boolean): Float64Array[] {
  const { jaxpr, consts } = makeJaxpr(f)(...xs)
  return spreads(jaxpr, [...consts, ...xs].map(hostOf), rounds, true)
}

/** False where every result is a matter of rounding. */
export function agree(f: Fn, xs: readonly NDArray[], got: readonly NDArray[], wanted: readonly NDArray[], rounds: (p: Primitive) => boolean = byGpu): boolean {
  expectTypes(got, wanted)
  return expectWithinSpread(got.map(hostOf), wanted.map(hostOf), spreadOf(f, xs, rounds))
}

/** Two programs of the same operands that mean the same; operands are on the default device. */
export interface Equation {
  readonly operands: readonly NDArray[]
  readonly left: Fn
  readonly right: Fn
  /** What rounds differently on the two sides: by default what GPUs round differently. */
  readonly rounds?: (p: Primitive) => boolean
}

/** Both sides on webgpu, no further apart than the rounding of both explains. False where every result is a matter of rounding. */
export async function holds(equation: () => Equation): Promise<boolean> {
  const [left, right] = await Promise.all((['left', 'right'] as const).map((side) => onGpu(() => {
    const e = equation()
    return e[side](...e.operands)
  }))) as [readonly NDArray[], readonly NDArray[]] // of two sides
  expectTypes(left, right)
  const here = equation()
  const [a, b] = [here.left, here.right].map((f) => spreadOf(f, here.operands, here.rounds ?? byGpu)) as [Float64Array[], Float64Array[]] // as many
  return expectWithinSpread(left.map(hostOf), right.map(hostOf), a.map((xs, i) => xs.map((x, k) => x + b[i]![k]!)))
}
