/** What every primitive gives for operands of given types: the checks of every backend, made once. */
import type { Aval } from '../aval.ts'
import type { Primitive, PrimitiveParams } from '../primitives/index.ts'
import { contractionAbstractEval } from './contraction.ts'
import { controlFlowAbstractEval } from './control-flow.ts'
import { elementwiseAbstractEval } from './elementwise.ts'
import { indexingAbstractEval } from './indexing.ts'
import { randomAbstractEval } from './random.ts'
import { reductionAbstractEval } from './reduction.ts'
import type { AbstractEvalRules } from './rule.ts'
import { shapeAbstractEval } from './shape.ts'
import { windowsAbstractEval } from './windows.ts'

export { elementwiseTakes } from './elementwise.ts'
export { accepts } from './rule.ts'

export const abstractEval: AbstractEvalRules = {
  ...elementwiseAbstractEval,
  ...reductionAbstractEval,
  ...shapeAbstractEval,
  ...indexingAbstractEval,
  ...contractionAbstractEval,
  ...windowsAbstractEval,
  ...controlFlowAbstractEval,
  ...randomAbstractEval,
}

/**
 * The types of a primitive's results.
 *
 * @throws ShapeError, DtypeError or ArgumentError naming the operation, what it got and what it takes.
 */
export function evalAvals<P extends Primitive>(primitive: P, avals: readonly Aval[], params: PrimitiveParams[P]): Aval[] {
  return abstractEval[primitive](avals, params)
}

/** Whether a primitive works element by element on operands of one shape (or none). */
export const isElementwise = (primitive: Primitive): boolean => primitive in elementwiseAbstractEval
