/** Arrays with the values at which functions go wrong, trees of arrays, and random keys. */
import fc from 'fast-check'
import { ArgumentError, type DType, DtypeError, type NDArray, np, random, ShapeError } from '../index.ts'
import { describe } from './leaves.ts'
import { checkArbitrary, checkCount, checkOptions, mostDepth } from './options.ts'
import { shapes } from './shapes.ts'

export interface ArraysOptions {
  /** A dtype, or several of which one is taken: float32. */
  readonly dtype?: DType | readonly DType[]
  /** A shape, or an arbitrary of shapes: `shapes()`. */
  readonly shape?: readonly number[] | fc.Arbitrary<readonly number[]>
  /** The least and the largest value of ordinary elements. */
  readonly min?: number
  readonly max?: number
  /** ±0, ±∞, NaN, subnormal numbers, the largest and smallest, integers' limits among the elements: true. */
  readonly corners?: boolean
}

interface Limits {
  readonly min: number
  readonly max: number
  /** Values at which something changes: overflow, underflow, sign. */
  readonly corners: readonly number[]
}

/** Largest finite, least normal and least subnormal number of a float, and the distance from 1 to the next. */
const float = (largest: number, leastNormal: number, least: number, epsilon: number): Limits => ({
  min: -10,
  max: 10,
  corners: [0, -0, 1, -1, Infinity, -Infinity, NaN, largest, -largest, leastNormal, -leastNormal, least, -least, leastNormal - least, 1 + epsilon, 1 - epsilon / 2, 0.5, -2],
})
const signed = (bits: number): Limits => ({ min: -10, max: 10, corners: [0, 1, -1, 2 ** (bits - 1) - 1, -(2 ** (bits - 1)), 1 - 2 ** (bits - 1)] })
const unsigned = (bits: number): Limits => ({ min: 0, max: 20, corners: [0, 1, 2 ** bits - 1, 2 ** (bits - 1), 2 ** (bits - 1) - 1] })

const limits: { readonly [D in Exclude<DType, 'key' | 'complex64' | 'complex128'>]: Limits } = {
  float64: float(Number.MAX_VALUE, 2 ** -1022, 2 ** -1074, 2 ** -52),
  float32: float((2 - 2 ** -23) * 2 ** 127, 2 ** -126, 2 ** -149, 2 ** -23),
  float16: float(65504, 2 ** -14, 2 ** -24, 2 ** -10),
  bfloat16: float((2 - 2 ** -7) * 2 ** 127, 2 ** -126, 2 ** -133, 2 ** -7),
  int8: signed(8),
  int16: signed(16),
  int32: signed(32),
  uint8: unsigned(8),
  uint16: unsigned(16),
  uint32: unsigned(32),
  bool: { min: 0, max: 1, corners: [0, 1] },
}

type Real = keyof typeof limits
const isReal = (dtype: DType): dtype is Real => Object.hasOwn(limits, dtype)
const isFloat = (dtype: DType): boolean => dtype.startsWith('float') || dtype === 'bfloat16'

/**
 * Elements of a dtype: numbers in a range, and once in four times a corner value.
 *
 * @throws DtypeError for complex dtypes and keys; ArgumentError for an unknown option and a range that holds nothing.
 */
export function elements(dtype: DType, options: Pick<ArraysOptions, 'min' | 'max' | 'corners'> = {}): fc.Arbitrary<number> {
  checkOptions('elements', options, ['min', 'max', 'corners'])
  return elementsOf('elements', dtype, options)
}

function elementsOf(operation: string, dtype: DType, { min, max, corners = true }: Pick<ArraysOptions, 'min' | 'max' | 'corners'>): fc.Arbitrary<number> {
  if (typeof dtype !== 'string' || !isReal(dtype)) throw new DtypeError(operation, `has none of dtype ${describe(dtype)}; dtypes are ${Object.keys(limits).join(', ')}`)
  const { min: least, max: most, corners: special } = limits[dtype]
  const [low, high] = [min ?? least, max ?? most]
  const whole = !isFloat(dtype)
  if (!Number.isFinite(low) || !Number.isFinite(high) || low > high || (whole && !(Number.isSafeInteger(low) && Number.isSafeInteger(high)))) {
    throw new ArgumentError(operation, `got elements of ${dtype} from ${describe(low)} to ${describe(high)}; takes ${whole ? 'integers' : 'finite numbers'}, min not above max`)
  }
  const ordinary = whole ? fc.integer({ min: low, max: high }) : fc.double({ min: low, max: high, noNaN: true, noDefaultInfinity: true })
  if (!corners) return ordinary
  return fc.oneof({ weight: 3, arbitrary: ordinary }, { weight: 1, arbitrary: fc.constantFrom(...special) })
}

