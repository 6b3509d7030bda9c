/** Products: dotGeneral and what NumPy makes of it. */
import type { NDArray } from '../array.ts'
import type { Shape } from '../aval.ts'
import type { DType } from '../dtype.ts'
import { ShapeError } from '../errors.ts'
import { within } from '../in-name-of.ts'
import type { DotDimensionNumbers } from '../primitives/index.ts'
import { bind1 } from '../trace.ts'
import type { ArrayLike } from '../tree.ts'
import { checkInteger, normalAxis } from './checks.ts'
import { convert, mul, ne, toTypedArray } from './elementwise.ts'
import { broadcastShapes, promotedType } from './operands.ts'
import { broadcastTo, transpose } from './shape.ts'

/** `lax.dotGeneral`: result axes are batch, then free axes of x, then of y. Dtypes are promoted; truth values give truth, unless another dtype is asked for. */
export function dotGeneral(x: ArrayLike, y: ArrayLike, dimensionNumbers: DotDimensionNumbers, preferredElementType: DType | null = null): NDArray {
  const [a, b] = pair('dotGeneral', x, y)
  if (a.dtype === 'bool') {
    if (preferredElementType === null || preferredElementType === 'bool') return ofTruth((p, q) => dotGeneral(p, q, dimensionNumbers), a, b)
    return convert(dotGeneral(convert(a, 'int32'), convert(b, 'int32'), dimensionNumbers), preferredElementType)
  }
  return bind1('dotGeneral', [a, b], { dimensionNumbers, preferredElementType })
}

function pair(operation: string, x: ArrayLike, y: ArrayLike): [NDArray, NDArray] {
  const type = promotedType(operation, [x, y])
  return [toTypedArray(operation, x, type), toTypedArray(operation, y, type)]
}

/** What the axes before the last two broadcast to. @throws ShapeError with the whole shapes. */
function leadingShape(a: Shape, b: Shape): Shape {
  const lead = [a.slice(0, -2), b.slice(0, -2)] as const
  const sizes = (i: number): readonly number[] => lead.map((shape) => shape.at(-1 - i) ?? 1).filter((d) => d !== 1)
  const differs = Array.from({ length: Math.max(lead[0].length, lead[1].length) }, (_, i) => sizes(i)).some(([first, second]) => second !== undefined && first !== second)
  if (differs) throw new ShapeError('matmul', `got shapes [${a.join(',')}] and [${b.join(',')}]; their axes before the last two must be equal or 1`)
  return broadcastShapes('matmul', lead)
}

/**
 * Matrix product over the last two axes, the others broadcast; vectors count as a row or column.
 * @throws ShapeError for scalars and for inner sizes that differ.
 */
export function matmul(x: ArrayLike, y: ArrayLike): NDArray {
  return within('matmul', () => {
    const [a, b] = pair('matmul', x, y)
    if (a.dtype === 'bool') return ofTruth(matmul, a, b)
    if (a.ndim === 0 || b.ndim === 0) throw new ShapeError('matmul', `got shapes [${a.shape.join(',')}] and [${b.shape.join(',')}]; scalars are multiplied with multiply`)
    const inner = a.shape[a.ndim - 1]
    const against = b.shape[Math.max(0, b.ndim - 2)]
    if (inner !== against) {
      throw new ShapeError('matmul', `got shapes [${a.shape.join(',')}] and [${b.shape.join(',')}]; the last axis of the first (${inner}) must equal the ${b.ndim === 1 ? 'only' : 'second to last'} axis of the second (${against})`)
    }
    const dot = (contracting: DotDimensionNumbers['contracting'], batch: DotDimensionNumbers['batch'] = [[], []]): NDArray =>
      bind1('dotGeneral', [a, b], { dimensionNumbers: { contracting, batch }, preferredElementType: null })
    if (a.ndim <= 2 && b.ndim <= 2) return dot([[a.ndim - 1], [Math.max(0, b.ndim - 2)]])
    // One batched operand against one matrix is a single large product: the batch axes are rows.
    if (b.ndim <= 2) return dot([[a.ndim - 1], [Math.max(0, b.ndim - 2)]])
    if (a.ndim === 1) {
      // [k] · [..., k, n]: the result's axes come out in order.
      return dot([[0], [b.ndim - 2]])
    }
    const lead = leadingShape(a.shape, b.shape)
    if (lead.length === 0 || a.ndim === 2) {
      // [m, k] · [..., k, n] gives [m, ..., n].
      const out = dot([[1], [b.ndim - 2]])
      return transpose(out, [...Array.from({ length: b.ndim - 2 }, (_, i) => i + 1), 0, b.ndim - 1])
    }
    const full = (v: NDArray): NDArray => broadcastTo(v, [...lead, ...v.shape.slice(-2)])
    const axes = lead.map((_, i) => i)
    return bind1('dotGeneral', [full(a), full(b)], {
      dimensionNumbers: { contracting: [[lead.length + 1], [lead.length]], batch: [axes, axes] },
      preferredElementType: null,
    })
  })
}

/** Products of truth values: true where any pair holds. */
const ofTruth = (product: (x: ArrayLike, y: ArrayLike) => NDArray, a: NDArray, b: NDArray): NDArray => ne(product(convert(a, 'int32'), convert(b, 'int32')), 0)

/** NumPy's dot: of the last axis of x with the second to last of y (its only one when y is a vector). */
export function dot(x: ArrayLike, y: ArrayLike): NDArray {
  return within('dot', () => {
    const [a, b] = pair('dot', x, y)
    if (a.dtype === 'bool') return ofTruth(dot, a, b)
    if (a.ndim === 0 || b.ndim === 0) return mul(a, b)
    const against = Math.max(0, b.ndim - 2)
    if (a.shape[a.ndim - 1] !== b.shape[against]) throw new ShapeError('dot', `got shapes [${a.shape.join(',')}] and [${b.shape.join(',')}]; axis -1 of the first (${a.shape[a.ndim - 1]}) must equal axis ${b.ndim === 1 ? -1 : -2} of the second (${b.shape[against]})`)
    return bind1('dotGeneral', [a, b], { dimensionNumbers: { contracting: [[a.ndim - 1], [against]], batch: [[], []] }, preferredElementType: null })
  })
}

/** Sums products over pairs of axes: a number n for the last n of x with the first n of y, or two lists. */
export function tensordot(x: ArrayLike, y: ArrayLike, axes: number | readonly [readonly number[], readonly number[]] = 2): NDArray {
  return within('tensordot', () => {
    const [a, b] = pair('tensordot', x, y)
    if (typeof axes === 'number' && checkInteger('tensordot', 'axes', axes, 0) > Math.min(a.ndim, b.ndim)) throw new ShapeError('tensordot', `got shapes [${a.shape.join(',')}] and [${b.shape.join(',')}], which do not both have ${axes} axes; takes at most ${Math.min(a.ndim, b.ndim)}`)
    const contracting: [number[], number[]] =
      typeof axes === 'number'
        ? [Array.from({ length: axes }, (_, i) => a.ndim - axes + i), Array.from({ length: axes }, (_, i) => i)]
        : [axes[0].map((i) => normalAxis('tensordot', i, a.ndim)), axes[1].map((i) => normalAxis('tensordot', i, b.ndim))]
    return dotGeneral(a, b, { contracting, batch: [[], []] })
  })
}
