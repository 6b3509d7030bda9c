/** Which devices the fixtures are held to: cpu and wasm, unless a test file says otherwise before it imports theirs. */
import type { DType } from 'pullback'
import type { Tolerance } from './load.ts'

export type Device = 'cpu' | 'wasm' | 'webgpu'

export interface Held {
  devices: readonly Device[]
  /** Whether the devices compute in a dtype; what they do not is to be a DeviceError. */
  supports: (dtype: DType) => boolean
  /** The cases that are tried. */
  some: <T>(cases: readonly T[]) => readonly T[]
  /** What is asked of them where cpu is asked for `t`. */
  tolerance: (t: Tolerance) => Tolerance
  /** Whether -0 and +0 are told apart. */
  signedZeros: boolean
}

export const held: Held = { devices: ['cpu', 'wasm'], supports: () => true, some: (cases) => cases, tolerance: (t) => t, signedZeros: true }
