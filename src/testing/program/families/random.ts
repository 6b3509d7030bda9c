/** Random numbers: keys from constants and from values, bits, distributions. */
import { call, type Expression, name, plain } from '../expression.ts'
import { isFloat, isInt, type Scope, sizeOf, type Variable } from '../scope.ts'
import type { Maker } from './family.ts'

const isKey = (v: Variable): boolean => v.dtype === 'key'

/** A key: one in sight, used before or not, alone or among others; or one made of a value, or of a number. */
function aKey(scope: Scope): Expression {
  const known = scope.choices.oneIn(2) ? scope.pick((v) => isKey(v) && sizeOf(v.shape) > 0) : undefined
  if (known !== undefined) return known.shape.length === 0 ? name(known.name) : call('lax.indexInDim', call('np.ravel', name(known.name)), plain(scope.choices.below(2) - 1), plain(0), plain(false))
  const fixed = call('random.key', plain(scope.choices.below(3)))
  const data = scope.pick((v) => isInt(v) && v.shape.length === 0)
  return data === undefined ? fixed : call('random.foldIn', fixed, name(data.name))
}

const shapes = [[], [3], [2, 2]] as const
const aShape = (scope: Scope): Expression => plain(scope.choices.of(shapes))

const split: Maker = (scope) => void scope.bind(call('random.split', aKey(scope), plain(scope.choices.of([2, 3, 1, 0] as const))))
const fold: Maker = (scope) => void scope.bind(call('random.foldIn', aKey(scope), plain(scope.choices.below(5))))
const words: Maker = (scope) => void scope.bind(call('random.keyData', aKey(scope)))
/** Every key of an array of them is drawn from. */
const each: Maker = (scope) => {
  const v = scope.pick((w) => isKey(w) && w.shape.length > 0)
  if (v === undefined) return
  const key = scope.fresh()
  const draws = scope.choices.of([
    call('random.bits', name(key)),
    call('random.uniform', name(key), plain([2])),
    call('random.split', name(key)),
    call('random.foldIn', name(key), plain(scope.choices.below(5))),
  ])
  const draw: Expression = { kind: 'function', parameters: [key], body: { statements: [], result: draws } }
  // What is a float here is uniform.
  scope.bind(call(v.shape.reduce<Expression>((f) => call('vmap', f), draw), name(v.name)), { range: [0, 1], exact: true })
}
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
  const v = scope.pick((w) => w.shape.length > 0 && (w.shape[0] ?? 0) > 0)
  switch (scope.choices.below(4)) {
    case 0:
      return void scope.bind(call('random.randint', aKey(scope), aShape(scope), plain(0), plain(10)))
    case 1:
      return void scope.bind(call('random.bernoulli', aKey(scope), plain(0.5), aShape(scope)))
    case 2:
      return void (v && scope.bind(call('random.permutation', aKey(scope), name(v.name)), { range: [v.low, v.high], exact: v.exact }))
    default:
      // One of nothing cannot be drawn.
      return void (v && isFloat(v) && (v.shape.at(-1) ?? 0) > 0 && scope.allows('step', v) && scope.bind(call('random.categorical', aKey(scope), scope.within(v, -10, 10)), { nature: 'step' }))
  }
}

export const random: readonly Maker[] = [continuous, bits, discrete, words, split, fold, continuous, each, split]
