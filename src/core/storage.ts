/** What core asks of a device: storage for bytes, and programs compiled from jaxprs. `backends/` implements it. */
import type { DeviceName } from './device-name.ts'
import type { DType } from './dtype.ts'
import type { Jaxpr } from './jaxpr.ts'

/** The bytes of one array on a device, row-major. Several handles may share one storage. */
export interface Storage {
  readonly device: DeviceName
  readonly byteLength: number
  /** A copy of the bytes. Throws `DeviceError` where they cannot be had at once: when it is not `readable`. */
  read(): Uint8Array
  readonly readable: boolean
  readAsync(): Promise<Uint8Array>
  /** Resolves when the bytes have been computed; rejects with what went wrong on the way. */
  ready(): Promise<void>
  /** True once a second handle exists (reshape, a forwarded output): dispose then drops the handle alone, donation copies. */
  readonly shared: boolean
  markShared(): void
  /** Returns the memory at once; does nothing on shared storage. */
  release(): void
}

export interface Executable {
  /** Bytes of machine code or the like, by which caches measure what they keep. */
  readonly codeBytes: number
  /**
   * Runs the program: one storage an input of the jaxpr, in order; gives one an output. `donated[i]` says that nobody
   * else will use input i, so its memory may become an output's.
   */
  call(inputs: readonly Storage[], donated?: readonly boolean[]): Storage[]
}

/** Arrays alive on a device; several handles on the same bytes (reshape, a forwarded output) are one array here. */
export interface MemoryUse {
  readonly arrays: number
  /** Bytes of their elements, wherever they are: on the device, or on the host until a program needs them. */
  readonly bytes: number
  /** The most that was held at one time, with arrays that were dead but not yet found to be. */
  readonly peakBytes: number
}

/** A kernel as a profile shows it. */
export interface KernelInfo {
  /** Its line in `lower(f)(x).text('kernels')`. */
  readonly text: string
  /** Arithmetic operations of one run. */
  readonly flops: number
  /** Of what it reads and writes, each buffer once. */
  readonly bytes: number
}

/** Told after each kernel, with the clock before and after it. */
export type KernelRecorder = (kernel: KernelInfo, start: number, end: number) => void

/** What a device is. */
export interface DeviceInfo {
  readonly device: DeviceName
  /** Of a GPU: its name, and where WebGPU came from (`navigator.gpu`, an npm package). */
  readonly adapter: string | null
  readonly provider: string | null
  /** Whether it computes on the CPU after all. */
  readonly software: boolean
  /** What was tried before, and why it was refused. */
  readonly refused: readonly string[]
}

export interface Backend {
  readonly name: DeviceName
  /** Of devices that are not the CPU. */
  readonly info?: DeviceInfo
  /** A device may be lost; then `init` makes another. */
  readonly lost?: boolean
  /** Whether it computes in a dtype. */
  supports(dtype: DType): boolean
  /** Compiles a jaxpr without `constVars`. Equal programs may share an executable. */
  compile(jaxpr: Jaxpr): Executable
  /** Takes ownership of `bytes`. */
  put(bytes: Uint8Array): Storage
  /** The bytes of a number written in a program, to be passed as an operand: it is no array, and not counted as one. */
  literal(bytes: Uint8Array): Storage
  memory(): MemoryUse
  /** Of a device whose programs are shaders: those of a jaxpr as text, as it runs them where the inputs at the positions `donated` are given away. */
  shaderText?(jaxpr: Jaxpr, donated: ReadonlySet<number>): string
  /** Of a device that has threads, a heap and kernels of its own: WebAssembly. */
  readonly engine?: Engine
}

/** What `debug` sets and asks of such a device. */
export interface Engine {
  /** How many threads programs may have; with a number, sets it first, with `worker`, where a worker's file is. 1 where there is no other way. */
  threads(count?: number, worker?: string | URL): number
  /** Bytes of arrays that the device keeps in its heap at most; with a number, sets it. */
  heapBudget(bytes?: number): number
  /** Whether products may use fused multiply-adds; with a boolean, sets it for programs compiled from then on. False where there is no choice. */
  relaxedSimd(on?: boolean): boolean
  /** From now on tells of every kernel that runs; null: no longer. */
  profile(record: KernelRecorder | null): void
  /** GFLOP/s and GB/s of all threads together at most, and how many they are; measured at the first call, and when there are more or fewer threads than then. */
  ceilings(): { readonly threads: number; readonly peak: number; readonly stream: number }
}
