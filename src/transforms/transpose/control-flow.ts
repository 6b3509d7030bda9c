/** Transposes of primitives that hold programs. */
import type { Jaxpr } from '../../core/jaxpr.ts'
import type { ControlFlowParams } from '../../core/primitives/index.ts'
import { bind } from '../../core/trace.ts'
import { add } from '../build.ts'
import { bits, cachedBy, count, merge, outputAvals, split, traceClosed, where, whereNot } from '../staging/jaxprs.ts'
import { instantiate, nonzero, type Tangent, zeros, Zero } from '../zero.ts'
import { isUndefined, knownOf, type Operand, type TransposeRules, Undefined } from './rule.ts'

/** Inputs: known ones, then cotangents other than zero; outputs: cotangents other than zero of the linear inputs. */
export interface TransposedProgram {
  readonly jaxpr: Jaxpr
  /** One for each linear input. */
  readonly nonzeroOutputs: readonly boolean[]
}
interface Backward {
  readonly transposeJaxpr: (jaxpr: Jaxpr, linear: readonly boolean[], nonzeroCotangents: readonly boolean[]) => TransposedProgram
  readonly backwardPass: (jaxpr: Jaxpr, inputs: readonly Operand[], cotangents: readonly Tangent[]) => Tangent[]
}

export function controlFlowTranspose(backward: Backward): TransposeRules<keyof ControlFlowParams> {
  const transposeBody = scanBody(backward)
  return {
    jit: (cotangents, operands, params) => {
      const linear = operands.map(isUndefined)
      const { jaxpr, nonzeroOutputs } = backward.transposeJaxpr(params.jaxpr, linear, cotangents.map(nonzero))
      const known = whereNot(operands, linear).map((x) => knownOf('jit', x))
      const outs = bind('jit', [...known, ...cotangents.filter(nonzero)], { ...params, jaxpr })
      const zero = whereNot(where(operands, linear), nonzeroOutputs).map((x) => new Zero(x.aval))
      return merge<Tangent | null>(linear, merge<Tangent>(nonzeroOutputs, outs, zero), new Array<null>(known.length).fill(null))
    },
    // Backwards through time: cotangents of the carry are the carry; those of constants add up in it.
    scan: (cotangents, operands, params) => {
      const { numConsts, numCarry } = params
      const [consts, init, xs] = split(operands, numConsts, numCarry)
      const [ctCarry, ctYs] = split(cotangents, numCarry)
      const linearConsts = consts!.map(isUndefined)
      const linearXs = xs!.map(isUndefined)
      const body = transposeBody(params.jaxpr, numConsts, numCarry, linearConsts, linearXs, ctYs!.map(nonzero))
      const known = whereNot(consts!, linearConsts).map((x) => knownOf('scan', x))
      const accumulated = where(where(consts!, linearConsts), body.nonzeroConsts)
      const carried = [...accumulated.map((x) => zeros(x.aval)), ...ctCarry!.map(instantiate)]
      const stacked = [...ctYs!.filter(nonzero), ...whereNot(xs!, linearXs).map((x) => knownOf('scan', x))]
      const outs = bind('scan', [...known, ...carried, ...stacked], {
        ...params,
        reverse: !params.reverse,
        jaxpr: body.jaxpr,
        numConsts: known.length,
        numCarry: carried.length,
      })
      const [outConsts, outCarry, outXs] = split<Tangent>(outs, accumulated.length, numCarry)
      const place = (xs: readonly Operand[], linear: readonly boolean[], given: readonly boolean[], values: readonly Tangent[]): (Tangent | null)[] => {
        const zero = whereNot(where(xs, linear), given).map((x) => new Zero(x.aval))
        return merge<Tangent | null>(linear, merge<Tangent>(given, values, zero), whereNot(xs, linear).map(() => null))
      }
      return [
        ...place(consts!, linearConsts, body.nonzeroConsts, outConsts!),
        ...init!.map((x, i) => (isUndefined(x) ? outCarry![i]! : null)),
        ...place(xs!, linearXs, body.nonzeroXs, outXs!),
      ]
    },
  }
}

interface ScanBody {
  readonly jaxpr: Jaxpr
  /** Of the linear constants, and of the linear xs: those whose cotangents are other than zero. */
  readonly nonzeroConsts: readonly boolean[]
  readonly nonzeroXs: readonly boolean[]
}

/** Inputs `known consts; cotangents of consts, of carry; of ys, known xs` to the next cotangents, and those of xs. */
function scanBody({ backwardPass, transposeJaxpr }: Backward): (jaxpr: Jaxpr, numConsts: number, numCarry: number, linearConsts: readonly boolean[], linearXs: readonly boolean[], nonzeroYs: readonly boolean[]) => ScanBody {
  return cachedBy(
    (numConsts, numCarry, linearConsts, linearXs, nonzeroYs) => `${numConsts},${numCarry}|${bits(linearConsts)}|${bits(linearXs)}|${bits(nonzeroYs)}`,
    (jaxpr, numConsts, numCarry, linearConsts, linearXs, nonzeroYs) => {
      const yes = new Array<boolean>(numCarry).fill(true)
      const linear = [...linearConsts, ...yes, ...linearXs]
      const { nonzeroOutputs } = transposeJaxpr(jaxpr, linear, [...yes, ...nonzeroYs])
      const [nonzeroConsts, , nonzeroXs] = split(nonzeroOutputs, count(linearConsts), numCarry)
      const [consts, carry, xs] = split(jaxpr.inputs.map((v) => v.aval), numConsts, numCarry)
      const ys = outputAvals(jaxpr).slice(numCarry)
      const accumulated = where(where(consts!, linearConsts), nonzeroConsts!)
      // A carry may be weak within the body alone: its cotangents are not.
      const ctCarries = carry!.map((a) => ({ ...a, weakType: false }))
      const avals = [...whereNot(consts!, linearConsts), ...accumulated, ...ctCarries, ...where(ys, nonzeroYs), ...whereNot(xs!, linearXs)]
      const program = traceClosed(
        (inputs) => {
          const [known, sums, ctCarry, ctYs, knownXs] = split(inputs, count(linearConsts.map((l) => !l)), accumulated.length, numCarry, count(nonzeroYs))
          const undefinedOf = (as: typeof avals, flags: readonly boolean[]): Undefined[] => where(as, flags).map((a) => new Undefined(a))
          const operands = [
            ...merge<Operand>(linearConsts, undefinedOf(consts!, linearConsts), known!),
            ...carry!.map((a) => new Undefined(a)),
            ...merge<Operand>(linearXs, undefinedOf(xs!, linearXs), knownXs!),
          ]
          const cts = merge<Tangent>(nonzeroYs, ctYs!, whereNot(ys, nonzeroYs).map((a) => new Zero(a)))
          const [ofConsts, ofCarry, ofXs] = split(where(backwardPass(jaxpr, operands, [...ctCarry!, ...cts]), linear), count(linearConsts), numCarry)
          const added = where(ofConsts!, nonzeroConsts!).map((ct, i) => add(sums![i]!, instantiate(ct)))
          return [...added, ...ofCarry!.map(instantiate), ...where(ofXs!, nonzeroXs!).map(instantiate)]
        },
        avals,
        'transpose',
      )
      return { jaxpr: program, nonzeroConsts: nonzeroConsts!, nonzeroXs: nonzeroXs! }
    },
  )
}
