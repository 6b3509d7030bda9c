/** A program as one WebAssembly module with one entry. */
import { bytesOf } from '../../../core/aval.ts'
import { type BufferId, buffersOf, type Kernel, kernelKey, kernelsOf, type MemoryPlan, type Program, renameBuffers } from '../../kernel-ir/index.ts'
import { ModuleBuilder } from '../asm/index.ts'
import { createHelpers } from '../math/index.ts'
import { barrier, beginClaims } from '../threads/index.ts'
import type { EmitContext, EmittedKernel, Phase } from './phase.ts'
import { emitKernel } from './phases.ts'
import { avalOf, Places } from './places.ts'
import { emitSteps, type RunContext } from './steps.ts'

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

interface EmitOptions {
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
