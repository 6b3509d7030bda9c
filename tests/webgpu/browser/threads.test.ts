/** Threads in pages: workers from a file, in a page that may not sleep, in a worker that may, and where there can be none. */
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sized } from '../../scale.ts'
import { open, type OpenPage, site, type Site } from './harness.ts'
import type { Bits, Functions } from './pages/threads.ts'

let here: Site
beforeAll(async () => {
  here = await site(['threads'])
  copyFileSync(join(here.folder, 'worker.js'), join(here.folder, 'elsewhere.js'))
  writeFileSync(join(here.folder, 'broken.js'), "throw new Error('this worker is broken')\n")
})
afterAll(() => here.remove())

const openPage = (isolated = true): Promise<OpenPage<Functions>> => open<Functions>(here.browser, `${(isolated ? here.isolated : here.bare).url}threads.html`)

test('the same bits on 1, 2 and 4 threads, which all take part: in a page, and in a worker of the page', async () => {
  const page = await openPage()
  const alone = await page.run('bits', 1, null)
  expect(alone).toMatchObject({ threads: 1, launches: 0 })
  expect(page.page.workers()).toHaveLength(0)
  for (const threads of [2, 4]) {
    const together = await page.run('bits', threads, null)
    expect(together).toMatchObject({ value: alone.value, threads })
    expect(together.launches).toBeGreaterThanOrEqual(3)
    expect(page.page.workers().map((worker) => worker.url())).toEqual(Array(threads - 1).fill(`${here.isolated.url}worker.js`))
  }
  const below = (await page.run('bitsInWorker', 2)) as Bits
  expect(below).toMatchObject({ value: alone.value, threads: 2 })
  expect(below.launches).toBeGreaterThanOrEqual(3)
  await page.close()
})

test("the worker's file is where the option says", async () => {
  const page = await openPage()
  const { launches } = await page.run('bits', 2, 'elsewhere.js')
  expect(launches).toBeGreaterThanOrEqual(3)
  expect(page.page.workers().map((worker) => worker.url())).toEqual([`${here.isolated.url}elsewhere.js`])
  await page.close()
})

test('without isolation there is one thread, no worker, and the same bits', async () => {
  const [isolated, bare] = [await openPage(), await openPage(false)]
  const { value } = await isolated.run('bits', 2, null)
  expect(await bare.run('bits', 2, null)).toEqual({ value, threads: 1, launches: 0 })
  expect(bare.page.workers()).toHaveLength(0)
  await isolated.close()
  await bare.close()
})

describe('a worker that cannot start leaves one thread, and the pool knows why', () => {
  test.each([
    { file: 'nowhere.js', why: /cannot start .*nowhere\.js/ },
    { file: 'broken.js', why: /this worker is broken/ },
    { file: 'http://127.0.0.1:9/worker.js', why: /127\.0\.0\.1:9/ },
  ])('$file', async ({ file, why }) => {
    const page = await openPage()
    const { value } = await page.run('bits', 1, null)
    expect(await page.run('bits', 2, file)).toEqual({ value, threads: 1, launches: 0 })
    expect(await page.run('failure', file)).toMatch(why)
    await page.close(/nowhere\.js|this worker is broken/)
  })
})

describe.each([2, 4])('%i threads under programs made by hand', (threads) => {
  test('meet at every barrier, and none goes ahead', async () => {
    const page = await openPage()
    const rounds = sized(200, 20_000)
    expect(await page.run('lockstep', threads, rounds)).toEqual([...Array<number>(threads).fill(3 * rounds), 0])
    await page.close()
  })

  test('a trap in any of them is an error that names it, and the next program runs', async () => {
    const page = await openPage()
    const messages = await page.run('traps', threads)
    expect(messages).toHaveLength(threads)
    messages.forEach((message, thread) => expect(message).toMatch(new RegExp(`^InternalError: .*trapped on thread ${thread}: .*unreachable`)))
    await page.close()
  })
})

test('workers sleep between programs, and wake for the next', async () => {
  const page = await openPage()
  expect(await page.run('sleepers')).toEqual([2, 2, 2, 2, 2])
  await page.close()
})