/**
 * Arrays of a dtype and a shape. Corner values are among the elements unless `corners` is false.
 *
 * @example
 * fc.assert(fc.property(arrays({ dtype: 'int32', shape: [3] }), (x) => {
 *   expect(np.sort(x).js()).toEqual([...x.dataSync()].sort((a, b) => a - b))
 * }))
 * @throws DtypeError for complex dtypes and keys, of which `keys()` gives some; ShapeError for what is no shape; ArgumentError for an unknown option.
 */
export function arrays(options: ArraysOptions = {}): fc.Arbitrary<NDArray> {
  checkOptions('arrays', options, ['dtype', 'shape', 'min', 'max', 'corners'])
  const { dtype = 'float32', shape = shapes(), ...range } = options
  const dtypes: readonly DType[] = Array.isArray(dtype) ? (dtype as readonly DType[]) : [dtype as DType]
  if (dtypes.length === 0) throw new DtypeError('arrays', 'got an empty list of dtypes; takes at least one')
  // All of them now, not when a value is drawn.
  for (const d of dtypes) elementsOf('arrays', d, range)
  if (!isShape(shape)) checkArbitrary('arrays', 'shape', shape)
  else if (!shape.every((d) => Number.isSafeInteger(d) && d >= 0)) throw new ShapeError('arrays', `got shape [${shape.map(describe).join(',')}]; a shape is a list of integers of at least 0`)
  const shapeOf: fc.Arbitrary<readonly number[]> = isShape(shape) ? fc.constant(shape) : shape
  return fc.tuple(fc.constantFrom(...dtypes), shapeOf).chain(([d, s]) => {
    const n = s.reduce((a, b) => a * b, 1)
    return fc.array(elementsOf('arrays', d, range), { minLength: n, maxLength: n, size: 'max' }).map((values) => shown(np.array(values, { dtype: d }).reshape([...s])))
  })
}
const isShape = (s: NonNullable<ArraysOptions['shape']>): s is readonly number[] => Array.isArray(s)

/** With its dtype and shape where fast-check prints it. */
const shown = (x: NDArray): NDArray => Object.defineProperty(x, fc.toStringMethod, { value: () => `np.array(${text(x.js())}, { dtype: '${x.dtype}' })${x.size === 0 ? `.reshape([${x.shape.join(', ')}])` : ''}` })
const text = (v: unknown): string => (Array.isArray(v) ? `[${v.map(text).join(', ')}]` : Object.is(v, -0) ? '-0' : String(v))

/** A tree of arrays: lists, records, arrays and null. */
export type ArrayTree = NDArray | null | readonly ArrayTree[] | { readonly [name: string]: ArrayTree }

export interface TreesOptions {
  /** What stands at the leaves: small arrays. */
  readonly leaf?: fc.Arbitrary<NDArray>
  /** How deep lists and records stand inside each other: 3. */
  readonly depth?: number
}

/**
 * Trees of arrays, as functions take and return them: an array, null, or lists and records of trees.
 *
 * @example
 * fc.assert(fc.property(trees(), (t) => {
 *   expect(tree.leaves(tree.map((x: np.NDArray) => x.neg(), t)).length).toBe(tree.leaves(t).length)
 * }))
 */
export function trees(options: TreesOptions = {}): fc.Arbitrary<ArrayTree> {
  checkOptions('trees', options, ['leaf', 'depth'])
  const { leaf = arrays({ shape: shapes({ maxRank: 2, maxSize: 3 }) }), depth = 3 } = options
  checkCount('trees', 'depth', depth, 0, mostDepth)
  checkArbitrary('trees', 'leaf', leaf)
  if (depth === 0) return fc.oneof({ weight: 5, arbitrary: leaf }, { weight: 1, arbitrary: fc.constant(null) })
  const inner = trees({ leaf, depth: depth - 1 })
  const names = fc.constantFrom('w', 'b', 'scale', 'layer1', 'a key', '0')
  return fc.oneof(
    { weight: 2, arbitrary: trees({ leaf, depth: 0 }) },
    { weight: 1, arbitrary: fc.array(inner, { maxLength: 3 }) },
    { weight: 1, arbitrary: fc.dictionary(names, inner, { maxKeys: 3, noNullPrototype: true }) },
  )
}

/** Random keys: of any seed, split off or not. */
export function keys(): fc.Arbitrary<NDArray> {
  const seed = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
  return fc.tuple(seed, fc.option(fc.nat(1000), { nil: null })).map(([s, data]) => {
    const key = data === null ? random.key(s) : random.foldIn(random.key(s), data)
    return Object.defineProperty(key, fc.toStringMethod, { value: () => (data === null ? `random.key(${s})` : `random.foldIn(random.key(${s}), ${data})`) })
  })
}
