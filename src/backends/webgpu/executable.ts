/** A compiled program on a GPU: one call is one submission, in the order of calls, when its shaders are compiled; calls of single operations share theirs. */
import { type Aval, bytesOf } from '../../core/aval.ts'
import { DeviceError, OutOfMemoryError, type PullbackError } from '../../core/errors.ts'
import { within } from '../../core/in-name-of.ts'
import type { Jaxpr } from '../../core/jaxpr.ts'
import type { Executable, Storage } from '../../core/storage.ts'
import type { LoweredProgram } from '../../lowering/index.ts'
import { kernelsOf } from '../../lowering/kernel-ir/index.ts'
import { emitShaders, storedBytes, toStorage } from '../../lowering/wgsl/index.ts'
import { Code } from './code.ts'
import { Fate } from './fate.ts'
import type { Gpu } from './gpu.ts'
import type { DeviceBuffer } from './pool.ts'
import { GpuStorage } from './storage.ts'

const bytesPerKernel = 4096

/** What a call has taken, until its work was asked for. */
interface Taken {
  /** A buffer for each place of the program. */
  readonly places: readonly DeviceBuffer[]
  /** Where the operands are, one an operand. */
  readonly inputs: readonly DeviceBuffer[]
  readonly uploads: readonly (readonly [DeviceBuffer, Uint8Array])[]
  readonly scratch: readonly DeviceBuffer[]
}

export class GpuExecutable implements Executable {
  readonly codeBytes: number
  readonly #gpu: Gpu
  readonly #lowered: LoweredProgram
  /** As users know it: an operation, or 'jit'. */
  readonly #operation: string
  /** Whether it is one operation, of no program. */
  readonly #single: boolean
  readonly #inputAvals: readonly Aval[]
  readonly #outputAvals: readonly Aval[]
  /** By the operands that are given away: results may lie over them. */
  readonly #codes = new Map<string, Code>()

  constructor(gpu: Gpu, jaxpr: Jaxpr, lowered: LoweredProgram) {
    this.#gpu = gpu
    this.#lowered = lowered
    this.#inputAvals = jaxpr.inputs.map((v) => v.aval)
    this.#outputAvals = jaxpr.outputs.map((v) => v.aval)
    const [only, ...more] = jaxpr.equations
    const one = only !== undefined && more.length === 0
    this.#operation = one ? only.primitive : 'jit'
    this.#single = one && !('jaxpr' in only.params)
    // Shaders are made at the first call, which knows what is given away. Some thousand bytes a kernel is what they come to.
    this.codeBytes = kernelsOf(lowered.program).length * bytesPerKernel
  }

