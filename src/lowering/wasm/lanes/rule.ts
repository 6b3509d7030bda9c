/** What a rule for an elementwise primitive is, and how most of them are made: of an instruction, or of a function of `../math`. */
import { type DType, dtypeInfo } from '../../../core/dtype.ts'
import { DtypeError } from '../../../core/errors.ts'
import type { ElementwiseParams } from '../../../core/primitives/index.ts'
import type { PlainName } from '../asm/index.ts'
import { type BinaryName, f32x4, f32x4Pair, f64x2, f64x2Pair, type UnaryName } from '../math/index.ts'
import { roundBrain, roundHalf } from './half.ts'
import { keep, type LaneContext, laneShape, type Value, wrapLanes } from './lanes.ts'
import { joinMasks } from './select.ts'

/** What a rule sees: `dtype` is the operands' (the result's only where a rule says so). */
export interface Call<P extends keyof ElementwiseParams> extends LaneContext {
  readonly params: ElementwiseParams[P]
  readonly dtype: DType
  readonly result: DType
  readonly inputs: readonly Value[]
  /** Operands that are literals. */
  readonly constants: readonly (number | null)[]
}

type Rule<P extends keyof ElementwiseParams> = (c: Call<P>) => Value
export type Rules = { readonly [P in keyof ElementwiseParams]: Rule<P> }
export type AnyCall = Call<keyof ElementwiseParams>

export const isIntegral = (dtype: DType): boolean => dtypeInfo[dtype].kind === 'int' || dtypeInfo[dtype].kind === 'uint'

export const unsupported = (name: string, dtype: DType): never => {
  throw new DtypeError(name, `is not defined for ${dtype}`)
}

/** A float result back in the range of its dtype. */
export function rounded(c: LaneContext, dtype: DType, x: Value): Value {
  const [v] = x
  if (v === undefined) return x
  if (dtype === 'float16') return [roundHalf(c.fn, v)]
  if (dtype === 'bfloat16') return [roundBrain(c.fn, v)]
  return x
}

type Names = Partial<Readonly<Record<'f32' | 'f64' | 'i32' | 'u32' | 'mask', PlainName>>>

const nameFor = (c: AnyCall, what: string, names: Names): PlainName => {
  const shape = laneShape(c.dtype)
  const name = shape === 'bits64' || shape === 'bits128' ? undefined : names[shape]
  return name ?? unsupported(what, c.dtype)
}

/** One instruction an operand part; `exact` results need no rounding to a narrow float. */
export function instruction(what: string, names: Names, exact = false): (c: AnyCall) => Value {
  return (c) => {
    const name = nameFor(c, what, names)
    const [x = []] = c.inputs
    const out = x.map((part, i) => {
      c.fn.get(part)
      for (const other of c.inputs.slice(1)) c.fn.get(other[i] ?? part)
      return keep(c.fn.emit(name))
    })
    return settle(c, out, exact)
  }
}

/** Bitwise on integers, logical on masks. */
export function instructionOf(what: string, name: PlainName): (c: AnyCall) => Value {
  return instruction(what, { i32: name, u32: name, mask: name }, true)
}

function settle(c: AnyCall, out: Value, exact = false): Value {
  const [v] = out
  const shape = laneShape(c.result)
  if ((shape === 'i32' || shape === 'u32') && v !== undefined) return [wrapLanes(c.fn, c.result, v)]
  return exact ? out : rounded(c, c.result, out)
}

/** Comparisons: a mask of 32-bit lanes whatever the width. */
export function comparison(what: string, names: Names): (c: AnyCall) => Value {
  return (c) => {
    const name = nameFor(c, what, names)
    const [x = [], y = []] = c.inputs
    const masks = x.map((part, i) => keep(c.fn.get(part).get(y[i] ?? part).emit(name), 'mask'))
    const [low, high] = masks
    return low === undefined || high === undefined ? masks : [joinMasks(c.fn, low, high)]
  }
}

export function mathUnary(name: UnaryName): (c: AnyCall) => Value {
  return (c) => {
    const [x = []] = c.inputs
    const shape = laneShape(c.dtype)
    if (shape === 'f32') return rounded(c, c.dtype, x.map((part) => (f32x4[name](c.fn, part, c.helpers), keep(c.fn))))
    if (shape !== 'f64') return unsupported(name, c.dtype)
    return perPart(x, (part) => (f64x2[name](c.fn, part, c.helpers), keep(c.fn)))
  }
}

/** Uniform values hold one local twice: it is computed once. */
function perPart(x: Value, f: (part: Value[number]) => Value[number]): Value {
  const done = new Map<Value[number], Value[number]>()
  return x.map((part) => {
    const known = done.get(part)
    if (known !== undefined) return known
    const made = f(part)
    done.set(part, made)
    return made
  })
}

export function mathBinary(name: BinaryName, c: AnyCall): Value {
  const [x = [], y = []] = c.inputs
  const shape = laneShape(c.dtype)
  if (shape !== 'f32' && shape !== 'f64') return unsupported(name, c.dtype)
  const emitter = shape === 'f32' ? f32x4Pair[name] : f64x2Pair[name]
  return rounded(c, c.dtype, x.map((part, i) => (emitter(c.fn, part, y[i] ?? part, c.helpers), keep(c.fn))))
}
