// Gigabytes alive at once, and thousands of programs: in processes of their own.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { longTestTimeout, sized } from '../scale.ts'
import { mebibyte, type PlatformName, program } from './run.ts'

type Runner = Awaited<ReturnType<typeof program>>
const runners: Runner[] = []
const started = async (name: string, platform: PlatformName = 'node'): Promise<Runner> => {
  const p = await program(name, platform)
  runners.push(p)
  return p
}
afterAll(() => {
  for (const p of runners) p.remove()
})

describe('more alive than the heap may hold', () => {
  /** 6 GiB, of which the heap holds two; at quick scale 240 MiB and 64. */
  const [count, budget] = sized([60, 64], [1536, 2048])

  test.each(['node', 'browser'] as const)('is spilled, unharmed, and comes back: %s', async (platform) => {
    const { peak, memory } = await (await started('alive', platform)).run(count, budget)
    expect(memory!.bytes).toBeGreaterThanOrEqual(count * 4 * mebibyte)
    // All of it once, the heap, what is read or waits for V8's collection, and Node.
    expect(peak).toBeLessThan((count * 4 + budget + sized(512, 1536)) * mebibyte)
  }, longTestTimeout)
})

describe('programs', () => {
  let compiles: Runner
  beforeAll(async () => {
    compiles = await started('compiles')
  })
  /**
   * A program kept costs some 25 KiB beside its code. At most 4096 eager ones, 4096 compiled functions and 2048 by structure
   * are kept, so 250 MiB where they share nothing; the rest is the arrays' 256 MiB, what V8 has not collected yet, and Node.
   */
  test.each(sized(['eager', 'functions'], ['eager', 'jit', 'jit(grad)', 'functions']))('a new one at each step: %s', async (how) => {
    const { peak } = await compiles.run(how, sized(300, 10_000))
    expect(peak).toBeLessThan(sized(256, 1024) * mebibyte)
  }, longTestTimeout)
})
