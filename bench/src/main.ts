/** Measures every row: libraries in alternation, medians of seven, results compared before anything is timed; a library whose results differ is not timed, and is named. */
import { execSync } from 'node:child_process'
import { cpus } from 'node:os'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { debug } from 'pullback'
import { type Ceiling, ceilings, clock } from './ceiling.ts'
import { counts } from './counts.ts'
import { type Peer, pythonPeer } from './python.ts'
import type { Library, Prepared, Workload } from './workload.ts'
import { workloads } from './workloads.ts'

const [folder = '.', ...words] = process.argv.slice(2)
const samples = 7
/** Milliseconds of runs before each sample: a system whose cores slept takes some tens of them to give two threads two cores. */
const leadIn = 50

interface Row {
  readonly name: string
  readonly milliseconds: Partial<Record<Library, number>>
  readonly share: number | null
  readonly rate: string | null
  /** Libraries whose results differ from ours, and by how much of what they are measured by: not timed. */
  readonly wrong: Partial<Record<Library, number>>
  readonly notes: readonly string[]
}

const median = (xs: readonly number[]): number => [...xs].sort((a, b) => a - b)[xs.length >> 1]!

/** The greatest difference of two lists, relative to a magnitude, by default the greatest of the first list's. Infinite where there is anything but numbers, or one is longer. */
function distance(xs: ArrayLike<number>, ys: ArrayLike<number>, magnitude?: number): number {
  let [difference, size] = [0, 0]
  for (let i = 0; i < xs.length; i++) {
    difference = Math.max(difference, Math.abs(xs[i]! - ys[i]!))
    size = Math.max(size, Math.abs(xs[i]!))
  }
  const relative = difference / (magnitude ?? size)
  return xs.length === ys.length && !Number.isNaN(relative) ? relative : Infinity
}

async function sample(p: Prepared, times: number): Promise<number> {
  if (p.sample !== undefined) return p.sample(times)
  const start = performance.now()
  for (let i = 0; i < times; i++) {
    const r = p.run()
    if (r !== undefined) await r
  }
  return performance.now() - start
}

async function measure(w: Workload, ceiling: Ceiling, python: ReadonlyMap<Library, Peer>): Promise<Row> {
  if (w.once !== undefined) return { name: w.name, milliseconds: { pullback: median(Array.from({ length: samples }, w.once)) }, share: null, rate: null, wrong: {}, notes: [] }
  const prepared = new Map<Library, Prepared>()
  const notes: string[] = []
  const peers = [...python].filter(([, peer]) => peer.rows.has(w.name)).map(([name, peer]): [Library, () => Promise<Prepared>] => [name, () => peer.prepare(w.name)])
  for (const [name, make] of [...(Object.entries(w.libraries) as [Library, () => Prepared | Promise<Prepared>][]), ...peers]) {
    try {
      const p = await make()
      await p.run()
      prepared.set(name, p)
    } catch (e) {
      notes.push(`${name}: ${e instanceof Error ? e.message.split('\n')[0]! : String(e)}`)
    }
  }
  const mine = await prepared.get('pullback')?.result()
  const wrong: Partial<Record<Library, number>> = {}
  for (const [name, p] of prepared) {
    if (name === 'pullback' || mine === undefined) continue
    const difference = distance(mine, await p.result(), w.magnitude)
    if (difference <= w.tolerance) continue
    wrong[name] = difference
    prepared.delete(name)
  }
  const times = new Map<Library, number[]>([...prepared.keys()].map((name) => [name, []]))
  for (const p of prepared.values()) {
    // Warm until the engine has optimised the code: 0.7 s or 200 runs.
    const start = performance.now()
    for (let i = 0; i < 200 * w.repeat && performance.now() - start < 700; i++) await p.run()
  }
  for (let s = 0; s < samples; s++) {
    for (const [name, p] of prepared) {
      // what others did meanwhile has emptied the caches, and workers sleep: so much goes before the clock for everybody
      for (const start = performance.now(); ; ) {
        await p.run()
        if (performance.now() - start > leadIn) break
      }
      times.get(name)!.push((await sample(p, w.repeat)) / w.repeat)
    }
  }
  const milliseconds = Object.fromEntries([...times].map(([name, ts]) => [name, median(ts)])) as Row['milliseconds']
  const t = milliseconds.pullback
  const rate = t === undefined ? null : w.flops !== undefined ? w.flops / t / 1e6 : w.bytes !== undefined ? w.bytes / t / 1e6 : null
  const share = rate === null ? null : rate / (w.flops !== undefined ? (w.ofPeak ?? 1) * ceiling.peak : ceiling.stream)
  const detail = prepared.get('pullback')?.detail?.() ?? null
  return { name: w.name, milliseconds, share, rate: rate === null ? detail : `${rate.toFixed(1)} ${w.flops !== undefined ? 'GFLOP/s' : 'GB/s'}`, wrong, notes }
}

