/**
 * Pages in a real browser: bundled from the sources, served under the policy of `scripts/serve.mjs`, opened in Chromium. Whatever
 * a page complains of (its console, errors nobody caught, what the policy forbids, files not found) fails the test that closes it.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, type BuildOptions } from 'esbuild'
import { type Browser, type BrowserContextOptions, chromium as playwright, type Page } from 'playwright-core'
import { expect } from 'vitest'
import { forPages, root, workerFile } from '../../../scripts/bundle.mjs'
import { chromium } from '../../../scripts/chromium.mjs'
import { serve, type Server } from '../../../scripts/serve.mjs'
import { longTestTimeout } from '../../scale.ts'

/** In the project, so that what pages import resolves. */
export function scratchFolder(): string {
  const parent = join(root, 'node_modules', '.cache')
  mkdirSync(parent, { recursive: true })
  return mkdtempSync(join(parent, 'pullback-pages-'))
}

export const htmlOf = (script: string): string => `<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>Tests</title>\n<script type="module" src="${script}"></script>\n`

/** Bundles pages of `pages/` by name, each beside its HTML, and the worker. */
export async function bundlePages(folder: string, names: readonly string[], options: BuildOptions = {}): Promise<void> {
  const scripts = names.map((name) => ({ in: join(import.meta.dirname, 'pages', `${name}.ts`), out: name }))
  await build({ ...forPages, ...options, plugins: [...(options.plugins ?? []), ...(forPages.plugins ?? [])], entryPoints: [...scripts, { in: workerFile, out: 'worker' }], outdir: folder })
  for (const name of names) writeFileSync(join(folder, `${name}.html`), htmlOf(`${name}.js`))
}

/** `more` are arguments of Chromium; `null`: without those that let it have WebGPU. */
export async function startBrowser(more: readonly string[] | null = []): Promise<Browser> {
  const { executable, env, args } = await chromium()
  return playwright.launch({ executablePath: executable, timeout: longTestTimeout, env: { ...process.env, ...env }, args: [...args.filter((arg) => more !== null || !/webgpu|Vulkan/.test(arg)), ...(more ?? [])] })
}

/** What pages offer: functions of JSON. */
type FunctionsOf<F> = { readonly [K in keyof F]: (...args: never[]) => unknown }

export interface WatchedPage {
  readonly page: Page
  /** What the page has complained of since the last look. */
  readonly complaints: () => readonly string[]
  /** Closes the page. @throws when it has complained of anything but what was expected. */
  readonly close: (expected?: RegExp) => Promise<void>
}

/** An empty page whose complaints are written down. */
export async function watched(browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext(options)
  // How long a page may take is its test's to say: a busy machine takes longer than Playwright's half minute.
  context.setDefaultTimeout(longTestTimeout)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(`${message.type()}: ${message.text()} (${message.location().url})`)
  })
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.stack ?? error.message}`))
  page.on('requestfailed', (request) => complaints.push(`no answer: ${request.url()} (${request.failure()?.errorText})`))
  return {
    page,
    complaints: () => complaints.splice(0),
    close: async (expected) => {
      await context.close()
      expect(complaints.filter((complaint) => expected?.test(complaint) !== true)).toEqual([])
    },
  }
}

export interface OpenPage<F extends FunctionsOf<F>> extends WatchedPage {
  /** Calls a function that the page offers (`pages/offer.ts`). Arguments and results are JSON. */
  readonly run: <N extends keyof F & string>(name: N, ...args: Parameters<F[N]>) => Promise<Awaited<ReturnType<F[N]>>>
}

/** Opens a page of `pages/`. @throws when its script does not run. */
export async function open<F extends FunctionsOf<F>>(browser: Browser, url: string): Promise<OpenPage<F>> {
  const { page, complaints, close } = await watched(browser)
  await page.goto(url)
  if (!(await page.evaluate(() => 'offered' in globalThis))) throw new Error(`${url} does not run:\n${complaints().join('\n')}`)
  const run: OpenPage<F>['run'] = async (name, ...args) =>
    (await page.evaluate(
      ([called, given]) => (globalThis as unknown as { offered: Record<string, (...args: unknown[]) => unknown> }).offered[called as string]!(...(given as unknown[])),
      [name, args] as const,
    )) as never // what the function gives, through JSON
  return { page, complaints, close, run }
}

export interface Site {
  readonly folder: string
  readonly isolated: Server
  /** The same files without the headers that let threads share memory. */
  readonly bare: Server
  readonly browser: Browser
  readonly remove: () => Promise<void>
}

/** Pages, two servers of them, and a browser. */
export async function site(names: readonly string[], options: BuildOptions = {}): Promise<Site> {
  const folder = scratchFolder()
  await bundlePages(folder, names, options)
  const [isolated, bare, browser] = await Promise.all([serve(folder), serve(folder, { isolated: false }), startBrowser()])
  return {
    folder, isolated, bare, browser,
    remove: async () => {
      await browser.close()
      await Promise.all([isolated.close(), bare.close()])
      rmSync(folder, { recursive: true })
    },
  }
}
