/** `npm run demo` in a real browser: it trains, reads what is drawn, shows its step; on a phone, by keyboard, and where things are missing. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { forPages, root } from '../../../scripts/bundle.mjs'
import { policy, serve } from '../../../scripts/serve.mjs'
import { longTestTimeout, sized } from '../../scale.ts'
import { startBrowser, watched, type WatchedPage } from './harness.ts'

/** Ignored by git; pictures stay there for whoever wants to look. */
const pictures = join(root, 'out', 'browser-test')
const folder = join(root, 'node_modules', '.cache', 'pullback', 'demo')
let demo: ChildProcess
let url = ''
let browser: Browser
beforeAll(async () => {
  mkdirSync(pictures, { recursive: true })
  demo = spawn(process.execPath, [join(root, 'scripts', 'demo.mjs'), '--port', '0', '--out', folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  url = await new Promise((resolve, reject) => {
    demo.stdout!.setEncoding('utf8').on('data', (line: string) => resolve(/^(\S+) trains/.exec(line)?.[1] ?? line))
    demo.on('close', (status) => reject(new Error(`npm run demo ended with ${status}`)))
  })
  // The worker as it is, behind what checks its shaders.
  await build({ ...forPages, splitting: false, entryPoints: [join(import.meta.dirname, 'pages', 'checks.ts')], outdir: folder })
  const trainer = join(folder, 'trainer.js')
  writeFileSync(trainer, `import './checks.js'\n${readFileSync(trainer, 'utf8')}`)
  browser = await startBrowser()
}, longTestTimeout)
afterAll(async () => {
  await browser.close()
  demo.kill()
})

const phone: BrowserContextOptions = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }

interface Demo extends WatchedPage {
  readonly text: (id: string) => Promise<string>
  readonly until: (id: string, pattern: RegExp) => Promise<void>
}

async function visit(options: BrowserContextOptions = {}, at = url, by = browser): Promise<Demo> {
  const { page, ...rest } = await watched(by, options)
  // What moves, from the start.
  await page.addInitScript(() => {
    const seen = { shift: 0 }
    Object.assign(globalThis, { seen })
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as unknown as { readonly hadRecentInput: boolean; readonly value: number }[]) if (!entry.hadRecentInput) seen.shift += entry.value
    }).observe({ entryTypes: ['layout-shift'] })
  })
  await page.goto(at)
  const text = async (id: string): Promise<string> => (await page.locator(`#${id}`).textContent()) ?? ''
  const until = async (id: string, pattern: RegExp): Promise<void> => {
    await page.waitForFunction(([id, source]) => new RegExp(source!).test(document.getElementById(id!)!.textContent ?? ''), [id, pattern.source], { polling: 50 }) // not by frames, which end for a while with the GPU's process
  }
  await until('status', /Ready/)
  return { page, ...rest, text, until }
}

/** What the page tells of training, each time that the number of steps changes, and what it says while it waits. */
interface Told {
  readonly steps: { readonly step: number; readonly loss: number; readonly accuracy: number }[]
  readonly waits: string[]
}
async function listen(page: Page): Promise<() => Promise<Told>> {
  await page.evaluate(() => {
    const told: Told = { steps: [], waits: [] }
    Object.assign(globalThis, { told })
    const at = (id: string): string => document.getElementById(id)!.textContent ?? ''
    const observe = (id: string, f: () => void): void => new MutationObserver(f).observe(document.getElementById(id)!, { childList: true, characterData: true, subtree: true })
    observe('accuracy', () => told.steps.push({ step: Number(at('step')), loss: Number(at('loss')), accuracy: Number.parseFloat(at('accuracy')) }))
    observe('waited', () => {
      if (at('waited') !== '' && document.getElementById('busy')!.checkVisibility({ visibilityProperty: true })) told.waits.push(`${at('status')} ${at('waited')}`)
    })
  })
  return () => page.evaluate(() => (globalThis as unknown as { told: Told }).told)
}

/** How far things have moved that nobody touched. */
const shiftOf = (page: Page): Promise<number> => page.evaluate(() => (globalThis as unknown as { seen: { shift: number } }).seen.shift)

