/** Examples as people run them: programs of their own. */
import { spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..')

export interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
  /** Milliseconds until something stood on stderr. */
  readonly firstProgress: number
}

export interface Interrupt {
  /** Milliseconds after the first line of progress at which Ctrl-C comes. */
  readonly interruptAfter?: number
}

/** Runs `examples/NAME.ts` without a terminal. */
export function example(name: string, args: readonly string[] = [], { interruptAfter }: Interrupt = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const began = performance.now()
    let [stdout, stderr, firstProgress] = ['', '', Infinity]
    const child = spawn(process.execPath, [join('scripts', 'run.mjs'), join('examples', `${name}.ts`), ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (stderr === '') {
        firstProgress = performance.now() - began
        if (interruptAfter !== undefined) setTimeout(() => child.kill('SIGINT'), interruptAfter)
      }
      stderr += text
    })
    child.on('error', reject)
    child.on('close', (status) => resolve({ status, stdout, stderr, firstProgress }))
  })
}

export const lines = (text: string): string[] => text.trimEnd().split('\n')

/** A folder that is there for one test file. */
export const scratch = (): string => mkdtempSync(join(tmpdir(), 'pullback-example-'))
