/** Whether somebody looks at results, and who: what `debug.nans` and `debug.infs` do is brought by them. */
import type { Jaxpr } from './jaxpr.ts'
import type { Primitive, PrimitiveParams } from './primitives/index.ts'
import type { Evaluator, Value } from './trace.ts'

interface Watcher {
  /** Looks at the results of an operation. @throws NonFiniteError. */
  inspect<P extends Primitive>(primitive: P, params: PrimitiveParams[P], inputs: readonly Value[], outputs: readonly Value[], evaluate: Evaluator): void
  /** Looks at the results of a compiled program. @throws NonFiniteError naming the operation in it. */
  inspectProgram(name: string, jaxpr: Jaxpr, inputs: readonly Value[], outputs: readonly Value[], evaluate: Evaluator): void
}

let watcher: Watcher | null = null

/** Who looks at results; null: nobody. */
export const watching = (): Watcher | null => watcher

export function setWatcher(next: Watcher | null): void {
  watcher = next
}

export const phases: string[] = []
/** Runs a part of a transformation that stands behind no line of the user's: an error in it says which part. */
export function during<R>(phase: string, body: () => R): R {
  phases.push(phase)
  try {
    return body()
  } finally {
    phases.pop()
  }
}
