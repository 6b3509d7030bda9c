/** Random numbers: keys from constants and from values, bits, distributions. */
import { call, type Expression, name, plain } from '../expression.ts'
import { isFloat, isInt, type Scope } from '../scope.ts'
import type { Maker } from './family.ts'

/** A key: one in sight, or one made of a value, or of a number. */
function aKey(scope: Scope): Expression {
  const known = scope.choices.oneIn(2) ? scope.pick((v) => v.dtype === 'key' && v.shape.length === 0) : undefined
  if (known !== undefined) return name(known.name)
  const fixed = call('random.key', plain(scope.choices.below(3)))
  const data = scope.pick((v) => isInt(v) && v.shape.length === 0)
  return data === undefined ? fixed : call('random.foldIn', fixed, name(data.name))
}

const shapes = [[], [3], [2, 2]] as const
const aShape = (scope: Scope): Expression => plain(scope.choices.of(shapes))

const split: Maker = (scope) => void scope.bind(call('random.split', aKey(scope)))
const fold: Maker = (scope) => void scope.bind(call('random.foldIn', aKey(scope), plain(scope.choices.below(5))))
const words: Maker = (scope) => void scope.bind(call('random.keyData', aKey(scope)))
const bits: Maker = (scope) => {
  const dtype = scope.choices.of(['uint32', 'uint8'] as const)
  scope.bind(call('random.bits', aKey(scope), aShape(scope), plain({ dtype })))
}

/** The dtype of draws: that of some float in sight. */
function floating(scope: Scope): Expression {
  const v = scope.float()
  return plain({ dtype: v?.dtype ?? 'float32' })
}

const continuous: Maker = (scope) => {
  switch (scope.choices.below(5)) {
    case 0:
      return void scope.bind(call('random.uniform', aKey(scope), aShape(scope), floating(scope)), { range: [0, 1], exact: true })
    case 1:
      return void scope.bind(call('random.normal', aKey(scope), aShape(scope), floating(scope)), { range: [-9, 9] })
    case 2:
      return void scope.bind(call('random.gumbel', aKey(scope), aShape(scope), floating(scope)), { range: [-5, 40] })
    case 3:
      return void scope.bind(call('random.laplace', aKey(scope), aShape(scope), floating(scope)), { range: [-40, 40] })
    default:
      return void scope.bind(call('random.exponential', aKey(scope), aShape(scope), floating(scope)), { range: [0, 40] })
  }
}

const discrete: Maker = (scope) => {
  const v = scope.pick((w) => w.shape.length > 0 && w.dtype !== 'key' && (w.shape[0] ?? 0) > 0)
  switch (scope.choices.below(4)) {
    case 0:
      return void scope.bind(call('random.randint', aKey(scope), aShape(scope), plain(0), plain(10)))
    case 1:
      return void scope.bind(call('random.bernoulli', aKey(scope), plain(0.5), aShape(scope)))
    case 2:
      return void (v && scope.bind(call('random.permutation', aKey(scope), name(v.name)), { range: [v.low, v.high], exact: v.exact }))
    default:
      return void (v && isFloat(v) && scope.allows('step', v) && scope.bind(call('random.categorical', aKey(scope), scope.within(v, -10, 10)), { nature: 'step' }))
  }
}

export const random: readonly Maker[] = [continuous, bits, discrete, words, split, fold, continuous]
