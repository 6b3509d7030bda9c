/** Which devices the fixtures are held to: cpu and wasm, unless a test file says otherwise before it imports theirs. */
import type { DType } from 'pullback'

export type Device = 'cpu' | 'wasm' | 'webgpu'

export interface Held {
  devices: readonly Device[]
  /** Whether the devices compute in a dtype; what they do not is to be a DeviceError. */
  supports: (dtype: DType) => boolean
  /** The cases that are tried. */
  some: <T>(cases: readonly T[]) => readonly T[]
}

export const held: Held = { devices: ['cpu', 'wasm'], supports: () => true, some: (cases) => cases }
