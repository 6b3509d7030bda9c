/** `debug`: what the library holds and has done. */
import { traceRecords, type TraceRecord } from './compile-log.ts'
import type { DeviceName } from './device-name.ts'
import { backendOf, devices } from './devices.ts'
import { counters } from './evaluate.ts'
import type { MemoryUse } from './storage.ts'

/** Bytes that arrays hold on each device that is ready. */
export function memory(): Partial<Record<DeviceName, MemoryUse>> {
  return Object.fromEntries(devices().map((d) => [d, backendOf(d).memory()]))
}

/**
 * How many threads compiled programs may use, the calling one included; with a number, sets it. At first as many as the
 * machine can run at the same time, or as the environment variable PULLBACK_THREADS says. 1 where threads cannot share memory:
 * in pages that are not cross-origin isolated. Results are the same to the bit for any number.
 *
 * @example
 * debug.threads()    // 8
 * debug.threads(1)   // 1, from now on
 * @throws ArgumentError for what is no number of threads.
 */
export const threads = (count?: number): number => backendOf('wasm').threads(count)

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
