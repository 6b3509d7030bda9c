/** What the laws of tests/laws ask of wasm, asked of webgpu: it gives what the reference gives, eagerly, compiled, differentiated. */
import fc from 'fast-check'
import { jit, jvp, type NDArray, vjp } from 'pullback'
import { type Program, programs } from 'pullback/testing'
import { like } from '../laws/composed.ts'
import { asyncLaw } from '../laws/law.ts'
import { byOrder } from '../laws/rounding.ts'
import { isFloat } from '../laws/values.ts'
import { sized } from '../scale.ts'
import { agree, byGpu, common, differentiable, type Fn, in32Bits, onGpu } from './agreement.ts'
import { validatesShaders } from './own.ts'

validatesShaders()

const runs = sized(8, 400)
const seeds = fc.nat(0xffff)

const anyPrograms = fc.oneof(
  { weight: 2, arbitrary: programs(common) },
  { weight: 1, arbitrary: programs({ dtypes: ['float32', 'float16', 'bfloat16', 'int32', 'int16', 'int8', 'uint32', 'uint16', 'uint8', 'bool', 'key'] }) },
).filter(in32Bits)

const agrees = (statement: string, way: (f: Program) => Fn): void => {
  asyncLaw(statement, fc.tuple(anyPrograms, seeds), async ([f, seed], run) => {
    const got = await onGpu(() => way(f)(...f.args(seed)))
    const xs = f.args(seed)
    if (!agree(f.apply, xs, got, f.apply(...xs))) run.discard()
  }, runs)
}
agrees('webgpu agrees with cpu, operation by operation', (f) => f.apply)
agrees('webgpu agrees with cpu, compiled', (f) => jit(f.apply))

asyncLaw('jit agrees with eager on webgpu, where nothing is summed or rounded loosely to the bit', fc.tuple(anyPrograms, seeds), async ([f, seed], run) => {
  const eager = await onGpu(() => f.apply(...f.args(seed)))
  const compiled = await onGpu(() => jit(f.apply)(...f.args(seed)))
  if (!agree(f.apply, f.args(seed), compiled, eager, (p) => byOrder(p) || byGpu(p))) run.discard()
}, runs)

asyncLaw('webgpu agrees with cpu on derivatives', fc.tuple(programs(differentiable).filter(in32Bits), seeds), async ([f, seed], run) => {
  const push = (xs: readonly NDArray[]): NDArray[] => {
    const [ys, tangents] = jvp(f.apply, [...xs], like(xs, seed))
    return [...tangents, ...vjp(f.apply, [...xs])[1](like(ys, seed + 1))].filter(isFloat)
  }
  const got = await onGpu(() => jit(push)(f.args(seed)))
  const xs = f.args(seed)
  if (!agree((...v) => push(v), xs, got, push(xs))) run.discard()
}, runs)
