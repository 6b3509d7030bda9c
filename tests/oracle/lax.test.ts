// What each function of lax takes and what it refuses, as jax.lax does: dtypes, ranks and shapes.
import { type DType, lax, type NDArray, PullbackError } from 'pullback'
import { describe, expect, test } from 'vitest'
import { array, contraction, differences, type Fixed, type FixedTree, leaves, load, on, type Tolerance, ways } from './load.ts'

type Json = number | boolean | string | null | readonly Json[] | { readonly [name: string]: Json }
interface Call {
  readonly f: string
  readonly args: readonly Json[]
  readonly options?: Json
  /** Null where JAX refuses. */
  readonly out: FixedTree | null
}
type AnyFunction = (...args: readonly unknown[]) => unknown
// Functions by name: the fixture's arguments are of the types that each of them takes, or wrong on purpose.
const functions = lax as unknown as Readonly<Record<string, AnyFunction>>
const fixture = load<Readonly<Record<string, readonly Call[] | string>>>('lax.json')

/** `float32[2,3]` is the array 1 2 3 4 5 1; `lax.add` is a function. */
function given(a: Json): unknown {
  if (Array.isArray(a)) return a.map(given)
  if (typeof a !== 'string') return a
  if (a.startsWith('lax.')) return functions[a.slice(4)]
  const [, dtype, sizes] = /^(\w+)\[([\d,]*)\]$/.exec(a) ?? []
  if (dtype === undefined || sizes === undefined) return a
  const shape = sizes === '' ? [] : sizes.split(',').map(Number)
  const data = Array.from({ length: shape.reduce((n, d) => n * d, 1) }, (_, i) => (dtype === 'bool' ? ((i % 5) + 1) % 2 : (i % 5) + 1))
  // The fixture's dtypes are ours.
  return array({ dtype: dtype as DType, shape, data })
}

const shown = (c: Call): string => `lax.${c.f}(${c.args.map((a) => (typeof a === 'string' ? a : JSON.stringify(a))).join(', ')}${c.options === undefined ? '' : `, ${JSON.stringify(c.options)}`})`
const typeOf = (x: NDArray | Fixed): string => `${x.dtype}[${x.shape.join(',')}]`
// XLA's own approximations of a few functions are a few units in the last place away.
const tolerance: Tolerance = { ...contraction, float32: 2e-5, float64: 1e-9, absolute: 1e-6 }

function result(c: Call): NDArray[] | PullbackError {
  const args = c.args.map(given)
  try {
    const out = functions[c.f]!(...args, ...(c.options === undefined ? [] : [c.options]))
    return [out as NDArray | NDArray[]].flat()
  } catch (e) {
    if (e instanceof PullbackError && e.code !== 'INTERNAL') return e
    throw e
  }
}

function judged(c: Call): readonly string[] {
  const found = result(c)
  if (found instanceof PullbackError) return c.out === null ? [] : [`${shown(c)} is refused: ${found.message}`]
  if (c.out === null) return [`${shown(c)} gives ${found.map(typeOf).join(', ')}, and JAX refuses it`]
  const wanted = leaves(c.out)
  if (found.length !== wanted.length) return [`${shown(c)} gives ${found.length} arrays for ${wanted.length}`]
  return found.flatMap((x, i) => differences(x, wanted[i]!, tolerance).map((d) => `${shown(c)} ${d}`))
}

for (const way of ways.filter((w) => !w.jitted)) {
  describe(`lax takes what jax.lax takes, ${way.name}`, () => {
    for (const [group, calls] of Object.entries(fixture)) {
      if (typeof calls === 'string') continue
      test(group, () => on(way, () => expect(calls.flatMap(judged)).toEqual([])))
    }
  })
}
