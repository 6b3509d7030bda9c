/** The calls of np functions that numpy.json and numpy_more.json hold, as functions of their arrays. */
import { type ArrayLike, type NDArray, np } from 'pullback'
import { type Case, load } from './load.ts'

type Argument = null | number | boolean | string | { readonly arg: number } | { readonly special: string } | readonly Argument[]
/** Arguments in order, `{ arg: i }` where array i stands, and options. */
export interface Params {
  readonly args: readonly Argument[]
  readonly options?: Readonly<Record<string, Argument>>
}
type Decoded = ArrayLike | string | null | readonly Decoded[]

export const entries: readonly (readonly [name: string, cases: readonly Case<Params>[]])[] = ['numpy.json', 'numpy_more.json'].flatMap((file) =>
  Object.entries(load<Readonly<Record<string, readonly Case<Params>[] | string>>>(file)).flatMap(([name, cases]) => (typeof cases === 'string' ? [] : [[name, cases] as const])),
)

function decoded(a: Argument, xs: readonly NDArray[]): Decoded {
  if (a === null || typeof a !== 'object') return a
  if ('arg' in a) return xs[a.arg]!
  if ('special' in a) return Number(a.special)
  return a.map((b) => decoded(b, xs))
}

// The functions by name: the fixture's arguments are of the types that each of them takes.
const functions = np as Readonly<Record<string, unknown>>

export function callOf(name: string, { args, options }: Params): (...xs: NDArray[]) => NDArray[] {
  const f = functions[name] as (...args: readonly unknown[]) => NDArray | readonly NDArray[]
  return (...xs) => {
    const given = args.map((a) => decoded(a, xs))
    const out = options === undefined ? f(...given) : f(...given, Object.fromEntries(Object.entries(options).map(([k, v]) => [k, decoded(v, xs)])))
    return [out].flat()
  }
}