  #codeFor(donated: readonly boolean[]): Code {
    const given = new Set(donated.flatMap((d, i) => (d ? [i] : [])))
    const key = [...given].join()
    let code = this.#codes.get(key)
    if (code === undefined) {
      const { program } = this.#lowered
      const names = kernelsOf(program).map((k) => (k.name === '' ? 'copy' : k.name))
      code = within(this.#operation, () => {
        for (const { aval } of program.buffers) this.#gpu.pool.requireFits(storedBytes(aval))
        return new Code(this.#gpu, emitShaders(program, this.#gpu.shaderOptions(given, this.#outputAvals)), (k) => names[k] ?? 'copy')
      })
      this.#codes.set(key, code)
    }
    return code
  }

  call(inputs: readonly Storage[], donated: readonly boolean[] = []): Storage[] {
    const gpu = this.#gpu
    gpu.requireAlive(this.#operation)
    const own = inputs.map(ownStorage)
    const code = this.#codeFor(donated)
    const taken = within(this.#operation, () => this.#take(code, own))
    // From here on nothing fails at once.
    const fate = new Fate([...own.flatMap((s) => s.fate ?? []), ...taken.places.flatMap((b) => b.born ?? [])], this.#operation)
    this.#ask(code, taken, fate)
    for (const [i, s] of own.entries()) if (!s.constant && s.bufferOn(gpu) === null) s.settleIn(taken.inputs[i]!)
    const outputs = this.#outputs(code, own, taken, fate)
    for (const buffer of taken.scratch) gpu.pool.give(buffer)
    for (const [i, s] of own.entries()) if (donated[i] === true && !outputs.includes(s)) s.release()
    return outputs
  }

  /** All buffers of a call, or none: if it throws, what was taken is given back. */
  #take(code: Code, own: readonly GpuStorage[]): Taken {
    const gpu = this.#gpu
    const fresh: DeviceBuffer[] = []
    const take = (bytes: number): DeviceBuffer => {
      const buffer = gpu.pool.take(bytes)
      fresh.push(buffer)
      return buffer
    }
    try {
      const uploads: (readonly [DeviceBuffer, Uint8Array])[] = []
      const brought = new Map<GpuStorage, DeviceBuffer>()
      const inputs = own.map((s, i) => {
        const aval = this.#inputAvals[i]!
        const there = s.constant ? gpu.constant(toStorage(s.host!, aval.dtype)) : (s.bufferOn(gpu) ?? brought.get(s))
        if (there !== undefined) return there
        const buffer = take(storedBytes(aval))
        uploads.push([buffer, toStorage(s.host!, aval.dtype)])
        brought.set(s, buffer)
        return buffer
      })
      const scratch: DeviceBuffer[] = []
      const places = code.shaders.places.map((place) => {
        if (place.kind === 'input') return inputs[place.position]!
        const buffer = take(place.bytes)
        if (place.kind === 'temp') scratch.push(buffer)
        return buffer
      })
      return { places, inputs, uploads, scratch }
    } catch (e) {
      for (const buffer of fresh) gpu.pool.give(buffer)
      throw e
    }
  }

  #ask(code: Code, { places, uploads }: Taken, fate: Fate): void {
    const gpu = this.#gpu
    if (code.isEmpty && uploads.length === 0) return void fate.settle(null)
    gpu.add({
      waitsFor: code.waitsFor,
      run: () => {
        const refused = code.refused
        gpu.submit({
          operation: this.#operation,
          fate,
          waits: this.#single,
          uses: places,
          uploads,
          // Operands are brought over even if nothing can be done with them here: others count on it.
          encode: (encoder) => {
            if (refused?.error != null) throw refused.error.inNameOf(this.#operation)
            code.encode(encoder, places)
          },
          failed: (kind, message) => this.#failed(kind, message),
        })
      },
      cancel: () => void fate.settle(new DeviceError(this.#operation, `the GPU device was lost (${gpu.lost}) before this was computed`)),
    })
  }

  #failed(kind: GPUErrorFilter, message: string): PullbackError {
    if (kind === 'out-of-memory') return new OutOfMemoryError(this.#operation, `the GPU has no memory left for this: ${message}; hold fewer arrays, or smaller ones`)
    return new DeviceError(this.#operation, `the GPU refused this: ${message}`)
  }

  #outputs(code: Code, own: readonly GpuStorage[], { places }: Taken, fate: Fate): GpuStorage[] {
    const { shaders } = code
    const outputs: GpuStorage[] = []
    for (const [o, id] of shaders.outputs.entries()) {
      const aval = this.#outputAvals[o]!
      const place = shaders.places[id]!
      const twin = shaders.outputs.indexOf(id)
      if (twin < o || (place.kind === 'input' && !place.written)) {
        const s = twin < o ? outputs[twin]! : own[(place as { readonly position: number }).position]! // an input has one
        s.markShared()
        outputs.push(s)
      } else outputs.push(GpuStorage.made(this.#gpu, bytesOf(aval), aval, place.kind === 'input' ? own[place.position]!.surrender() : places[id]!, fate))
    }
    return outputs
  }
}

function ownStorage(s: Storage): GpuStorage {
  if (s instanceof GpuStorage) return s
  throw new DeviceError('call', `got an array on '${s.device}' where one on 'webgpu' is needed`)
}
