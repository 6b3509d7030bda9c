/** PyTorch and JAX as peers, where Python has them: a process each, which times its own runs (bench/python/peers.py). */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Prepared } from './workload.ts'

interface Answer {
  readonly name?: string
  readonly rows?: readonly string[]
  readonly ms?: number
  readonly error?: string
}

export interface Peer {
  /** As it calls itself, with its version. */
  readonly name: string
  readonly rows: ReadonlySet<string>
  prepare(row: string): Promise<Prepared>
  stop(): void
}

/** `BENCH_PYTHON_TORCH` and `BENCH_PYTHON_JAX` say which Python has them; else `python3`. */
const interpreter = (library: 'torch' | 'jax'): string => process.env[`BENCH_PYTHON_${library.toUpperCase()}`] ?? 'python3'

/**
 * Threads of a library that is done may spin for a while on the cores that the next one needs. Not slept through: a virtual machine whose
 * cores all sleep may get them back late.
 */
function quiet(): void {
  for (const until = performance.now() + 30; performance.now() < until; );
}

/** The library as a peer; null where Python does not have it. */
export async function pythonPeer(folder: string, library: 'torch' | 'jax', threads: number): Promise<Peer | null> {
  const python = interpreter(library)
  if (spawnSync(python, ['-c', `import numpy, ${library}`], { stdio: 'ignore' }).status !== 0) return null
  const child = spawn(python, [join(folder, 'python/peers.py'), library], { stdio: ['pipe', 'pipe', 'ignore'], env: { ...process.env, OMP_NUM_THREADS: String(threads), JAX_PLATFORMS: 'cpu' } })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const read = async (): Promise<Answer> => {
    const line = await lines.next()
    if (line.done === true) throw new Error(`${library} ended`)
    const answer = JSON.parse(line.value) as Answer
    if (answer.error !== undefined) throw new Error(answer.error)
    return answer
  }
  const ask = (command: Readonly<Record<string, string | number>>): Promise<Answer> => {
    child.stdin.write(`${JSON.stringify(command)}\n`)
    return read()
  }
  const { name = library, rows = [] } = await read()
  const file = join(tmpdir(), `bench-${process.pid}-${library}.bin`)
  return {
    name,
    rows: new Set(rows),
    prepare: async (row) => {
      await ask({ prepare: row })
      const sample = async (times: number): Promise<number> => {
        const { ms = NaN } = await ask({ run: times })
        quiet()
        return ms
      }
      return {
        run: async () => void (await sample(1)),
        sample,
        result: async () => {
          await ask({ result: file })
          const bytes = readFileSync(file)
          rmSync(file)
          return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
        },
      }
    },
    stop: () => {
      child.stdin.end()
      void once(child, 'exit')
    },
  }
}
