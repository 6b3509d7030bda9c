import { type ArrayLike, type NDArray, np } from 'pullback'
import { type Case, holds, load, type Tolerance } from './load.ts'

type Argument = null | number | boolean | string | { readonly arg: number } | { readonly special: string } | readonly Argument[]
interface Params {
  readonly args: readonly Argument[]
  readonly options?: Readonly<Record<string, Argument>>
}
type Result = NDArray | readonly NDArray[]
type Decoded = ArrayLike | string | null | readonly Decoded[]

const fixture = load<Readonly<Record<string, readonly Case<Params>[] | string>>>('numpy.json')
// Sums and products are as exact as their largest terms; logarithms and powers of NumPy's composed functions have a bit or two more.
const tolerance: Tolerance = { float32: 2e-6, float64: 1e-12, scale: 'array' }

function decoded(a: Argument, xs: readonly NDArray[]): Decoded {
  if (a === null || typeof a !== 'object') return a
  if ('arg' in a) return xs[a.arg]!
  if ('special' in a) return Number(a.special)
  return a.map((b) => decoded(b, xs))
}

// The functions by name: the fixture's arguments are of the types that each of them takes.
const functions = np as Readonly<Record<string, unknown>>

for (const [name, cases] of Object.entries(fixture)) {
  if (typeof cases === 'string') continue
  holds(
    `np.${name}`,
    cases,
    ({ args, options }) =>
      (...xs) => {
        const f = functions[name] as (...args: readonly unknown[]) => Result
        const given = args.map((a) => decoded(a, xs))
        return options === undefined ? f(...given) : f(...given, Object.fromEntries(Object.entries(options).map(([k, v]) => [k, decoded(v, xs)])))
      },
    tolerance,
  )
}
