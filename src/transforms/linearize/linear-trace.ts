/**
 * Partial evaluation: operations on known values run as they come (or are staged in the transformation outside); those
 * that depend on unknown inputs are recorded. Under forward mode tangents are the unknowns, so what is recorded is linear.
 */
import { type NDArray, Tracer } from '../../core/array.ts'
import type { Aval } from '../../core/aval.ts'
import { evalAvals } from '../../core/abstract-eval/index.ts'
import type { DeviceName } from '../../core/device-name.ts'
import { defaultDevice } from '../../core/devices.ts'
import { InternalError } from '../../core/errors.ts'
import { type Atom, type Eqn, eqn, type Jaxpr, Literal, Var } from '../../core/jaxpr.ts'
import type { Primitive, PrimitiveParams } from '../../core/primitives/index.ts'
import type { Trace, Value } from '../../core/trace.ts'
import { cleanInputs } from '../staging/dce.ts'
import { where } from '../staging/jaxprs.ts'
import { StageTracer } from '../staging/stage.ts'

/** A value that is not known, or one that is and was lifted to stand beside such. */
export class LinearTracer extends Tracer {
  readonly trace: LinearTrace
  readonly aval: Aval
  readonly known: Value | null
  #atom: Atom | null
  constructor(trace: LinearTrace, aval: Aval, known: Value | null, atom: Atom | null) {
    super()
    this.trace = trace
    this.aval = aval
    this.known = known
    this.#atom = atom
  }
  /** A known value takes a place among the program's constants when an equation reads it. */
  get atom(): Atom {
    if (this.#atom !== null) return this.#atom
    if (this.known === null) throw new InternalError('linearize', 'a value is neither known nor recorded')
    return (this.#atom = this.trace.constant(this.known))
  }
  get device(): DeviceName {
    return this.known === null || this.known instanceof Literal ? defaultDevice() : this.known.device
  }
}

/** How a primitive that holds a program is split into what is known and what is not. */
export type SplitRule<P extends Primitive> = (trace: LinearTrace, inputs: readonly LinearTracer[], params: PrimitiveParams[P]) => Value[]
/** Every other primitive is recorded whole as soon as one operand is unknown. */
export type SplitRules = { readonly [P in Primitive]?: SplitRule<P> }

interface Recorded {
  /** `constVars` are the residuals. */
  readonly jaxpr: Jaxpr
  readonly residuals: readonly Value[]
}

export class LinearTrace implements Trace {
  readonly level: number
  readonly name: string
  alive = true
  readonly #rules: SplitRules
  readonly #equations: Eqn[] = []
  readonly #inputs: Var[] = []
  readonly #constants = new Map<NDArray, Var>()

  constructor(level: number, name: string, rules: SplitRules) {
    this.level = level
    this.name = name
    this.#rules = rules
  }

  input(aval: Aval): LinearTracer {
    const v = new Var(aval)
    this.#inputs.push(v)
    return new LinearTracer(this, aval, null, v)
  }
  lift(value: Value): LinearTracer {
    return new LinearTracer(this, value.aval, value, null)
  }
  own(x: Value): LinearTracer {
    return x instanceof LinearTracer && x.trace === this ? x : this.lift(x)
  }
  process<P extends Primitive>(primitive: P, inputs: readonly NDArray[], params: PrimitiveParams[P]): Value[] {
    const own = inputs.map((x) => this.own(x))
    const rule: SplitRule<P> | undefined = own.some((t) => t.known !== null) ? this.#rules[primitive] : undefined
    return rule === undefined ? this.record(primitive, own, params) : rule(this, own, params)
  }
  record<P extends Primitive>(primitive: P, inputs: readonly Value[], params: PrimitiveParams[P]): LinearTracer[] {
    const atoms = inputs.map((x) => this.own(x).atom)
    const outputs = evalAvals(primitive, atoms.map((a) => a.aval), params).map((a) => new Var(a))
    this.#equations.push(eqn(primitive, params, atoms, outputs))
    return outputs.map((v) => new LinearTracer(this, v.aval, null, v))
  }
  constant(value: Value): Atom {
    if (value instanceof Literal) return value
    if (value instanceof StageTracer && value.atom.kind === 'literal') return value.atom
    let v = this.#constants.get(value)
    if (v === undefined) this.#constants.set(value, (v = new Var(value.aval)))
    return v
  }
  /** What was recorded for some outputs, and for nothing else. */
  finish(outs: readonly Value[]): Recorded {
    const outputs = outs.map((o) => this.own(o).atom)
    const whole: Jaxpr = { constVars: [...this.#constants.values()], inputs: this.#inputs, equations: this.#equations, outputs }
    const { jaxpr, usedConsts } = cleanInputs(whole, outputs.map(() => true))
    return { jaxpr: { ...jaxpr, inputs: this.#inputs }, residuals: where([...this.#constants.keys()], usedConsts) }
  }
}
