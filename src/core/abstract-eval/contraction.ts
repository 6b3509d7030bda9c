/** Result types of dotGeneral. */
import { aval, showType } from '../aval.ts'
import { ShapeError } from '../errors.ts'
import type { ContractionParams } from '../primitives/index.ts'
import { dotShape } from '../shapes/index.ts'
import { type AbstractEvalRules, accept, allWeak, operand, requireAxes, requireCount, requireDtype, requireEqualDtypes } from './rule.ts'

export const contractionAbstractEval: AbstractEvalRules<keyof ContractionParams> = {
  dotGeneral: (avals, { dimensionNumbers, preferredElementType }) => {
    requireCount('dotGeneral', avals, 2)
    const lhs = operand('dotGeneral', avals, 0)
    const rhs = operand('dotGeneral', avals, 1)
    for (const a of avals) requireDtype('dotGeneral', a, accept.number)
    requireEqualDtypes('dotGeneral', avals)
    const { contracting, batch } = dimensionNumbers
    requireAxes('dotGeneral', lhs, [...batch[0], ...contracting[0]])
    requireAxes('dotGeneral', rhs, [...batch[1], ...contracting[1]])
    for (const [what, [l, r]] of [['contracting', contracting], ['batch', batch]] as const) {
      if (l.length === r.length && l.every((axis, i) => lhs.shape[axis] === rhs.shape[r[i]!])) continue
      throw new ShapeError(
        'dotGeneral',
        `got ${showType(lhs)} and ${showType(rhs)} with ${what} axes (${l.join(', ')}) and (${r.join(', ')}); takes pairs of axes of equal size`,
      )
    }
    const dtype = preferredElementType ?? lhs.dtype
    const out = aval(dotShape(lhs.shape, rhs.shape, dimensionNumbers), dtype, allWeak(avals))
    requireDtype('dotGeneral', out, accept.number, 'preferredElementType')
    return [out]
  },
}
