/**
 * How cost grows with size: `npm run bench -- growth [WORD …]`. Each entry takes at most a few seconds, whatever it is; what does not fit in memory
 * says so.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { debug, jit, np } from 'pullback'
import { ceilings } from './ceiling.ts'
import { numbers } from './workload.ts'
import { cnnFlops, convolutional, throughLoop } from './networks.ts'

const [folder = '.', ...words] = process.argv.slice(2)

export interface Growth {
  readonly name: string
  readonly sizes: readonly { readonly size: number; readonly milliseconds: number | null; readonly note: string }[]
}

const median = (xs: readonly number[]): number => [...xs].sort((a, b) => a - b)[xs.length >> 1]!

/** Milliseconds of a run: the median of seven samples. */
function time(f: () => void): number {
  const once = (): number => {
    const start = performance.now()
    f()
    return performance.now() - start
  }
  once()
  for (const until = performance.now() + 500; performance.now() < until; ) once()
  const repeat = Math.max(1, Math.min(2000, Math.floor(5 / Math.max(once(), 1e-3))))
  const samples: number[] = []
  for (let s = 0; s < 7; s++) {
    const begun = performance.now()
    for (let i = 0; i < repeat; i++) f()
    samples.push((performance.now() - begun) / repeat)
  }
  return median(samples)
}

const ceiling = ceilings(debug.threads()).at(-1)!
const gigaflops = (flops: number, ms: number): string => `${(flops / ms / 1e6).toFixed(1)} GFLOP/s, ${((100 * flops) / ms / 1e6 / ceiling.peak).toFixed(0)}%`
const gigabytes = (bytes: number, ms: number): string => `${(bytes / ms / 1e6).toFixed(1)} GB/s, ${((100 * bytes) / ms / 1e6 / ceiling.stream).toFixed(0)}%`

type Entry = (size: number) => { readonly milliseconds: number; readonly note: string }

const matmul: Entry = (n) => {
  const [a, b] = [1, 2].map((seed) => np.array(numbers(n * n, seed)).reshape([n, n])) as [np.NDArray, np.NDArray]
  const f = jit((x: np.NDArray, y: np.NDArray) => np.matmul(x, y))
  const milliseconds = time(() => f(a, b).dispose())
  return { milliseconds, note: gigaflops(2 * n ** 3, milliseconds) }
}

const cnn: Entry = (batch) => {
  const step = convolutional(1e-3, batch)
  const milliseconds = time(() => void step())
  return { milliseconds, note: `${((1000 * milliseconds) / batch).toFixed(0)} µs an image, ${gigaflops(cnnFlops(batch), milliseconds)}` }
}

let scale = 1
const scan: Entry = (length) => {
  const xs = np.array(numbers(length * 8, 1)).reshape([length, 8])
  const g = throughLoop(xs, (scale *= 1.001)) // another program each time
  const w = np.zeros([8, 8])
  const start = performance.now()
  g(w).dispose()
  const first = performance.now() - start
  const milliseconds = time(() => g(w).dispose())
  return { milliseconds, note: `first call ${first.toFixed(1)} ms; then ${((1e6 * milliseconds) / length).toFixed(0)} ns a step` }
}

const chain: Entry = (n) => {
  const x = np.array(numbers(n, 1))
  const f = jit((v: np.NDArray) => np.tanh(v.mul(2).add(1)).mul(v))
  const milliseconds = time(() => f(x).dispose())
  return { milliseconds, note: gigabytes(8 * n, milliseconds) }
}

const tables: readonly (readonly [name: string, sizes: readonly number[], entry: Entry])[] = [
  ['matmul n x n', [64, 128, 256, 512, 1024, 2048], matmul],
  ['MNIST CNN, Adam step, by batch', [1, 4, 16, 64, 256, 1024], cnn],
  ['grad of a scan, by length', [10, 100, 1000, 10_000, 100_000], scan],
  ['chain tanh(2x + 1) x, by elements', [1e3, 1e4, 1e5, 1e6, 1e7, 1e8], chain],
]

const cpu = cpus()[0]?.model ?? 'unknown CPU'
console.log(`${cpu}, Node ${process.version}, ${ceiling.threads} threads: peak ${ceiling.peak.toFixed(1)} GFLOP/s, stream ${ceiling.stream.toFixed(1)} GB/s`)
const grown: Growth[] = []
for (const [name, sizes, entry] of tables) {
  if (words.length > 0 && !words.some((word) => name.includes(word))) continue
  console.log(`\n${name}`)
  const rows = sizes.map((size) => {
    try {
      const { milliseconds, note } = entry(size)
      console.log(`${size.toLocaleString('en').padStart(12)}  ${milliseconds.toFixed(4).padStart(12)} ms  ${note}`)
      return { size, milliseconds, note }
    } catch (e) {
      const note = e instanceof Error ? e.message.split('\n')[0]! : String(e)
      console.log(`${size.toLocaleString('en').padStart(12)}  ${note}`)
      return { size, milliseconds: null, note }
    }
  })
  grown.push({ name, sizes: rows })
}
if (words.length === 0) {
  const file = join(folder, 'results.json')
  const kept = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, unknown>>
  const version = process.version.split('.')[0]!
  kept[version] = { ...kept[version], growth: grown }
  writeFileSync(file, `${JSON.stringify(kept, null, 2)}\n`)
}
process.exit(0)
