import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { safetensors } from '../../src/data/index.ts'
import { encodeSafetensorsBytes } from '../../src/data/safetensors-bytes.ts'
import { ArgumentError, type DType, DtypeError, FormatError, np, random } from '../../src/index.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pullback-safetensors-'))
})
afterAll(() => rm(folder, { recursive: true }))

const held: readonly DType[] = ['float32', 'float64', 'float16', 'bfloat16', 'int8', 'int16', 'int32', 'uint8', 'uint16', 'uint32', 'bool']

test.each(held)('decode(encode(x)) is x for %s', (dtype) => {
  const x = np.array([[0, 1, 2], [3, 100, 1]], { dtype })
  const back = safetensors.decode(safetensors.encode({ x, scalar: np.array(1, { dtype }), empty: np.zeros([0, 3], { dtype }) }))
  expect(Object.keys(back).sort()).toEqual(['empty', 'scalar', 'x'])
  expect(back['x']?.dtype).toBe(dtype)
  expect(back['x']?.js()).toEqual(x.js())
  expect([back['scalar']?.shape, back['empty']?.shape]).toEqual([[], [0, 3]])
})

test('numbers keep their bits: NaN, infinities, −0, the smallest', () => {
  const values = new Float32Array([NaN, Infinity, -Infinity, -0, 1.401298464324817e-45])
  expect(safetensors.decode(safetensors.encode({ x: np.array(values) }))['x']?.dataSync()).toEqual(values)
})

test('metadata goes along', () => {
  const bytes = safetensors.encode({ x: np.zeros([1]) }, { metadata: { step: '7', note: 'größer' } })
  expect(safetensors.metadata(bytes)).toEqual({ step: '7', note: 'größer' })
})

test('64-bit integers of other frameworks become 32-bit ones where they fit, else they are problems', () => {
  const file = (x: bigint): Uint8Array => encodeSafetensorsBytes(new Map([['n', { dtype: 'I64', shape: [2], bytes: new Uint8Array(new BigInt64Array([1n, x]).buffer) }]]))
  const { n } = safetensors.decode(file(-(2n ** 31n)))
  expect([n?.dtype, n?.js()]).toEqual(['int32', [1, -(2 ** 31)]])
  expect(() => safetensors.decode(file(2n ** 31n))).toThrow('found 2147483648 in tensor "n" of I64')
})

describe('files', () => {
  test('are written whole, and read back', async () => {
    const path = join(folder, 'deep', 'w.safetensors')
    await safetensors.write(path, { w: np.ones([2, 2]) })
    expect((await safetensors.read(path))['w']?.js()).toEqual([[1, 1], [1, 1]])
    expect(await readdir(join(folder, 'deep'))).toEqual(['w.safetensors'])
  })

  test('that cannot be read or written are FormatErrors', async () => {
    await expect(safetensors.read(join(folder, 'missing'))).rejects.toThrow(FormatError)
    await expect(safetensors.write(folder, {})).rejects.toThrow(FormatError)
  })

  test('cut at any byte are FormatErrors; tryDecode gives the problems instead', () => {
    const bytes = safetensors.encode({ w: np.ones([2]) })
    for (let n = 0; n < bytes.length; n++) {
      expect(() => safetensors.decode(bytes.subarray(0, n))).toThrow(FormatError)
      expect(safetensors.tryDecode(bytes.subarray(0, n))._tag).toBe('Left')
    }
  })
})

describe('encode refuses', () => {
  test('keys, and says how to store them', () => {
    expect(() => safetensors.encode({ k: random.key(0) })).toThrow(DtypeError)
    expect(() => safetensors.encode({ k: random.key(0) })).toThrow('random.keyData')
  })
  test('the name that the format keeps, and unknown options', () => {
    expect(() => safetensors.encode({ __metadata__: np.ones([1]) })).toThrow(ArgumentError)
    const misspelt: object = { meta: {} }
    expect(() => safetensors.encode({}, misspelt)).toThrow("unknown option 'meta'; known options: metadata")
  })
})
