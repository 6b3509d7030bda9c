/** Vectorisation: values travel with the place of their mapped axis. */
import { evalAvals } from '../../core/abstract-eval/index.ts'
import { type NDArray, Tracer } from '../../core/array.ts'
import type { Aval } from '../../core/aval.ts'
import type { DeviceName } from '../../core/device-name.ts'
import { defaultDevice } from '../../core/devices.ts'
import { InternalError } from '../../core/errors.ts'
import { Literal } from '../../core/jaxpr.ts'
import type { Primitive, PrimitiveParams } from '../../core/primitives/index.ts'
import { bind, type Trace, type Value, withTrace } from '../../core/trace.ts'
import { bits, cachedBy, evalJaxpr, inputAvals, traceClosed } from '../staging/jaxprs.ts'
import { zeros } from '../zero.ts'
import { controlFlowBatch, type BatchJaxpr } from './control-flow.ts'
import { elementwiseBatch, randomBatch } from './elementwise.ts'
import { indexingBatch } from './indexing.ts'
import { batchedAt, type BatchRules, type Dim, unbatched } from './rule.ts'
import { reductionBatch, shapeBatch } from './shape.ts'
import { contractionBatch, windowsBatch } from './windows.ts'

class BatchTracer extends Tracer {
  readonly trace: BatchTrace
  readonly value: Value
  readonly dim: Dim
  readonly aval: Aval
  constructor(trace: BatchTrace, value: Value, dim: Dim) {
    super()
    this.trace = trace
    this.value = value
    this.dim = dim
    this.aval = unbatched(value.aval, dim)
  }
  get device(): DeviceName {
    return this.value instanceof Literal ? defaultDevice() : this.value.device
  }
}

class BatchTrace implements Trace {
  readonly level: number
  readonly name = 'vmap'
  alive = true
  /** Elements of the batch. */
  readonly size: number
  /** What collectives call the mapped axis. */
  readonly axisName: string | null
  constructor(level: number, size: number, axisName: string | null) {
    this.level = level
    this.size = size
    this.axisName = axisName
  }
  lift(value: Value): BatchTracer {
    return new BatchTracer(this, value, null)
  }
  own(x: Value): BatchTracer {
    return x instanceof BatchTracer && x.trace === this ? x : this.lift(x)
  }
  process<P extends Primitive>(primitive: P, inputs: readonly NDArray[], params: PrimitiveParams[P]): Value[] {
    const own = inputs.map((x) => this.own(x))
    const values = own.map((t) => t.value)
    const dims = own.map((t) => t.dim)
    if (dims.every((d) => d === null)) return bind(primitive, values, params)
    // A batch of none is known: rules divide by its size.
    if (this.size === 0) return evalAvals(primitive, own.map((t) => t.aval), params).map((a) => this.mapped(zeros({ ...a, shape: [0, ...a.shape] }), 0))
    const [outs, outDims] = batchRules[primitive](this.size, values, dims, params)
    return outs.map((o, i) => this.mapped(o, outDims[i]!))
  }
  mapped(value: Value, dim: Dim): Value {
    return dim === null ? value : new BatchTracer(this, value, dim)
  }
}

export const batchRules: BatchRules = {
  ...elementwiseBatch,
  ...reductionBatch,
  ...shapeBatch,
  ...indexingBatch,
  ...contractionBatch,
  ...windowsBatch,
  ...controlFlowBatch((...args) => batchJaxpr(...args)),
  ...randomBatch,
}

export interface BatchOptions {
  readonly size: number
  readonly axisName: string | null
}

/** A function of single elements applied to a batch: results with their mapped axes. */
export function batchFlat(
  f: (inputs: readonly Value[]) => readonly Value[],
  { size, axisName }: BatchOptions,
  inputs: readonly Value[],
  dims: readonly Dim[],
): { readonly outs: Value[]; readonly dims: Dim[] } {
  return withTrace(
    (level) => new BatchTrace(level, size, axisName),
    (trace) => {
      const outs = f(inputs.map((x, i) => trace.mapped(x, dims[i]!))).map((o) => trace.own(o))
      return { outs: outs.map((o) => o.value), dims: outs.map((o) => o.dim) }
    },
  )
}

/** A program for a batch; computed once for each program, size and pattern of mapped inputs. */
const batchJaxpr: BatchJaxpr = cachedBy(
  (size, mappedInputs, forced) => `${size}|${bits(mappedInputs)}|${bits(forced)}`,
  (jaxpr, size, mappedInputs, forced) => {
    let mappedOutputs: boolean[] | null = null
    const program = traceClosed(
      (inputs) => {
        const out = batchFlat((xs) => evalJaxpr(jaxpr, [], xs), { size, axisName: null }, inputs, mappedInputs.map((m) => (m ? 0 : null)))
        const mapped = out.dims.map((d, i) => d !== null || forced[i]!)
        mappedOutputs = mapped
        return out.outs.map((o, i) => (mapped[i] ? batchedAt(o, out.dims[i]!, size, 0) : o))
      },
      inputAvals(jaxpr).map((a, i) => (mappedInputs[i] ? { ...a, shape: [size, ...a.shape] } : a)),
      'vmap',
    )
    if (mappedOutputs === null) throw new InternalError('vmap', 'traced nothing')
    return { jaxpr: program, mappedOutputs }
  },
)
