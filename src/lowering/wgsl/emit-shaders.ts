/** From a program of the kernel IR to shaders and the commands that run them. */
import { aval, type Aval, sizeOf } from '../../core/aval.ts'
import type { DType } from '../../core/dtype.ts'
import { type Buffer, type BufferId, type Kernel, kernelsOf, type LoopStep, type Program, readsOfKernel, renameBuffers, type Step, writesOfKernel } from '../kernel-ir/index.ts'
import type { Location } from './shader/bindings.ts'
import { emitContraction } from './contraction/contraction.ts'
import { type Dispatch, fits, type KernelContext, tooManyBindings } from './shader/kernel-context.ts'
import { emitLoop } from './loop-kernel/loop-kernel.ts'
import { dispatchOf, moduleText } from './shader/module-text.ts'
import { withOutputsInForm } from './output-form.ts'
import { placesOf, withoutIdlePlaces } from './places.ts'
import { emitPointwiseLoop } from './whole-loops/pointwise-loop.ts'
import { emitScatter } from './scatter/index.ts'
import { type Address, baseLimits, type Command, type Place, type PlaceId, type ShaderLimits, type ShaderModule, type ShaderProgram } from './shader/shader-program.ts'
import { emitSort } from './sort/sort.ts'
import { everywhere, type Span, type Spans } from './shader/spans.ts'
import { storedBytes, storedBytesPerElement } from './shader/storage-form.ts'
import { emitWorkgroupLoop } from './whole-loops/workgroup-loop.ts'

export interface ShaderOptions {
  readonly limits?: ShaderLimits
  /** Positions of inputs whose memory results may take. */
  readonly donated?: ReadonlySet<number>
  /** What outputs are read as; their buffers may be those of arrays of other dtypes with the same bits. */
  readonly results?: readonly Aval[]
  /** Whether convolutions may use Winograd's algorithm; by default they do. */
  readonly winograd?: boolean
  /** Bytes of scratch memory that each of its matrices may take; more images go through them in chunks. */
  readonly winogradBytes?: number
  /** Whether one workgroup may run a loop of little work by itself; by default it does. */
  readonly workgroupLoops?: boolean
}

/**
 * The shaders of a program, and what runs them.
 *
 * @throws DeviceError for what GPUs cannot compute (float64, complex), naming the dtype and saying what to do.
 */
export const emitShaders = (program: Program, options: ShaderOptions = {}): ShaderProgram => new Emitter(options.results === undefined ? program : withOutputsInForm(program, options.results), options).run()

class Emitter implements KernelContext {
  readonly limits: ShaderLimits
  readonly winograd: boolean
  readonly winogradBytes: number
  readonly loops: number[] = []
  readonly #workgroupLoops: boolean
  readonly #program: Program
  readonly #places: Place[]
  readonly #placeOf: ReadonlyMap<BufferId, PlaceId>
  readonly #shaders: ShaderModule[] = []
  readonly #shaderOf = new Map<string, number>()
  /** Inside loops: what a carry's two sides are in the present phase, or what else stands for a buffer, and which loop a slice follows. */
  readonly #standIns = new Map<BufferId, BufferId>()
  readonly #sliceOf = new Map<BufferId, number>()
  readonly #kernels: ReadonlyMap<Kernel, number>
  /** Scratch of kernels: numbered behind the program's buffers, in places that every kernel uses anew. */
  readonly #scratch = new Map<BufferId, { readonly aval: Aval; readonly place: PlaceId; readonly offset: number }>()
  readonly #scratchPlaces = new Set<PlaceId>()
  readonly #inUse = new Set<PlaceId>()
  #spans: Spans = everywhere
  #kernel: number | null = null
  #commands: Command[] = []

  constructor(program: Program, { limits = baseLimits, donated = new Set(), winograd = true, winogradBytes = 2 ** 26, workgroupLoops = true }: ShaderOptions) {
    this.limits = limits
    this.winograd = winograd
    this.winogradBytes = winogradBytes
    this.#workgroupLoops = workgroupLoops
    this.#program = program
    const { places, of } = placesOf(program, donated)
    this.#places = places
    this.#placeOf = of
    this.#kernels = new Map(kernelsOf(program).map((k, i) => [k, i]))
  }

