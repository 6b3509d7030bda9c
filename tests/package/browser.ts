/** The package as apps bundle it, in a real browser: threads find their worker's file, under the policy of the pages. */
import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { nodeResolve } from '@rollup/plugin-node-resolve'
import { build as esbuild } from 'esbuild'
import { rollup } from 'rollup'
import { build as vite } from 'vite'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { serve } from '../../scripts/serve.mjs'
import { sized } from '../scale.ts'
import { htmlOf, open, startBrowser } from '../webgpu/browser/harness.ts'
import type { Installed } from './installed.ts'

/** One result, alone and on two threads, which take part as soon as they are up. */
const values = (worker: string | null): string => `async () => {
    const f = jit((x) => np.sum(np.tanh(np.matmul(x, x))))
    const x = np.remainder(np.arange(512 * 512, { dtype: 'float32' }), 17).sub(8).div(64).reshape([512, 512])
    debug.threads(1)
    const values = [f(x).item()]
    debug.threads(2${worker === null ? '' : `, { worker: '${worker}' }`})
    for (let i = 0; i < 20 && debug.threads() === 2; i++) {
      values.push(f(x).item())
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    return { values: [...new Set(values)], threads: debug.threads() }
  }`
/** An app. */
const program = (worker: string | null): string => `
import { debug, jit, np } from 'pullback'
globalThis.offered = { values: ${values(worker)} }
`
interface Functions {
  readonly values: () => Promise<{ readonly values: readonly number[]; readonly threads: number }>
}

/** A page as its author writes it, and a worker of it: the files for browsers, no bundler, no import map. */
const plainly = `
import { debug, defaultDevice, init, jit, np } from './node_modules/pullback/dist/browser/pullback.js'
import { Dense } from './node_modules/pullback/dist/browser/stax.js'
import { sgd } from './node_modules/pullback/dist/browser/optimizers.js'
const offered = {
  values: ${values(null)},
  inWorker: () => new Promise((resolve, reject) => {
    const worker = new Worker('plain.mjs', { type: 'module' })
    worker.addEventListener('error', ({ message }) => reject(new Error(message)))
    worker.addEventListener('message', ({ data }) => resolve(data))
    worker.postMessage(null)
  }),
  onWebGpu: async () => {
    await init('webgpu')
    defaultDevice('webgpu')
    const [y] = await np.sum(np.square(np.arange(4))).data()
    return y
  },
  // Of other entry points, whose arrays are the same class.
  neighbours: () => [Dense(3)[0] instanceof Function, sgd(0.5).update([np.ones([2])], sgd(0.5).init([np.ones([2])]), [np.ones([2])])[0][0].js()],
}
globalThis.offered = offered
if ('WorkerGlobalScope' in globalThis) globalThis.addEventListener('message', () => offered.values().then((value) => postMessage(value)))
`
interface PlainFunctions extends Functions {
  readonly inWorker: () => Promise<{ readonly values: readonly number[]; readonly threads: number }>
  readonly onWebGpu: () => Promise<number>
  readonly neighbours: () => unknown
}

/** Each bundles `page.mjs`, and gives the folder to serve. esbuild and Rollup leave the worker alone: apps say where they put it. */
const bundlers: Readonly<Record<string, { readonly worker: string | null; readonly bundle: (app: string) => Promise<string> }>> = {
  vite: {
    worker: null,
    bundle: async (app) => {
      writeFileSync(join(app, 'index.html'), htmlOf('./page.mjs'))
      await vite({ root: app, configFile: false, logLevel: 'silent', mode: 'production', build: { outDir: 'vite', emptyOutDir: true, assetsInlineLimit: 0, rollupOptions: { onwarn: ({ code, message }) => { if (code !== 'PLUGIN_TIMINGS') throw new Error(message) } } } })
      return join(app, 'vite')
    },
  },
  esbuild: {
    worker: '/pullback-worker.js',
    bundle: async (app) => {
      const outdir = join(app, 'esbuild')
      const { warnings } = await esbuild({ absWorkingDir: app, entryPoints: [{ in: 'page.mjs', out: 'page' }, { in: 'pullback/worker', out: 'pullback-worker' }], bundle: true, minify: true, format: 'esm', platform: 'neutral', conditions: ['browser'], outdir, logLevel: 'silent' })
      expect(warnings).toEqual([])
      writeFileSync(join(outdir, 'index.html'), htmlOf('page.js'))
      return outdir
    },
  },
  rollup: {
    worker: '/pullback-worker.js',
    bundle: async (app) => {
      const dir = join(app, 'rollup')
      const bundle = await rollup({ input: { page: join(app, 'page.mjs'), 'pullback-worker': 'pullback/worker' }, plugins: [nodeResolve({ browser: true, rootDir: app })], preserveEntrySignatures: false, onwarn: ({ message }) => { throw new Error(message) } })
      await bundle.write({ dir, format: 'es' })
      await bundle.close()
      writeFileSync(join(dir, 'index.html'), htmlOf('page.js'))
      return dir
    },
  },
}

export function inBrowser(installed: () => Installed): void {
  let browser: Browser
  beforeAll(async () => {
    browser = await startBrowser()
  })
  afterAll(() => browser.close())

  test.each([true, false])('a page without a bundler imports the files for browsers; isolated: %s', async (isolated) => {
    const { app } = installed()
    writeFileSync(join(app, 'plain.mjs'), plainly)
    writeFileSync(join(app, 'index.html'), htmlOf('./plain.mjs'))
    const server = await serve(app, { isolated })
    const page = await open<PlainFunctions>(browser, server.url)
    const alone = await page.run('values')
    expect(alone.values).toHaveLength(1)
    expect(alone.threads).toBe(isolated ? 2 : 1)
    expect(page.page.workers().map((w) => basename(w.url()))).toEqual(isolated ? ['worker.js'] : [])
    expect(await page.run('inWorker')).toEqual(alone)
    expect(await page.run('neighbours')).toEqual([true, [-0.5, -0.5]])
    expect(await page.run('onWebGpu')).toBe(14)
    await page.close()
    await server.close()
  })

  test.each(Object.entries(bundlers).slice(0, sized(2, 3)))('%s: an app has threads, and the same bits with them', async (_, { worker, bundle }) => {
    const { app } = installed()
    writeFileSync(join(app, 'page.mjs'), program(worker))
    const server = await serve(await bundle(app))
    const page = await open<Functions>(browser, server.url)
    const { values, threads } = await page.run('values')
    expect(values).toHaveLength(1)
    expect(threads).toBe(2)
    expect(page.page.workers().map((w) => basename(w.url()))).toEqual([expect.stringMatching(worker === null ? /^worker-.*\.js$/ : /^pullback-worker\.js$/)])
    await page.close()
    await server.close()
  })
}
