/** The reference device: plain loops over typed arrays, the oracle of all tests. */
import { InternalError } from '../../core/errors.ts'
import type { Jaxpr } from '../../core/jaxpr.ts'
import type { Backend, Executable, MemoryUse, Storage } from '../../core/storage.ts'
import { interpret } from './interpret.ts'

/** Bytes and storages alive on the device. */
class Ledger {
  bytes = 0
  peakBytes = 0
  storages = 0
  /** Storages that nobody released are counted off when the collector finds them. */
  readonly #forgotten = new FinalizationRegistry<number>((bytes) => this.remove(bytes))

  add(storage: CpuStorage): void {
    this.bytes += storage.byteLength
    this.peakBytes = Math.max(this.peakBytes, this.bytes)
    this.storages++
    this.#forgotten.register(storage, storage.byteLength, storage)
  }
  release(storage: CpuStorage): void {
    if (this.#forgotten.unregister(storage)) this.remove(storage.byteLength)
  }
  private remove(bytes: number): void {
    this.bytes -= bytes
    this.storages--
  }
}

class CpuStorage implements Storage {
  readonly device = 'cpu'
  readonly byteLength: number
  #bytes: Uint8Array | null
  #shared = false
  readonly #ledger: Ledger

  constructor(bytes: Uint8Array, ledger: Ledger) {
    this.byteLength = bytes.byteLength
    this.#bytes = bytes
    this.#ledger = ledger
    ledger.add(this)
  }
  get shared(): boolean {
    return this.#shared
  }
  markShared(): void {
    this.#shared = true
  }
  /** The bytes themselves, which nobody may change. */
  view(): Uint8Array {
    if (this.#bytes === null) throw new InternalError('cpu', 'storage was used after its release')
    return this.#bytes
  }
  read(): Uint8Array {
    return this.view().slice()
  }
  readAsync(): Promise<Uint8Array> {
    return Promise.resolve(this.read())
  }
  release(): void {
    if (this.#shared) return
    this.#bytes = null
    this.#ledger.release(this)
  }
}

/**
 * Interprets jaxprs in plain TypeScript. Shares nothing with the lowering, so that the two check each other.
 *
 * @example
 * const cpu = new CpuBackend()
 * const [y] = cpu.compile(jaxpr).call([cpu.put(bytes)])
 */
export class CpuBackend implements Backend {
  readonly name = 'cpu'
  readonly #ledger = new Ledger()

  compile(jaxpr: Jaxpr): Executable {
    if (jaxpr.constVars.length > 0) throw new InternalError('cpu', 'a program to compile takes its constants as inputs')
    return { call: (inputs, donated) => this.#run(jaxpr, inputs, donated) }
  }
  put(bytes: Uint8Array): Storage {
    return new CpuStorage(aligned(bytes), this.#ledger)
  }
  threads(): number {
    return 1
  }

  memory(): MemoryUse {
    const { bytes, peakBytes, storages } = this.#ledger
    return { bytes, peakBytes, storages }
  }

  #run(jaxpr: Jaxpr, inputs: readonly Storage[], donated: readonly boolean[] = []): Storage[] {
    const values = jaxpr.inputs.map((v, i) => ({ aval: v.aval, bytes: viewOf(inputs[i]) }))
    // Each result has bytes of its own: one that is an input, or part of it, is copied.
    const taken = new Set<ArrayBufferLike>(values.map((v) => v.bytes.buffer))
    const outputs = interpret(jaxpr, values).map(({ bytes }) => {
      const own = taken.has(bytes.buffer) || bytes.byteOffset > 0 ? bytes.slice() : bytes
      taken.add(own.buffer)
      return new CpuStorage(own, this.#ledger)
    })
    for (const [i, storage] of inputs.entries()) if (donated[i] === true) storage.release()
    return outputs
  }
}

function viewOf(storage: Storage | undefined): Uint8Array {
  if (storage instanceof CpuStorage) return storage.view()
  throw new InternalError('cpu', `got ${storage === undefined ? 'no storage' : `a storage of '${storage.device}'`} for an input`)
}

/** Bytes that typed arrays of every width may view. */
const aligned = (bytes: Uint8Array): Uint8Array => (bytes.byteOffset % 8 === 0 ? bytes : bytes.slice())
