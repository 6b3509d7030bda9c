// Runs a TypeScript program that imports `pullback` by name: `node scripts/run.mjs FILE [ARGUMENTS]`. The program is
// bundled from the sources, into this project's node_modules so that its other imports resolve, and runs in this
// process: arguments, signals and exit code are its own.
import { mkdirSync, rmSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { root, runnable } from './bundle.mjs'

const [file, ...args] = process.argv.slice(2)
if (file === undefined) {
  console.error('usage: node scripts/run.mjs FILE [ARGUMENTS]')
  process.exit(2)
}
const folder = join(root, 'node_modules', '.cache', 'pullback-run')
const name = basename(file).replace(/\.[a-z]+$/, '')
const outfile = join(folder, `${name}-${process.pid}.mjs`)
mkdirSync(folder, { recursive: true })
process.on('exit', () => rmSync(outfile, { force: true }))

const entry = resolve(file)
await build({ ...runnable, entryPoints: [entry], outfile }).catch(() => process.exit(1)) // esbuild has said why
process.setSourceMapsEnabled(true)
process.argv = [process.execPath, entry, ...args]
await import(pathToFileURL(outfile).href)
