/** Rows of what is done once: importing the library, a first step, and waiting until the engine has optimised a program's code. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const cache = 'node_modules/.cache'

/** What a new process prints: milliseconds. */
const inNewProcess = (args: readonly string[], env: Readonly<Record<string, string>> = {}): number => Number(execFileSync(process.execPath, args, { env: { ...process.env, ...env } }).toString())

/** A new process imports the bundled library and gets a first jitted result: milliseconds from before the import. */
export function importToFirstResult(folder: string): number {
  const script = join(folder, cache, 'first.mjs')
  writeFileSync(
    script,
    `const start = performance.now()
const { jit, np } = await import('./pullback.mjs')
const y = jit((x) => np.sum(np.sin(x).mul(x)))(np.array([1, 2, 3])).item()
if (Math.abs(y - 3.0834256) > 1e-5) throw new Error('sum of x sin x is ' + y)
console.log(performance.now() - start)
process.exit(0)
`,
  )
  return inNewProcess([script], { PULLBACK_THREADS: '1' })
}

/** The first step of a network in a new process: milliseconds from its call until its code is there, or its loss is. */
export const firstStepInNewProcess = (folder: string, network: 'CNN' | 'LSTM', until: 'compile' | 'run'): number => inNewProcess([join(folder, cache, 'cold.mjs'), network, until])

const median = (xs: readonly number[]): number => [...xs].sort((a, b) => a - b)[xs.length >> 1]!

/** Milliseconds of work until three calls in a row are within 1.3 of what calls take in the end: a program that nobody ran before. */
export function untilOptimised(run: () => void): number {
  const times: number[] = []
  const ends: number[] = []
  const start = performance.now()
  do {
    const begun = performance.now()
    run()
    times.push(performance.now() - begun)
    ends.push(performance.now() - start)
  } while (performance.now() - start < 1200 && times.length < 20_000)
  const steady = 1.3 * median(times.slice(-Math.max(3, times.length >> 2)))
  const settled = times.findIndex((_, i) => times.slice(i, i + 3).every((t) => t <= steady))
  return settled <= 0 ? (ends[0] ?? 0) : ends[settled - 1]!
}
