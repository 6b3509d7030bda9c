/** Many updates of few elements, which go to copies of them first, and four places computed at a time. */
import { type DType, jit, type NDArray, np } from 'pullback'
import { afterAll, describe, expect, test } from 'vitest'
import { WasmBackend } from '../../../../src/backends/wasm/index.ts'
import { installBackend } from '../../../../src/core/devices.ts'
import { dtypeInfo } from '../../../../src/core/dtype.ts'
import { generator } from '../../../transforms/values.ts'

/** The device of this file: everything that can be shared is, however small. */
const backend = new WasmBackend({ threads: 1, shareAbove: 0 })
installBackend(backend)
afterAll(() => void backend.threads(1))

/** What `f` gives on so many threads, all of which take part if it is `shared`. */
function withThreads<T>(n: number, f: () => T, shared = true): T {
  backend.threads(n)
  const before = backend.launches()
  const result = f()
  expect(backend.launches() > before, `all of ${n} threads took part`).toBe(shared && n > 1)
  return result
}

const count = 2 ** 15 + 7
const random = generator(7)
/** Some of them outside. */
const placesIn = (elements: number): Int32Array => Int32Array.from({ length: count }, () => Math.floor(random() * (elements + 6)) - 3)
const combined = { add: (a: number, b: number) => a + b, mul: (a: number, b: number) => a * b, min: Math.min, max: Math.max, set: (_: number, b: number) => b } as const
type Combine = keyof typeof combined
const combines = Object.keys(combined) as Combine[] // keys of a constant table

/** The same in a loop, in order, without rounding. Negative places count from the end. */
function inOrder(combine: Combine, start: ArrayLike<number>, places: Int32Array, values: ArrayLike<number>): Float64Array {
  const out = Float64Array.from(start)
  places.forEach((p, i) => {
    const at = p < 0 ? p + out.length : p
    if (at >= 0 && at < out.length) out[at] = combined[combine](out[at]!, values[i]!)
  })
  return out
}

const numbers = (x: NDArray): number[] => [...x.dataSync()].map(Number)

const update = (combine: Combine) => (x: NDArray, places: NDArray, values: NDArray): NDArray => x.at(places)[combine](values)

describe.each(combines)('%s of many single elements', (combine) => {
  test.each<[DType, number]>([['int32', 5], ['int8', 300], ['uint16', 64], ['float32', 5], ['float32', 700], ['float64', 33]])('of %s, to %i of them', (dtype, elements) => {
    const places = placesIn(elements)
    // Whole numbers: their sums are exact in any order. Products stay finite.
    const values = Float64Array.from({ length: count }, () => (combine === 'mul' ? (random() < 0.5 ? -1 : 1) : Math.floor(random() * 9)))
    const start = Float64Array.from({ length: elements }, (_, i) => (i % 5) + 1)
    const operands = [np.array(start).astype(dtype), np.array(places), np.array(values).astype(dtypeInfo[dtype].kind === 'float' ? 'float64' : 'int32').astype(dtype)] as const
    const wanted = np.array(inOrder(combine, start, places, values)).astype('int32').astype(dtype)
    // made in order by one thread, where the order is part of the result
    const inTurn = combine === 'set' || (combine === 'mul' && dtypeInfo[dtype].kind === 'float')
    for (const n of [1, 2]) for (const f of [update(combine), jit(update(combine))]) expect(withThreads(n, () => numbers(f(...operands)), !inTurn)).toEqual(numbers(wanted))
  })
})

describe('sums of floats', () => {
  const places = placesIn(40)
  const values = Float32Array.from({ length: count }, () => random() - 0.5)
  const sums = (start: NDArray, given: NDArray): NDArray => start.at(np.array(places)).add(given)

  test('are as near as those in order, the same bits under jit and on any number of threads', () => {
    const wanted = inOrder('add', new Float32Array(40), places, values)
    const results = [1, 2, 4].flatMap((n) => [sums, jit(sums)].map((f) => withThreads(n, () => numbers(f(np.zeros([40]), np.array(values))))))
    for (const found of results) expect(found).toEqual(results[0])
    wanted.forEach((w, i) => expect(Math.abs(Number(results[0]![i]) - w)).toBeLessThan(1e-4))
  })
  test('a negative zero that only meets negative zeros stays one', () => {
    const zeros = np.negative(np.zeros([40]))
    expect(numbers(sums(zeros, np.negative(np.zeros([count])))).every((x) => Object.is(x, -0))).toBe(true)
  })
  test('halves are added up in float32', () => {
    const found = np.zeros([4], { dtype: 'float16' }).at(np.array(Int32Array.from({ length: count }, (_, i) => i % 4))).add(np.ones([count], { dtype: 'float16' }))
    expect(numbers(found)).toEqual([8192, 8192, 8192, 8192])
  })
  test('rows of a few columns too', () => {
    const n = 2 ** 14
    const at = Int32Array.from({ length: n }, (_, i) => (i * 7) % 13)
    const rows = jit((i: NDArray, u: NDArray) => np.zeros([13, 3]).at(i).add(u))
    const wanted = new Float64Array(39)
    at.forEach((row, i) => [0, 1, 2].forEach((j) => (wanted[3 * row + j]! += (i + j) % 4)))
    expect(numbers(rows(np.array(at), np.array(Float32Array.from({ length: 3 * n }, (_, k) => (Math.floor(k / 3) + (k % 3)) % 4)).reshape([n, 3])))).toEqual([...wanted])
  })
})
