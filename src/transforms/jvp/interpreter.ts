/** Forward mode: values travel with their tangents. */
import { type DeviceArray, type NDArray, Tracer } from '../../core/array.ts'
import type { Aval } from '../../core/aval.ts'
import type { DeviceName } from '../../core/device-name.ts'
import { defaultDevice } from '../../core/devices.ts'
import { InternalError } from '../../core/errors.ts'
import { materialize } from '../../core/evaluate.ts'
import { Literal } from '../../core/jaxpr.ts'
import type { Primitive, PrimitiveParams } from '../../core/primitives/index.ts'
import { bind, type Trace, type Value, withTrace } from '../../core/trace.ts'
import { bits, cachedBy, evalJaxpr, inputAvals, merge, traceClosed, where } from '../staging/jaxprs.ts'
import { hasTangent, instantiate, nonzero, type Tangent, Zero } from '../zero.ts'
import { controlFlowJvp, type JvpJaxpr } from './control-flow.ts'
import { elementwiseJvp } from './elementwise.ts'
import { indexingJvp } from './indexing.ts'
import { reductionJvp } from './reduction.ts'
import type { JvpRules } from './rule.ts'
import { shapeJvp } from './shape.ts'
import { contractionJvp, randomJvp, windowsJvp } from './windows.ts'

class JvpTracer extends Tracer {
  readonly trace: JvpTrace
  readonly primal: Value
  readonly tangent: Tangent
  constructor(trace: JvpTrace, primal: Value, tangent: Tangent) {
    super()
    this.trace = trace
    this.primal = primal
    this.tangent = tangent
  }
  get aval(): Aval {
    return this.primal.aval
  }
  get device(): DeviceName {
    return this.primal instanceof Literal ? defaultDevice() : this.primal.device
  }
  /** Under an eager derivative the value is known. */
  override concrete(operation: string): DeviceArray {
    return this.primal instanceof Literal ? materialize(this.primal) : this.primal.concrete(operation)
  }
}

class JvpTrace implements Trace {
  readonly level: number
  readonly name: string
  alive = true
  constructor(level: number, name: string) {
    this.level = level
    this.name = name
  }
  lift(value: Value): JvpTracer {
    return new JvpTracer(this, value, new Zero(value.aval))
  }
  process<P extends Primitive>(primitive: P, inputs: readonly NDArray[], params: PrimitiveParams[P]): Value[] {
    const own = inputs.map((x) => this.own(x))
    const primals = own.map((t) => t.primal)
    const tangents = own.map((t) => t.tangent)
    if (!tangents.some(nonzero)) return bind(primitive, primals, params)
    const [outs, outTangents] = jvpRules[primitive](primals, tangents, params)
    return outs.map((o, i) => this.pair(o, outTangents[i]!))
  }
  /** A value of this trace, whatever level it came from. */
  own(x: Value): JvpTracer {
    return x instanceof JvpTracer && x.trace === this ? x : this.lift(x)
  }
  pair(primal: Value, tangent: Tangent): Value {
    return nonzero(tangent) && hasTangent(primal.aval) ? new JvpTracer(this, primal, tangent) : primal
  }
}

export const jvpRules: JvpRules = {
  ...elementwiseJvp,
  ...reductionJvp,
  ...shapeJvp,
  ...indexingJvp,
  ...contractionJvp,
  ...windowsJvp,
  ...controlFlowJvp((jaxpr, nonzeroInputs, asked) => jvpJaxpr(jaxpr, nonzeroInputs, asked)),
  ...randomJvp,
}

/** A function's results: what is differentiated, and what is handed through without tangents. */
export interface WithAux {
  readonly outs: readonly Value[]
  readonly aux: readonly Value[]
}
interface JvpValues {
  readonly outs: Value[]
  readonly tangents: Tangent[]
  readonly aux: Value[]
}

/** Values of a function, and their tangents. */
export function jvpFlat(f: (inputs: readonly Value[]) => WithAux, primals: readonly Value[], tangents: readonly Tangent[], name = 'jvp'): JvpValues {
  return withTrace(
    (level) => new JvpTrace(level, name),
    (trace) => {
      const result = f(primals.map((p, i) => trace.pair(p, tangents[i]!)))
      const outs = result.outs.map((o) => trace.own(o))
      return { outs: outs.map((o) => o.primal), tangents: outs.map((o) => o.tangent), aux: result.aux.map((o) => trace.own(o).primal) }
    },
  )
}

/** A program for values and tangents; computed once for each program and pattern of zeros. */
export const jvpJaxpr: JvpJaxpr = cachedBy(
  (nonzeroInputs: readonly boolean[], asked: readonly boolean[]) => `${bits(nonzeroInputs)}|${bits(asked)}`,
  (jaxpr, nonzeroInputs, asked) => {
    const avals = inputAvals(jaxpr)
    let nonzeroOutputs: boolean[] | null = null
    const program = traceClosed(
      (inputs) => {
        const primals = inputs.slice(0, avals.length)
        const given = inputs.slice(avals.length)
        const tangents = merge<Tangent>(nonzeroInputs, given, avals.filter((_, i) => !nonzeroInputs[i]).map((a) => new Zero(a)))
        const out = jvpFlat((xs) => ({ outs: evalJaxpr(jaxpr, [], xs), aux: [] }), primals, tangents)
        nonzeroOutputs = out.tangents.map((t, i) => nonzero(t) || (asked[i]! && hasTangent(t.aval)))
        return [...out.outs, ...where(out.tangents, nonzeroOutputs).map(instantiate)]
      },
      [...avals, ...where(avals, nonzeroInputs)],
      'jvp',
    )
    if (nonzeroOutputs === null) throw new InternalError('jvp', 'traced nothing')
    return { jaxpr: program, nonzeroOutputs: nonzeroOutputs satisfies boolean[] }
  },
)

