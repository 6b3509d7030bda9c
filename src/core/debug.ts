/** `debug`: what the library holds and has done. */
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
