// Synchronous loops that free nothing, in processes of their own: what stays resident is bounded.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { longTestTimeout, sized } from '../scale.ts'
import { mebibyte, program, type Report } from './run.ts'

let inNode: Awaited<ReturnType<typeof program>>
let inBrowser: Awaited<ReturnType<typeof program>>
beforeAll(async () => {
  inNode = await program('loops')
  inBrowser = await program('loops', 'browser')
})
afterAll(() => {
  inNode.remove()
  inBrowser.remove()
})

/**
 * Node with the library takes 60 to 100 MiB. Dead arrays are looked for whenever 256 MiB were made, or twice of what was
 * alive at the last look; copies on the host (of operands, of spilled arrays) wait for V8's own collections.
 */
const nodeBound = 640 * mebibyte
/** The heap's budget, and 1 GiB for copies that V8 has not yet collected and for itself. */
const budget = sized(256, 2048)
const browserBound = (budget + 1024) * mebibyte
/** What comes and goes in V8's own heap. */
const noise = 96 * mebibyte

/** Arrays of loops that are in use at their end, those that the ring keeps among them. */
const mostAlive = 100

function requireBounded({ samples, peak, memory }: Report, bound: number): void {
  expect(peak).toBeLessThan(bound)
  // Small arrays are too small to be seen above. In a browser the dead count until the event loop turns.
  if (bound !== browserBound) expect(memory?.arrays).toBeLessThan(mostAlive)
  // Warm after two fifths; nothing is added from there on.
  const warm = samples.slice(Math.floor(samples.length * 0.4), -1)
  const half = Math.floor(warm.length / 2)
  expect(Math.max(...warm.slice(half)) - Math.max(...warm.slice(0, half))).toBeLessThan(noise)
}

const everyStep = ['eager', 'jit', 'grad(jit)', 'jit(grad)', 'eager grad', 'vmap', 'scan', 'host']
const someSteps = ['eager', 'jit', 'grad(jit)', 'vmap', 'scan']
const largeSteps = sized(300, 10_000)
const smallSteps = sized(10_000, 1_000_000)
/** An error takes a hundred times as long as a small step. */
const errorSteps = sized(1200, 1_000_000)

describe('a new array of 4 MiB at each step', () => {
  test.each(sized(someSteps, everyStep))(`%s`, async (name) => {
    requireBounded(await inNode.run(name, 'large', largeSteps), nodeBound)
  }, longTestTimeout)

  test('in a scan whose every step makes one', async () => {
    expect((await inNode.run('', 'inside', largeSteps)).peak).toBeLessThan(nodeBound)
  }, longTestTimeout)

  test.each(sized(['eager'], someSteps))('with errors thrown midway, by operations and by users, in every transformation: %s', async (name) => {
    requireBounded(await inNode.run(name, 'errors', largeSteps), nodeBound)
  }, longTestTimeout)

  test.each(sized(['jit'], someSteps))('with the last 50 kept, unharmed: %s', async (name) => {
    requireBounded(await inNode.run(name, 'ring', largeSteps), nodeBound + 50 * 4 * mebibyte)
  }, longTestTimeout)
})

describe('small arrays', () => {
  test.each(sized(['jit'], everyStep))('of 800 bytes: %s', async (name) => {
    requireBounded(await inNode.run(name, 'small', smallSteps), nodeBound)
  }, longTestTimeout)
  test.each(sized(['eager'], everyStep))('of 12 bytes, outside of the heap: %s', async (name) => {
    requireBounded(await inNode.run(name, 'tiny', smallSteps), nodeBound)
  }, longTestTimeout)
  test.each(sized(['jit'], someSteps))('of 800 bytes with errors thrown midway: %s', async (name) => {
    requireBounded(await inNode.run(name, 'small errors', errorSteps), nodeBound)
  }, longTestTimeout)
  test.each(sized(['jit'], someSteps))('of 800 bytes with the last 50 kept, unharmed: %s', async (name) => {
    requireBounded(await inNode.run(name, 'small ring', smallSteps), nodeBound)
  }, longTestTimeout)
})

describe('without collection on demand, as in a browser', () => {
  test.each(sized([], everyStep))('a new array of 4 MiB at each step: %s', async (name) => {
    requireBounded(await inBrowser.run(name, 'large', largeSteps, budget), browserBound)
  }, longTestTimeout)
  test.each(sized([], someSteps))('with errors thrown midway: %s', async (name) => {
    requireBounded(await inBrowser.run(name, 'errors', largeSteps, budget), browserBound)
  }, longTestTimeout)
  test.each(sized([], someSteps))('small arrays with errors thrown midway: %s', async (name) => {
    requireBounded(await inBrowser.run(name, 'small errors', errorSteps, budget), browserBound)
  }, longTestTimeout)
  test.each(sized([], ['eager', 'jit']))('small arrays with the last 50 kept, unharmed: %s', async (name) => {
    requireBounded(await inBrowser.run(name, 'small ring', smallSteps, budget), browserBound)
  }, longTestTimeout)
  test(`the last 50 kept, unharmed`, async () => {
    requireBounded(await inBrowser.run('jit', 'ring', largeSteps, budget), browserBound)
  }, longTestTimeout)
  test.each(sized(['jit'], everyStep))('small arrays: %s', async (name) => {
    requireBounded(await inBrowser.run(name, 'small', smallSteps, budget), browserBound)
  }, longTestTimeout)
})
