/** A program with its pipelines: what is encoded into one command buffer at each call. */
import { InternalError } from '../../core/errors.ts'
import { type Address, type Command, counterBase, counterStride, type PlaceId, type ShaderProgram } from '../../lowering/wgsl/index.ts'
import type { Gpu } from './gpu.ts'
import type { Pipeline } from './pipelines.ts'
import type { DeviceBuffer } from './pool.ts'

type Dispatch = Extract<Command, { kind: 'dispatch' }>
type Copy = Extract<Command, { kind: 'copy' }>
type Loop = Extract<Command, { kind: 'loop' }>

/** The bind groups of a dispatch that were made last, by the buffers in them: steady calls come back to the same few. */
type Groups = { readonly ids: readonly number[]; readonly group: GPUBindGroup }[]
const groupsKept = 4

export class Code {
  readonly shaders: ShaderProgram
  readonly #gpu: Gpu
  readonly #pipelines: readonly Pipeline[]
  readonly #groups = new Map<Dispatch, Groups>()
  #waiting: Promise<unknown> | null

  /** `nameOf` gives the name of a kernel by its number, for people. */
  constructor(gpu: Gpu, shaders: ShaderProgram, nameOf: (kernel: number) => string) {
    this.#gpu = gpu
    this.shaders = shaders
    const users = kernelsByShader(shaders.commands)
    this.#pipelines = shaders.shaders.map((shader, i) => gpu.pipelines.of(shader, nameOf(users.get(i) ?? 0)))
    this.#waiting = Promise.all(this.#pipelines.map((p) => p.done)).then(() => {
      this.#waiting = null
    })
  }

  get isEmpty(): boolean {
    return this.shaders.commands.length === 0
  }
  /** Null when all shaders are compiled, or refused. */
  get waitsFor(): Promise<unknown> | null {
    if (this.#waiting !== null && this.#pipelines.every((p) => p.compiled !== null || p.error !== null)) this.#waiting = null
    return this.#waiting
  }
  /** The first shader that the device refused. */
  get refused(): Pipeline | null {
    return this.#pipelines.find((p) => p.error !== null) ?? null
  }

  /** `places`: a buffer for each place of the program. */
  encode(encoder: GPUCommandEncoder, places: readonly DeviceBuffer[]): void {
    new Encoding(this.#gpu, this.#pipelines, this.#groups, encoder, places).all(this.shaders.commands)
  }
}

function kernelsByShader(commands: readonly Command[], found: Map<number, number> = new Map()): ReadonlyMap<number, number> {
  for (const c of commands) {
    if (c.kind === 'loop') for (const phase of c.phases) kernelsByShader(phase, found)
    else if (c.kind === 'dispatch' && !found.has(c.shader)) found.set(c.shader, c.kernel)
  }
  return found
}

class Encoding {
  readonly #gpu: Gpu
  readonly #pipelines: readonly Pipeline[]
  readonly #groups: Map<Dispatch, Groups>
  readonly #encoder: GPUCommandEncoder
  readonly #places: readonly DeviceBuffer[]
  /** Present iterations of the loops around, the outermost first. */
  readonly #iterations: number[] = []
  #pass: GPUComputePassEncoder | null = null

  constructor(gpu: Gpu, pipelines: readonly Pipeline[], groups: Map<Dispatch, Groups>, encoder: GPUCommandEncoder, places: readonly DeviceBuffer[]) {
    this.#gpu = gpu
    this.#pipelines = pipelines
    this.#groups = groups
    this.#encoder = encoder
    this.#places = places
  }

  all(commands: readonly Command[]): void {
    this.#run(commands)
    this.#endPass()
  }

  #run(commands: readonly Command[]): void {
    for (const c of commands) {
      if (c.kind === 'dispatch') this.#dispatch(c)
      else if (c.kind === 'copy') this.#copy(c)
      else this.#loop(c)
    }
  }

  /** Copies stand between passes. */
  #endPass(): void {
    this.#pass?.end()
    this.#pass = null
  }

  #place(id: PlaceId): DeviceBuffer {
    const buffer = this.#places[id]
    if (buffer === undefined) throw new InternalError('call', `place ${id} has no buffer`)
    return buffer
  }

  #dispatch(c: Dispatch): void {
    const pipeline = this.#pipelines[c.shader]
    if (pipeline === undefined || pipeline.compiled === null) throw new InternalError('call', 'a shader was run before it was compiled')
    const pass = (this.#pass ??= this.#encoder.beginComputePass())
    pass.setPipeline(pipeline.compiled)
    pass.setBindGroup(0, this.#groupOf(c, pipeline))
    if (c.counters.length > 0) {
      const offsets = c.counters.map((n) => {
        if (n.kind === 'constant') return counterStride * n.value
        const t = this.#iterations[n.loop]!
        return counterStride * (n.digit === 0 ? t % counterBase : Math.floor(t / counterBase))
      })
      pass.setBindGroup(1, this.#gpu.counters(c.counters.length), offsets)
    }
    pass.dispatchWorkgroups(...c.workgroups)
    this.#gpu.figures.dispatches++
  }

  #groupOf(c: Dispatch, { layout }: Pipeline): GPUBindGroup {
    const buffers = c.bindings.map(({ place }) => this.#place(place))
    let made = this.#groups.get(c)
    if (made === undefined) this.#groups.set(c, (made = []))
    const known = made.find(({ ids }) => buffers.every((b, i) => b.id === ids[i]))
    if (known !== undefined) return known.group
    const entries = c.bindings.map(({ offset, bytes }, binding) => ({ binding, resource: { buffer: buffers[binding]!.gpu, offset, size: bytes } }))
    const group = this.#gpu.device.createBindGroup({ layout, entries })
    made.unshift({ ids: buffers.map((b) => b.id), group })
    if (made.length > groupsKept) made.pop()
    return group
  }

  #copy({ from, to, bytes }: Copy): void {
    this.#endPass()
    this.#encoder.copyBufferToBuffer(this.#place(from.place).gpu, this.#byte(from), this.#place(to.place).gpu, this.#byte(to), bytes)
    this.#gpu.figures.copies++
  }

  #byte({ offset, strides }: Address): number {
    return strides.reduce((at, { loop, bytes }) => at + this.#iterations[loop]! * bytes, offset)
  }

  #loop({ count, reverse, phases }: Loop): void {
    const depth = this.#iterations.length
    for (let i = 0; i < count; i++) {
      this.#iterations[depth] = reverse ? count - 1 - i : i
      this.#run(phases[i % phases.length]!)
    }
    this.#iterations.length = depth
  }
}
