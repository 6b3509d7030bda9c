/** A law as a test: how many programs it is tried on, how many of those could not tell anything, and a line that says so. */
import fc from 'fast-check'
import { defaultDevice, type DeviceName } from 'pullback'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WasmBackend } from '../../src/backends/wasm/index.ts'
import { backendOf } from '../../src/core/devices.ts'
import { traceDepth } from '../../src/core/trace.ts'
import '../families.ts'
import { longTestTimeout, numLawRuns, scale, seed } from '../scale.ts'

export interface Run {
  /** Says that this program decides nothing about the law: its values are not finite, or rounding alone decides them. */
  readonly discard: () => void
}

/** A law that more programs than this cannot decide is not being tested. */
const mostDiscarded = 0.3

/** The device of laws that name none: the reference, since what they are about comes before any device, unless who runs them says otherwise. */
export const held: { device: DeviceName } = { device: process.env['PULLBACK_TEST_LAW_DEVICE'] === 'wasm' ? 'wasm' : 'cpu' }
beforeAll(() => {
  defaultDevice(held.device)
})

/** Files of laws that compute nothing on the device that is the default, or name another. */
const elsewhere = /(lowering|nesting|passes|text)\.test\.ts$/
// `npm run test:full` runs the laws once more on two threads: then these have to take part.
afterAll(() => {
  const wasm = backendOf('wasm')
  if (process.env['PULLBACK_SHARE_ABOVE'] === '0' && wasm instanceof WasmBackend && wasm.threads() > 1 && !elsewhere.test(expect.getState().testPath ?? '')) expect(wasm.launches()).toBeGreaterThan(0)
})

const lines: string[] = []
afterAll(() => {
  if (scale === 'full') console.log(lines.splice(0).join('\n'))
})

/** `statement` holds for everything that `arbitrary` gives: `check` throws where it does not. */
export function law<T>(statement: string, arbitrary: fc.Arbitrary<T>, check: (value: T, run: Run) => void, numRuns: number = numLawRuns): void {
  test(statement, { timeout: longTestTimeout }, () => {
    let runs = 0
    let discarded = 0
    fc.assert(
      fc.property(arbitrary, (value) => {
        runs++
        let decided = true
        check(value, { discard: () => (decided = false) })
        if (!decided) discarded++
        expect(traceDepth()).toBe(0)
      }),
      { numRuns, ...(seed === null ? {} : { seed }) },
    )
    decide(statement, runs, discarded)
  })
}

/** As `law`, of devices that have to be waited for. */
export function asyncLaw<T>(statement: string, arbitrary: fc.Arbitrary<T>, check: (value: T, run: Run) => Promise<void>, numRuns: number = numLawRuns): void {
  test(statement, { timeout: longTestTimeout }, async () => {
    let runs = 0
    let discarded = 0
    await fc.assert(
      fc.asyncProperty(arbitrary, async (value) => {
        runs++
        let decided = true
        await check(value, { discard: () => (decided = false) })
        if (!decided) discarded++
        expect(traceDepth()).toBe(0)
      }),
      { numRuns, ...(seed === null ? {} : { seed }) },
    )
    decide(statement, runs, discarded)
  })
}

function decide(statement: string, runs: number, discarded: number): void {
  lines.push(`law: ${statement}: ${runs} programs, ${discarded} of them undecided`)
  expect(discarded / runs, `${discarded} of ${runs} programs decide nothing`).toBeLessThan(mostDiscarded)
}
