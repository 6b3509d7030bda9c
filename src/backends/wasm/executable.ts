/** A compiled program in the WASM heap: one call is one entry into WebAssembly. */
import { DeviceError, InternalError } from '../../core/errors.ts'
import type { Executable, Storage } from '../../core/storage.ts'
import { type Heap, tinyBytes, WasmStorage } from './heap.ts'
import type { Code, ThreadPool } from './pool.ts'

/** What a call must know of a program, whatever its code is. */
export interface Signature {
  readonly inputBytes: readonly number[]
  readonly outputBytes: readonly number[]
  /** Output i is input `forwarded[i]` unchanged, or -1. */
  readonly forwarded: readonly number[]
  /** Output i is the same buffer as the earlier output `same[i]`, or -1. */
  readonly same: readonly number[]
  readonly arenaBytes: number
  /** Scratch memory of each thread, behind the arena. */
  readonly ownBytes: number
  /** Output position -> input position whose memory it may take over when that input is donated. */
  readonly donations: ReadonlyMap<number, number>
}

/** Memory that all programs share, since only one runs at a time: the scratch arena and the call frame. */
export class Scratch {
  readonly #heap: Heap
  #address = 0
  #bytes = 0
  constructor(heap: Heap) {
    this.#heap = heap
  }
  /** An address with room for `bytes`; its contents do not outlive a call. */
  atLeast(bytes: number): number {
    if (bytes > this.#bytes) {
      if (this.#bytes > 0) this.#heap.unreserve(this.#address, this.#bytes)
      this.#bytes = 0
      this.#address = this.#heap.reserve(bytes)
      this.#bytes = bytes
    }
    return this.#address
  }
}

const align64 = (n: number): number => (n + 63) & ~63

export class WasmExecutable implements Executable {
  readonly #heap: Heap
  readonly #arena: Scratch
  readonly #frame: Scratch
  readonly #signature: Signature
  readonly #code: Code
  readonly #pool: ThreadPool
  /** Where in the frame the tiny operand or result i stands; -1: it lives in the heap. */
  readonly #inputSlots: readonly number[]
  readonly #outputSlots: readonly number[]
  readonly #frameBytes: number
  static #running = false

  constructor(heap: Heap, arena: Scratch, frame: Scratch, signature: Signature, code: Code, pool: ThreadPool) {
    this.#heap = heap
    this.#arena = arena
    this.#frame = frame
    this.#signature = signature
    this.#code = code
    this.#pool = pool
    const { inputBytes, outputBytes } = signature
    let at = align64(4 * (1 + inputBytes.length + outputBytes.length))
    const slot = (bytes: number): number => {
      if (bytes > tinyBytes) return -1
      const here = at
      at += Math.max(64, align64(bytes))
      return here
    }
    this.#inputSlots = inputBytes.map(slot)
    this.#outputSlots = outputBytes.map(slot)
    this.#frameBytes = at
  }

  call(inputs: readonly Storage[], donated?: readonly boolean[]): Storage[] {
    if (WasmExecutable.#running) throw new InternalError('call', 'a program was started while another was running')
    const heap = this.#heap
    const { inputBytes, outputBytes, forwarded, same, arenaBytes, ownBytes, donations } = this.#signature
    const outputs: Storage[] = []
    heap.pin(inputs, outputs)
    WasmExecutable.#running = true
    try {
      const threads = this.#pool.threadsFor(this.#code)
      const scratch = arenaBytes + threads * ownBytes
      const frame = this.#frame.atLeast(this.#frameBytes)
      const words = heap.words
      let word = frame >>> 2
      words[word++] = scratch > 0 ? this.#arena.atLeast(scratch) : 0
      for (let i = 0; i < inputBytes.length; i++) {
        const s = own(inputs[i])
        const slot = this.#inputSlots[i]!
        if (slot < 0) {
          words[word++] = heap.bringIn(s)
        } else {
          words[word++] = frame + slot
          if (s.byteLength > 0) heap.bytesView.set(s.host!, frame + slot)
        }
      }
      for (let i = 0; i < outputBytes.length; i++) {
        const slot = this.#outputSlots[i]!
        const from = forwarded[i]!
        const twin = same[i]!
        if (from >= 0 || twin >= 0) {
          const s = from >= 0 ? inputs[from]! : outputs[twin]!
          s.markShared()
          outputs.push(s)
          words[word++] = 0
        } else if (slot >= 0) {
          outputs.push(heap.fromHost(new Uint8Array(outputBytes[i]!)))
          words[word++] = frame + slot
        } else {
          const taken = donations.get(i)
          const s = taken !== undefined && donated?.[taken] === true ? heap.adopt(own(inputs[taken]), outputBytes[i]!) : heap.allocate(outputBytes[i]!)
          outputs.push(s)
          words[word++] = s.block!.address
        }
      }
      if (threads === 1) runAlone(this.#code, frame)
      else this.#pool.launch(this.#code, frame)
      for (let i = 0; i < outputBytes.length; i++) {
        const slot = this.#outputSlots[i]!
        if (slot < 0 || forwarded[i]! >= 0 || same[i]! >= 0) continue
        const host = own(outputs[i]).host!
        const at = frame + slot
        for (let b = 0; b < host.length; b++) host[b] = heap.bytesView[at + b]!
      }
      if (donated !== undefined) for (let i = 0; i < inputs.length; i++) if (donated[i] === true && !outputs.includes(inputs[i]!)) inputs[i]!.release()
      return outputs
    } finally {
      WasmExecutable.#running = false
      heap.pin()
    }
  }
}

function runAlone(code: Code, frame: number): void {
  try {
    code.run(0, 1, frame)
  } catch (e) {
    throw e instanceof WebAssembly.RuntimeError ? new InternalError('call', `a compiled program trapped: ${e.message}`) : e
  }
}

function own(s: Storage | undefined): WasmStorage {
  if (s instanceof WasmStorage) return s
  throw new DeviceError('call', `got an array on '${s?.device ?? 'no device'}' where one on 'wasm' is needed`)
}
