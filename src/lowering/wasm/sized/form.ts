/**
 * Programs of one operation whose sizes are numbers that they read, not numbers in their code: what an eager call compiles
 * once for its operation and dtypes serves every shape.
 */
import { bytesOf, sizeOf } from '../../../core/aval.ts'
import type { Eqn, Jaxpr } from '../../../core/jaxpr.ts'
import { argExtremumForm } from './arg-extremum.ts'
import { elementwiseForm } from './elementwise.ts'
import { movementForm } from './movement.ts'
import { reductionForm } from './reduction.ts'

export interface SizedForm {
  /** Equal for operations that the same code computes. */
  readonly key: string
  /** A module as `emitProgram` makes it, but that it reads `words` behind its list of addresses. */
  readonly emit: (shared: boolean) => Uint8Array<ArrayBuffer>
  /** The sizes of this operation. */
  readonly words: readonly number[]
  /** The operand that the result may lie over, or -1. */
  readonly over: number
  /** What a call needs beside its operands and results, at the first of its addresses. */
  readonly scratchBytes: number
  /** Nanoseconds of one thread that several can share; 0: the code is one thread's. */
  readonly sharedTime: number
}

/** Elements of a result up to which an operation is worth no blocks that threads share, and a movement no code for its shape. */
const mostElements = 2 ** 16

/** The form of a program that is one operation on its inputs; null: it has none, or moves so much that code for its shape is worth it. */
export function sizedForm(jaxpr: Jaxpr): SizedForm | null {
  const [e, ...more] = jaxpr.equations
  if (e === undefined || more.length > 0 || !isWhole(jaxpr, e)) return null
  const [out] = e.outputs
  if (out === undefined) return null
  const small = sizeOf(out.aval.shape) <= mostElements
  return elementwiseForm(e, small) ?? reductionForm(e) ?? argExtremumForm(e) ?? movementForm(e, small)
}

/** One result, and the program's inputs are the equation's, each once and in order. */
const isWhole = ({ constVars, inputs, outputs }: Jaxpr, e: Eqn): boolean =>
  constVars.length === 0 &&
  outputs.length === 1 &&
  e.outputs.length === 1 &&
  outputs[0] === e.outputs[0] &&
  inputs.length === e.inputs.length &&
  inputs.every((v, i) => v === e.inputs[i]) &&
  bytesOf(e.outputs[0]!.aval) > 0
