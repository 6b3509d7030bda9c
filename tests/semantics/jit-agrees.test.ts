/** jit never changes a dtype, a weak type, a shape or a bit of what eager gives: every function of np, lax and nn, on operands of every kind. */
import { ConcretizationError, type DType, grad, jit, type NDArray, nn, np, random } from 'pullback'
import { describe, expect, test } from 'vitest'
import { array, type Way, on, ways } from '../oracle/load.ts'
import { callOf, entries, type Params } from '../oracle/numpy-calls.ts'
import { sized } from '../scale.ts'
import { arraysOf, type Described, described, functions, replaceArrays, rightUses } from './functions.ts'

const dtypes: readonly DType[] = sized(['float32', 'int32', 'bool', 'float16'], ['float32', 'float64', 'float16', 'bfloat16', 'int8', 'int16', 'int32', 'uint8', 'uint16', 'uint32', 'bool'])
/** Arrays of every dtype, a weak array, and plain numbers: whole, fractional, truth values. */
const operands = (): (NDArray | number | boolean)[] => [...dtypes.map((d) => np.array([[1, 0, 3], [2, 5, 1]]).astype(d)), np.add(0.75, 1), 2, 0.5, -1, true]
const partners = (): (NDArray | number | boolean)[] => sized([np.array([[2, 1, 3], [1, 4, 2]]), np.array(Int32Array.of(1, 2, 3)), 0.5], [np.array([[2, 1, 3], [1, 4, 2]]), np.array(Int32Array.of(1, 2, 3)), 2, 0.5, true])

interface Comparisons {
  readonly made: number
  readonly differences: readonly string[]
}

/**
 * Calls and the same calls under jit: arrays, wherever they stand, are its arguments; numbers stay numbers, which as arguments would be weak
 * floats. Where a value decides what is computed, one array alone is the argument.
 */
function compared(way: Way, name: string, call: (...xs: unknown[]) => unknown, operandLists: readonly (readonly unknown[])[], near: boolean = false): Comparisons {
  let made = 0
  const wrong = operandLists.flatMap((given) => {
    let eager: NDArray[] | null
    try {
      eager = arraysOf(call(...given))
    } catch {
      // No function of such operands.
      return []
    }
    if (eager === null) return []
    const expected = eager.map(described)
    const arrays: NDArray[] = []
    replaceArrays(given, (x) => arrays.push(x))
    const text = `${name}(${given.map(String).join(', ')}), ${way.name}`
    const attempt = (traced: (place: number) => boolean): readonly string[] | null => {
      const jitted = jit((...xs: NDArray[]) => {
        let place = 0
        let next = 0
        const put = replaceArrays(given, (x) => (traced(place++) ? xs[next++]! : x)) as unknown[] // a list, as `given` is
        return arraysOf(call(...put))!
      })
      try {
        const found = jitted(...arrays.filter((_, place) => traced(place))).map(described)
        made++
        const [foundText, expectedText] = [JSON.stringify(found), JSON.stringify(expected)]
        return foundText === expectedText || (near && isNear(found, expected)) ? [] : [`${text}: ${foundText}, and ${expectedText} eagerly`]
      } catch (e) {
        // What depends on values cannot be traced.
        return e instanceof ConcretizationError ? null : [`${text}: ${String(e)}`]
      }
    }
    return attempt(() => true) ?? (arrays.length === 1 ? [] : arrays.flatMap((_, alone) => attempt((place) => place === alone) ?? []))
  })
  return { made, differences: wrong }
}

const inNumpy = (names: string): string[] => names.split(' ').map((name) => `np.${name}`)
/** Functions whose results are no arrays: shapes, types and what describes them. */
const givesNoArrays: readonly string[] = ['lax.convDimensionNumbers', ...inNumpy('broadcastShapes finfo iinfo isdtype ndim promoteTypes resultType shape size')]
/** Functions whose results have shapes that depend on values. */
const needsValues: readonly string[] = inNumpy('argwhere flatnonzero intersect1d nonzero setdiff1d setxor1d trimZeros union1d unique uniqueAll uniqueCounts uniqueValues')

/** Of those, functions that never look at a second operand: traced alone, it would make a comparison of nothing. */
const takesOneAlone: readonly string[] = inNumpy('argwhere nonzero')

/**
 * Fixtures whose sums are of what is turned over or transposed in the same program (the kernel of a convolution, variables in columns), which WebAssembly
 * adds up as they lie (docs/coming-from-jax.md). Types are the same; values are within their rounding, and the other fixtures of these functions to the bit.
 */
