/** Reductions over sliding windows. */
import type { NDArray } from '../core/array.ts'
import { evalAvals } from '../core/abstract-eval/index.ts'
import type { Shape } from '../core/aval.ts'
import { ArgumentError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import type { PrimitiveParams } from '../core/primitives/index.ts'
import { dilatedSize } from '../core/shapes/index.ts'
import { bind1 } from '../core/trace.ts'
import type { ArrayLike } from '../core/tree.ts'
import { bringWindows } from '../families/windows.ts'
import { isIdentity, type Monoid, monoidOf } from './monoid.ts'
import { likeInit } from './operands.ts'
import { type PaddingLike, paddingPairs, perAxis } from './padding.ts'

export interface WindowOptions {
  /** Holes between neighbours of the operand. */
  readonly baseDilation?: readonly number[]
  /** Holes between the elements that a window reads. */
  readonly windowDilation?: readonly number[]
}

const primitives = { add: 'reduceWindowSum', mul: 'reduceWindowProd', max: 'reduceWindowMax', min: 'reduceWindowMin' } as const
const isWindowed = (m: Monoid | null): m is keyof typeof primitives => m !== null && m in primitives

/** The same windows without the places at their ends that reach no element of x from any position: so the work is bounded by x and the result. */
function touching(x: Shape, out: Shape, params: PrimitiveParams['reduceWindowSum']): PrimitiveParams['reduceWindowSum'] {
  const { windowDimensions, windowStrides, padding, baseDilation, windowDilation } = params
  const axes = x.map((size, i) => {
    const [window, stride, dilation, [low]] = [windowDimensions[i]!, windowStrides[i]!, windowDilation[i]!, padding[i]!]
    const base = dilatedSize(size, baseDilation[i]!)
    // Place k of window o lies on element o · stride + k · dilation - low.
    const travelled = Math.max(0, out[i]! - 1) * stride
    const first = Math.min(window - 1, Math.max(0, Math.ceil((low - travelled) / dilation)))
    const last = Math.max(first, Math.min(window - 1, Math.floor((base - 1 + low) / dilation)))
    if (out[i] === 0 || (first === 0 && last === window - 1)) return { window, padding: padding[i]! }
    const start = low - first * dilation
    return { window: last - first + 1, padding: [start, travelled + (last - first) * dilation + 1 - start - base] as const }
  })
  return { ...params, windowDimensions: axes.map((a) => a.window), padding: axes.map((a) => a.padding) }
}

/**
 * Combines the elements of every window with `lax.add`, `lax.max`, `lax.min` or `lax.mul`, starting from `init`; padding and
 * holes add nothing. Window, strides and padding have an entry for every axis of x.
 *
 * @example
 * lax.reduceWindow(np.array([1, 3, 2, 5]), -Infinity, lax.max, [2], [2], 'VALID').js()   // [3, 5]
 */
export function reduceWindow(
  x: ArrayLike,
  init: ArrayLike,
  computation: (a: NDArray, b: NDArray) => NDArray,
  windowDimensions: Shape,
  windowStrides: readonly number[],
  padding: PaddingLike,
  options: WindowOptions = {},
): NDArray {
  const name = 'reduceWindow'
  ops.checkOptions(name, options, ['baseDilation', 'windowDilation'])
  const monoid = monoidOf(computation)
  if (!isWindowed(monoid)) throw new ArgumentError(name, 'takes lax.add, lax.mul, lax.max or lax.min as its computation')
  const a = ops.toArray(name, x)
  ops.checkOperands(name, [init])
  const window = perAxis(name, 'windowDimensions', windowDimensions, a.ndim)
  const strides = perAxis(name, 'windowStrides', windowStrides, a.ndim)
  const baseDilation = perAxis(name, 'baseDilation', options.baseDilation, a.ndim)
  const windowDilation = perAxis(name, 'windowDilation', options.windowDilation, a.ndim)
  const sizes = a.shape.map((d, i) => (d === 0 ? 0 : (d - 1) * baseDilation[i]! + 1))
  const pairs = paddingPairs(name, padding, sizes, window, strides, windowDilation)
  const params = { windowDimensions: window, windowStrides: strides, padding: pairs, baseDilation, windowDilation }
  const out = ops.within(name, () => {
    const [out] = evalAvals(primitives[monoid], [a.aval], params)
    bringWindows()
    return bind1(primitives[monoid], [a], touching(a.shape, out!.shape, params))
  })
  return isIdentity(monoid, init, a.dtype) ? out : computation(likeInit(name, init, a), out)
}
