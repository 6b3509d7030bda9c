/** Programs of `programs/`, each bundled once and run in a process of its own, so that resident memory is its own. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { build } from 'esbuild'
import { scale } from '../scale.ts'

const root = join(import.meta.dirname, '..', '..')
export const mebibyte: number = 2 ** 20

/** `browser` has no way to collect garbage on demand, and runs in Node as well. */
export type PlatformName = 'node' | 'browser'

export interface Report {
  readonly seconds: number
  /** Resident bytes, at some twenty points of the run. */
  readonly samples: readonly number[]
  /** The most that was resident, from start to end. */
  readonly peak: number
  readonly memory?: { readonly arrays: number; readonly bytes: number; readonly peakBytes: number }
}

/** Bundles a program for a platform; gives a function that runs it, and one that removes it. */
export async function program(name: string, platform: PlatformName = 'node'): Promise<{ readonly run: (...args: readonly (string | number)[]) => Promise<Report>; readonly remove: () => void }> {
  const folder = mkdtempSync(join(root, 'node_modules', '.pullback-memory-'))
  const outfile = join(folder, `${name}.mjs`)
  await build({
    entryPoints: [join(import.meta.dirname, 'programs', `${name}.ts`)],
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    outfile,
    alias: { '#platform': join(root, 'src', 'platform', `${platform}.ts`), pullback: join(root, 'src', 'index.ts') },
    logLevel: 'warning',
  })
  return { run: (...args) => report(outfile, args.map(String), platform), remove: () => rmSync(folder, { recursive: true }) }
}

function report(file: string, args: readonly string[], platform: PlatformName): Promise<Report> {
  return new Promise((resolve, reject) => {
    let [stdout, stderr] = ['', '']
    const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.on('error', reject)
    child.on('close', (status, signal) => {
      if (status === 0) {
        const found = JSON.parse(stdout) as Report
        if (scale === 'full') console.log(`memory: ${basename(file, '.mjs')} ${args.join(' ')}, ${platform}: peak ${Math.round(found.peak / mebibyte)} MiB, ${Math.round(found.seconds)} s`)
        resolve(found)
      } else reject(new Error(`${args.join(' ')} ended with ${status ?? signal}:\n${stderr}`))
    })
  })
}
