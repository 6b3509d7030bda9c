/**
 * The IR. A jaxpr is data: inputs, equations in order of evaluation, outputs; every variable is assigned once.
 * Programs inside parameters (jit, scan) are jaxprs without `constVars`: what they close over are operands.
 */
import type { Aval } from './aval.ts'
import type { Primitive, PrimitiveParams } from './primitives/index.ts'

export class Var {
  readonly kind = 'var'
  readonly aval: Aval
  constructor(aval: Aval) {
    this.aval = aval
  }
}

/** A scalar written into the program. Numbers keep float64 precision here; `aval.dtype` says what they become. */
export class Literal {
  readonly kind = 'literal'
  readonly value: number | boolean
  readonly aval: Aval
  constructor(value: number | boolean, aval: Aval) {
    this.value = value
    this.aval = aval
  }
}

export type Atom = Var | Literal

export interface EqnFor<P extends Primitive> {
  readonly primitive: P
  readonly params: PrimitiveParams[P]
  readonly inputs: readonly Atom[]
  readonly outputs: readonly Var[]
}
/** An equation: a union over all primitives, so that `switch (e.primitive)` narrows `e.params`. */
export type Eqn<P extends Primitive = Primitive> = { readonly [Q in P]: EqnFor<Q> }[P]

export interface Jaxpr {
  /** Arrays closed over; bound by a `ClosedJaxpr`. Empty in programs inside parameters. */
  readonly constVars: readonly Var[]
  readonly inputs: readonly Var[]
  readonly equations: readonly Eqn[]
  readonly outputs: readonly Atom[]
}

/** An equation from its parts: the one place where the union cannot be built without a cast. */
export function eqn<P extends Primitive>(primitive: P, params: PrimitiveParams[P], inputs: readonly Atom[], outputs: readonly Var[]): Eqn {
  return { primitive, params, inputs, outputs } as EqnFor<P> as Eqn
}
