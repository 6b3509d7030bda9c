/** Jaxprs of generated programs, and of what transformations make of them. */
import fc from 'fast-check'
import { jit, jvp, makeJaxpr, type NDArray, vjp, vmap } from 'pullback'
import type { HostArray } from '../../src/backends/cpu/host-array.ts'
import { type Aval, sizeOf } from '../../src/core/aval.ts'
import { encodeNumbers } from '../../src/core/bytes.ts'
import { dtypeInfo, isFloating } from '../../src/core/dtype.ts'
import type { Jaxpr } from '../../src/core/jaxpr.ts'
import { printJaxpr } from '../../src/core/print.ts'
import { constsAsInputs } from '../../src/transforms/staging/jaxprs.ts'
import { anyPrograms, like, stacked } from './composed.ts'
import { type Program, type ProgramOptions } from 'pullback/testing'
import { arbitraryJaxpr } from '../core/arbitrary-jaxpr.ts'
import { someBytes } from '../lowering/agree.ts'
import { hostOf, isFloat } from './values.ts'

export interface Traced {
  /** Its constants are its first inputs. */
  readonly jaxpr: Jaxpr
  /** Operands as the program's generator draws them. */
  readonly inputs: (seed: number) => HostArray[]
  /** Operands that arithmetic treats specially; what the program closes over (indices, keys) as it is. */
  readonly corners: (seed: number) => HostArray[]
}

type Fn = (...xs: NDArray[]) => NDArray[]

/** From a function and some operands to a function and its operands. */
type Transform = (f: Fn, args: readonly NDArray[]) => { readonly f: Fn; readonly args: readonly NDArray[] }

export const identity: Transform = (f, args) => ({ f, args })
export const forward: Transform = (f, args) => ({
  f: (...v) => jvp(f, v.slice(0, args.length), v.slice(args.length)).flat(),
  args: [...args, ...like(args, 1)],
})
export const backward: Transform = (f, args) => ({
  f: (...v) => {
    const [ys, pull] = vjp(f, v)
    return [...ys, ...pull(like(ys, 2)).filter(isFloat)]
  },
  args,
})
export const batched: Transform = (f, args) => (args.length === 0 ? { f, args } : { f: vmap(f), args: stacked([args, args]) })
export const compiled: Transform = (f, args) => ({ f: jit(f), args })

/** The jaxpr of a function under transformations, with operands to run it on. */
export function traced(f: Pick<Program, 'apply' | 'args' | 'toString'>, chain: readonly Transform[]): Traced {
  const make = (seed: number): { readonly f: Fn; readonly args: readonly NDArray[] } =>
    chain.reduce((at, transform) => transform(at.f, at.args), identity(f.apply, f.args(seed)))
  const first = make(0)
  const { jaxpr, consts } = makeJaxpr(first.f)(...first.args)
  const kept = consts.map(hostOf)
  const program: Traced = {
    jaxpr: constsAsInputs(jaxpr),
    inputs: (seed) => [...kept, ...make(seed).args.map(hostOf)],
    corners: (seed) => [...kept, ...cornersLike(jaxpr.inputs.map((v) => v.aval), seed)],
  }
  return Object.defineProperty(program, fc.toStringMethod, { value: () => `${f.toString()}\n${printJaxpr(program.jaxpr)}` })
}

/** Programs under `transformations` of any kind. */
export const transformedPrograms = (transformations: { readonly minLength?: number; readonly maxLength: number }, options: ProgramOptions = {}): fc.Arbitrary<Traced> =>
  fc.tuple(anyPrograms(options), fc.array(fc.constantFrom(identity, compiled, forward, backward, batched), transformations)).map(([f, chain]) => traced(f, chain))

/** Programs that no function traces to as well: dead equations, weak operands, loops that carry nothing. */
const written: fc.Arbitrary<Traced> = arbitraryJaxpr().map((jaxpr) => {
  const avals = jaxpr.inputs.map((v) => v.aval)
  const program: Traced = { jaxpr, inputs: (seed) => avals.map((a, i) => ({ aval: a, bytes: someBytes(a, seed + i) })), corners: (seed) => cornersLike(avals, seed) }
  return Object.defineProperty(program, fc.toStringMethod, { value: () => printJaxpr(jaxpr) })
})

/** Jaxprs of every kind. */
export const jaxprs: fc.Arbitrary<Traced> = fc.oneof({ weight: 3, arbitrary: transformedPrograms({ maxLength: 2 }) }, { weight: 1, arbitrary: written })

const corners: readonly number[] = [NaN, 0, -0, 1, -1, Infinity, -Infinity, 0.5, 1e300, -1e-300, 3]

/** Operands of given types, of what arithmetic treats specially. */
function cornersLike(avals: readonly Aval[], seed: number): HostArray[] {
  return avals.map((a, k) => {
    const parts = dtypeInfo[a.dtype].kind === 'complex' || a.dtype === 'key' ? 2 : 1
    const at = (i: number): number => corners[(Math.imul(seed + 7 * k + i, 2654435761) >>> 16) % corners.length]!
    const values = Array.from({ length: parts * sizeOf(a.shape) }, (_, i) => (isFloating(a.dtype) || parts === 2 ? at(i) : [0, 1, 2, -1, 2 ** 31 - 1, -(2 ** 31)][(seed + i) % 6]!))
    return { aval: a, bytes: encodeNumbers(values, a.dtype) }
  })
}
