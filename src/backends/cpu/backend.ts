/** The reference device: plain loops over typed arrays, the oracle of all tests. */
import { bytesOf } from '../../core/aval.ts'
import { outOfHostMemory } from '../../core/bytes.ts'
import { InternalError } from '../../core/errors.ts'
import type { Jaxpr } from '../../core/jaxpr.ts'
import type { Backend, Executable, MemoryUse, Storage } from '../../core/storage.ts'
import { type Account, Ledger } from '../ledger.ts'
import type { HostArray } from './host-array.ts'
import { interpret } from './interpret.ts'

class CpuStorage implements Storage {
  readonly device = 'cpu'
  readonly byteLength: number
  #bytes: Uint8Array | null
  #shared = false
  readonly #ledger: Ledger | null
  readonly #account: Account

  /** Without a ledger nobody counts it. */
  constructor(bytes: Uint8Array, ledger: Ledger | null) {
    this.byteLength = bytes.byteLength
    this.#bytes = bytes
    this.#ledger = ledger
    this.#account = { bytes: bytes.byteLength, watch: null, open: false }
    if (ledger?.counts(bytes.byteLength) !== true) return
    ledger.admit(bytes.byteLength)
    ledger.open(this.#account, this)
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
  readonly readable = true
  readAsync(): Promise<Uint8Array> {
    return Promise.resolve(this.read())
  }
  async ready(): Promise<void> {}
  release(): void {
    if (this.#shared) return
    this.#bytes = null
    this.#ledger?.close(this.#account)
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
  readonly #ledger: Ledger = new Ledger()

  compile(jaxpr: Jaxpr): Executable {
    if (jaxpr.constVars.length > 0) throw new InternalError('cpu', 'a program to compile takes its constants as inputs')
    return { codeBytes: 0, call: (inputs, donated) => this.#run(jaxpr, inputs, donated) }
  }
  put(bytes: Uint8Array): Storage {
    return new CpuStorage(aligned(bytes), this.#ledger)
  }
  literal(bytes: Uint8Array): Storage {
    return new CpuStorage(aligned(bytes), null)
  }
  supports(): boolean {
    return true
  }
  memory(): MemoryUse {
    return this.#ledger.use()
  }

  #run(jaxpr: Jaxpr, inputs: readonly Storage[], donated: readonly boolean[] = []): Storage[] {
    const values = jaxpr.inputs.map((v, i) => ({ aval: v.aval, bytes: viewOf(inputs[i]) }))
    // Each result has bytes of its own: one that is an input, or part of it, is copied.
    const taken = new Set<ArrayBufferLike>(values.map((v) => v.bytes.buffer))
    const outputs = interpreted(jaxpr, values).map(({ bytes }) => {
      const own = taken.has(bytes.buffer) || bytes.byteOffset > 0 ? bytes.slice() : bytes
      taken.add(own.buffer)
      return new CpuStorage(own, this.#ledger)
    })
    for (const [i, storage] of inputs.entries()) if (donated[i] === true) storage.release()
    return outputs
  }
}

function interpreted(jaxpr: Jaxpr, values: readonly HostArray[]): HostArray[] {
  try {
    return interpret(jaxpr, values)
  } catch (e) {
    throw outOfHostMemory('cpu', jaxpr.outputs.reduce((n, o) => n + bytesOf(o.aval), 0), e)
  }
}

function viewOf(storage: Storage | undefined): Uint8Array {
  if (storage instanceof CpuStorage) return storage.view()
  throw new InternalError('cpu', `got ${storage === undefined ? 'no storage' : `a storage of '${storage.device}'`} for an input`)
}

/** Bytes that typed arrays of every width may view. */
const aligned = (bytes: Uint8Array): Uint8Array => (bytes.byteOffset % 8 === 0 ? bytes : bytes.slice())
