/** A program as one WebAssembly module with one entry. */
import { bytesOf } from '../../../core/aval.ts'
import { InternalError } from '../../../core/errors.ts'
import { type BufferId, buffersOf, type Kernel, kernelKey, kernelsOf, type LoopStep, type MemoryPlan, type Program, renameBuffers, type Step } from '../../kernel-ir/index.ts'
import { type FunctionBuilder, type FunctionRef, type Local, ModuleBuilder } from '../asm/index.ts'
import { createHelpers } from '../math/index.ts'
import { barrier, beginClaims, claimShares } from '../threads/index.ts'
import type { EmitContext, EmittedKernel, Phase } from './phase.ts'
import { emitKernel } from './phases.ts'

export interface EmittedProgram {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** What the bytes were written from. */
  readonly module: ModuleBuilder
  /** Scratch memory that a call needs: the plan's temps, then what kernels use while they run. */
  readonly arenaBytes: number
  /** More of it for each thread, behind that. */
  readonly ownBytes: number
  /** Nanoseconds that threads can share, and all of them, on one thread and roughly; 0: nothing is worth sharing. */
  readonly sharedTime: number
  readonly time: number
}

export interface EmitOptions {
  /** The memory is shared: threads meet at barriers. Without, the module runs on one thread. */
  readonly shared?: boolean
  /** Nanoseconds from which a phase is worth sharing. */
  readonly shareAbove?: number
  /** The module calls `env.tick(i)` on thread 0 whenever kernel i of `kernelsOf` has ended on all threads. */
  readonly ticks?: boolean
  /** Whether convolutions may use Winograd's algorithm; by default they may. */
  readonly winograd?: boolean
  /** Products may use fused multiply-adds: engines must have relaxed SIMD then. */
  readonly relaxedSimd?: boolean
}

/** Where two threads begin to be faster than one: a barrier costs 0.1 to 1 µs, and no share is exactly a half. */
export const worthSharing = 8000

/**
 * The module imports its memory as `env.memory` and exports `run(threadId, threadCount, args)`; `args` points to u32 words:
 * the arena, then a pointer for each input and each output. All threads run it at once; phases too short to share run on
 * thread 0, while the others go on to the next barrier.
 *
 * @example
 * const { bytes, arenaBytes } = emitProgram(program, plan)
 * const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } })
 */
export function emitProgram(program: Program, plan: MemoryPlan, options: EmitOptions = {}): EmittedProgram {
  const { shared = false, shareAbove = worthSharing, ticks = false, winograd = true, relaxedSimd = false } = options
  const module = new ModuleBuilder({ relaxedSimd, hoist: true })
  module.importMemory('env', 'memory', shared ? { min: 0, max: 65536, shared } : { min: 0 })
  const run = module.function('run', ['i32', 'i32', 'i32'])
  const tick = ticks ? module.importFunction('env', 'tick', ['i32'], []) : null
  const context: EmitContext = { module, helpers: createHelpers(module), meet: () => (shared ? barrier(module) : null), winograd }
  const kernels = new Map<string, EmittedKernel>()
  const known = new Map<Kernel, { code: EmittedKernel; buffers: readonly BufferId[] }>()
  let scratchBytes = 0
  let ownBytes = 0
  const emit = (kernel: Kernel): void => {
    const buffers = buffersOf(kernel)
    const positions = new Map(buffers.map((b, i) => [b, i]))
    const anonymous = renameBuffers(kernel, (b) => positions.get(b) ?? b)
    const outBytes = kernel.kind === 'scatter' ? bytesOf(avalOf(program, kernel.out)) : 0
    const key = `${kernelKey(anonymous)}${outBytes}`
    let code = kernels.get(key)
    if (code === undefined) {
      code = emitKernel(context, `k${kernels.size}`, anonymous, outBytes)
      kernels.set(key, code)
      scratchBytes = Math.max(scratchBytes, code.scratchBytes)
      ownBytes = Math.max(ownBytes, code.ownBytes)
    }
    known.set(kernel, { code, buffers })
  }
  kernelsOf(program).forEach(emit)
  const scratchAt = align64(plan.arenaBytes)
  const arenaBytes = scratchBytes + ownBytes > 0 ? scratchAt + align64(scratchBytes) : plan.arenaBytes
  const isShared = (phase: Phase): boolean => shared && !phase.sequential && phase.units > 1 && phase.time >= shareAbove
  const places = new Places(run, program, plan)
  const own = run.local('i32', 'own')
  if (ownBytes > 0) run.get(places.arena).i32(arenaBytes).emit('i32.add').get(run.param(0)).i32(align64(ownBytes)).emit('i32.mul').emit('i32.add').set(own)
  const turn = shared ? beginClaims(run) : null
  const c: RunContext = { run, program, places, own, turn, scratchAt, isShared, meet: context.meet, emitted: (kernel) => known.get(kernel)!, tick, kernels: 0, since: 'nothing', times: 1, sharedTime: 0, time: 0 }
  emitSteps(c, program.steps)
  module.export('run', run)
  return { bytes: module.toBytes(), module, arenaBytes, ownBytes: align64(ownBytes), sharedTime: c.sharedTime, time: c.time }
}

