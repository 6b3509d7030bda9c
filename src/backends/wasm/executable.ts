/** A compiled program in the WASM heap: one call is one entry into WebAssembly. */
import { DeviceError, InternalError, OutOfMemoryError } from '../../core/errors.ts'
import type { Executable, Storage } from '../../core/storage.ts'
import { tinyBytes } from '../ledger.ts'
import type { Heap, ScratchMemory } from './heap.ts'
import type { Code, ThreadPool } from './pool.ts'
import type { Profiler, Timed } from './profiler.ts'
import { WasmStorage } from './storage.ts'

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
  /** Sizes that the code reads behind its list of addresses. */
  readonly words: readonly number[]
}

const sum = (bytes: readonly number[]): number => bytes.reduce((a, b) => a + b, 0)
const ownResults = ({ outputBytes, forwarded, same }: Signature): number => sum(outputBytes.filter((_, i) => forwarded[i]! < 0 && same[i]! < 0))

/** What a call takes at the very least: its operands may be one array, and results may take over donated ones. */
export const leastBytes = (s: Signature): number => s.arenaBytes + s.ownBytes + Math.max(sum(s.inputBytes) === 0 ? 0 : Math.max(...s.inputBytes), ownResults(s))

export const tooLarge = (s: Signature, heapBytes: number): OutOfMemoryError =>
  new OutOfMemoryError(
    'call',
    `takes ${sum(s.inputBytes)} bytes of operands, ${ownResults(s)} of results and ${s.arenaBytes + s.ownBytes} of scratch memory at once, ` +
      `and the WebAssembly heap has ${heapBytes}; use smaller arrays or batches, or lax.scan over pieces`,
  )

/** Memory that all programs share, since only one runs at a time: the scratch arena and the call frame. */
export class Scratch implements ScratchMemory {
  readonly #heap: Heap
  #address = 0
  #bytes = 0
  /** What the program at hand uses. */
  #used = 0
  constructor(heap: Heap) {
    this.#heap = heap
    heap.addScratch(this)
  }
  /** An address with room for `bytes`, whose contents do not outlive a call. It is kept for the next call that asks for as much. */
  atLeast(bytes: number): number {
    this.#used = align64(bytes)
    if (this.#used > this.#bytes) {
      this.free(0)
      this.#address = this.#heap.reserve(this.#used)
      this.#bytes = this.#used
    }
    return this.#address
  }
  done(): void {
    this.#used = 0
  }
  /** One huge program does not keep its arena for ever: what is more than the present one uses goes when the heap needs room. */
  trim(): void {
    this.free(this.#used)
  }
  private free(from: number): void {
    if (this.#bytes > from) this.#heap.unreserve(this.#address + from, this.#bytes - from)
    this.#bytes = Math.min(this.#bytes, from)
  }
}

const align64 = (n: number): number => Math.ceil(n / 64) * 64

/** Where an output of a program comes from. */
type Output =
  | { readonly kind: 'input'; readonly index: number }
  | { readonly kind: 'output'; readonly index: number }
  /** A tiny result stands in the frame, and is copied to the host. */
  | { readonly kind: 'tiny'; readonly bytes: number; readonly slot: number }
  /** In the heap; over the memory of input `over` where that is donated, -1: nowhere. */
  | { readonly kind: 'heap'; readonly bytes: number; readonly over: number }

/** What all programs of a backend share. */
export interface Machine {
  readonly heap: Heap
  readonly arena: Scratch
  readonly frame: Scratch
  readonly pool: ThreadPool
  readonly profiler: Profiler
}

export class WasmExecutable implements Executable {
  readonly codeBytes: number
  readonly #heap: Heap
  readonly #arena: Scratch
  readonly #frame: Scratch
  readonly #signature: Signature
  readonly #code: Code
  readonly #pool: ThreadPool
  readonly #profiler: Profiler
  readonly #makeTimed: (code: Code) => Timed
  #timed: Timed | null = null
  /** Where in the frame the tiny operand i stands; -1: it lives in the heap. */
  readonly #inputSlots: readonly number[]
  readonly #outputs: readonly Output[]
  readonly #frameBytes: number
  static #running = false

  constructor(machine: Machine, signature: Signature, code: Code, codeBytes: number, makeTimed: (code: Code) => Timed) {
    this.#heap = machine.heap
    this.#arena = machine.arena
    this.#frame = machine.frame
    this.#pool = machine.pool
    this.#profiler = machine.profiler
    this.#signature = signature
    this.#code = code
    this.#makeTimed = makeTimed
    this.codeBytes = codeBytes
    const { inputBytes, outputBytes, forwarded, same, donations, words } = signature
    let at = align64(4 * (1 + inputBytes.length + outputBytes.length + words.length))
    const slot = (bytes: number): number => {
      const here = at
      at += Math.max(64, align64(bytes))
      return here
    }
    this.#inputSlots = inputBytes.map((bytes) => (bytes > tinyBytes ? -1 : slot(bytes)))
    this.#outputs = outputBytes.map((bytes, i): Output => {
      if (forwarded[i]! >= 0) return { kind: 'input', index: forwarded[i]! }
      if (same[i]! >= 0) return { kind: 'output', index: same[i]! }
      return bytes > tinyBytes ? { kind: 'heap', bytes, over: donations.get(i) ?? -1 } : { kind: 'tiny', bytes, slot: slot(bytes) }
    })
    this.#frameBytes = at
  }

