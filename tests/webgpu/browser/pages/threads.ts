/** Threads of a page: the library's own, and pools of `tests/threads` under programs made by hand. */
import { debug, jit, np } from 'pullback'
import { WasmBackend } from '../../../../src/backends/wasm/index.ts'
import type { ThreadPool } from '../../../../src/backends/wasm/pool.ts'
import { installBackend } from '../../../../src/core/devices.ts'
import { call, census, lockstep, poolOf, trapping, words } from '../../../threads/by-hand.ts'
import { inWorker, offer, turn } from './offer.ts'

/** The clock of a busy machine must not decide whether threads take part. */
const backend = new WasmBackend({ judge: false })
installBackend(backend)
const work = jit((x: np.NDArray) => np.sum(np.tanh(np.matmul(x, x))))

export interface Bits {
  readonly value: number
  /** What `debug.threads` says. */
  readonly threads: number
  /** Calls that ran on all of them. */
  readonly launches: number
}

export interface Functions {
  readonly bits: (threads: number, worker: string | null) => Promise<Bits>
  readonly bitsInWorker: (threads: number) => Promise<unknown>
  readonly lockstep: (threads: number, rounds: number) => Promise<readonly number[]>
  readonly traps: (threads: number) => Promise<readonly string[]>
  readonly sleepers: () => Promise<readonly number[]>
  readonly failure: (worker: string) => Promise<string | null>
}

/** Until all workers of a pool are up, or cannot be. */
async function up({ heap, pool, args }: ReturnType<typeof poolOf>): Promise<void> {
  const code = census(heap)
  while (pool.failure === null && call(pool, code, args) === 1) await turn(5)
  heap.words.fill(0, args / 4, args / 4 + 1024)
}

const said = (f: () => unknown): string => {
  try {
    return String(f())
  } catch (e) {
    return String(e)
  }
}

async function withPool<T>(threads: number, worker: string | null, use: (made: ReturnType<typeof poolOf>) => T | Promise<T>): Promise<T> {
  const made = poolOf(threads)
  const pool: ThreadPool = made.pool
  if (worker !== null) pool.resize(threads, worker)
  try {
    await up(made)
    return await use(made)
  } finally {
    pool.stop()
  }
}

const functions: Functions = {
  /** One result, computed again and again while workers come up. */
  bits: async (threads, worker) => {
    debug.threads(threads, worker === null ? {} : { worker })
    const before = backend.launches()
    const x = np.remainder(np.arange(512 * 512, { dtype: 'float32' }), 17).sub(8).div(64).reshape([512, 512])
    const value = Number(work(x).item())
    while (debug.threads() > 1 && backend.launches() - before < 3) {
      await turn(10)
      const again = Number(work(x).item())
      if (!Object.is(again, value)) throw new Error(`${again} after ${value}`)
    }
    return { value, threads: debug.threads(), launches: backend.launches() - before }
  },
  bitsInWorker: (threads) => inWorker('threads.js', 'bits', [threads, null]),

  /** Every thread's count of rounds, and faults. */
  lockstep: (threads, rounds) =>
    withPool(threads, null, ({ heap, pool, args }) => {
      for (let i = 0; i < 3; i++) call(pool, lockstep(heap, rounds), args)
      return [...words(heap, args, threads), ...words(heap, args + 4 * 63, 1)]
    }),

  /** What is said when each thread traps in its turn; a program after each has to be in order. */
  traps: (threads) =>
    withPool(threads, null, ({ heap, pool, args }) => {
      const [bad, good] = [trapping(heap), lockstep(heap, 10)]
      return Array.from({ length: threads }, (_, thread) => {
        heap.words[args / 4] = thread
        const message = said(() => call(pool, bad, args))
        heap.words.fill(0, args / 4, args / 4 + 64)
        if (call(pool, good, args) !== threads || words(heap, args, threads).some((n) => n !== 10)) throw new Error(`the program after a trap of thread ${thread}`)
        return message
      })
    }),

  /** How often each call found its threads, with pauses in which workers fall asleep. */
  sleepers: () =>
    withPool(2, null, async ({ heap, pool, args }) => {
      const code = census(heap)
      const threads: number[] = []
      for (let i = 0; i < 5; i++) {
        threads.push(call(pool, code, args))
        await turn(20)
      }
      return threads
    }),

  failure: (worker) => withPool(2, worker, ({ pool }) => pool.failure),
}

offer(functions)
