/** jit never changes a dtype, a weak type, a shape or a bit of what eager gives: every function of np, lax and nn, on operands of every kind. */
import { ConcretizationError, type DType, jit, NDArray, np, random } from 'pullback'
import { describe, expect, test } from 'vitest'
import { array, type Way, on, ways } from '../oracle/load.ts'
import { callOf, entries } from '../oracle/numpy-calls.ts'
import { sized } from '../scale.ts'
import { arraysOf, type Described, described, functions } from './functions.ts'

const dtypes: readonly DType[] = sized(['float32', 'int32', 'bool', 'float16'], ['float32', 'float64', 'float16', 'bfloat16', 'int8', 'int16', 'int32', 'uint8', 'uint16', 'uint32', 'bool'])
/** Arrays of every dtype, a weak array, and plain numbers: whole, fractional, truth values. */
const operands = (): (NDArray | number | boolean)[] => [...dtypes.map((d) => np.array([[1, 0, 3], [2, 5, 1]]).astype(d)), np.add(0.75, 1), 2, 0.5, -1, true]
const partners = (): (NDArray | number | boolean)[] => sized([np.array([[2, 1, 3], [1, 4, 2]]), np.array(Int32Array.of(1, 2, 3)), 0.5], [np.array([[2, 1, 3], [1, 4, 2]]), np.array(Int32Array.of(1, 2, 3)), 2, 0.5, true])

/**
 * Sums of products of computed operands: compiled, the operands are computed as they are multiplied, and are added up in another order
 * than those that lie in memory. Types are the same; values are, within their rounding.
 */
const productsOfComputed: ReadonlySet<string> = new Set(['convolve', 'cov', 'corrcoef'])
const isNear = (name: string, found: readonly Described[], expected: readonly Described[]): boolean => {
  const types = (all: readonly Described[]): string => JSON.stringify(all.map(({ dtype, weak, shape }) => ({ dtype, weak, shape })))
  const values = (all: readonly Described[]): number[] => all.flatMap(({ data }) => data.map(Number))
  const [a, b] = [values(found), values(expected)]
  const unit = 2 ** (expected.some((x) => x.dtype.endsWith('float16')) ? -7 : -22) * Math.max(...b.map(Math.abs))
  return productsOfComputed.has(name) && types(found) === types(expected) && a.every((x, i) => Object.is(x, b[i]) || Math.abs(x - b[i]!) <= unit)
}

/** Differences between a call and the same call under jit: arrays are its arguments; numbers stay numbers, which as arguments would be weak floats. */
function differences(way: Way, name: string, call: (...xs: unknown[]) => unknown, operandLists: readonly (readonly unknown[])[]): string[] {
  return operandLists.flatMap((given) => {
    let eager: NDArray[] | null
    try {
      eager = arraysOf(call(...given))
    } catch {
      // No function of such operands.
      return []
    }
    if (eager === null) return []
    const expected = JSON.stringify(eager.map(described))
    const arrays = given.filter((x) => x instanceof NDArray)
    const jitted = jit((...xs: NDArray[]) => {
      let next = 0
      return arraysOf(call(...given.map((x) => (x instanceof NDArray ? xs[next++] : x))))!
    })
    try {
      const results = jitted(...arrays).map(described)
      const found = JSON.stringify(results)
      return found === expected || isNear(name, results, eager.map(described)) ? [] : [`${name}(${given.map(String).join(', ')}), ${way.name}: ${found}, and ${expected} eagerly`]
    } catch (e) {
      // What depends on values cannot be traced.
      return e instanceof ConcretizationError ? [] : [`${name}(${given.map(String).join(', ')}): ${String(e)}`]
    }
  })
}

const eagerWays = ways.filter((w) => !w.jitted)

for (const way of eagerWays) {
  describe(`the same bits and types under jit, on ${way.device}`, () => {
    test.each(functions)('%s of one operand, and of two', (name, f) => {
      on(way, () => {
        const one = operands().map((x) => [x])
        const two = partners().flatMap((y) => sized([np.array(Int32Array.of(4, 5, 6)), 3], operands()).map((x) => [x, y]))
        expect(differences(way, name, f, [...one, ...two])).toEqual([])
      })
    })

    test.each(entries)('%s as the fixtures call it', (name, cases) => {
      on(way, () => {
        expect(cases.slice(0, sized(1, cases.length)).flatMap((c) => differences(way, name, callOf(name, c.params) as (...xs: unknown[]) => unknown, [c.args.map(array)]))).toEqual([])
      })
    })

    test('draws', () => {
      on(way, () => {
        const draws: readonly ((k: NDArray) => NDArray)[] = [(k) => random.normal(k, [5]), (k) => random.uniform(k, [5]), (k) => random.randint(k, [5], 0, 9), (k) => random.bits(k, [3]), (k) => random.permutation(k, 5), (k) => random.bernoulli(k, 0.5, { shape: [4] }), (k) => random.keyData(random.split(k))]
        for (const draw of draws) expect(described(jit(draw)(random.key(3)))).toEqual(described(draw(random.key(3))))
      })
    })
  })
}
