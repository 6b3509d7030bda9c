/** Wrong uses from right ones: one value of a call's arguments, at any depth, replaced by what it should not be. */
import { jit, np, random } from '../../src/index.ts'

/** What people pass by mistake, and what nobody should. */
export const wrongValues: readonly (readonly [name: string, make: () => unknown])[] = [
  ['undefined', () => undefined],
  ['null', () => null],
  ['text', () => 'text'],
  ['true', () => true],
  ['NaN', () => NaN],
  ['Infinity', () => Infinity],
  ['-1', () => -1],
  ['1.5', () => 1.5],
  ['2^40', () => 2 ** 40],
  ['1e300', () => 1e300],
  ['bigint', () => 1n],
  ['symbol', () => Symbol('s')],
  ['function', () => () => 1],
  ['async function', () => () => Promise.resolve(1)],
  ['throwing function', () => () => np.zeros([-1])],
  ['Promise', () => Promise.resolve(1)],
  ['Date', () => new Date(0)],
  ['Map', () => new Map()],
  ['bare object', () => Object.create(null) as unknown],
  ['empty object', () => ({})],
  ['unknown option', () => ({ nonsense: 1 })],
  ['symbol option', () => ({ [Symbol('s')]: 1 })],
  ['empty list', () => []],
  ['sparse list', () => [, 1]], // oxlint-disable-line no-sparse-arrays -- what is tested
  ['list of text', () => ['a', 'b']],
  ['list of lists', () => [[1, 2], [3]]],
  ['list that contains itself', () => { const list: unknown[] = []; list.push(list); return list }], // prettier-ignore
  ['negative list', () => [-1, -5]],
  ['fractional list', () => [0.5, 1.5]],
  ['huge list', () => [2 ** 40, 2 ** 40]],
  ['long list', () => new Array<number>(100).fill(1)],
  ['typed array', () => Float32Array.of(1, 2)],
  ['BigInt64Array', () => new BigInt64Array(2)],
  ['RegExp', () => /a/u],
  ['key', () => random.key(0)],
  ['empty array', () => np.zeros([0])],
  ['array of rank 5', () => np.ones([1, 1, 1, 1, 1])],
  ['float array', () => np.array([0.5, 1.5, 2.5])],
  ['complex array', () => np.zeros([3], { dtype: 'complex64' })],
  ['disposed array', disposed],
  ['leaked tracer', () => leaked()],
]

function disposed(): np.NDArray {
  const x = np.array([1, 2, 3]).add(1)
  x.dispose()
  return x
}

/** A tracer that outlived its jit. */
export function leaked(): np.NDArray {
  let kept = np.array(0)
  jit((x: np.NDArray) => {
    kept = x
    return x
  })(np.array([1, 2, 3]))
  return kept
}

export type Place = readonly (number | string)[]
const isPlain = (x: unknown): x is object => typeof x === 'object' && x !== null && (Array.isArray(x) || Object.getPrototypeOf(x) === Object.prototype)

/** Every place in a tree of arguments, lists and options included. */
export function placesIn(args: readonly unknown[], deepest = 3): Place[] {
  const inside = (x: unknown, path: Place): Place[] => (path.length < deepest && isPlain(x) ? Object.entries(x).flatMap(([k, v]) => [[...path, k], ...inside(v, [...path, k])]) : [])
  return inside(args, [])
}

/** The arguments with another value at a place. */
export function replaced(args: readonly unknown[], place: Place, value: unknown): readonly unknown[] {
  const at = (x: unknown, [key, ...rest]: Place): unknown => {
    if (key === undefined) return value
    if (Array.isArray(x)) return x.map((v: unknown, i) => (String(i) === String(key) ? at(v, rest) : v))
    return { ...(x as object), [key]: at((x as Readonly<Record<string, unknown>>)[key], rest) }
  }
  return at(args, place) as readonly unknown[]
}
