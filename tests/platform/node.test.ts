import { mkdtemp, readdir, readFile as readBack, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import * as browser from '../../src/platform/browser.ts'
import * as node from '../../src/platform/node.ts'
import type { Platform } from '../../src/platform/types.ts'
import { FileError } from '../../src/platform/types.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pullback-platform-'))
})
afterAll(() => rm(folder, { recursive: true }))

test('both platforms keep the same interface', () => {
  const platforms: readonly Platform[] = [node, browser]
  expect(platforms.map((p) => Object.keys(p).sort())[0]).toEqual(Object.keys(browser).sort())
})

describe('files', () => {
  test('appear whole under their name, in folders made on the way, with nothing left beside them', async () => {
    const path = join(folder, 'a', 'b', 'out.bin')
    await node.writeFile(path, new Uint8Array([1, 2, 3]))
    await node.writeFile(path, new Uint8Array([4, 5]))
    expect([...(await readBack(path))]).toEqual([4, 5])
    expect(await readdir(join(folder, 'a', 'b'))).toEqual(['out.bin'])
    expect([...(await node.readFile(path))]).toEqual([4, 5])
  })

  test('concurrent writers of one name leave one whole file', async () => {
    const path = join(folder, 'race.txt')
    const texts = Array.from({ length: 8 }, (_, i) => String(i).repeat(10_000))
    await Promise.all(texts.map((text) => node.writeFile(path, text)))
    expect(texts).toContain(await readBack(path, 'utf8'))
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  test('a file that is not there, and a folder in the way, are FileErrors that name the path', async () => {
    const missing = join(folder, 'missing.bin')
    await expect(node.readFile(missing)).rejects.toThrow(FileError)
    await expect(node.readFile(missing)).rejects.toThrow(missing)
    await expect(node.writeFile(folder, 'x')).rejects.toThrow(FileError)
    await expect(browser.writeFile('x', 'x')).rejects.toThrow(FileError)
  })
})

describe('gzip', () => {
  const bytes = new Uint8Array(1000).map((_, i) => i % 7)
  const zipped = new Uint8Array(gzipSync(bytes))

  test('inflates, at once and in the background', async () => {
    expect(node.gunzipSync(zipped, 1000)).toEqual(bytes)
    expect(await node.gunzip(zipped, 1000)).toEqual(bytes)
    expect(await browser.gunzip(zipped, 1000)).toEqual(bytes)
  })

  test('stops at the limit, so that a small file cannot fill the memory', async () => {
    expect(() => node.gunzipSync(zipped, 999)).toThrow()
    await expect(node.gunzip(zipped, 999)).rejects.toThrow()
    await expect(browser.gunzip(zipped, 999)).rejects.toThrow('more than 999')
  })

  test('refuses what is cut short', async () => {
    const cut = zipped.subarray(0, zipped.length - 5)
    expect(() => node.gunzipSync(cut, 1000)).toThrow()
    await expect(browser.gunzip(cut, 1000)).rejects.toThrow()
  })
})

test('an installed package is found from the working folder; one that is not is null', () => {
  expect(node.packageFolder('fp-ts')).toBe(join(process.cwd(), 'node_modules', 'fp-ts'))
  expect(node.packageFolder('no-such-package-here')).toBeNull()
})

describe('how many bytes the heap holds by default', () => {
  afterEach(() => vi.unstubAllGlobals())
  test.each([[0.25, 2 ** 26], [2, 2 ** 29], [8, 2 ** 31]])('with %d GiB a quarter of them, where a browser tells', (deviceMemory, budget) => {
    vi.stubGlobal('navigator', { deviceMemory })
    expect(browser.heapBudget()).toBe(budget)
  })
  test('512 MiB where it does not, and no bound in Node', () => {
    vi.stubGlobal('navigator', {})
    expect([browser.heapBudget(), node.heapBudget()]).toEqual([2 ** 29, Infinity])
  })
})

test('a collection in the middle of a turn shows which objects are gone', () => {
  const kept = { held: true }
  const refs = Array.from({ length: 100 }, () => new WeakRef({ gone: true }))
  const keptRef = new WeakRef(kept)
  node.collectGarbage?.()
  expect(keptRef.deref()).toBe(kept)
  // The last one or two may still stand in a register or on the stack.
  expect(refs.filter((r) => r.deref() !== undefined).length).toBeLessThan(5)
})