const cpu = cpus()[0]?.model ?? 'unknown CPU'
// PULLBACK_THREADS says how many; by default all of the machine's.
const all = ceilings(debug.threads())
const ceiling = all.at(-1)!
console.log(`${cpu}, Node ${process.version}`)
const gigahertz = clock()
for (const c of all) console.log(`${c.threads} thread${c.threads === 1 ? '' : 's'}: peak ${c.peak.toFixed(1)} GFLOP/s (${(c.peak / gigahertz).toFixed(1)} flops a cycle at ${gigahertz.toFixed(2)} GHz), stream ${c.stream.toFixed(1)} GB/s`)
console.log()
const python = new Map<Library, Peer>()
for (const library of ['torch', 'jax'] as const) {
  const peer = await pythonPeer(folder, library, ceiling.threads)
  if (peer !== null) python.set(library, peer)
}
const versions = Object.fromEntries([...python].map(([library, peer]) => [library, peer.name]))
console.log(`| work | pullback | of the ceiling | jax-js | tfjs-wasm | ${versions['torch'] ?? 'PyTorch'} | ${versions['jax'] ?? 'JAX'} |`)
console.log('|---|---|---|---|---|---|---|')
const rows: Row[] = []
const show = (t: number): string => (t < 0.1 ? `${(t * 1000).toFixed(1)} µs` : `${t.toFixed(t < 10 ? 2 : 1)} ms`)
const chosen = ({ name }: { readonly name: string }): boolean => words.length === 0 || words.some((word) => name.includes(word))
for (const w of workloads.filter(chosen)) {
  const row = await measure(w, ceiling, python)
  rows.push(row)
  const t = row.milliseconds.pullback
  const peer = (name: Library): string => {
    const p = row.milliseconds[name]
    const difference = row.wrong[name]
    if (difference !== undefined) return `✗ differs by ${difference.toExponential(1)}`
    return p === undefined ? '–' : `${show(p)}${t === undefined ? '' : ` (${(p / t).toFixed(1)}x)`}`
  }
  console.log(`| ${row.name} | ${t === undefined ? 'failed' : show(t)} | ${row.share === null ? (row.rate ?? '') : `${(100 * row.share).toFixed(0)}% (${row.rate})`} | ${(['jax-js', 'tfjs', 'torch', 'jax'] as const).map(peer).join(' | ')} |${row.notes.length > 0 ? ` ${row.notes.join('; ')}` : ''}`)
}

const counted = counts.filter(chosen).map(({ name, count, unit, goal = null }) => ({ name, value: count(), unit, goal }))
if (counted.length > 0) console.log()
for (const { name, value, unit, goal } of counted) console.log(`${name}: ${value.toLocaleString('en')}${unit === 'bytes' ? ' bytes' : ''}${goal === null ? '' : `, the goal is ${goal}`}`)

// Minified and gzipped bytes of an app that calls jit(grad(f)), from the project's own script.
const size = execSync('node ../scripts/size.mjs', { cwd: folder }).toString().split('\n')[0] ?? ''
console.log(`\nbundle of an app with ${size}`)

const file = join(folder, 'results.json')
let kept: Record<string, unknown> = {}
try {
  kept = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
} catch {
  // the first run has no file to add to
}
const commit = execSync('git rev-parse --short HEAD', { cwd: folder }).toString().trim()
const version = process.version.split('.')[0]!
kept[version] = { ...(kept[version] as object | undefined), cpu, node: process.version, commit, ceiling, ceilings: all, gigahertz, python: versions, bundle: size, rows, counts: counted }
// A run of some rows is to look at, not to keep.
if (words.length === 0) writeFileSync(file, `${JSON.stringify(kept, null, 2)}\n`)
for (const peer of python.values()) peer.stop()
const failed = rows.filter((row) => row.milliseconds.pullback === undefined || Object.keys(row.wrong).length > 0)
if (failed.length > 0) console.error(`\nresults are missing or differ: ${failed.map((row) => row.name).join('; ')}`)
process.exit(failed.length > 0 ? 1 : 0)
