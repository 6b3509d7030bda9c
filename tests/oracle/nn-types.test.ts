// Dtypes and weak types of nn's functions, and attention with its gradients, as jax.nn gives them.
import { nn, type NDArray, PullbackError, vjp } from 'pullback'
import { describe, expect, test } from 'vitest'
import { array, differences, expectClose, type Fixed, load, on, type Tolerance, ways } from './load.ts'

interface Case {
  readonly name: string
  readonly x: string
  readonly options?: Readonly<Record<string, number>>
  readonly weak?: boolean
  /** Null where JAX refuses. */
  readonly out: Fixed | null
}
interface Attention {
  readonly name: string
  readonly args: readonly [Fixed, Fixed, Fixed]
  readonly options: { readonly scale?: number; readonly isCausal?: boolean; readonly bias?: Fixed; readonly mask?: Fixed }
  readonly out: Fixed
  readonly grads: readonly Fixed[]
}
const fixture = load<{ readonly args: Readonly<Record<string, Fixed>>; readonly cases: readonly Case[]; readonly attention: readonly Attention[] }>('nn_types.json')
const camel = (name: string): string => name.replace(/_([a-z])/g, (_, c: string) => c.toUpperCase())
// By name: each takes an array, a number or both.
const functions = nn as unknown as Readonly<Record<string, (x: NDArray | number, options?: object) => NDArray>>
const tolerance: Tolerance = { float32: 3e-6, float64: 1e-12, scale: 'array' }

function judged(c: Case): string | undefined {
  const x = c.x === 'number' ? 2 : array(fixture.args[c.x]!)
  let out: NDArray
  try {
    out = functions[camel(c.name)]!(x, ...(c.options === undefined ? [] : [c.options]))
  } catch (e) {
    if (!(e instanceof PullbackError) || e.code === 'INTERNAL') throw e
    return c.out === null ? undefined : `is refused: ${e.message}`
  }
  if (c.out === null) return `gives ${out.dtype}, and JAX refuses it`
  const wrong = [...differences(out, c.out, tolerance)]
  if (out.aval.weakType !== c.weak) wrong.push(`is ${c.weak === true ? 'not ' : ''}weakly typed`)
  return wrong.length === 0 ? undefined : wrong.join('; ')
}

for (const way of ways.filter((w) => !w.jitted)) {
  describe(`types of nn, ${way.name}`, () => {
    for (const c of fixture.cases) test(`${c.name} of ${c.x}${c.options === undefined ? '' : ` ${JSON.stringify(c.options)}`}`, () => on(way, () => expect(judged(c)).toBeUndefined()))
  })
  describe(`dotProductAttention, ${way.name}`, () => {
    for (const c of fixture.attention) {
      test(c.name, () =>
        on(way, async () => {
          const { bias, mask, ...plain } = c.options
          const options = { ...plain, ...(bias === undefined ? {} : { bias: array(bias) }), ...(mask === undefined ? {} : { mask: array(mask) }) }
          const [out, pullback] = vjp((q: NDArray, k: NDArray, v: NDArray) => nn.dotProductAttention(q, k, v, options), c.args.map(array) as [NDArray, NDArray, NDArray])
          await expectClose(out, c.out, tolerance)
          const n = out.size
          const ct = array({ dtype: out.dtype, shape: [...out.shape], data: Array.from({ length: n }, (_, i) => Math.fround(-1 + (2 * i) / (n - 1))) })
          for (const [i, g] of pullback(ct).entries()) await expectClose(g, c.grads[i]!, { ...tolerance, float32: 1e-5, absolute: out.dtype === 'float16' ? 4e-3 : 1e-6 })
        }))
    }
  })
}