  run(): ShaderProgram {
    this.#steps(this.#program.steps)
    return withoutIdlePlaces({ places: this.#places, shaders: this.#shaders, commands: this.#commands, outputs: this.#program.outputs.map((b) => this.#placeOf.get(b)!) })
  }

  #steps(steps: readonly Step[]): void {
    for (const step of steps) {
      if (step.kind === 'loop') {
        this.#loop(step)
        continue
      }
      this.#kernel = this.#kernels.get(step.kernel)!
      this.#emit(step.kernel)
      this.#kernel = null
      this.#inUse.clear()
    }
  }

  /** Slices of arrays so large that a shader cannot bind all of them go through memory of their own. */
  #emit(given: Kernel): void {
    const [reads, writes] = [readsOfKernel(given), writesOfKernel(given)]
    const buffers = new Set([...reads, ...writes])
    const large = [...buffers].filter((b) => this.locate(b).strides.length > 0 && this.bytesOf(this.locate(b).place) > this.limits.bindingBytes)
    if (large.length === 0 || fits(this, buffers)) return this.#emitKernel(given)
    const own = new Map(large.map((b) => [b, this.temp(this.avalOf(b).dtype, sizeOf(this.avalOf(b).shape))]))
    for (const [b, t] of own) this.copy(b, t)
    this.#emitKernel(renameBuffers(given, (b) => own.get(b) ?? b))
    for (const [b, t] of own) if (writes.has(b)) this.copy(t, b)
  }

