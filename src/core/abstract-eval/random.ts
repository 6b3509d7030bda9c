/** Result types of the random bit generator. */
import { aval, showType } from '../aval.ts'
import { DtypeError } from '../errors.ts'
import type { RandomParams } from '../primitives/index.ts'
import { type AbstractEvalRules, commonShape, requireCount } from './rule.ts'

export const randomAbstractEval: AbstractEvalRules<keyof RandomParams> = {
  threefry2x32: (avals) => {
    requireCount('threefry2x32', avals, 4)
    for (const a of avals) if (a.dtype !== 'uint32') throw new DtypeError('threefry2x32', `got ${showType(a)}; takes uint32`)
    const word = aval(commonShape('threefry2x32', avals), 'uint32')
    return [word, word]
  },
}
