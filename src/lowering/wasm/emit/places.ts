/** Where buffers are, as code in `run`. */
import { InternalError } from '../../../core/errors.ts'
import type { BufferId, MemoryPlan, Program } from '../../kernel-ir/index.ts'
import type { FunctionBuilder, Local } from '../asm/index.ts'

export const avalOf = (program: Program, buffer: BufferId): Program['buffers'][number]['aval'] => {
  const found = program.buffers[buffer]
  if (found === undefined) throw new InternalError('emit', `no buffer ${buffer}`)
  return found.aval
}

export class Places {
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
