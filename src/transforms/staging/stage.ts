/** Tracing into a jaxpr: every operation on this trace's values becomes an equation. */
import { evalAvals } from '../../core/abstract-eval/index.ts'
import { DeviceArray, type NDArray, Tracer } from '../../core/array.ts'
import type { Aval } from '../../core/aval.ts'
import { decodeNumbers, storageView } from '../../core/bytes.ts'
import { defaultDevice } from '../../core/devices.ts'
import type { DeviceName } from '../../core/device-name.ts'
import { dtypeInfo } from '../../core/dtype.ts'
import { InternalError } from '../../core/errors.ts'
import { type Atom, type Eqn, eqn, type Jaxpr, Literal, Var } from '../../core/jaxpr.ts'
import type { Primitive, PrimitiveParams } from '../../core/primitives/index.ts'
import { type Trace, type Value, withTrace } from '../../core/trace.ts'

export class StageTracer extends Tracer {
  readonly trace: StageTrace
  readonly atom: Atom
  constructor(trace: StageTrace, atom: Atom) {
    super()
    this.trace = trace
    this.atom = atom
  }
  get aval(): Aval {
    return this.atom.aval
  }
  get device(): DeviceName {
    return defaultDevice()
  }
}

/** Scalars that are in the host's reach are written into the program; of others the program takes the array. */
function asLiteral(x: NDArray): Literal | null {
  if (!(x instanceof DeviceArray) || x.ndim > 0 || !x.storage('jit').readable) return null
  const { kind } = dtypeInfo[x.dtype]
  if (kind === 'complex' || kind === 'key') return null
  const bytes = x.storage('jit').read()
  if (kind === 'bool') return new Literal(storageView(bytes, x.dtype)[0] !== 0, x.aval)
  return new Literal(decodeNumbers(bytes, x.dtype)[0] ?? 0, x.aval)
}

class StageTrace implements Trace {
  readonly level: number
  readonly name: string
  alive = true
  readonly equations: Eqn[] = []
  /** What the program closes over, in the order of first use. */
  readonly constants: Map<NDArray, Var> = new Map()
  readonly #lifted = new Map<NDArray, StageTracer>()

  readonly #scalarsAsLiterals: boolean

  constructor(level: number, name: string, scalarsAsLiterals = true) {
    this.level = level
    this.name = name
    this.#scalarsAsLiterals = scalarsAsLiterals
  }

  input(aval: Aval): StageTracer {
    return new StageTracer(this, new Var(aval))
  }
  lift(value: Value): StageTracer {
    if (value instanceof Literal) return new StageTracer(this, value)
    let lifted = this.#lifted.get(value)
    if (lifted === undefined) this.#lifted.set(value, (lifted = new StageTracer(this, this.#atomFor(value))))
    return lifted
  }
  process<P extends Primitive>(primitive: P, inputs: readonly NDArray[], params: PrimitiveParams[P]): NDArray[] {
    const atoms = inputs.map((x) => this.atomOf(x))
    const outputs = evalAvals(primitive, atoms.map((a) => a.aval), params).map((a) => new Var(a))
    this.equations.push(eqn(primitive, params, atoms, outputs))
    return outputs.map((v) => new StageTracer(this, v))
  }
  originOf(tracer: NDArray): string | null {
    if (!(tracer instanceof StageTracer)) return null
    const { atom } = tracer
    if (atom.kind === 'literal') return 'a number'
    const at = this.equations.find((e) => e.outputs.includes(atom))
    if (at !== undefined) return `the result of ${at.primitive}`
    return [...this.constants.values()].includes(atom) ? 'an array from outside' : 'an argument'
  }
  atomOf(value: Value): Atom {
    if (value instanceof StageTracer && value.trace === this) return value.atom
    return this.lift(value).atom
  }
  #atomFor(value: NDArray): Atom {
    return (this.#scalarsAsLiterals ? asLiteral(value) : null) ?? this.#constant(value)
  }
  #constant(value: NDArray): Var {
    const v = new Var(value.aval)
    this.constants.set(value, v)
    return v
  }
}

export interface Staged {
  readonly jaxpr: Jaxpr
  /** What `jaxpr.constVars` stand for: arrays, or tracers of transformations outside. */
  readonly consts: readonly NDArray[]
}

/**
 * The program that a function of values computes from inputs of given types.
 *
 * Without `scalarsAsLiterals` scalars are closed over like other arrays: a body that is traced anew at each call is the
 * same program then, whatever the values.
 */
export function traceToJaxpr(f: (inputs: readonly NDArray[]) => readonly Value[], avals: readonly Aval[], name: string, scalarsAsLiterals = true): Staged {
  return withTrace(
    (level) => new StageTrace(level, name, scalarsAsLiterals),
    (trace) => {
      const inputs = avals.map((a) => trace.input(a))
      const outputs = f(inputs).map((v) => trace.atomOf(v))
      return {
        jaxpr: { constVars: [...trace.constants.values()], inputs: inputs.map((t) => varOf(t)), equations: trace.equations, outputs },
        consts: [...trace.constants.keys()],
      }
    },
    true,
  )
}

function varOf(t: StageTracer): Var {
  if (t.atom.kind === 'var') return t.atom
  throw new InternalError('jit', 'an input is a literal')
}
