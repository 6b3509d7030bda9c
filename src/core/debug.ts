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
