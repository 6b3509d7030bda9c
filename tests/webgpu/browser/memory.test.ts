/** What stays resident in a page that makes new arrays and frees nothing is bounded, as in Node: `tests/memory`. */
import { readFileSync } from 'node:fs'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { longTestTimeout, sized } from '../../scale.ts'
import { open, site, type Site } from './harness.ts'
import type { Functions, Loop } from './pages/memory.ts'

let here: Site
beforeAll(async () => {
  here = await site(['memory'])
})
afterAll(() => here.remove())

const mebibyte = 2 ** 20

/** The most bytes that any page's process ever had in memory. */
async function peakOf(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  const peaks = processInfo
    .filter(({ type }) => type === 'renderer')
    .map(({ id }) => Number(/VmHWM:\s*(\d+) kB/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1]) * 1024)
  await session.detach()
  return Math.max(...peaks)
}

const plain: Loop = { step: 'jit', count: sized(250, 10_000), budget: sized(128, 2048), turns: false, kept: 0, disposes: false }

async function ran(loop: Partial<Loop>): Promise<{ readonly residentBytes: number; readonly storages: number; readonly peak: number }> {
  const page = await open<Functions>(here.browser, `${here.isolated.url}memory.html`)
  const resident = await page.run('loop', { ...plain, ...loop })
  const peak = await peakOf(here.browser)
  await page.close()
  return { ...resident, peak }
}

const budget = plain.budget! * mebibyte
/** For the page itself, and copies on the host that the engine has not collected yet. */
const slack = sized(512, 1536) * mebibyte

describe('arrays of 4 MiB that nobody frees', () => {
  test.each(sized([], ['eager', 'jit', 'grad(jit)'] as const))('in a loop that never lets the event loop turn: %s', async (step) => {
    const { residentBytes, peak } = await ran({ step })
    expect(residentBytes).toBeLessThanOrEqual(budget)
    expect(peak).toBeLessThan(budget + slack)
  }, longTestTimeout)

  test('the last 50 kept, unharmed', async () => {
    const { residentBytes, peak } = await ran({ kept: 50 })
    expect(residentBytes).toBeLessThanOrEqual(budget)
    expect(peak).toBeLessThan(budget + slack)
  }, longTestTimeout)

  test('in a loop whose every step lets it turn', async () => {
    const { residentBytes, peak } = await ran({ step: 'grad(jit)', turns: true })
    expect(residentBytes).toBeLessThanOrEqual(budget)
    expect(peak).toBeLessThan(budget + slack)
  }, longTestTimeout)
})

test('arrays that are disposed leave their place to the next at once', async () => {
  const { residentBytes, storages, peak } = await ran({ step: 'eager', disposes: true, budget: null })
  expect(storages).toBeLessThanOrEqual(4)
  expect(residentBytes).toBeLessThanOrEqual(4 * 5 * mebibyte)
  expect(peak).toBeLessThan(512 * mebibyte)
}, longTestTimeout)
