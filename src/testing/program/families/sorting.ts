/** Order: sorted values, positions, the largest few. */
import { call, list, name, plain } from '../expression.ts'
import { hull, isFloat, isInt, same, sameShape, sizeOf, type Variable } from '../scope.ts'
import type { Maker } from './family.ts'
import { anAxis } from './reduction.ts'

const ordered = (v: Variable): boolean => v.shape.length > 0 && (isFloat(v) || isInt(v)) && sizeOf(v.shape) > 0

const sort: Maker = (scope) => {
  const v = scope.pick(ordered)
  if (v === undefined || !scope.allows('kink', v)) return
  const axis = anAxis(scope, v)
  const nature = isFloat(v) ? 'kink' : 'smooth'
  if (scope.choices.oneIn(2)) return void scope.bind(call('lax.sort', name(v.name), plain({ dimension: axis })), { ...same(v), nature })
  scope.bind(call('np.sort', name(v.name), plain(axis)), { ...same(v), nature })
}

/** Where ties fall decides: of exact values alone. */
const positions: Maker = (scope) => {
  const v = scope.pick(ordered)
  if (v !== undefined && scope.allows('step', v)) scope.bind(call('np.argsort', name(v.name), plain(anAxis(scope, v))), { nature: isFloat(v) ? 'step' : 'smooth' })
}

const together: Maker = (scope) => {
  const v = scope.pick((w) => ordered(w) && w.exact)
  const w = v && scope.pick((x) => x.dtype !== 'key' && sameShape(x.shape, v.shape))
  if (v === undefined || w === undefined || !scope.allows('step', v)) return
  const nature = isFloat(v) ? 'step' : 'smooth'
  scope.bind(call('lax.sort', list(name(v.name), name(w.name)), plain({ dimension: anAxis(scope, v), numKeys: w.exact ? scope.choices.between(1, 2) : 1 })), { ...same(v), nature }, { ...same(w), nature })
}

const largest: Maker = (scope) => {
  const v = scope.pick(ordered)
  if (v === undefined || !scope.allows('step', v)) return
  const nature = isFloat(v) ? 'step' : 'smooth'
  scope.bind(call('lax.topK', name(v.name), plain(scope.choices.between(1, v.shape.at(-1) ?? 1))), { ...hull(v), nature }, { nature })
}

export const sorting: readonly Maker[] = [sort, largest, positions, together, largest]