async function picture(page: Page, name: string): Promise<void> {
  const path = join(pictures, `demo-${name}.png`)
  await page.evaluate(() => scrollTo(0, 0))
  await page.waitForTimeout(300) // what was out of sight is painted
  await page.screenshot({ path, fullPage: true })
  console.log(`a picture of the demo: ${path}`)
}

/** A seven, in one stroke. */
async function drawSeven(page: Page): Promise<void> {
  await page.locator('#pad').scrollIntoViewIfNeeded()
  const { x, y, width, height } = (await page.locator('#pad').boundingBox())!
  await page.mouse.move(x + 0.3 * width, y + 0.25 * height)
  await page.mouse.down()
  await page.mouse.move(x + 0.7 * width, y + 0.25 * height, { steps: 6 })
  await page.mouse.move(x + 0.45 * width, y + 0.8 * height, { steps: 6 })
  await page.mouse.up()
}

test('the server sends the policy and the headers of isolation with everything', async () => {
  expect(policy).toBe("default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'")
  for (const path of ['', 'main.js', 'trainer.js', 'worker.js', 'style.css', 'data/test-labels.gz', 'nowhere']) {
    const { headers } = await fetch(url + path)
    expect([headers.get('content-security-policy'), headers.get('cross-origin-opener-policy'), headers.get('cross-origin-embedder-policy')]).toEqual([policy, 'same-origin', 'require-corp'])
  }
  expect((await fetch(`${url}..%2f..%2fpackage.json`)).status).toBe(404)
})

test('the worker does the work: what runs on the page’s own thread has nothing of the library', async () => {
  const loadedBy = async (name: string): Promise<string> => {
    const text = await (await fetch(url + name)).text()
    const more = [...text.matchAll(/\b(?:from|import)\s*"\.\/([^"]+)"/g)].map(([, file]) => loadedBy(file!))
    return [text, ...(await Promise.all(more))].join('\n')
  }
  const compiles = /new WebAssembly\.Module/
  expect(await loadedBy('trainer.js')).toMatch(compiles)
  expect(await loadedBy('main.js')).not.toMatch(compiles)
})

test('it trains, stops and goes on, and reads what is drawn', async () => {
  const { page, text, until, close } = await visit()
  await page.click('#toggle')
  await until('step', sized(/^([4-9]\d|\d{3})/, /^\d{4}/))
  await drawSeven(page)
  await until('prediction', /I read \d/)
  await page.click('#toggle')
  await until('status', /^Stopped after \d+ steps$/)
  const steps = Number(await text('step'))
  expect(Number.parseFloat(await text('loss'))).toBeLessThan(sized(1.9, 0.3))
  expect(Number.parseFloat(await text('tested'))).toBeGreaterThan(sized(50, 97))
  if (sized(false, true)) expect(await text('prediction')).toMatch(/^I read 7/)
  expect(await text('loss-chart')).toMatch(/^Loss/)
  expect(await page.locator('#loss-chart svg').getAttribute('aria-label')).toMatch(new RegExp(`^Loss: [\\d.]+ after ${steps} steps$`))
  await picture(page, 'desktop')
  expect(await shiftOf(page)).toBeLessThan(0.02)

  await page.click('#toggle')
  await until('step', new RegExp(`^${steps + 1}$|^${steps + 2}$|^${steps + 3}$|^\\d{${String(steps).length + 1}}$`))
  await page.click('#reset')
  await until('status', /Ready/)
  expect([await text('step'), await text('loss'), await text('tested')]).toEqual(['0', '–', '–'])
  await close()
}, longTestTimeout)

test('a test image is shown and read; before training the page says that it has learnt nothing', async () => {
  const { page, until, text, close } = await visit()
  await page.selectOption('#digit', '3')
  await page.click('#example')
  await until('prediction', /^I read \d \(\d+ %\), but I have not learnt anything yet$/)
  expect(await page.locator('#bars li').count()).toBe(10)
  const shares = (await page.locator('#bars .percent').allTextContents()).map((share) => Number.parseInt(share))
  expect(Math.abs(shares.reduce((a, b) => a + b) - 100)).toBeLessThanOrEqual(5)
  await page.click('#clear')
  await until('prediction', /Nothing drawn yet/)
  expect(await text('bars')).toMatch(/0–1–2–/)
  await close()
})