  call(inputs: readonly Storage[], donated?: readonly boolean[]): Storage[] {
    if (WasmExecutable.#running) throw new InternalError('call', 'a program was started while another was running')
    WasmExecutable.#running = true
    try {
      const timed = this.#profiler.record === null ? null : (this.#timed ??= this.#makeTimed(this.#code))
      const code = timed?.code ?? this.#code
      const { threads, frame, outputs } = this.#prepared(code, inputs, donated)
      if (timed !== null) this.#profiler.begin(timed)
      this.#pool.run(code, threads, frame)
      if (timed !== null) this.#profiler.end(timed)
      this.#readTiny(outputs, frame)
      if (donated !== undefined) for (let i = 0; i < inputs.length; i++) if (donated[i] === true && !outputs.includes(own(inputs[i]))) inputs[i]!.release()
      return outputs
    } finally {
      WasmExecutable.#running = false
      this.#end()
    }
  }

  #end(): void {
    this.#heap.pin()
    this.#arena.done()
    this.#frame.done()
  }

  /** Where the heap is too full or in pieces, everything is moved out of it and then back, side by side. */
  #prepared(code: Code, inputs: readonly Storage[], donated: readonly boolean[] | undefined): Prepared {
    try {
      return this.#prepare(code, inputs, donated)
    } catch (e) {
      if (!(e instanceof OutOfMemoryError)) throw e
    }
    this.#end()
    this.#heap.empty()
    try {
      return this.#prepare(code, inputs, donated)
    } catch (e) {
      throw e instanceof OutOfMemoryError && e.operation === 'allocate' ? tooLarge(this.#signature, this.#heap.size) : e
    }
  }

  /** Places for a call, and the frame that names them. If it throws, nothing has changed but where arrays are. */
  #prepare(code: Code, inputs: readonly Storage[], donated: readonly boolean[] | undefined): Prepared {
    const heap = this.#heap
    const fresh: WasmStorage[] = []
    heap.pin(inputs, fresh)
    try {
      const frame = this.#frame.atLeast(this.#frameBytes)
      const { arenaBytes, ownBytes } = this.#signature
      const { words } = heap
      const threads = this.#pool.threadsFor(code)
      const scratch = arenaBytes + threads * ownBytes
      let word = frame >>> 2
      words[word++] = scratch > 0 ? this.#arena.atLeast(scratch) : 0
      for (let i = 0; i < inputs.length; i++) {
        const s = own(inputs[i])
        const slot = this.#inputSlots[i]!
        words[word++] = slot < 0 ? heap.bringIn(s) : frame + slot
        if (slot >= 0 && s.byteLength > 0) heap.bytesView.set(s.host!, frame + slot)
      }
      for (const o of this.#outputs) {
        if (o.kind === 'tiny') fresh.push(heap.fromHost(new Uint8Array(o.bytes)))
        else if (o.kind === 'heap' && donated?.[o.over] !== true) fresh.push(heap.allocate(o.bytes))
      }
      // From here on nothing fails, so donated memory may change hands.
      const outputs: WasmStorage[] = []
      let used = 0
      for (const o of this.#outputs) {
        if (o.kind === 'tiny') {
          outputs.push(fresh[used++]!)
          words[word++] = frame + o.slot
        } else if (o.kind === 'heap') {
          const s = donated?.[o.over] === true ? heap.adopt(own(inputs[o.over]), o.bytes) : fresh[used++]!
          outputs.push(s)
          words[word++] = s.address
        } else {
          const s = o.kind === 'input' ? own(inputs[o.index]) : outputs[o.index]!
          s.markShared()
          outputs.push(s)
          words[word++] = 0
        }
      }
      for (const size of this.#signature.words) words[word++] = size
      return { threads, frame, outputs }
    } catch (e) {
      for (const s of fresh) s.release()
      throw e
    }
  }

  #readTiny(outputs: readonly WasmStorage[], frame: number): void {
    for (let i = 0; i < outputs.length; i++) {
      const o = this.#outputs[i]!
      if (o.kind !== 'tiny') continue
      const host = outputs[i]!.host!
      const at = frame + o.slot
      for (let b = 0; b < host.length; b++) host[b] = this.#heap.bytesView[at + b]!
    }
  }
}

interface Prepared {
  readonly threads: number
  readonly frame: number
  readonly outputs: WasmStorage[]
}

function own(s: Storage | undefined): WasmStorage {
  if (s instanceof WasmStorage) return s
  throw new DeviceError('call', `got an array on '${s?.device ?? 'no device'}' where one on 'wasm' is needed`)
}
