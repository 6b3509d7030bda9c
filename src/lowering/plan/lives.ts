/** When each buffer of a program is written first and read last, in the order of its steps. */
import { type BufferId, type Kernel, type Program, readsOfKernel, type Step, writesOfKernel } from '../kernel-ir/index.ts'

export interface Life {
  readonly first: number
  readonly last: number
}

/**
 * Lives of all buffers, and the kernels by the times that lives are told in. A loop is one stretch: what lives across its start or end, or is used inside but made outside,
 * lives through all of it; what is made and used inside lives between its steps there.
 */
export function livesOf(program: Program): { readonly lives: ReadonlyMap<BufferId, Life>; readonly kernels: ReadonlyMap<number, Kernel> } {
  const kernels = new Map<number, Kernel>()
  const lives = new Map<BufferId, { first: number; last: number }>()
  let time = 0
  const touch = (buffer: BufferId, at: number): void => {
    const role = program.buffers[buffer]!.role
    if (role.kind === 'slice') touch(role.of, at)
    const life = lives.get(buffer)
    if (life === undefined) lives.set(buffer, { first: at, last: at })
    else {
      life.first = Math.min(life.first, at)
      life.last = Math.max(life.last, at)
    }
  }
  const walk = (steps: readonly Step[]): Set<BufferId> => {
    const used = new Set<BufferId>()
    for (const step of steps) {
      if (step.kind === 'kernel') {
        for (const b of [...readsOfKernel(step.kernel), ...writesOfKernel(step.kernel)]) {
          touch(b, time)
          used.add(b)
        }
        kernels.set(time++, step.kernel)
        continue
      }
      const start = time++
      const before = new Set(lives.keys())
      const inside = walk(step.body)
      const end = time++
      const lasting = new Set<BufferId>(step.carries.flatMap((c) => [c.initial, c.final, c.spare, c.current, c.next]))
      for (const s of step.slices) lasting.add(s)
      for (const b of inside) if (before.has(b) || outlives(program, b)) lasting.add(b)
      for (const b of lasting) {
        touch(b, start)
        touch(b, end)
        used.add(b)
      }
      for (const b of inside) used.add(b)
    }
    return used
  }
  walk(program.steps)
  return { lives, kernels }
}

const outlives = (program: Program, buffer: BufferId): boolean => program.buffers[buffer]!.role.kind !== 'temp'