test('on WebGPU it reads, trains and stops, all by keyboard', async () => {
  const { page, text, until, close } = await visit()
  expect(await text('webgpu-note')).toMatch(/swiftshader/i)
  if (sized(true, false)) await page.selectOption('#batch', '16')
  await page.locator('input[value=wasm]').focus()
  await page.keyboard.press('ArrowDown')
  expect(await page.locator('input[value=webgpu]').isChecked()).toBe(true)
  await until('status', /^Ready$/)
  await page.locator('#example').focus()
  await page.keyboard.press('Enter')
  await until('prediction', /^I read \d/)
  const told = await listen(page)
  await page.locator('#toggle').focus()
  await page.keyboard.press('Enter')
  await until('toggle', /^Stop$/)
  await until('step', sized(/^[1-9]/, /^\d\d$/))
  await page.keyboard.press('Enter')
  await until('status', /^Stopped after \d+ steps?$/)
  expect(await text('toggle')).toBe('Go on')
  const { steps, waits } = await told()
  // Step by step: the numbers, and the lines.
  expect(steps.map(({ step }) => step)).toEqual(steps.map((_, i) => i + 1))
  expect(steps[0]!.loss).toBeCloseTo(Math.log(10), 1)
  for (const id of ['loss-chart', 'accuracy-chart']) expect((await page.locator(`#${id} .each`).getAttribute('d'))!.match(/[ML]/g)).toHaveLength(steps.length)
  if (sized(false, true)) {
    // That time passes is shown while shaders compile.
    expect(waits[0]).toMatch(/^Compiling shaders \(slow in software\) \d+ s$/)
    expect(steps.at(-1)!.loss).toBeLessThan(steps[0]!.loss - 0.1)
    expect(Number.parseFloat(await text('tested'))).toBeGreaterThan(20)
  }
  await picture(page, 'webgpu')
  const trainer = page.workers().find((worker) => worker.url().endsWith('/trainer.js'))!
  const { shaders, complaints } = (await trainer.evaluate(() => globalThis.shadersChecked!()))
  expect(shaders).toBeGreaterThan(10)
  expect(complaints).toEqual([])
  // Back where it was.
  await page.check('input[value=wasm]')
  await until('status', /^Ready$/)
  expect(await text('step')).toBe('0')
  await close()
}, longTestTimeout)

