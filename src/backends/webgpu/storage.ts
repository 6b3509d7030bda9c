/**
 * The bytes of an array on a GPU, on the host, or both. What came from the host, or was read once, stays there as long as the
 * array lives: it can be read at once, and survives the loss of the device.
 */
import type { Aval } from '../../core/aval.ts'
import { hostCopy } from '../../core/bytes.ts'
import { DeviceError, InternalError, type PullbackError } from '../../core/errors.ts'
import type { Storage } from '../../core/storage.ts'
import type { Fate } from './fate.ts'
import type { Gpu, Holding } from './gpu.ts'
import type { DeviceBuffer } from './pool.ts'
import { readBack } from './read-back.ts'

/** What a program made, and how to read it. */
interface Made {
  readonly gpu: Gpu
  readonly aval: Aval
  readonly fate: Fate
}

export class GpuStorage implements Storage {
  readonly device = 'webgpu'
  readonly byteLength: number
  shared = false
  /** A number written in a program: no array. */
  readonly constant: boolean
  #host: Uint8Array | null
  /** The device that the bytes are on, or counted on. */
  #gpu: Gpu
  #holding: Holding | null = null
  #made: Made | null = null
  #gone = false

  private constructor(gpu: Gpu, byteLength: number, host: Uint8Array | null, constant = false) {
    this.constant = constant
    this.#gpu = gpu
    this.byteLength = byteLength
    this.#host = host
  }

  /** Of bytes on the host, which it takes over; they go to the device when a program needs them. */
  static fromHost(gpu: Gpu, bytes: Uint8Array): GpuStorage {
    const s = new GpuStorage(gpu, bytes.byteLength, bytes)
    if (gpu.ledger.counts(bytes.byteLength)) s.#account(null)
    return s
  }

  /** A number written in a program, as an operand. */
  static literal(gpu: Gpu, bytes: Uint8Array): GpuStorage {
    return new GpuStorage(gpu, bytes.byteLength, bytes, true)
  }

  /** What work with this fate will have written into a buffer. */
  static made(gpu: Gpu, bytes: number, aval: Aval, buffer: DeviceBuffer, fate: Fate): GpuStorage {
    const s = new GpuStorage(gpu, bytes, null)
    s.#made = { gpu, aval, fate }
    s.#account(buffer)
    return s
  }

  #account(buffer: DeviceBuffer | null): void {
    this.#holding = { bytes: this.byteLength, watch: null, open: false, buffer }
    if (buffer === null) this.#gpu.ledger.admit(this.byteLength)
    this.#gpu.ledger.open(this.#holding, this)
  }

  get host(): Uint8Array | null {
    return this.#host
  }
  /** The fate of what made it; null where nothing on the device did. */
  get fate(): Fate | null {
    return this.#made?.fate ?? null
  }
  get readable(): boolean {
    return this.#host !== null
  }

  /**
   * Where the bytes are on a device; null where they have yet to be brought there.
   * @throws what went wrong when they were made, and DeviceError where they went with a lost device.
   */
  bufferOn(gpu: Gpu): DeviceBuffer | null {
    this.#checkThere('call')
    if (this.#gpu !== gpu) {
      if (this.#host === null) throw this.#lost('call')
      this.#moveTo(gpu)
    }
    const error = this.fate?.error ?? null
    if (error !== null && this.#host === null) throw asOperand(error)
    const buffer = this.#holding?.buffer ?? null
    if (buffer?.born?.error == null || this.#host === null) return buffer
    // The device had no room for it then; it may have now.
    gpu.letGo(this.#holding!)
    return null
  }

  /** The device has the bytes in a buffer from now on, when work asked for now has run. */
  settleIn(buffer: DeviceBuffer): void {
    if (this.#holding === null) this.#account(buffer)
    else this.#holding.buffer = buffer
  }

  /** Gives the buffer away. */
  surrender(): DeviceBuffer {
    const buffer = this.#holding?.buffer ?? null
    if (buffer === null || this.#holding === null) throw new InternalError('call', 'a donated storage is not on the device')
    this.#holding.buffer = null
    this.release()
    return buffer
  }

  read(): Uint8Array {
    this.#checkThere('read')
    if (this.#host !== null) return hostCopy('read', this.#host)
    throw new DeviceError('read', "the values of an array on 'webgpu' cannot be had at once: the GPU computes while the program goes on. await x.data() or x.jsAsync() reads them; from then on x.js(), x.item(), x.dataSync() and devicePut work as well")
  }

  async readAsync(): Promise<Uint8Array> {
    this.#checkThere('read')
    return hostCopy('read', this.#host ?? (await this.#fetch()))
  }

  async ready(): Promise<void> {
    this.#checkThere('ready')
    const made = this.#made
    if (made === null || this.#host !== null) return
    if (made.gpu.lost !== null) throw this.#lost('ready')
    await made.fate.known
    if (made.fate.error !== null) throw made.fate.error
    await made.gpu.finished()
    if (made.gpu.lost !== null) throw this.#lost('ready')
  }

  markShared(): void {
    this.shared = true
  }

  release(): void {
    if (this.shared) return
    this.#gone = true
    this.#host = null
    this.#leave()
  }

  #leave(): void {
    const holding = this.#holding
    this.#holding = null
    if (holding === null) return
    this.#gpu.ledger.close(holding)
    this.#gpu.letGo(holding)
  }

  /** To another device: what was on the old one is there no more. */
  #moveTo(gpu: Gpu): void {
    const counted = this.#holding !== null
    this.#leave()
    this.#made = null
    this.#gpu = gpu
    if (counted) this.#account(null)
  }

  #checkThere(operation: string): void {
    if (this.#gone) throw new InternalError(operation, 'a storage that was given away was used')
  }

  #lost(operation: string): DeviceError {
    return new DeviceError(
      operation,
      `the array was on a GPU device that was lost (${this.#gpu.lost ?? 'another took its place'}), and its values with it. await init('webgpu') gets a device again: arrays that came from the host or were read come back by themselves, others have to be computed anew`,
    )
  }

  /** One copy of the bytes from the device, however many ask at once. */
  #fetching: Promise<Uint8Array> | null = null
  #fetch(): Promise<Uint8Array> {
    this.#fetching ??= this.#fetchNow().finally(() => {
      this.#fetching = null
    })
    return this.#fetching
  }

  async #fetchNow(): Promise<Uint8Array> {
    const made = this.#made
    const buffer = this.#holding?.buffer
    if (made === null || buffer == null) throw new InternalError('read', 'a storage is nowhere')
    if (made.gpu.lost !== null) throw this.#lost('read')
    if (made.fate.error !== null) throw made.fate.error
    const bytes = await readBack(made.gpu, buffer, made.aval, made.fate).catch((e: unknown) => {
      throw made.gpu.lost === null ? e : this.#lost('read')
    })
    if (!this.#gone) this.#host = bytes
    return bytes
  }
}

/** What went wrong with an operand, to be said in the name of whoever wanted to use it. */
function asOperand(error: PullbackError): PullbackError {
  const Same = error.constructor as new (operation: string, message: string) => PullbackError // every class takes these two
  return new Same('call', `an operand could not be computed: ${error.message}`)
}
