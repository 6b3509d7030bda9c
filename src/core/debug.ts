/** `debug`: what the library holds and has done. */
import type { Monoid } from '../fp/monoid.ts'
import { traceRecords, type TraceRecord } from './compile-log.ts'
import type { DeviceName } from './device-name.ts'
import { describe } from './describe.ts'
import { wasmEngine } from './device-registry.ts'
import { backendOf, devices } from './devices.ts'
import { ArgumentError } from './errors.ts'
import { checkOptions } from './ops/checks.ts'
import { counters } from './evaluate.ts'
import { watch } from './non-finite.ts'
import type { MemoryUse } from './storage.ts'

export { type KernelTime, profile, type Profile } from './profile.ts'

/** Bytes that arrays hold on each device that is ready. */
export function memory(): Partial<Record<DeviceName, MemoryUse>> {
  return Object.fromEntries(devices().map((d) => [d, backendOf(d).memory()]))
}

/**
 * Reports of several devices as one, a monoid of fp-ts: arrays and bytes add up. So do peaks, which need not have been at
 * the same time: what was held in all was at most their sum.
 *
 * @example
 * concatAll(debug.memoryMonoid)(Object.values(debug.memory())).bytes   // with concatAll of fp-ts/lib/Monoid.js
 */
export const memoryMonoid: Monoid<MemoryUse> = {
  empty: { arrays: 0, bytes: 0, peakBytes: 0 },
  concat: (a, b) => {
    const sum = (name: keyof MemoryUse): number => part(a, name) + part(b, name)
    return { arrays: sum('arrays'), bytes: sum('bytes'), peakBytes: sum('peakBytes') }
  },
}

/** @throws ArgumentError unless it is such a report. */
function part(use: MemoryUse, name: keyof MemoryUse): number {
  const value: unknown = Reflect.get(Object(use), name)
  if (typeof value === 'number') return value
  throw new ArgumentError('debug.memoryMonoid.concat', `got ${describe(use)}; takes reports { arrays, bytes, peakBytes }, such as debug.memory().wasm`)
}

/**
 * How many threads compiled programs may use, the calling one included; with a number, sets it. At first as many as the
 * machine can run at the same time, or as the environment variable PULLBACK_THREADS says. 1 where threads cannot share memory:
 * in pages that are not cross-origin isolated. Results are the same to the bit for any number.
 *
 * `worker` is where a browser finds the file `pullback/worker`; by default it lies beside the library's own files, which
 * bundlers that know `new Worker(new URL(…))` see to.
 *
 * @example
 * debug.threads()    // 8
 * debug.threads(1)   // 1, from now on
 * debug.threads(4, { worker: '/assets/pullback-worker.js' })
 * @throws ArgumentError for what is no number of threads, and for an unknown option.
 */
export function threads(count?: number, options: { readonly worker?: string | URL } = {}): number {
  checkOptions('debug.threads', options, ['worker'])
  return wasmEngine().threads(count, options.worker)
}

/**
 * Bytes of arrays that the WebAssembly heap holds at most before those least recently used move out to JavaScript's memory; with a
 * number, sets it, for arrays made from then on. At first 2 GiB, which is half of the heap; in browsers a quarter of the device's memory where they tell of it
 * (Chromium), else 512 MiB. Not what arrays may take in all: that is bounded by JavaScript's memory alone.
 *
 * @example
 * debug.heapBudget()          // 2147483648
 * debug.heapBudget(2 ** 28)   // 268435456, from now on
 * @throws ArgumentError for what is no integer of at least 1 MiB.
 */
export function heapBudget(bytes?: number): number {
  return wasmEngine().heapBudget(bytes)
}

/**
 * Whether matrix products of programs that are compiled from now on may use fused multiply-adds (WebAssembly's relaxed SIMD), which round
 * once where a product and a sum round twice: faster, and as accurate, but results then differ in their last bits from engine to
 * engine. With a boolean, sets it. At first false. The number of threads changes no bit either way.
 *
 * @example
 * debug.relaxedSimd()       // false
 * debug.relaxedSimd(true)   // true, where the engine has it
 * @throws ArgumentError for what is no boolean.
 * @throws DeviceError for true where the engine has no such instructions (Node before 21).
 */
export function relaxedSimd(on?: boolean): boolean {
  return wasmEngine().relaxedSimd(on)
}

/** How often compiled programs and eager operations ran, and eager operations were compiled, since the start. */
export const calls = (): Readonly<typeof counters> => ({ ...counters })

/**
 * What jit traced, in order, and why nothing traced before would do: where a program is compiled again and again, this
 * says what differs between calls.
 *
 * @example
 * debug.compiles().at(-1)?.reason   // 'argument [0] is float32[4], and was float32[3]'
 */
export const compiles = (): readonly TraceRecord[] => traceRecords()

/**
 * Whether the first operation that makes a NaN throws; with a truth value, sets it. The error names the operation, the
 * types of its operands and whether one of them held NaN before; for a compiled program its function, equation and, in a
 * loop, the iteration. Compiled programs whose results hold NaN are run again, operation by operation, so it costs little
 * until then; donated arrays are kept until all is well. Off, it costs nothing.
 *
 * As JAX's `jax_debug_nans`: what counts are results. A NaN that was there from the start is found by the first
 * operation whose result has it; one that is made inside a compiled program and masked there is not looked for.
 *
 * @example
 * debug.nans(true)
 * np.log(np.array([1, -1]))   // NonFiniteError: log: made NaN …
 */
export const nans = (on?: boolean): boolean => watch('nans', on)
/** As `nans`, of infinities. */
export const infs = (on?: boolean): boolean => watch('infs', on)