test('the step is shown as jaxpr, kernels, WGSL and WAT, and saved', async () => {
  const { page, until, close } = await visit()
  for (const [name, pattern] of [['Jaxpr', /^\{ lambda ;[^]* convGeneralDilated/], ['Optimized', /^\{ lambda/], ['Kernels', /^0 loop [^]*contraction/], ['WGSL', /@compute/], ['WAT', /^\(module/]] as const) {
    await page.getByRole('tab', { name }).click()
    await until('text', pattern)
    expect(await page.getByRole('tabpanel', { name }).count()).toBe(1)
  }
  await until('code-help', /[\d,]{5,} lines/)
  await page.getByRole('button', { name: /^Show all [\d,]+ lines$/ }).click()
  await until('text', /\)\n?$/)
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#save')])
  expect(download.suggestedFilename()).toBe('step.wat')
  expect(await readFile(await download.path(), 'utf8')).toBe(await page.locator('#text').textContent())
  // The shaders are those that run: over what is given away, with all that the GPU can do.
  await page.getByRole('tab', { name: 'WGSL' }).click()
  await until('text', /@compute/)
  await page.getByRole('button', { name: /^Show all/ }).click()
  await until('text', /\*input \d/)
  await until('text', /enable subgroups;/)
  // Another number of images is another step.
  await page.getByRole('tab', { name: 'Jaxpr' }).click()
  await page.selectOption('#batch', '16')
  await until('text', /u8\[16,28,28\]/)
  await close()
}, longTestTimeout)

test('all of it is in reach of the keyboard', async () => {
  const { page, until, close } = await visit()
  const focused = (): Promise<string> => page.evaluate(() => document.activeElement?.id || (document.activeElement as HTMLInputElement | null)?.value || (document.activeElement?.textContent ?? ''))
  const order: string[] = []
  for (let i = 0; i < 13; i++) {
    await page.keyboard.press('Tab')
    order.push(await focused())
  }
  expect(order).toEqual(['Skip to training', 'wasm', 'batch', 'toggle', 'reset', 'pad', 'digit', 'example', 'clear', 'tab-jaxpr', 'text-panel', 'save', expect.any(String)])

  await page.locator('#pad').focus()
  // A bar from top to bottom, as people draw a one.
  await page.keyboard.press('Space')
  await until('prediction', /Pen down|I read/)
  for (let i = 0; i < 14; i++) await page.keyboard.press('ArrowDown')
  await until('prediction', /I read \d/)
  await page.keyboard.press('Delete')
  await until('prediction', /Nothing drawn yet|Cleared/)

  await page.locator('#tab-jaxpr').focus()
  await page.keyboard.press('ArrowRight')
  expect(await focused()).toBe('tab-optimized')
  await page.keyboard.press('End')
  expect(await focused()).toBe('tab-wat')
  expect(await page.locator('[role=tab][tabindex="0"]').count()).toBe(1)
  await close()
})

test('everything that can be used has a name', async () => {
  const { page, close } = await visit()
  const tree = await page.locator('body').ariaSnapshot()
  for (const name of ['heading "pullback reads digits" [level=1]', 'radio "WebAssembly', 'radio "WebGPU', 'combobox "Images a step', 'button "Start training"', 'application "Drawing pad"', 'combobox "A test image of', 'img "What the network sees', 'list "How likely each digit is"', 'tablist "What one step becomes"', 'img "Loss: no step taken yet"']) expect(tree).toContain(name)
  expect(tree).not.toMatch(/- (button|combobox|radio|tab|img|application)(:|$)/m)
  await close()
})

test('what has the focus of the keyboard shows it, whole', async () => {
  const { page, close } = await visit()
  for (let i = 0; i < 12; i++) {
    await page.keyboard.press('Tab')
    const ring = await page.evaluate(() => {
      const focused = document.activeElement!
      const ringed = focused.matches('.choice input') ? focused.closest('.choice')! : focused
      const { outlineStyle, outlineWidth, outlineOffset } = getComputedStyle(ringed)
      const reach = Number.parseFloat(outlineWidth) + Number.parseFloat(outlineOffset)
      // What scrolls cuts off what is beyond its edge.
      let room = Infinity
      for (let around = ringed.parentElement; around !== null && around !== document.body; around = around.parentElement) {
        if (getComputedStyle(around).overflow === 'visible') continue
        const [inner, outer] = [ringed.getBoundingClientRect(), around.getBoundingClientRect()]
        room = Math.min(room, inner.top - outer.top, outer.bottom - inner.bottom, inner.left - outer.left)
      }
      return { what: focused.id || focused.textContent, outlineStyle, width: Number.parseFloat(outlineWidth), cut: Math.max(0, reach - room) }
    })
    expect(ring).toMatchObject({ outlineStyle: 'solid', width: 3, cut: 0 })
  }
  await close()
})

test.each(['light', 'dark'] as const)('letters stand out from what is behind them, and what can be used from its panel: %s', async (colorScheme) => {
  const { page, until, close } = await visit({ colorScheme })
  await page.click('#example')
  await until('prediction', /I read/)
  const faint = await page.evaluate(() => {
    // By WCAG 2.2: relative luminance, 4.5 to 1 for text, 3 to 1 for the outline of a control.
    const channels = (color: string): number[] => (/rgba?\(([^)]*)\)/.exec(color)?.[1] ?? '').split(',').map(Number)
    const luminance = (color: string): number => {
      const [r, g, b] = channels(color).map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4)) as [number, number, number]
      return 0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    const contrast = (a: string, b: string): number => {
      const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number]
      return (light + 0.05) / (dark + 0.05)
    }
    const behind = (x: Element): string => {
      for (let at: Element | null = x; at !== null; at = at.parentElement) {
        const { backgroundColor } = getComputedStyle(at)
        if (channels(backgroundColor)[3] !== 0) return backgroundColor
      }
      return 'rgb(255, 255, 255)'
    }
    const found: string[] = []
    for (const x of document.querySelectorAll('body *')) {
      const own = [...x.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent!.trim() !== '')
      if (!own || x.matches(':disabled, noscript, option, .skip') || !x.checkVisibility({ visibilityProperty: true })) continue
      const { color, fill } = getComputedStyle(x)
      const ratio = contrast(x instanceof SVGElement ? fill : color, behind(x))
      if (ratio < 4.5) found.push(`${x.id || x.className || x.tagName} ${x.textContent}: ${ratio.toFixed(2)}`)
    }
    for (const x of document.querySelectorAll('button:not([role=tab], :disabled), select, .choice')) {
      const ratio = contrast(getComputedStyle(x).borderTopColor, behind(x.parentElement!))
      if (ratio < 3) found.push(`the edge of ${x.id || x.textContent}: ${ratio.toFixed(2)}`)
    }
    return found
  })
  expect(faint).toEqual([])
  await close()
})

