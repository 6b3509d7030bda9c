/** The default device: jaxprs compiled to WebAssembly, run in one heap. */
import { sizeOf, type Aval } from '../../core/aval.ts'
import { dtypeInfo } from '../../core/dtype.ts'
import type { Jaxpr } from '../../core/jaxpr.ts'
import { jaxprKey } from '../../core/jaxpr-key.ts'
import type { Backend, Executable, MemoryUse, Storage } from '../../core/storage.ts'
import { lowerToProgram } from '../../lowering/index.ts'
import { emitProgram } from '../../lowering/wasm/index.ts'
import { type Run, Scratch, type Signature, WasmExecutable } from './executable.ts'
import { Heap, type HeapLimits } from './heap.ts'

/** Programs kept: least recently used go first, past either bound. */
const cacheLimit = { programs: 2048, bytes: 64 * 2 ** 20 }

export class WasmBackend implements Backend {
  readonly name = 'wasm'
  readonly #limits: Partial<HeapLimits>
  readonly #programs = new Map<string, { executable: WasmExecutable; bytes: number }>()
  #programBytes = 0
  #runtime: { heap: Heap; arena: Scratch; frame: Scratch } | null = null

  constructor(limits: Partial<HeapLimits> = {}) {
    this.#limits = limits
  }

  compile(jaxpr: Jaxpr): Executable {
    const key = jaxprKey(jaxpr)
    const hit = this.#programs.get(key)
    if (hit !== undefined) {
      this.#programs.delete(key)
      this.#programs.set(key, hit)
      return hit.executable
    }
    const { program, plan } = lowerToProgram(jaxpr)
    const { bytes, arenaBytes } = emitProgram(program, plan)
    const bytesAt = (b: number): number => storageBytes(program.buffers[b]!.aval)
    const signature: Signature = {
      inputBytes: program.inputs.map(bytesAt),
      outputBytes: program.outputs.map(bytesAt),
      forwarded: program.outputs.map((b) => program.inputs.indexOf(b)),
      same: program.outputs.map((b, i) => (program.outputs.indexOf(b) < i ? program.outputs.indexOf(b) : -1)),
      arenaBytes,
      donations: plan.donations,
    }
    const { heap, arena, frame } = this.#start()
    const executable = new WasmExecutable(heap, arena, frame, signature, instantiate(bytes, heap.memory))
    this.#programs.set(key, { executable, bytes: bytes.length })
    this.#programBytes += bytes.length
    this.#trim()
    return executable
  }

  put(bytes: Uint8Array): Storage {
    return this.#start().heap.fromHost(bytes)
  }

  memory(): MemoryUse {
    return this.#runtime?.heap.use() ?? { bytes: 0, peakBytes: 0, storages: 0 }
  }

  // The heap is reserved at first use, so that importing the library costs nothing.
  #start(): { heap: Heap; arena: Scratch; frame: Scratch } {
    if (this.#runtime === null) {
      const heap = new Heap(this.#limits)
      this.#runtime = { heap, arena: new Scratch(heap), frame: new Scratch(heap) }
    }
    return this.#runtime
  }

  #trim(): void {
    for (const [key, { bytes }] of this.#programs) {
      if (this.#programs.size <= cacheLimit.programs && this.#programBytes <= cacheLimit.bytes) return
      this.#programs.delete(key)
      this.#programBytes -= bytes
    }
  }
}

function instantiate(bytes: Uint8Array<ArrayBuffer>, memory: WebAssembly.Memory): Run {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } })
  return instance.exports['run'] as Run
}

const storageBytes = (a: Aval): number => sizeOf(a.shape) * dtypeInfo[a.dtype].bytes
