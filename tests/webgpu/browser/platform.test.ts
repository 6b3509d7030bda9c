/** What a page is, to the library: with the headers that let threads share memory, without them, and in a worker. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { open, type OpenPage, site, type Site } from './harness.ts'
import type { Functions } from './pages/platform.ts'

let here: Site
beforeAll(async () => {
  here = await site(['platform'], { minify: true })
})
afterAll(() => here.remove())

const openPage = (isolated = true): Promise<OpenPage<Functions>> => open<Functions>(here.browser, `${(isolated ? here.isolated : here.bare).url}platform.html`)

describe.each([['with', true], ['without', false]] as const)('%s the headers of isolation', (_, isolated) => {
  test('a page shares memory or does not, and never sleeps', async () => {
    const page = await openPage(isolated)
    const place = { name: 'browser', isolated, sharesMemory: isolated, mayBlock: false, collects: false }
    expect(await page.run('place')).toEqual(place)
    // SharedArrayBuffer is no name there without isolation: nothing to sleep on.
    expect(await page.run('placeInWorker')).toEqual({ ...place, mayBlock: isolated })
    const threads = await page.run('threads')
    if (isolated) expect(threads).toBeGreaterThanOrEqual(1)
    else expect(threads).toBe(1)
    await page.close()
  })

  test('a gradient is compiled and run without anything to await first', async () => {
    const page = await openPage(isolated)
    const { imported, milliseconds, value } = await page.run('firstResult')
    const at = (x: number): number => Math.sin(x) + x * Math.cos(x)
    ;[0.5, 1].forEach((x, i) => expect((value as number[])[i]).toBeCloseTo(at(x), 5))
    console.log(`in a browser: imported after ${imported.toFixed(0)} ms, first compiled gradient after ${milliseconds.toFixed(0)} ms more`)
    // Around 70 ms on two cores; this machine may be busy.
    expect(milliseconds).toBeLessThan(2000)
    await page.close()
  })
})

test('files are fetched, never written, and inflated up to a limit', async () => {
  const page = await openPage()
  expect(await page.run('read', 'platform.html')).toMatch(/^<!doctype html>/)
  expect(await page.run('write')).toMatch(/cannot write x: a browser has no file system/)
  expect(await page.run('inflate')).toEqual([9000, 'RangeError: inflates to more than 8999 bytes'])
  await page.close()
})

test('a file that is not there is an error that names it', async () => {
  const page = await openPage()
  await expect(page.run('read', 'nowhere.bin')).rejects.toThrow(/cannot fetch nowhere\.bin: 404 Not Found/)
  await page.close(/404 .*nowhere\.bin/)
})

test('the policy is in force: a page may neither evaluate text nor reach another server', async () => {
  const page = await openPage()
  await page.page.addScriptTag({ content: 'globalThis.inline = true' }).catch(() => {})
  await page.page.evaluate(() => fetch('http://127.0.0.1:9/').catch(() => null))
  expect(await page.page.evaluate(() => 'inline' in globalThis)).toBe(false)
  const complaints = page.complaints().join('\n')
  expect(complaints).toMatch(/inline script violates the following Content Security Policy/)
  expect(complaints).toMatch(/127\.0\.0\.1:9\/' violates the following Content Security Policy/)
  await page.close()
})
