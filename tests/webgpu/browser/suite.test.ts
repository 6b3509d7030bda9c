/** Test files that run in Node run in a page too: published numbers, and laws on fewer programs; on WebAssembly with threads, and on WebGPU. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { longTestTimeout, scale, sized } from '../../scale.ts'
import { open, type OpenPage, site, type Site } from './harness.ts'
import { files } from './pages/files.ts'
import type { Functions } from './pages/suite.ts'

const pages = join(import.meta.dirname, 'pages')
const truth = join(import.meta.dirname, '..', '..', 'truth')

/** What the files ask of Node and of vitest, as a page has it. */
const inPage: Plugin = {
  name: 'in-page',
  setup(build) {
    build.onResolve({ filter: /^vitest$/ }, () => ({ path: join(pages, 'vitest.ts') }))
    build.onResolve({ filter: /\/scale\.ts$/ }, ({ importer }) => (importer.startsWith(pages) ? undefined : { path: join(pages, 'scale.ts') }))
    // All that the files read are the numbers of tests/truth.
    build.onResolve({ filter: /^node:fs$/ }, () => ({ path: 'fs', namespace: 'in-page' }))
    build.onLoad({ filter: /.*/, namespace: 'in-page' }, () => {
      const texts = Object.fromEntries(readdirSync(truth).filter((file) => file.endsWith('.json')).map((file) => [file, readFileSync(join(truth, file), 'utf8')]))
      return { contents: `const texts = ${JSON.stringify(texts)}\nexport const readFileSync = (url) => texts[String(url).split('/').at(-1)]\n` }
    })
  },
}

let here: Site
let page: OpenPage<Functions>
beforeAll(async () => {
  here = await site(['suite'], { plugins: [inPage], define: { 'process.env': JSON.stringify({ PULLBACK_TEST_SCALE: scale }) } })
  page = await open(here.browser, `${here.isolated.url}suite.html`)
  await page.run('startWorkers')
})
afterAll(() => here.remove())

test.each(Object.entries(files))('%s', { timeout: longTestTimeout }, async (file, { device }) => {
  const { passed, failed, launched } = await page.run('run', file)
  expect(failed).toEqual([])
  expect(passed).toBeGreaterThan(0)
  if (device === 'wasm') expect(launched).toBeGreaterThan(0)
  expect(page.complaints()).toEqual([])
})

test('the same bits with 1, 2 and 4 threads', { timeout: longTestTimeout }, async () => {
  const programs = sized(40, 1000)
  const before = await page.run('launches')
  await page.run('sameBits', programs)
  const after = await page.run('launches')
  expect(await page.run('threads'), 'no worker refused anything').toEqual([1, 2, 4])
  // of twice as many programs, not all of which have anything to share
  expect(after.map((n, i) => n - before[i]! >= programs / 4)).toEqual([false, true, true])
  await page.close()
})
