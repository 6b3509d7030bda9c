import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeNumbers, scalarBytes } from '../../src/core/bytes.ts'
import { type DType, dtypeInfo } from '../../src/core/dtype.ts'
import { numRuns } from '../scale.ts'

test('a number as a scalar has the bytes that it has in an array', () => {
  const dtypes = (Object.keys(dtypeInfo) as DType[]).filter((d) => d !== 'key') // the table's keys
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