const align64 = (bytes: number): number => Math.ceil(bytes / 64) * 64

const avalOf = (program: Program, buffer: BufferId): Program['buffers'][number]['aval'] => {
  const found = program.buffers[buffer]
  if (found === undefined) throw new InternalError('emit', `no buffer ${buffer}`)
  return found.aval
}

/** Where buffers are, as code in `run`. */
class Places {
  readonly #run: FunctionBuilder
  readonly #program: Program
  readonly #plan: MemoryPlan
  readonly #locals = new Map<BufferId, Local>()
  readonly arena: Local

  constructor(run: FunctionBuilder, program: Program, plan: MemoryPlan) {
    this.#run = run
    this.#program = program
    this.#plan = plan
    const args = run.param(2)
    this.arena = run.local('i32', 'arena')
    run.get(args).mem('i32.load').set(this.arena)
    const given = [...program.inputs, ...program.outputs]
    given.forEach((buffer, i) => {
      // an output that is an input too is forwarded: its own word is not set
      if (this.#locals.has(buffer)) return
      run.get(args).mem('i32.load', 4 * (1 + i)).set(this.local(buffer))
    })
  }

  /** The local that holds a buffer's pointer while that varies. */
  local(buffer: BufferId): Local {
    const known = this.#locals.get(buffer)
    if (known !== undefined) return known
    const local = this.#run.local('i32', `b${buffer}`)
    this.#locals.set(buffer, local)
    return local
  }

  push(buffer: BufferId): void {
    const known = this.#locals.get(buffer)
    if (known !== undefined) {
      this.#run.get(known)
      return
    }
    const offset = this.#plan.offsets.get(buffer)
    if (offset === undefined) throw new InternalError('emit', `buffer ${buffer} (${this.#program.buffers[buffer]?.role.kind ?? 'unknown'}) has no place`)
    this.#run.get(this.arena)
    if (offset > 0) this.#run.i32(offset).emit('i32.add')
  }
}

interface RunContext {
  readonly run: FunctionBuilder
  readonly program: Program
  readonly places: Places
  /** The address of this thread's own scratch memory. */
  readonly own: Local
  /** Null: there is one thread. */
  readonly turn: Local | null
  readonly scratchAt: number
  readonly emitted: (kernel: Kernel) => { code: EmittedKernel; buffers: readonly BufferId[] }
  readonly isShared: (phase: Phase) => boolean
  readonly meet: EmitContext['meet']
  readonly tick: FunctionRef | null
  /** Kernels emitted so far. */
  kernels: number
  /** What has run since the last barrier: nothing, phases on thread 0 only, or also phases on all threads. */
  since: 'nothing' | 'first' | 'all'
  /** How often the steps that are being emitted run, and the time so far. */
  times: number
  sharedTime: number
  time: number
}

function emitSteps(c: RunContext, steps: readonly Step[]): void {
  for (const step of steps) {
    if (step.kind === 'loop') emitLoopStep(c, step)
    else {
      const { code, buffers } = c.emitted(step.kernel)
      for (const phase of code.phases) {
        const shared = c.isShared(phase)
        c.time += c.times * phase.time
        if (shared) c.sharedTime += c.times * phase.time
        if (c.since === 'all' || (shared && c.since === 'first')) emitBarrier(c)
        c.since = shared ? 'all' : 'first'
        emitPhase(c, phase, buffers, shared)
      }
      emitTick(c, c.kernels++)
    }
  }
}

function emitTick(c: RunContext, kernel: number): void {
  const { tick, run } = c
  if (tick === null) return
  if (c.since === 'all') emitBarrier(c)
  run.get(run.param(0)).emit('i32.eqz').if(() => void run.i32(kernel).call(tick))
}

/** All threads wait for each other. Phases on thread 0 alone follow each other without. */
function emitBarrier(c: RunContext): void {
  const meet = c.meet()
  if (meet !== null) c.run.get(c.run.param(0)).get(c.run.param(1)).call(meet)
  c.since = 'nothing'
}

/** Whether any phase of the steps runs on all threads. */
const anyShared = (c: RunContext, steps: readonly Step[]): boolean =>
  steps.some((s) => (s.kind === 'loop' ? anyShared(c, s.body) : c.emitted(s.kernel).code.phases.some(c.isShared)))

/** Calls of one phase over this thread's share of the units. */
function emitPhase(c: RunContext, phase: Phase, buffers: readonly BufferId[], shared: boolean): void {
  const { run, places } = c
  const { units, unitsPerCall } = phase
  if (units === 0) return
  const pointers = (): void => {
    for (const p of phase.pointers) {
      if ('buffer' in p) places.push(buffers[p.buffer]!)
      else if ('scratch' in p) run.get(places.arena).i32(c.scratchAt + p.scratch).emit('i32.add')
      else if (p.own > 0) run.get(c.own).i32(p.own).emit('i32.add')
      else run.get(c.own)
    }
  }
  if (phase.kind === 'team') {
    const call = (): void => {
      pointers()
      run.call(phase.fn)
    }
    if (shared) {
      run.get(run.param(0)).get(run.param(1))
      call()
    } else {
      run.get(run.param(0)).emit('i32.eqz').if(() => {
        run.i32(0).i32(1)
        call()
      })
    }
    return
  }
  if (units <= unitsPerCall && !shared) {
    run.get(run.param(0)).emit('i32.eqz').if(() => {
      run.i32(0).i32(units)
      pointers()
      run.call(phase.fn)
    })
    return
  }
  if (shared && c.turn !== null) {
    claimShares(run, c.turn, units, unitsPerCall, (begin, end) => {
      run.get(begin).get(end)
      pointers()
      run.call(phase.fn)
    })
    return
  }
  run.get(run.param(0)).emit('i32.eqz').if(() => {
    run.scope(() => {
      const at = run.local('i32', 'at')
      const next = run.local('i32', 'next')
      run.forLoop(at, 0, units, unitsPerCall, () => {
        run.get(at)
        run.get(at).i32(unitsPerCall).emit('i32.add').tee(next).i32(units).get(next).i32(units).emit('i32.lt_u').select()
        pointers()
        run.call(phase.fn)
      })
    })
  })
}

/**
 * A loop in the module: carries swap two places so that the last iteration writes `final`; slices move by their size.
 */
function emitLoopStep(c: RunContext, step: LoopStep): void {
  const { run, program, places } = c
  if (step.count === 0) throw new InternalError('emit', 'a loop of no iterations')
  const left = run.local('i32', 'left')
  for (const { initial, current, next, final, spare } of step.carries) {
    places.push(initial)
    run.set(places.local(current))
    places.push(step.count % 2 === 1 ? final : spare)
    run.set(places.local(next))
  }
  for (const slice of step.slices) {
    const { role, aval } = program.buffers[slice]!
    if (role.kind !== 'slice') throw new InternalError('emit', `buffer ${slice} is no slice`)
    places.push(role.of)
    const last = (step.count - 1) * bytesOf(aval)
    if (step.reverse && last > 0) run.i32(last).emit('i32.add')
    run.set(places.local(slice))
  }
  // An iteration begins as the one before it ended: with nothing to wait for, unless thread 0 does all of the loop.
  const sharing = anyShared(c, step.body)
  if (c.since === 'all' || (sharing && c.since === 'first')) emitBarrier(c)
  c.times *= step.count
  run.i32(step.count).set(left)
  run.loop((head) => {
    emitSteps(c, step.body)
    if (sharing && c.since !== 'nothing') emitBarrier(c)
    // the first iteration reads `initial`, so what is read afterwards is the other of the two places, not that one
    for (const { current, next, final, spare } of step.carries) {
      run.get(places.local(next)).set(places.local(current))
      places.push(final)
      places.push(spare)
      places.push(final)
      run.get(places.local(next)).emit('i32.ne').select().set(places.local(next))
    }
    for (const slice of step.slices) {
      const bytes = bytesOf(avalOf(program, slice))
      run.get(places.local(slice)).i32(step.reverse ? -bytes : bytes).emit('i32.add').set(places.local(slice))
    }
    run.get(left).i32(1).emit('i32.sub').tee(left).brIf(head)
  })
  c.times /= step.count
  run.free(left)
}
