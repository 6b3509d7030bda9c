/** Reductions over axes, and what accumulates along one. */
import { call, name, plain } from '../expression.ts'
import { type About, isFloat, isInt, type Scope, sizeOf, type Variable } from '../scope.ts'
import { factor } from './elementwise.ts'
import type { Maker } from './family.ts'

const axesOf = (v: Variable): number[] => v.shape.map((_, i) => i)
const isArray = (v: Variable): boolean => v.shape.length > 0 && v.dtype !== 'key' && sizeOf(v.shape) > 0

/** An axis, counted from the end once in three times. */
export const anAxis = (scope: Scope, v: Variable): number => {
  const axis = scope.choices.below(v.shape.length)
  return scope.choices.oneIn(3) ? axis - v.shape.length : axis
}

/** Some of the axes, at least one. */
const someAxes = (scope: Scope, v: Variable): number[] => {
  const axes = scope.choices.some(axesOf(v))
  return axes.length === 0 ? axesOf(v) : axes
}

const sums = (v: Variable, axes: readonly number[]): About => {
  const n = sizeOf(axes.map((a) => v.shape[a] ?? 1))
  return { range: [Math.min(v.low, n * v.low), Math.max(v.high, n * v.high)] }
}

const sum: Maker = (scope) => {
  const v = scope.pick((w) => isArray(w) && (isFloat(w) || isInt(w)))
  if (v === undefined) return
  const axes = someAxes(scope, v)
  switch (scope.choices.below(5)) {
    case 0:
      return void scope.bind(call('np.sum', name(v.name), plain(axes)), sums(v, axes))
    case 1:
      return void scope.bind(call('np.sum', name(v.name), plain({ axis: axes, keepdims: true })), sums(v, axes))
    case 2:
      return void (isFloat(v) && scope.bind(call('np.mean', name(v.name), plain(axes)), { range: [v.low, v.high] }))
    case 3:
      return void (isFloat(v) && scope.bind(call('np.var', scope.within(v, -10, 10), plain(axes)), { range: [0, 400] }))
    default:
      return void scope.bind(call('lax.reduceSum', name(v.name), plain(axes)), sums(v, axes))
  }
}

/** How large the factors of a product of `n` may be. */
const factorOf = (n: number): number => 1.5 ** Math.min(1, 64 / n)

const product: Maker = (scope) => {
  const v = scope.pick((w) => isArray(w) && (isFloat(w) || isInt(w)))
  if (v === undefined) return
  const axes = someAxes(scope, v)
  const n = sizeOf(axes.map((a) => v.shape[a] ?? 1))
  const base = factorOf(n)
  const operand = isFloat(v) ? scope.within(v, -base, base) : name(v.name)
  const size = base ** n
  scope.bind(call(scope.choices.of(['np.prod', 'lax.reduceProd'] as const), operand, plain(axes)), { range: [-size, size] })
}

const extremum: Maker = (scope) => {
  const v = scope.pick((w) => isArray(w) && (isFloat(w) || isInt(w)))
  if (v === undefined || !scope.allows('kink', v)) return
  const f = scope.choices.of(['np.max', 'np.min', 'lax.reduceMax', 'lax.reduceMin'] as const)
  scope.bind(call(f, name(v.name), plain(someAxes(scope, v))), { range: [v.low, v.high], exact: v.exact, nature: isFloat(v) ? 'kink' : 'smooth' })
}

const position: Maker = (scope) => {
  const v = scope.pick((w) => isArray(w) && (isFloat(w) || isInt(w)))
  if (v === undefined || !scope.allows('step', v)) return
  const f = scope.choices.of(['np.argmax', 'np.argmin'] as const)
  scope.bind(call(f, name(v.name), plain(anAxis(scope, v))), { nature: isFloat(v) ? 'step' : 'smooth' })
}

const logic: Maker = (scope) => {
  const v = scope.pick((w) => isArray(w) && (isInt(w) || w.dtype === 'bool'))
  if (v === undefined) return
  const f = scope.choices.of(['lax.reduceAnd', 'lax.reduceOr', 'lax.reduceXor'] as const)
  if (v.dtype === 'bool' && scope.choices.oneIn(3)) scope.bind(call(scope.choices.of(['np.all', 'np.any'] as const), name(v.name), plain(someAxes(scope, v))))
  else scope.bind(call(f, name(v.name), plain(someAxes(scope, v))))
}

const normalize: Maker = (scope) => {
  const v = scope.pick((w) => isArray(w) && isFloat(w))
  if (v === undefined) return
  const axis = anAxis(scope, v)
  const operand = scope.within(v, -20, 20)
  switch (scope.choices.below(3)) {
    case 0:
      return void scope.bind(call('nn.softmax', operand, plain(axis)), { range: [0, 1] })
    case 1:
      return void scope.bind(call('nn.logSoftmax', operand, plain(axis)), { range: [-50, 0] })
    default:
      return void scope.bind(call('nn.logsumexp', operand, plain(axis)), { range: [-20, 25] })
  }
}

/** A reduction that no primitive is: folded neighbour with neighbour. */
const folded: Maker = (scope) => {
  const v = scope.pick((w) => isArray(w) && isFloat(w))
  if (v === undefined) return
  const [c, d] = [scope.fresh(), scope.fresh()]
  const product = call('np.tanh', call('np.add', name(c), name(d)))
  scope.bind(call('lax.reduce', name(v.name), plain(0), { kind: 'function', parameters: [c, d], body: { statements: [], result: product } }, plain(someAxes(scope, v))), { range: [-1, 1] })
}

export const reduction: readonly Maker[] = [sum, extremum, product, position, logic, normalize, sum, folded, extremum, logic]

const running: Maker = (scope) => {
  const v = scope.pick((w) => isArray(w) && (isFloat(w) || isInt(w)))
  if (v === undefined) return
  const axis = anAxis(scope, v)
  // lax counts from the front alone.
  const place = plain({ axis: axis < 0 ? axis + v.shape.length : axis, reverse: scope.choices.oneIn(2) })
  const n = v.shape.at(axis) ?? 1
  switch (scope.choices.below(6)) {
    case 0:
      return void scope.bind(call('lax.cumsum', name(v.name), place), { range: [Math.min(v.low, n * v.low), Math.max(v.high, n * v.high)] })
    case 1:
      return void scope.bind(call('np.cumsum', name(v.name), plain(axis)), { range: [Math.min(v.low, n * v.low), Math.max(v.high, n * v.high)] })
    case 2:
      return void (isFloat(v) && scope.bind(call('lax.cumlogsumexp', scope.within(v, -20, 20), place), { range: [-20, 25] }))
    case 3:
      return void scope.bind(call('lax.cumprod', isFloat(v) ? scope.within(v, -factorOf(n), factorOf(n)) : factor(scope, v).e, place), { range: [-(factorOf(n) ** n), factorOf(n) ** n] })
    default: {
      if (!scope.allows('kink', v)) return
      const f = scope.choices.of(['lax.cummax', 'lax.cummin'] as const)
      scope.bind(call(f, name(v.name), place), { range: [v.low, v.high], exact: v.exact, nature: isFloat(v) ? 'kink' : 'smooth' })
    }
  }
}

export const cumulative: readonly Maker[] = [running]