const sumsOfTurned = (name: string, { options }: Params): boolean => name === 'convolve' || ((name === 'cov' || name === 'corrcoef') && options?.['rowvar'] === false)
const isNear = (found: readonly Described[], expected: readonly Described[]): boolean => {
  const types = (all: readonly Described[]): string => JSON.stringify(all.map(({ dtype, weak, shape }) => ({ dtype, weak, shape })))
  const values = (all: readonly Described[]): number[] => all.flatMap(({ data }) => data.map(Number))
  const [a, b] = [values(found), values(expected)]
  const unit = 2 ** -22 * Math.max(...b.map(Math.abs))
  return types(found) === types(expected) && a.every((x, i) => Object.is(x, b[i]) || Math.abs(x - b[i]!) <= unit)
}

const eagerWays = ways.filter((w) => !w.jitted)

for (const way of eagerWays) {
  describe(`the same bits and types under jit, on ${way.device}`, () => {
    test.each(functions)('%s as its right uses say, of one operand, and of two', (name, f) => {
      on(way, () => {
        const one = operands().map((x) => [x])
        const two = takesOneAlone.includes(name) ? [] : partners().flatMap((y) => sized([np.array(Int32Array.of(4, 5, 6)), 3], operands()).map((x) => [x, y]))
        const { made, differences } = compared(way, name, f, [...rightUses(name, way), ...one, ...two])
        expect(differences).toEqual([])
        expect(made > 0, `comparisons of ${name}`).toBe(!givesNoArrays.includes(name) && !needsValues.includes(name))
      })
    })

    test.each(entries)('%s as the fixtures call it', (name, cases) => {
      on(way, () => {
        expect(cases.slice(0, sized(1, cases.length)).flatMap((c) => compared(way, name, callOf(name, c.params) as (...xs: unknown[]) => unknown, [c.args.map(array)], way.device === 'wasm' && sumsOfTurned(name, c.params)).differences)).toEqual([])
      })
    })

    test('products of what is computed, transposed or picked out, and their gradients', () => {
      on(way, () => {
        const drawn = (seed: number, shape: readonly number[]): NDArray => random.normal(random.key(seed), shape)
        for (const [rows, depth] of sized([[3, 4], [29, 53], [64, 129]], [[3, 4], [5, 7], [8, 8], [16, 16], [29, 53], [37, 8], [64, 129], [90, 91], [200, 300]] as const)) {
          // several vectors and a large matrix are added up as the matrix lies (docs/coming-from-jax.md)
          for (const batch of rows * depth >= 8192 ? [1, 9, 16] : [1, 2, 4, 7, 8, 9, 16]) {
            const [x, w, v, y] = [drawn(1, [batch, depth]), drawn(2, [rows, depth]), drawn(3, [depth, rows]), drawn(4, [batch, depth])]
            const programs: Readonly<Record<string, (x: NDArray, w: NDArray, v: NDArray, y: NDArray) => NDArray>> = {
              'transposed matrix': (a, m) => np.matmul(a, m.T),
              'computed rows': (a, m) => np.matmul(nn.relu(a), m.T),
              'computed matrix': (a, _, m) => np.matmul(a, np.tanh(m)),
              'computed transposed matrix': (a, m) => np.matmul(np.tanh(a), nn.relu(m).T),
              'transposed rows': (a, m) => np.matmul(m, a.T),
              'strided vector': (a, m) => np.matmul(np.tanh(m), np.tanh(a.T).slice([], 0)),
              'every second step': (a, m) => np.matmul(a.slice([], [null, null, 2]), m.slice([], [null, null, 2]).T),
              'two layers': (a, m) => np.matmul(nn.relu(np.matmul(a, m.T)), m),
              einsum: (a, m) => np.einsum('bk,nk->nb', np.sin(a), m),
              gradient: (a, m, _, b) => grad((p: NDArray) => np.sum(np.matmul(nn.relu(np.matmul(a, p.T)), p).mul(b)))(m),
              'gradient of the rows': (a, m, _, b) => grad((p: NDArray) => np.sum(np.matmul(np.tanh(np.matmul(p, m.T)), m).mul(b)))(a),
            }
            for (const [name, program] of Object.entries(programs)) expect(described(jit(program)(x, w, v, y)), `${name}, ${batch} of [${rows},${depth}]`).toEqual(described(program(x, w, v, y)))
          }
        }
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
