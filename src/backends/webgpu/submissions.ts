/**
 * Commands on their way to the device. Each piece of work has a command buffer of its own, so that what is wrong with it is known of it alone; small pieces of
 * one turn of the event loop go in one submission, in their order, with the next that does not wait.
 */
import { DeviceError, InternalError, PullbackError } from '../../core/errors.ts'
import type { Fate } from './fate.ts'
import type { DeviceBuffer } from './pool.ts'

export interface Submission {
  /** In whose name to say that the device was lost before it was done. */
  readonly operation: string
  /** Settled when it is known how it went. */
  readonly fate: Fate
  /** Whether it may wait for others: until the turn of the event loop ends, many have come, or one does not wait. */
  readonly waits: boolean
  /** What the commands read and write. */
  readonly uses: readonly DeviceBuffer[]
  /** Bytes for buffers, before the commands. */
  readonly uploads?: readonly (readonly [DeviceBuffer, Uint8Array])[]
  readonly encode: (encoder: GPUCommandEncoder) => void
  /** What is to be done when the commands are on their way. */
  readonly submitted?: () => void
  /** A device's error in the library's words. */
  readonly failed: (kind: GPUErrorFilter, message: string) => PullbackError
}

/** What was sent to the device, for tests and figures. */
export interface Figures {
  submits: number
  dispatches: number
  copies: number
  uploadedBytes: number
  readBytes: number
}

/** An encoded piece. */
interface Encoded {
  readonly of: Submission
  /** Null where it could not be encoded. */
  readonly commands: GPUCommandBuffer | null
  readonly thrown: unknown
  readonly errors: Errors
}

type Errors = Promise<{ readonly kind: GPUErrorFilter; readonly message: string } | null>

/** So many pieces keep a device busy while more are asked for. */
const most = 64

/** A device that has no room for so many bytes has none for anything. */
const surelyThere = 2 ** 16

const reasonOf = (e: unknown): string => (e instanceof Error ? e.message : String(e))

export class Submissions {
  readonly #device: GPUDevice
  readonly #figures: Figures
  /** Why the device is gone; null while it is there. */
  readonly #lost: () => string | null
  #pending: Encoded[] = []
  readonly #used = new Set<DeviceBuffer>()

  constructor(device: GPUDevice, figures: Figures, lost: () => string | null) {
    this.#device = device
    this.#figures = figures
    this.#lost = lost
  }

  add(s: Submission): void {
    // One that is refused takes with it all that are submitted with it.
    const alone = s.uses.some((b) => b.born !== null && b.bytes > surelyThere)
    // Uploads overtake commands that were not submitted.
    if (alone || s.uploads?.some(([buffer]) => this.#used.has(buffer)) === true) this.flush()
    this.#pending.push(this.#encode(s))
    for (const buffer of s.uses) this.#used.add(buffer)
    if (alone || !s.waits || this.#pending.length >= most) this.flush()
    else if (this.#pending.length === 1) queueMicrotask(() => { this.flush() })
  }

  #encode(s: Submission): Encoded {
    let commands: GPUCommandBuffer | null = null
    let thrown: unknown = null
    const errors = this.#watched(['out-of-memory', 'validation'], () => {
      try {
        for (const [buffer, bytes] of s.uploads ?? []) {
          if (bytes.byteLength === 0) continue
          this.#device.queue.writeBuffer(buffer.gpu, 0, bytes)
          this.#figures.uploadedBytes += bytes.byteLength
        }
        const encoder = this.#device.createCommandEncoder()
        s.encode(encoder)
        commands = encoder.finish()
      } catch (e) {
        thrown = e
      }
    })
    return { of: s, commands, thrown, errors }
  }

  /** Sends what waits. */
  flush(): void {
    if (this.#pending.length === 0) return
    const pieces = this.#pending
    this.#pending = []
    this.#used.clear()
    const together = this.#watched(['internal', 'out-of-memory', 'validation'], () => {
      const commands = pieces.flatMap((p) => p.commands ?? [])
      if (commands.length === 0) return
      this.#device.queue.submit(commands)
      this.#figures.submits++
    })
    for (const piece of pieces) {
      if (piece.commands !== null) piece.of.submitted?.()
      void this.#settle(piece, together)
    }
  }

  /** The first error that the device has to tell of what `run` asks of it. */
  #watched(kinds: readonly GPUErrorFilter[], run: () => void): Errors {
    const errors = this.#errorsOf(kinds, run)
    errors.catch(() => null) // whoever waits for it is told; perhaps nobody has to
    return errors
  }

  async #errorsOf(kinds: readonly GPUErrorFilter[], run: () => void): Errors {
    for (const kind of kinds) this.#device.pushErrorScope(kind)
    let thrown: unknown = null
    try {
      run()
    } catch (e) {
      thrown = e
    }
    const scopes = [...kinds].reverse().map(async (kind) => {
      const error = await this.#device.popErrorScope()
      return error === null ? null : { kind, message: error.message }
    })
    const errors = await Promise.all(scopes)
    if (thrown !== null) throw thrown instanceof Error ? thrown : new InternalError('webgpu', reasonOf(thrown))
    return errors.find((e) => e !== null) ?? null
  }

  async #settle({ of: { operation, fate, failed }, thrown, errors }: Encoded, together: Errors): Promise<void> {
    try {
      const error = (await errors) ?? (thrown === null ? await together : null)
      if (error !== null) await fate.settle(failed(error.kind, error.message))
      else await fate.settle(thrown === null || thrown instanceof PullbackError ? thrown : failed('validation', reasonOf(thrown)))
    } catch (e) {
      const lost = this.#lost()
      await fate.settle(lost === null ? failed('internal', reasonOf(e)) : new DeviceError(operation, `the GPU device was lost (${lost}) before this was computed`))
    }
  }
}
