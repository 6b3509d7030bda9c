/** A program as one WebAssembly module with one entry. */
import { bytesOf } from '../../../core/aval.ts'
import { InternalError } from '../../../core/errors.ts'
import type { BufferId, Kernel, LoopStep, MemoryPlan, Program, Step } from '../../kernel-ir/index.ts'
import { type FunctionBuilder, type Local, ModuleBuilder } from '../asm/index.ts'
import { createHelpers } from '../math/index.ts'
import { buffersOf, kernelKey, renameBuffers } from './kernel-key.ts'
import { type EmitContext, type EmittedKernel, emitKernel, type Phase } from './phases.ts'

export interface EmittedProgram {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** The same module as text. */
  wat(): string
  /** Scratch memory that a call needs: the plan's temps, then what kernels use while they run. */
  readonly arenaBytes: number
}

/**
 * The module imports its memory as `env.memory` and exports `run(threadId, threadCount, args)`; `args` points to u32 words:
 * the arena, then a pointer for each input and each output.
 *
 * @example
 * const { bytes, arenaBytes } = emitProgram(program, plan)
 * const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } })
 */
export function emitProgram(program: Program, plan: MemoryPlan): EmittedProgram {
  const module = new ModuleBuilder({ check: false })
  module.importMemory('env', 'memory', { min: 0 })
  const context: EmitContext = { module, helpers: createHelpers(module) }
  const kernels = new Map<string, EmittedKernel>()
  let scratchBytes = 0
  const emitted = (kernel: Kernel): { code: EmittedKernel; buffers: readonly BufferId[] } => {
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
    }
    return { code, buffers }
  }
  const scratchAt = Math.ceil(plan.arenaBytes / 64) * 64
  const run = module.function('run', ['i32', 'i32', 'i32'])
  const places = new Places(run, program, plan)
  emitSteps({ run, program, places, emitted, scratchAt }, program.steps)
  module.export('run', run)
  const bytes = module.toBytes()
  return { bytes, wat: () => module.toWat(), arenaBytes: scratchBytes > 0 ? scratchAt + scratchBytes : plan.arenaBytes }
}

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
  readonly emitted: (kernel: Kernel) => { code: EmittedKernel; buffers: readonly BufferId[] }
  readonly scratchAt: number
}

function emitSteps(c: RunContext, steps: readonly Step[]): void {
  for (const step of steps) {
    if (step.kind === 'loop') emitLoopStep(c, step)
    else {
      const { code, buffers } = c.emitted(step.kernel)
      for (const phase of code.phases) {
        emitPhase(c, phase, buffers)
        emitBarrier(c)
      }
    }
  }
}

/** Where all threads will wait for each other, once there are several: with one, everything before has happened. */
function emitBarrier(_: RunContext): void {}

/** Calls of one phase over this thread's share of the units. */
function emitPhase(c: RunContext, phase: Phase, buffers: readonly BufferId[]): void {
  const { run, places } = c
  const { units, unitsPerCall } = phase
  if (units === 0) return
  const pointers = (): void => {
    for (const p of phase.pointers) {
      if ('buffer' in p) places.push(buffers[p.buffer]!)
      else run.get(places.arena).i32(c.scratchAt + p.scratch).emit('i32.add')
    }
  }
  if (units <= unitsPerCall) {
    // too little to share
    run.get(run.param(0)).emit('i32.eqz').if(() => {
      run.i32(0).i32(units)
      pointers()
      run.call(phase.fn)
    })
    return
  }
  run.scope(() => {
    const calls = Math.ceil(units / unitsPerCall)
    const at = run.local('i32', 'at')
    const end = run.local('i32', 'end')
    const next = run.local('i32', 'next')
    const share = (thread: () => void): void => {
      // calls · thread / threads, in whole calls, so that the cuts do not depend on the number of threads
      run.i32(calls)
      thread()
      run.emit('i32.mul').get(run.param(1)).emit('i32.div_u').i32(unitsPerCall).emit('i32.mul')
    }
    if (phase.sequential) {
      // all of it on the first thread, nothing elsewhere
      run.i32(0).set(at).i32(units).i32(0).get(run.param(0)).emit('i32.eqz').select()
    } else {
      share(() => run.get(run.param(0)))
      run.set(at)
      share(() => run.get(run.param(0)).i32(1).emit('i32.add'))
    }
    run.tee(end).i32(units).get(end).i32(units).emit('i32.lt_u').select().set(end)
    run.block((done) => {
      run.get(at).get(end).emit('i32.ge_u').brIf(done)
      run.loop((head) => {
        run.get(at)
        run.get(at).i32(unitsPerCall).emit('i32.add').tee(next).get(end).get(next).get(end).emit('i32.lt_u').select().tee(next)
        pointers()
        run.call(phase.fn)
        run.get(next).tee(at).get(end).emit('i32.lt_u').brIf(head)
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
  run.i32(step.count).set(left)
  run.loop((head) => {
    emitSteps(c, step.body)
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
  run.free(left)
}
