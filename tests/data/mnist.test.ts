import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { idx, mnist } from '../../src/data/index.ts'
import { FormatError, np } from '../../src/index.ts'

test('the four files of the package are the MNIST everybody knows', async () => {
  const { train, test: held } = await mnist()
  expect([train.images.shape, train.labels.shape]).toEqual([[60_000, 28, 28], [60_000]])
  expect([held.images.shape, held.labels.shape]).toEqual([[10_000, 28, 28], [10_000]])
  // The first labels as every tutorial prints them, and how often each digit occurs (LeCun's page, "MNIST statistics").
  expect([...train.labels.dataSync()].slice(0, 10)).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4])
  expect([...held.labels.dataSync()].slice(0, 10)).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9])
  const counts = Array.from({ length: 10 }, () => 0)
  for (const label of train.labels.dataSync()) counts[label] = (counts[label] ?? 0) + 1
  expect(counts).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949])
})

test('a folder of one’s own is read too, gzipped, under either way to write the names', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pullback-mnist-'))
  const zeros = (...shape: number[]): Buffer => gzipSync(idx.encode(np.zeros(shape, { dtype: 'uint8' })))
  await writeFile(join(folder, 'train-images.idx3-ubyte.gz'), zeros(3, 28, 28))
  await writeFile(join(folder, 'train-labels.idx1-ubyte.gz'), zeros(3))
  await writeFile(join(folder, 't10k-images-idx3-ubyte.gz'), zeros(2, 28, 28))
  await expect(mnist({ folder })).rejects.toThrow('t10k-labels-idx1-ubyte')
  await writeFile(join(folder, 't10k-labels-idx1-ubyte.gz'), zeros(2))
  expect((await mnist({ folder })).test.images.shape).toEqual([2, 28, 28])
  await writeFile(join(folder, 't10k-labels-idx1-ubyte.gz'), zeros(1))
  await expect(mnist({ folder })).rejects.toThrow('the t10k files hold uint8[2,28,28] and uint8[1]; MNIST has uint8[n,28,28] and uint8[n]')
  await rm(folder, { recursive: true })
})

test('a package that is not installed is a FormatError that says how to get it', async () => {
  await expect(mnist({ package: 'no-such-package-here' })).rejects.toThrow(FormatError)
  await expect(mnist({ package: 'no-such-package-here' })).rejects.toThrow('npm install no-such-package-here')
})
