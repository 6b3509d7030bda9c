import fc from 'fast-check'
import { afterEach, expect, test, vi } from 'vitest'
import { encodeNumbers, scalarBytes } from '../../src/core/bytes.ts'
import { type DType, dtypeInfo } from '../../src/core/dtype.ts'
import { numRuns } from '../scale.ts'

const dtypes = (Object.keys(dtypeInfo) as DType[]).filter((d) => d !== 'key') // the table's keys
afterEach(() => {
  vi.unstubAllGlobals()
})

test('a number as a scalar has the bytes that it has in an array', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ x: fc.oneof(fc.double(), fc.boolean(), fc.constantFrom(-0, 255, -1, 65_504, 2 ** 31)), dtype: fc.constantFrom(...dtypes) })), (all) => {
      const made = all.map(({ x, dtype }) => scalarBytes(x, dtype))
      all.forEach(({ x, dtype }, i) => {
        const numbers = dtypeInfo[dtype].kind === 'complex' ? [Number(x), 0] : [Number(x)]
        expect([dtype, ...made[i]!]).toEqual([dtype, ...encodeNumbers(numbers, dtype)])
      })
    }),
    { numRuns },
  )
})

test('a scalar is made without a view of its bytes, which costs more than all the rest of an eager operation', () => {
  for (const dtype of dtypes) scalarBytes(1, dtype)
  let views = 0
  for (const array of [Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Uint8Array, Uint16Array, Uint32Array]) {
    vi.stubGlobal(array.name, new Proxy(array, {
      construct(target, args: readonly unknown[]) {
        if (args[0] instanceof ArrayBuffer) views++
        return Reflect.construct(target, args) as object
      },
    }))
  }
  for (const dtype of dtypes) for (const x of [0.5, 2, true]) scalarBytes(x, dtype)
  expect(views).toBe(0)
  encodeNumbers([1], 'float32')
  expect(views).toBe(1)
})
