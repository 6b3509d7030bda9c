/** Data cut into batches, in an order that a random key decides. */
import { ArgumentError, NDArray, np, type Out, random, ShapeError, tree } from '../index.ts'
import { requireOptions, within } from './source.ts'

export interface BatchOptions {
  /** Shuffles: the same key gives the same order. Without one, the data come as they are. */
  readonly key?: NDArray
  /** Leaves out a last batch that is not full, so that every batch has one shape. */
  readonly dropLast?: boolean
}

/**
 * Batches of a tree of arrays whose leading axes are equal: trees of the same kind, `size` rows each, the last one what is left.
 *
 * ```ts
 * import { np, random } from 'pullback'
 * import { batches } from 'pullback/data'
 * const data = { x: np.arange(10), y: np.arange(10) }
 * for (const { x, y } of batches(data, 4, { key: random.key(0) })) console.log(x.shape, y.shape)
 * ```
 * @throws ShapeError when leading axes differ, or a leaf has none; ArgumentError for a size that is no positive integer.
 */
export function batches<T>(data: T, size: number, options: BatchOptions = {}): Generator<Out<T>, void, undefined> {
  requireOptions('batches', options, ['key', 'dropLast'])
  if (!Number.isInteger(size) || size < 1) throw new ArgumentError('batches', `got a batch size of ${typeof size === 'number' ? String(size) : `type ${typeof size}`}; it takes a positive integer`)
  const rows = rowsOf(data)
  const { key, dropLast = false } = options
  if (typeof dropLast !== 'boolean') throw new ArgumentError('batches', `dropLast is of type ${typeof dropLast}; takes true or false`)
  return cut(data, rows, size, key === undefined ? null : within('batches', () => random.permutation(key, rows)), dropLast)
}

/** How many rows each leaf has. */
function rowsOf(data: unknown): number {
  const shapes = within('batches', () => tree.leaves(data)).map((leaf) => (leaf instanceof NDArray ? leaf.shape : []))
  const [rows] = shapes[0] ?? []
  if (rows !== undefined && shapes.every((shape) => shape[0] === rows)) return rows
  throw new ShapeError('batches', `got leaves of shape ${shapes.map((shape) => `[${shape.join(',')}]`).join(', ')}; it takes arrays with one leading axis in common`)
}

function* cut<T>(data: T, rows: number, size: number, order: NDArray | null, dropLast: boolean): Generator<Out<T>, void, undefined> {
  for (let start = 0; start < rows; start += size) {
    const end = Math.min(start + size, rows)
    if (dropLast && end - start < size) return
    const take = (leaf: NDArray): NDArray => (order === null ? leaf.slice([start, end]) : np.take(leaf, order.slice([start, end]), 0))
    yield tree.map(take, data)
  }
}