describe('on a phone', () => {
  test.each(['light', 'dark'] as const)('nothing is wider than the screen, and everything is large enough to touch: %s', async (colorScheme) => {
    const { page, until, close } = await visit({ ...phone, colorScheme })
    await page.locator('#example').tap()
    await until('prediction', /I read/)
    await until('status', /^Ready$/) // the digits are there
    for (const name of ['WAT', 'Kernels']) await page.getByRole('tab', { name }).tap()
    await until('text', /contraction/)
    expect(await page.evaluate(() => [document.documentElement.scrollWidth, document.body.scrollWidth])).toEqual([390, 390])
    const small = await page.evaluate(() => [...document.querySelectorAll('button, select, .choice')].filter((x) => x.checkVisibility() && x.getBoundingClientRect().height < 43.5).map((x) => x.id))
    expect(small).toEqual([])
    expect(await shiftOf(page)).toBeLessThan(0.02)
    await picture(page, `phone-${colorScheme}`)
    await close()
  })
})

test('a GPU that is lost is told of, and starting over has another', async () => {
  const own = await startBrowser()
  const { page, until, close } = await visit({}, url, own)
  await page.check('input[value=webgpu]')
  await until('status', /^Ready$/)
  await page.click('#example')
  await until('prediction', /^I read \d/)
  await (await own.newBrowserCDPSession()).send('Browser.crashGpuProcess')
  // The page may get no frames for a long while after that: whatever waits for one (a click of Playwright's, the pad) is left alone.
  const press = (id: string): Promise<void> => page.evaluate((id) => document.getElementById(id)!.click(), id)
  await press('toggle')
  await until('status', /^DeviceError: .* was lost .*‘Start over’ begins anew\.$/)
  await press('reset')
  await until('status', /^Ready$/)
  await close(/Instance reference no longer exists|GPU|context/i)
  await own.close()
}, longTestTimeout)

describe('where something is missing', () => {
  test('without isolation the page says so, and trains on one thread', async () => {
    const bare = await serve(folder, { isolated: false })
    const { page, text, until, close } = await visit({}, bare.url)
    expect(await text('wasm-note')).toBe('1 thread: the page is not cross-origin isolated (its server sends no COOP and COEP headers)')
    await page.selectOption('#batch', '16')
    await page.click('#toggle')
    await until('step', /^[3-9]|^\d\d/)
    await close()
    await bare.close()
  })

  test('without a GPU the page says so, and WebGPU cannot be chosen', async () => {
    const plain = await startBrowser(null)
    const { page, text, close } = await visit({}, url, plain)
    expect(await text('webgpu-note')).toBe(['Not here. What was tried:', ...['the fastest adapter', 'any adapter', 'a software adapter'].map((choice) => `navigator.gpu, ${choice}: there is none`)].join('\n'))
    expect(await page.locator('input[value=webgpu]').isDisabled()).toBe(true)
    await close()
    await plain.close()
  })

  test('on a page that is not secure the page says why there is no WebGPU', async () => {
    const [bare, mapped] = [await serve(folder, { isolated: false }), await startBrowser(['--host-resolver-rules=MAP demo.test 127.0.0.1'])]
    const { text, close } = await visit({}, bare.url.replace('localhost', 'demo.test'), mapped)
    expect(await text('webgpu-note')).toBe('Not here. What was tried:\nnavigator.gpu: pages have WebGPU only over HTTPS or from localhost')
    await close()
    await mapped.close()
    await bare.close()
  })
})
