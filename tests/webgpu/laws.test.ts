/** What the laws of tests/laws ask of wasm, asked of webgpu: it gives what the reference gives, eagerly, compiled, differentiated. */
import fc from 'fast-check'
import { defaultDevice, init, jit, jvp, makeJaxpr, type NDArray, vjp } from 'pullback'
import { type Program, programs } from 'pullback/testing'
import { beforeAll } from 'vitest'
import type { Primitive } from '../../src/core/primitives/index.ts'
import { like } from '../laws/composed.ts'
import { asyncLaw } from '../laws/law.ts'
import { byDevice, byOrder, expectWithinSpread, spreads } from '../laws/rounding.ts'
import { expectTypes, hostOf, isFloat } from '../laws/values.ts'
import { sized } from '../scale.ts'
import { fetched, validatesShaders } from './own.ts'

beforeAll(async () => {
  await init('webgpu')
})
validatesShaders()

const runs = sized(8, 400)
const seeds = fc.nat(0xffff)
type Fn = (...xs: NDArray[]) => NDArray[]

/** Programs of what GPUs compute in: functions inside may be in float64 whatever the types of operands. */
const in32Bits = (f: Program): boolean => !/f64|float64/.test(String(f))
const anyPrograms = fc.oneof(
  { weight: 2, arbitrary: programs({ dtypes: ['float32', 'float32', 'int32', 'bool', 'key'] }) },
  { weight: 1, arbitrary: programs({ dtypes: ['float32', 'float16', 'bfloat16', 'int32', 'int16', 'int8', 'uint32', 'uint16', 'uint8', 'bool', 'key'] }) },
).filter(in32Bits)
const differentiable = programs({ dtypes: ['float32', 'float32', 'int32', 'bool'] }).filter(in32Bits)

/** GPUs may round these by a unit or two where others round to nearest. */
const loosely: ReadonlySet<Primitive> = new Set<Primitive>(['div', 'rem', 'sqrt'])
const byGpu = (p: Primitive): boolean => byDevice(p) || loosely.has(p)

/** What `f` gives where webgpu is the default device: its operands, and what it makes of numbers, are there. */
async function onGpu(f: () => readonly NDArray[]): Promise<readonly NDArray[]> {
  defaultDevice('webgpu')
  let results: readonly NDArray[]
  try {
    results = f()
  } finally {
    defaultDevice('cpu')
  }
  return fetched(results)
}

/** Undecided where every result is a matter of rounding. GPUs may take numbers below the least normal one for zero (WGSL, “Floating point evaluation”): what that changes, both ways are tried. */
function agree(f: Fn, xs: readonly NDArray[], got: readonly NDArray[], wanted: readonly NDArray[], rounds = byGpu): boolean {
  expectTypes(got, wanted)
  const { jaxpr, consts } = makeJaxpr(f)(...xs)
  const inputs = [...consts, ...xs].map(hostOf)
  return expectWithinSpread(got.map(hostOf), wanted.map(hostOf), spreads(jaxpr, inputs, rounds, true))
}

const holds = (statement: string, way: (f: Program) => Fn): void => {
  asyncLaw(statement, fc.tuple(anyPrograms, seeds), async ([f, seed], run) => {
    const got = await onGpu(() => way(f)(...f.args(seed)))
    const xs = f.args(seed)
    if (!agree(f.apply, xs, got, f.apply(...xs))) run.discard()
  }, runs)
}
holds('webgpu agrees with cpu, operation by operation', (f) => f.apply)
holds('webgpu agrees with cpu, compiled', (f) => jit(f.apply))

asyncLaw('jit agrees with eager on webgpu, where nothing is summed or rounded loosely to the bit', fc.tuple(anyPrograms, seeds), async ([f, seed], run) => {
  const eager = await onGpu(() => f.apply(...f.args(seed)))
  const compiled = await onGpu(() => jit(f.apply)(...f.args(seed)))
  if (!agree(f.apply, f.args(seed), compiled, eager, (p) => byOrder(p) || byGpu(p))) run.discard()
}, runs)

asyncLaw('webgpu agrees with cpu on derivatives', fc.tuple(differentiable, seeds), async ([f, seed], run) => {
  const push = (xs: readonly NDArray[]): NDArray[] => {
    const [ys, tangents] = jvp(f.apply, [...xs], like(xs, seed))
    return [...tangents, ...vjp(f.apply, [...xs])[1](like(ys, seed + 1))].filter(isFloat)
  }
  const got = await onGpu(() => jit(push)(f.args(seed)))
  const xs = f.args(seed)
  if (!agree((...v) => push(v), xs, got, push(xs))) run.discard()
}, runs)
