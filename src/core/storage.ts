/** What core asks of a device: storage for bytes, and programs compiled from jaxprs. `backends/` implements it. */
import type { DeviceName } from './device-name.ts'
import type { Jaxpr } from './jaxpr.ts'

/** The bytes of one array on a device, row-major. Several handles may share one storage. */
export interface Storage {
  readonly device: DeviceName
  readonly byteLength: number
  /** A copy of the bytes. Throws `DeviceError` on devices that cannot read synchronously. */
  read(): Uint8Array
  readAsync(): Promise<Uint8Array>
  /** True once a second handle exists (reshape, a forwarded output): dispose then drops the handle alone, donation copies. */
  readonly shared: boolean
  markShared(): void
  /** Returns the memory at once; does nothing on shared storage. */
  release(): void
}

export interface Executable {
  /**
   * Runs the program: one storage an input of the jaxpr, in order; gives one an output. `donated[i]` says that nobody
   * else will use input i, so its memory may become an output's.
   */
  call(inputs: readonly Storage[], donated?: readonly boolean[]): Storage[]
}

export interface MemoryUse {
  /** Bytes held by storages on the device. */
  readonly bytes: number
  readonly peakBytes: number
  readonly storages: number
}

export interface Backend {
  readonly name: DeviceName
  /** Compiles a jaxpr without `constVars`. Equal programs may share an executable. */
  compile(jaxpr: Jaxpr): Executable
  /** Takes ownership of `bytes`. */
  put(bytes: Uint8Array): Storage
  memory(): MemoryUse
  /** How many threads programs may have; with a number, sets it first. 1 where there is no other way. */
  threads(count?: number): number
}