  #emitKernel(kernel: Kernel): void {
    switch (kernel.kind) {
      case 'loop':
        return emitLoop(this, kernel)
      case 'contraction':
        return emitContraction(this, kernel)
      case 'scatter':
        return emitScatter(this, kernel)
      case 'sort':
        return emitSort(this, kernel)
    }
  }

  /**
   * The next value of a carry goes to two places in turn, such that the last stands in `final`, or always there where the
   * body may write over the present one. The initial value is copied to where iteration -1 would have put it.
   */
  #loop(step: LoopStep): void {
    const { count, reverse, carries, body } = step
    const depth = this.loops.push(count) - 1
    this.#follow(step, depth)
    if (this.#inOneShader(step)) return void this.loops.pop()
    const alternate = count > 1 && carries.some((c) => c.spare !== c.final)
    const placeOf = (c: LoopStep['carries'][number], k: number): BufferId => ((count - 1 - k) % 2 === 0 ? c.final : c.spare)
    if (count > 1) for (const c of carries) this.copy(c.initial, placeOf(c, -1))
    const before = this.#commands
    const phases = (alternate ? [0, 1] : [0]).map((i) => {
      for (const c of carries) {
        this.#standIns.set(c.current, count === 1 ? c.initial : placeOf(c, i - 1))
        this.#standIns.set(c.next, placeOf(c, i))
      }
      this.#commands = []
      this.#steps(body)
      return this.#commands
    })
    this.#commands = before
    if (phases.some((p) => p.length > 0)) this.#commands.push({ kind: 'loop', count, reverse, phases })
    this.loops.pop()
  }

  #follow({ slices, body }: LoopStep, depth: number): void {
    for (const s of slices) this.#sliceOf.set(s, depth)
    for (const step of body) if (step.kind === 'loop') this.#follow(step, depth + 1)
  }

  #inOneShader(step: LoopStep): boolean {
    const first = firstKernel(step)
    if (first === null) return false
    this.#kernel = this.#kernels.get(first)!
    const done = emitPointwiseLoop(this, step) || (this.#workgroupLoops && emitWorkgroupLoop(this, step))
    this.#kernel = null
    this.#inUse.clear()
    return done
  }

  avalOf(buffer: BufferId): Aval {
    return this.#scratch.get(buffer)?.aval ?? this.#program.buffers[buffer]!.aval
  }

  locate(buffer: BufferId): Location {
    const scratch = this.#scratch.get(buffer)
    if (scratch !== undefined) return { place: scratch.place, offset: scratch.offset, strides: [] }
    const other = this.#standIns.get(buffer)
    if (other !== undefined) return this.locate(other)
    const { role, aval } = this.#program.buffers[buffer]!
    if (role.kind !== 'slice') return { place: this.#placeOf.get(buffer)!, offset: 0, strides: [] }
    const { place, offset, strides } = this.locate(role.of)
    const words = (sizeOf(aval.shape) * storedBytesPerElement(aval.dtype)) / 4
    return { place, offset, strides: [...strides, { loop: this.#sliceOf.get(buffer)!, words }] }
  }

  bytesOf(place: PlaceId): number {
    return this.#places[place]!.bytes
  }

  roleOf(buffer: BufferId): Buffer['role'] {
    return this.#program.buffers[buffer]?.role ?? { kind: 'temp' }
  }

  standingIn(others: ReadonlyMap<BufferId, BufferId>, run: () => void): void {
    for (const [buffer, other] of others) this.#standIns.set(buffer, other)
    run()
    for (const buffer of others.keys()) this.#standIns.delete(buffer)
  }

  spansOf(buffer: BufferId): readonly Span[] | null {
    return this.#spans.get(buffer) ?? null
  }

  apart<R>(spans: Spans, run: () => R): R {
    const [before, inUse] = [this.#spans, new Set(this.#inUse)]
    this.#spans = spans
    try {
      return run()
    } finally {
      this.#spans = before
      for (const place of this.#inUse) if (!inUse.has(place)) this.#inUse.delete(place)
    }
  }

  temp(dtype: DType, elements: number): BufferId {
    return this.tempsInOne([aval([elements], dtype)])[0]!
  }

  tempsInOne(avals: readonly Aval[]): BufferId[] {
    const bytes = avals.reduce((n, a) => n + storedBytes(a), 0)
    const fitting = [...this.#scratchPlaces].filter((p) => !this.#inUse.has(p) && this.bytesOf(p) >= bytes && this.bytesOf(p) <= 16 * bytes).sort((a, b) => this.bytesOf(a) - this.bytesOf(b))[0]
    const place = fitting ?? this.#places.push({ kind: 'temp', bytes }) - 1
    this.#scratchPlaces.add(place)
    this.#inUse.add(place)
    let offset = 0
    return avals.map((aval) => {
      const buffer = this.#program.buffers.length + this.#scratch.size
      this.#scratch.set(buffer, { aval, place, offset })
      offset += storedBytes(aval) / 4
      return buffer
    })
  }

  dispatch({ bindings, threads, groups, declarations, body }: Dispatch): void {
    if (bindings.access.length > this.limits.storageBuffers) throw tooManyBindings(this, this.#name(), bindings.places.map(({ place }) => place))
    const lines = [...bindings.prologue(), ...body].join('\n')
    const code = moduleText([bindings.declarations(), ...declarations].filter((d) => d !== '').join('\n'), threads, lines)
    const counters = bindings.counters
    let shader = this.#shaderOf.get(code)
    if (shader === undefined) {
      shader = this.#shaders.push({ code, access: bindings.access, counters: counters.length, workgroupSize: threads }) - 1
      this.#shaderOf.set(code, shader)
    }
    this.#commands.push({ kind: 'dispatch', shader, bindings: bindings.places, counters, workgroups: dispatchOf(groups), kernel: this.#kernel! })
  }

  #name(): string {
    return [...this.#kernels.keys()][this.#kernel ?? 0]?.name ?? ''
  }

  copy(from: BufferId, to: BufferId): void {
    const [source, target] = [this.#address(from), this.#address(to)]
    const elements = sizeOf(this.avalOf(to).shape)
    if (elements === 0) return
    const bytes = elements * storedBytesPerElement(this.avalOf(to).dtype)
    if (source.place !== target.place) {
      this.#commands.push({ kind: 'copy', from: source, to: target, bytes, kernel: this.#kernel })
      return
    }
    if (JSON.stringify(source) === JSON.stringify(target)) return
    // No command copies within a buffer.
    const between = this.#address(this.temp(this.avalOf(to).dtype, elements))
    this.#commands.push({ kind: 'copy', from: source, to: between, bytes, kernel: this.#kernel }, { kind: 'copy', from: between, to: target, bytes, kernel: this.#kernel })
  }

  #address(buffer: BufferId): Address {
    const { place, offset, strides } = this.locate(buffer)
    return { place, offset: 4 * offset, strides: strides.map(({ loop, words }) => ({ loop, bytes: 4 * words })) }
  }
}

function firstKernel({ body }: LoopStep): Kernel | null {
  for (const step of body) {
    const first = step.kind === 'kernel' ? step.kernel : firstKernel(step)
    if (first !== null) return first
  }
  return null
}
