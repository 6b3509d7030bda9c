// Runs several TypeScript programs, bundled in one go, each in a process of its own, one after the other:
// `node scripts/run-each.mjs FOLDER`. Prints one JSON object a line: { file, status, stdout, stderr }.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { root, runnable } from './bundle.mjs'

const folder = resolve(process.argv[2] ?? '.')
const files = readdirSync(folder).filter((file) => file.endsWith('.ts')).sort()
// In the project, so that the programs' other imports resolve.
const outdir = mkdtempSync(join(root, 'node_modules', '.pullback-run-each-'))
try {
  await build({ ...runnable, entryPoints: files.map((file) => join(folder, file)), outbase: folder, outdir, outExtension: { '.js': '.mjs' }, splitting: true })
  for (const file of files) {
    const program = join(outdir, file.replace(/\.ts$/, '.mjs'))
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--enable-source-maps', program], { cwd: root, encoding: 'utf8', timeout: 300_000 })
    console.log(JSON.stringify({ file, status, stdout, stderr }))
  }
} finally {
  rmSync(outdir, { recursive: true })
}
