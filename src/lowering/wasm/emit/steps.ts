/** The steps of a program, one after the other, as code in `run`: shares of phases, barriers, loops. */
import { bytesOf } from '../../../core/aval.ts'
import { InternalError } from '../../../core/errors.ts'
import type { BufferId, Kernel, LoopStep, Program, Step } from '../../kernel-ir/index.ts'
import type { FunctionBuilder, FunctionRef, Local } from '../asm/index.ts'
import { claimShares } from '../threads/index.ts'
import type { EmitContext, EmittedKernel, Phase } from './phase.ts'
import { avalOf, type Places } from './places.ts'

export interface RunContext {
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

export function emitSteps(c: RunContext, steps: readonly Step[]): void {
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
