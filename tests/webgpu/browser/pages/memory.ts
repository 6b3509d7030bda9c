/** Loops that make an array of 4 MiB at each step, in a page: no collection on demand, finalizers only when the event loop turns. */
import { grad, jit, np } from 'pullback'
import { WasmBackend } from '../../../../src/backends/wasm/index.ts'
import { installBackend } from '../../../../src/core/devices.ts'
import { offer, turn } from './offer.ts'

let backend = new WasmBackend()

const plusOne = (x: np.NDArray): np.NDArray => x.add(1)
const slope = grad(jit((x: np.NDArray) => np.sum(np.square(x)).mul(0.5)))

/** Each takes x to x + 1. */
const steps: Readonly<Record<'eager' | 'jit' | 'grad(jit)', (x: np.NDArray) => np.NDArray>> = {
  eager: plusOne,
  jit: jit(plusOne),
  'grad(jit)': (x) => slope(x).add(1),
}
export type Step = keyof typeof steps

/** What is done beside making arrays. */
export interface Loop {
  readonly step: Step
  readonly count: number
  /** MiB of the heap's budget; null: the library's own. */
  readonly budget: number | null
  /** The event loop turns after each step. */
  readonly turns: boolean
  /** So many results are kept, and looked at when they leave. */
  readonly kept: number
  /** Each array is disposed when the next is there. */
  readonly disposes: boolean
}

export interface Functions {
  readonly loop: (loop: Loop) => Promise<{ readonly residentBytes: number; readonly storages: number }>
}

function requireAll(x: np.NDArray, value: number): void {
  const wrong = x.dataSync().find((v) => v !== value)
  if (wrong !== undefined) throw new Error(`an element is ${wrong}, and ${value} is expected`)
}

const functions: Functions = {
  /** The most that was in the heap at the end of a step. */
  loop: async ({ step, count, budget, turns, kept, disposes }) => {
    installBackend((backend = new WasmBackend(budget === null ? {} : { budgetBytes: budget * 2 ** 20 })))
    let [residentBytes, storages] = [0, 0]
    const ring: np.NDArray[] = []
    let x = np.zeros([1024, 1024])
    for (let i = 1; i <= count; i++) {
      const next = steps[step](x)
      if (disposes) x.dispose()
      x = next
      if (kept > 0 && ring.push(x) > kept) {
        const old = ring.shift()!
        if (old.slice(i % 1024, 7).item() !== i - kept) throw new Error(`the array of step ${i - kept} has changed`)
        if (i % 50 === 0) requireAll(old, i - kept)
      }
      const resident = backend.resident()
      residentBytes = Math.max(residentBytes, resident.bytes)
      storages = Math.max(storages, resident.storages)
      if (turns) await turn()
    }
    requireAll(x, count)
    return { residentBytes, storages }
  },
}

offer(functions)
