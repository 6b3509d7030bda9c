/** One primitive, or one program, run by the interpreter. */
import { CpuBackend } from '../../../src/backends/cpu/index.ts'
import { evalAvals } from '../../../src/core/abstract-eval/index.ts'
import { aval, type Aval, type Shape, sizeOf } from '../../../src/core/aval.ts'
import { decodeNumbers, encodeNumbers } from '../../../src/core/bytes.ts'
import type { DType } from '../../../src/core/dtype.ts'
import { eqn, type Jaxpr, Var } from '../../../src/core/jaxpr.ts'
import type { Primitive, PrimitiveParams } from '../../../src/core/primitives/index.ts'
import '../../families.ts'

export interface Plain {
  readonly aval: Aval
  readonly values: readonly number[]
}

const cpu = new CpuBackend()

export const array = (dtype: DType, values: readonly number[], shape: Shape = [values.length]): Plain => ({ aval: aval(shape, dtype), values })
export const f32 = (values: readonly number[], shape?: Shape): Plain => array('float32', values, shape)
export const f64 = (values: readonly number[], shape?: Shape): Plain => array('float64', values, shape)
export const i32 = (values: readonly number[], shape?: Shape): Plain => array('int32', values, shape)
export const bool = (values: readonly number[], shape?: Shape): Plain => array('bool', values, shape)
/** 0, 1, 2, … */
export const count = (shape: Shape, dtype: DType = 'float32'): Plain =>
  array(dtype, Array.from({ length: sizeOf(shape) }, (_, i) => i), shape)

/** Results of a program. */
export function run(jaxpr: Jaxpr, inputs: readonly Plain[]): Plain[] {
  const outputs = cpu.compile(jaxpr).call(inputs.map((x) => cpu.put(encodeNumbers(x.values, x.aval.dtype))))
  return outputs.map((s, i) => {
    const type = jaxpr.outputs[i]!.aval
    return { aval: type, values: Array.from(decodeNumbers(s.read(), type.dtype)) }
  })
}

/** Results of one primitive. */
export function applyAll<P extends Primitive>(primitive: P, params: PrimitiveParams[P], ...inputs: readonly Plain[]): Plain[] {
  const vars = inputs.map((x) => new Var(x.aval))
  const outputs = evalAvals(primitive, inputs.map((x) => x.aval), params).map((a) => new Var(a))
  return run({ constVars: [], inputs: vars, equations: [eqn(primitive, params, vars, outputs)], outputs }, inputs)
}

/** The elements of a primitive's first result. */
export const apply = <P extends Primitive>(primitive: P, params: PrimitiveParams[P], ...inputs: readonly Plain[]): readonly number[] =>
  applyAll(primitive, params, ...inputs)[0]!.values
