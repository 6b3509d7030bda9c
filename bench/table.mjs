// Writes the tables of README.md and docs/performance.md from results.json, between their marks.
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const results = JSON.parse(readFileSync(join(here, 'results.json'), 'utf8'))

const time = (t) => (t < 0.001 ? `${(t * 1e6).toFixed(0)} ns` : t < 0.1 ? `${(t * 1000).toFixed(1)} µs` : `${t.toFixed(t < 10 ? 2 : 1)} ms`)
const ratio = (row, peer) => {
  const difference = row.wrong?.[peer]
  if (difference !== undefined) return `✗ differs by ${(difference ?? Infinity).toExponential(1)}`
  const [mine, theirs] = [row.milliseconds.pullback, row.milliseconds[peer]]
  return theirs === undefined ? '–' : `${time(theirs)} (${(theirs / mine).toFixed(1)}x)`
}
const peers = ['jax-js', 'tfjs', 'torch', 'jax']
const line = (row) => `| ${row.name} | ${time(row.milliseconds.pullback)} | ${row.share === null ? (row.rate ?? '') : `${(100 * row.share).toFixed(0)}% (${row.rate})`} | ${peers.map((peer) => ratio(row, peer)).join(' | ')} |`
const header = (r) => `| work (float32) | pullback | of the ceiling | jax-js 0.1.25 wasm | tfjs-wasm 4.22 | ${r.python?.torch ?? 'PyTorch'} | ${r.python?.jax ?? 'JAX'} |\n|---|---|---|---|---|---|---|`
const threads = (n) => ((n ?? 1) === 1 ? 'one thread' : `${n} threads`)
const alone = ({ ceilings = [], ceiling }) => {
  const [one] = ceilings
  return one === undefined || one.threads === ceiling.threads ? '' : ` (one thread: ${one.peak.toFixed(1)} and ${one.stream.toFixed(1)})`
}
const cycles = ({ ceiling, gigahertz }) => (gigahertz === undefined ? '' : ` (${(ceiling.peak / gigahertz).toFixed(1)} flops a cycle at ${gigahertz.toFixed(2)} GHz)`)
const about = (r) => `${r.cpu}, Node ${r.node}, ${threads(r.ceiling.threads)}: peak ${r.ceiling.peak.toFixed(1)} GFLOP/s${cycles(r)}, stream ${r.ceiling.stream.toFixed(1)} GB/s${alone(r)}.`

const growth = ({ growth: tables = [] }) =>
  tables.map(({ name, sizes }) => `\n\n| ${name} | time | |\n|---|---|---|\n${sizes.map(({ size, milliseconds, note }) => `| ${size.toLocaleString('en')} | ${milliseconds === null ? '–' : time(milliseconds)} | ${note} |`).join('\n')}`).join('')

const counts = ({ counts: counted = [] }) =>
  counted.length === 0 ? '' : `\n\n| counted | | goal |\n|---|---|---|\n${counted.map(({ name, value, unit, goal }) => `| ${name} | ${value.toLocaleString('en')}${unit === 'bytes' ? ' bytes' : ''} | ${goal ?? ''} |`).join('\n')}`

function fill(file, mark, text) {
  const path = join(here, '..', file)
  const page = readFileSync(path, 'utf8')
  const [open, close] = [`<!-- ${mark} -->`, `<!-- /${mark} -->`]
  writeFileSync(path, `${page.slice(0, page.indexOf(open) + open.length)}\n${text}\n${page.slice(page.indexOf(close))}`)
}

const runs = Object.values(results)
fill('docs/performance.md', 'results', runs.map((r) => `### Node ${r.node}\n\n${about(r)}\n\n${[header(r), ...r.rows.map(line)].join('\n')}${counts(r)}\n\nBundle of an app with ${r.bundle}.${growth(r)}`).join('\n\n'))
const r = results.v20 ?? runs[0]
const chosen = ['matmul 256', 'matmul 1024', 'tanh(exp(x)), 4M', 'conv 32x32x32x64 k3 to 64', 'MLP 784-512-512-10, batch 128, SGD step', 'MNIST CNN, batch 64, Adam step', 'call of a jitted tiny function']
fill('README.md', 'speed', `## Speed\n\n${about(r)} In brackets: their time over ours. [All rows](docs/performance.md), measured by [bench/](bench/src/main.ts).\n\n${[header(r), ...r.rows.filter((row) => chosen.includes(row.name)).map(line)].join('\n')}`)
