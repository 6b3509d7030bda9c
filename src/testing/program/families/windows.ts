/** Convolutions and windows, with strides, dilations, groups and layouts. */
import { convolutionOf, windowOf } from '../../convolutions.ts'
import { call, type Expression, fn, name, plain } from '../expression.ts'
import { isFloat, isInt, sizeOf, type Variable } from '../scope.ts'
import { factor } from './elementwise.ts'
import type { Maker } from './family.ts'

const filled = (v: Variable): boolean => v.dtype !== 'key' && sizeOf(v.shape) > 0

/** The numbers of an array in another shape, again from the start where they are too few. */
export function inShape(e: Expression, v: Variable, shape: readonly number[]): Expression {
  const [has, needs] = [sizeOf(v.shape), sizeOf(shape)]
  const flat = call('np.ravel', e)
  const enough = has >= needs ? flat : call('np.tile', flat, plain(Math.ceil(needs / has)))
  return call('np.reshape', has === needs ? e : call('lax.slice', enough, plain([0]), plain([needs])), plain(shape))
}

const convolve: Maker = (scope) => {
  const v = scope.pick((w) => isFloat(w) && filled(w))
  const k = v && scope.pick((w) => w.dtype === v.dtype && filled(w))
  if (v === undefined || k === undefined) return
  const { lhs, rhs, options } = convolutionOf(scope.choices)
  const [x, w] = [factor(scope, v), factor(scope, k)]
  const size = sizeOf(rhs) * x.size * w.size
  scope.bind(call('lax.convGeneralDilated', inShape(x.e, v, lhs), inShape(w.e, k, rhs), plain({ ...options })), { range: [-size, size] })
}

const deconvolve: Maker = (scope) => {
  const v = scope.pick((w) => isFloat(w) && filled(w))
  const k = v && scope.pick((w) => w.dtype === v.dtype && filled(w))
  if (v === undefined || k === undefined) return
  const strides = [scope.choices.between(1, 2)]
  const [x, w] = [factor(scope, v), factor(scope, k)]
  const padding = scope.choices.of(['SAME', 'VALID'] as const)
  scope.bind(call('lax.convTranspose', inShape(x.e, v, [1, 3, 2]), inShape(w.e, k, [2, 2, 1]), plain(strides), plain(padding)), { range: [-4 * x.size * w.size, 4 * x.size * w.size] })
}

const reductions = { 'lax.add': 0, 'lax.max': -Infinity, 'lax.min': Infinity, 'lax.mul': 1 } as const
const windowed: Maker = (scope) => {
  const v = scope.pick((w) => (isFloat(w) || isInt(w)) && w.shape.length > 0 && filled(w))
  const f = scope.choices.of(['lax.add', 'lax.max', 'lax.min', 'lax.mul'] as const)
  if (v === undefined) return
  const extreme = f === 'lax.max' || f === 'lax.min'
  const nature = extreme && isFloat(v) ? 'kink' : 'smooth'
  if (!scope.allows(nature, v)) return
  const { windowDimensions, windowStrides, padding, options } = windowOf(scope.choices, v.shape)
  const n = sizeOf(windowDimensions)
  // The extremum of a window with holes has a derivative, but that has no transpose, as in JAX.
  const held = extreme && isFloat(v) && options.windowDilation.some((d) => d > 1)
  const operand = held ? call('stopGradient', name(v.name)) : f === 'lax.mul' && isFloat(v) ? scope.within(v, -1.5, 1.5) : name(v.name)
  const size = Math.max(Math.abs(v.low), Math.abs(v.high))
  const bound = f === 'lax.mul' ? 1.5 ** n : extreme ? size : n * size
  const dilated = [...options.baseDilation, ...options.windowDilation].some((d) => d > 1)
  // A dilated window may hold nothing; an extremum of nothing is infinite.
  const empty = extreme && dilated
  const args = [operand, plain(reductions[f]), fn(f), plain(windowDimensions), plain(windowStrides), plain(padding)]
  const reduced = call('lax.reduceWindow', ...args, ...(dilated ? [plain({ ...options })] : []))
  scope.bind(empty && isFloat(v) ? call('lax.clamp', plain(-bound), reduced, plain(bound)) : reduced, { range: [-bound, bound], exact: extreme && v.exact && Number.isFinite(bound), nature })
}

export const convolution: readonly Maker[] = [convolve, deconvolve]
export const windows: readonly Maker[] = [windowed]
