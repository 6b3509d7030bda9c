/** Shapes, shapes that broadcast together, and axes. */
import fc from 'fast-check'
import { ShapeError } from '../index.ts'
import { checkCount, checkOptions, checkRange } from './options.ts'

type Shape = readonly number[]

export interface ShapesOptions {
  /** Least and largest number of axes: 0 and 3. */
  readonly minRank?: number
  readonly maxRank?: number
  /** Least and largest size of an axis: 0 and 4. */
  readonly minSize?: number
  readonly maxSize?: number
}

/**
 * Shapes; some have axes of size 0 unless `minSize` says otherwise. They shrink to fewer and smaller axes.
 *
 * @example
 * fc.assert(fc.property(shapes({ maxRank: 2 }), (shape) => np.zeros(shape).ndim <= 2))
 * @throws ArgumentError for an unknown option, and for a least size or rank above the largest.
 */
export function shapes(options: ShapesOptions = {}): fc.Arbitrary<Shape> {
  checkOptions('shapes', options, ['minRank', 'maxRank', 'minSize', 'maxSize'])
  return shapesWithin('shapes', options)
}

/** Bounds that are not given lie where those that are leave them. */
function shapesWithin(operation: string, { minRank = 0, maxRank = Math.max(3, minRank), minSize = 0, maxSize = Math.max(4, minSize) }: ShapesOptions): fc.Arbitrary<Shape> {
  checkRange(operation, ['minRank', minRank], ['maxRank', maxRank])
  checkRange(operation, ['minSize', minSize], ['maxSize', maxSize])
  // Mostly no empty axes: an array with one has no elements at all.
  const size = minSize === 0 && maxSize > 0 ? fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: maxSize }) }, { weight: 1, arbitrary: fc.constant(0) }) : fc.integer({ min: minSize, max: maxSize })
  return fc.array(size, { minLength: minRank, maxLength: maxRank, size: 'max' })
}

/** Shapes that broadcast together, and the shape that they broadcast to. */
export interface Broadcastable {
  readonly shapes: readonly Shape[]
  readonly result: Shape
}

export interface BroadcastableOptions extends ShapesOptions {
  /** How many shapes: 2. */
  readonly count?: number
}

/**
 * Groups of shapes that broadcast together: of one shape, leading axes are missing, and sizes are 1 here and there.
 *
 * @example
 * fc.assert(fc.property(broadcastableShapes(), ({ shapes: [a, b], result }) => {
 *   expect(np.zeros(a).add(np.zeros(b)).shape).toEqual(result)
 * }))
 */
export function broadcastableShapes(options: BroadcastableOptions = {}): fc.Arbitrary<Broadcastable> {
  checkOptions('broadcastableShapes', options, ['count', 'minRank', 'maxRank', 'minSize', 'maxSize'])
  const { count = 2, ...bounds } = options
  checkCount('broadcastableShapes', 'count', count, 1)
  return shapesWithin('broadcastableShapes', bounds).chain((whole) => {
    const one = fc.record({ missing: fc.nat(whole.length), ones: fc.array(fc.boolean(), { minLength: whole.length, maxLength: whole.length }) })
    return fc.array(one, { minLength: count, maxLength: count }).map((cuts): Broadcastable => {
      const each = cuts.map(({ missing, ones }) => whole.map((d, i) => (ones[i] === true ? 1 : d)).slice(missing))
      const result = each.reduce<Shape>(broadcast, [])
      return { shapes: each, result }
    })
  })
}

/** The shape that two that go together broadcast to. */
function broadcast(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, i) => {
    const [x, y] = [a[a.length - rank + i] ?? 1, b[b.length - rank + i] ?? 1]
    return x === 1 ? y : x
  })
}

/**
 * A valid axis of an array of some rank: counted from the front, or negative, from the end.
 *
 * @example
 * fc.property(axis(3), (a) => np.sum(np.ones([2, 3, 4]), a).ndim === 2)
 * @throws ShapeError for rank 0, which has no axes; ArgumentError for what is no rank.
 */
export function axis(rank: number): fc.Arbitrary<number> {
  checkCount('axis', 'rank', rank)
  if (rank === 0) throw new ShapeError('axis', 'an array of rank 0 has no axes; takes a rank of at least 1')
  return fc.oneof(fc.nat(rank - 1), fc.integer({ min: -rank, max: -1 }))
}

/** Different axes of an array of some rank, in any order, none to all of them; each counted from the front or the end. */
export function axes(rank: number): fc.Arbitrary<readonly number[]> {
  checkCount('axes', 'rank', rank)
  const all = Array.from({ length: rank }, (_, i) => i)
  return fc.tuple(fc.shuffledSubarray(all), fc.array(fc.boolean(), { minLength: rank, maxLength: rank })).map(([some, fromEnd]) => some.map((a) => (fromEnd[a] === true ? a - rank : a)))
}
