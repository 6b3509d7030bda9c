/** What moves elements without looking at them. */
import { call, list, name, plain } from '../expression.ts'
import { hull, isFloat, same, type Scope, sizeOf, type Variable } from '../scope.ts'
import { anAxis } from './reduction.ts'
import type { Maker } from './family.ts'

const numeric = (v: Variable): boolean => v.dtype !== 'key'
const array = (v: Variable): boolean => v.shape.length > 0
const anything = (): boolean => true
const axesOf = (v: Variable): number[] => v.shape.map((_, i) => i)

/** Writes `make(v)` of some value. */
const moved =
  (make: (scope: Scope, v: Variable) => ReturnType<typeof call>, fits = array): Maker =>
  (scope) => {
    const v = scope.pick(fits)
    if (v !== undefined) scope.bind(make(scope, v), same(v))
  }

const reshape = moved((scope, v) => {
  const n = sizeOf(v.shape)
  const half = n % 2 === 0 ? [2, n / 2] : [n, 1]
  return scope.choices.of([call('np.ravel', name(v.name)), call('np.reshape', name(v.name), plain(half)), call('np.reshape', name(v.name), plain([...v.shape].reverse())), call('np.reshape', name(v.name), plain([-1]))])
}, anything)

const newAxis = moved((scope, v) => call('np.expandDims', name(v.name), plain(scope.choices.below(v.shape.length + 1))), anything)
const squeeze = moved((_, v) => call('np.squeeze', name(v.name)), (v) => array(v) && v.shape.includes(1))

const transpose = moved((scope, v) => {
  if (scope.choices.oneIn(3)) return call('np.swapaxes', name(v.name), plain(anAxis(scope, v)), plain(anAxis(scope, v)))
  if (scope.choices.oneIn(3)) return call('np.moveaxis', name(v.name), plain(anAxis(scope, v)), plain(anAxis(scope, v)))
  return call('np.transpose', name(v.name), plain(scope.choices.shuffled(axesOf(v).reverse())))
})

const broadcast = moved((scope, v) => {
  const wider = v.shape.map((d) => (d === 1 ? scope.choices.between(1, 3) : d))
  if (scope.choices.oneIn(3)) return call('lax.broadcastInDim', name(v.name), plain([...wider, 2]), plain(axesOf(v)))
  return call('np.broadcastTo', name(v.name), plain([scope.choices.between(1, 3), ...wider]))
}, anything)

const flip = moved((scope, v) => call(scope.choices.of(['np.flip', 'lax.rev'] as const), name(v.name), plain(scope.choices.some(axesOf(v)))))
const roll = moved((scope, v) => call('np.roll', name(v.name), plain(scope.choices.between(1, 2)), plain(anAxis(scope, v))))
const tile = moved((scope, v) => call('np.repeat', name(v.name), plain(2), plain(anAxis(scope, v))))

const slice = moved((scope, v) => {
  const starts = v.shape.map((d) => (d > 1 ? scope.choices.below(2) : 0))
  const limits = v.shape.map((d, i) => Math.max(starts[i] ?? 0, d - scope.choices.below(2)))
  return call('lax.slice', name(v.name), plain(starts), plain(limits), plain(v.shape.map(() => scope.choices.between(1, 2))))
})
const part = moved((scope, v) => {
  const axis = scope.choices.below(v.shape.length)
  return call('lax.indexInDim', name(v.name), plain(scope.choices.below(v.shape[axis] ?? 1) - (scope.choices.oneIn(3) ? (v.shape[axis] ?? 1) : 0)), plain(axis), plain(scope.choices.oneIn(2)))
}, (v) => array(v) && sizeOf(v.shape) > 0)

const join: Maker = (scope) => {
  const v = scope.pick(array)
  if (v === undefined) return
  const axis = scope.choices.below(v.shape.length)
  const w = scope.pick((x) => x.dtype === v.dtype && x.shape.length === v.shape.length && x.shape.every((d, i) => i === axis || d === v.shape[i]))
  const xs = list(name(v.name), name((w ?? v).name))
  const alike = (w ?? v).shape.every((d, i) => d === v.shape[i])
  const f = alike && scope.choices.oneIn(2) ? call('np.stack', xs, plain(axis)) : call(scope.choices.of(['np.concatenate', 'lax.concatenate'] as const), xs, plain(axis))
  scope.bind(f, hull(v, w ?? v))
}

const pad: Maker = (scope) => {
  const v = scope.pick((w) => array(w) && numeric(w))
  if (v === undefined) return
  const config = v.shape.map(() => scope.choices.of([[0, 0, 0], [1, 0, 0], [0, 2, 1], [1, -1, 0], [-1, 1, 1]] as const))
  const fill = v.dtype === 'bool' ? scope.choices.oneIn(2) : scope.choices.of([0, 1] as const)
  const { low, high } = v
  scope.bind(call('lax.pad', name(v.name), plain(fill), plain(config)), { range: [Math.min(low, 0), Math.max(high, 1)], exact: v.exact })
}

const triangle = moved(
  (scope, v) => call(scope.choices.of(['np.tril', 'np.triu'] as const), name(v.name), plain(scope.choices.between(0, 1))),
  (v) => numeric(v) && v.shape.length >= 2 && v.low <= 0 && v.high >= 0,
)
const diagonal = moved((scope, v) => call('np.diagonal', name(v.name), plain({ offset: scope.choices.between(0, 1) })), (v) => v.shape.length >= 2)

const split: Maker = (scope) => {
  const v = scope.pick((w) => array(w) && w.shape.some((d) => d > 1))
  if (v === undefined) return
  const axis = v.shape.findIndex((d) => d > 1)
  scope.bind(call('np.split', name(v.name), plain([1]), plain(axis)), same(v))
}

const counts: Maker = (scope) => {
  const v = scope.pick((w) => array(w) && (isFloat(w) || w.dtype === 'int32'))
  if (v === undefined) return
  const axis = scope.choices.below(v.shape.length)
  scope.bind(call('np.add', name(v.name), call('lax.broadcastedIota', plain(v.dtype), plain(v.shape), plain(axis))), { range: [v.low, v.high + 64], exact: v.exact })
}

export const shape: readonly Maker[] = [reshape, transpose, broadcast, slice, join, newAxis, flip, pad, squeeze, part, counts, roll, tile, triangle, diagonal, split]
