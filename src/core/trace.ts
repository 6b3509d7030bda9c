/**
 * Binding a primitive: the one road from every user function to every interpretation of it.
 *
 * As in JAX's autodidax there is a stack of interpreters ("traces"). `bind` asks the innermost that any input belongs
 * to; where a staging trace is active (`dynamic`), it sees every operation inside, inputs or not (omnistaging).
 * Below all of them stands evaluation.
 */
import type { NDArray } from './array.ts'
import type { Aval } from './aval.ts'
import { InternalError } from './errors.ts'
import { inNameOf } from './in-name-of.ts'
import { callSite, leakedTracer } from './leaked-tracer.ts'
import { Literal } from './jaxpr.ts'
import type { Primitive, PrimitiveParams } from './primitives/index.ts'

/** What primitives are bound to: arrays (concrete or traced) and scalars written in the program. */
export type Value = NDArray | Literal

/** An interpreter on the stack. */
export interface Trace {
  /** Its place on the stack; 0 is evaluation. */
  readonly level: number
  /** The transformation's name, for error messages. */
  readonly name: string
  /** False once the transformation has ended; using one of its tracers afterwards is a leak. */
  alive: boolean
  /** The call of the transformation: its stack says where that was. Nothing reads it unless a tracer leaks. */
  entered?: Error
  /** The name of the user's function that is traced. */
  traced?: string
  /** The operation that made one of this trace's tracers, where that is known. */
  originOf?(tracer: NDArray): string | null
  /** Makes a value of a lower level one of this trace's tracers. */
  lift(value: Value): NDArray
  process<P extends Primitive>(primitive: P, inputs: readonly NDArray[], params: PrimitiveParams[P]): Value[]
}

export type Evaluator = <P extends Primitive>(primitive: P, inputs: readonly Value[], params: PrimitiveParams[P]) => NDArray[]

let evaluate: Evaluator = () => {
  throw new InternalError('bind', "no evaluator is installed; import from 'pullback', which wires one in")
}
/** Called once, by `wire.ts`. */
export function installEvaluator(e: Evaluator): void {
  evaluate = e
}

const stack: Trace[] = []
let dynamic: Trace | null = null

/**
 * Runs `body` with a new trace on top of the stack. `staging` traces see every operation bound inside. The stack is
 * whole again afterwards, whatever `body` throws.
 */
export function withTrace<T extends Trace, R>(make: (level: number) => T, body: (trace: T) => R, staging = false): R {
  const trace = make(stack.length + 1)
  trace.entered = callSite()
  const outer = dynamic
  stack.push(trace)
  if (staging) dynamic = trace
  try {
    return body(trace)
  } finally {
    stack.pop()
    dynamic = outer
    trace.alive = false
  }
}

/** How many transformations are active: 0 outside all of them. */
export const traceDepth = (): number => stack.length

/** Says which function the innermost traces trace, those that no function has named yet. */
export function nameTraced(name: string): void {
  for (let i = stack.length - 1; i >= 0 && stack[i]!.traced === undefined; i--) stack[i]!.traced = name
}

/** Names of the transformations that are active, the outermost first. */
export const activeTransformations = (): readonly string[] => [...new Set(stack.map((t) => t.name))]

/** True inside `jit`, loop bodies and `makeJaxpr`. */
export const isStaging = (): boolean => dynamic !== null

export const avalOf = (v: Value): Aval => v.aval

/** Binds a primitive to inputs; gives its results. */
export function bind<P extends Primitive>(primitive: P, inputs: readonly Value[], params: PrimitiveParams[P]): NDArray[] {
  let top: Trace | null = dynamic
  for (const v of inputs) {
    if (v instanceof Literal) continue
    const t = v.trace
    if (t === null) continue
    if (!t.alive) throw leakedTracer(primitive, v)
    if (top === null || t.level > top.level) top = t
  }
  if (top === null) return evaluate(primitive, inputs, params)
  const trace = top
  const lifted = inputs.map((v) => (!(v instanceof Literal) && v.trace === trace ? v : trace.lift(v)))
  return trace.process(primitive, lifted, params).map((v) => (v instanceof Literal ? trace.lift(v) : v))
}

/** `bind` for primitives of one result. */
export function bind1<P extends Primitive>(primitive: P, inputs: readonly Value[], params: PrimitiveParams[P]): NDArray {
  const out = bind(primitive, inputs, params)[0]
  if (out === undefined) throw new InternalError(primitive, 'gave no result')
  return out
}

/** `bind1` for a function that users know by another name than the primitive's. */
export function bindAs<P extends Primitive>(operation: string, primitive: P, inputs: readonly Value[], params: PrimitiveParams[P]): NDArray {
  try {
    return bind1(primitive, inputs, params)
  } catch (e) {
    throw inNameOf(operation, e)
  }
}
