/**
 * A program as a GPU runs it: dispatches, copies and loops of them over buffers of which no two that one dispatch reads and
 * writes are the same. (WebGPU refuses a buffer that is bound for reading and for writing at once. So where a result may lie
 * over an operand, the kernel gets one name for both, and binds it once.)
 */
import { type Aval, sizeOf } from '../../core/aval.ts'
import { type Buffer, type BufferId, type Kernel, loopsOfSlices, type Program, readsOfKernel, renameBuffers, type Step, wholeOf, writesOfKernel } from '../../lowering/kernel-ir/index.ts'
import { storedBytes } from '../../lowering/wgsl/index.ts'

export type DeviceStep =
  | { readonly kind: 'dispatch'; readonly kernel: Kernel }
  /** All of one buffer into another; either may be a slice. */
  | { readonly kind: 'copy'; readonly from: BufferId; readonly to: BufferId }
  | DeviceLoop

export interface DeviceLoop {
  readonly kind: 'loop'
  readonly count: number
  readonly reverse: boolean
  /** Those whose values change places: the last iteration writes `final`, the one before it `spare`. Neither is a slice. */
  readonly carries: readonly { readonly current: BufferId; readonly next: BufferId; readonly final: BufferId; readonly spare: BufferId }[]
  readonly slices: readonly BufferId[]
  readonly body: readonly DeviceStep[]
}

export interface DevicePlan {
  /** The program that shaders are made of. Its steps are those before the plan. */
  readonly program: Program
  readonly steps: readonly DeviceStep[]
  /** Bytes of each scratch buffer. */
  readonly slots: readonly number[]
  /** Temporaries by the scratch buffer that they are in. */
  readonly slotOf: ReadonlyMap<BufferId, number>
}

/** `over`: which operand an output lies over, by positions. */
export function planFor(program: Program, over: ReadonlyMap<number, number>): DevicePlan {
  const planner = new Planner(program)
  for (const [output, input] of over) planner.merge(program.inputs[input]!, program.outputs[output]!)
  const steps = planner.steps(program.steps)
  const renamed = planner.program()
  return { program: renamed, steps, ...slotsOf(renamed, steps) }
}

class Planner {
  readonly #program: Program
  readonly #buffers: Buffer[]
  readonly #merged = new Map<BufferId, BufferId>()

  constructor(program: Program) {
    this.#program = program
    this.#buffers = [...program.buffers]
  }

  /** From now on `from` is called `to`. */
  merge(from: BufferId, to: BufferId): void {
    this.#merged.set(from, to)
  }

  readonly #name = (b: BufferId): BufferId => {
    const to = this.#merged.get(b)
    return to === undefined ? b : this.#name(to)
  }

  #temp(aval: Aval): BufferId {
    return this.#buffers.push({ aval, role: { kind: 'temp' } }) - 1
  }

  program(): Program {
    const buffers = this.#buffers.map((b): Buffer => (b.role.kind === 'slice' ? { ...b, role: { kind: 'slice', of: this.#name(b.role.of) } } : b))
    const named = { ...this.#program, buffers }
    // Slices keep their numbers, and so their loops.
    loopsOfSlices(named)
    return named
  }

  steps(steps: readonly Step[]): DeviceStep[] {
    return steps.flatMap((step): DeviceStep[] => (step.kind === 'kernel' ? [{ kind: 'dispatch', kernel: step.kernel }] : this.#loop(step))).map((step) => (step.kind === 'dispatch' ? { ...step, kernel: renameBuffers(step.kernel, this.#name) } : step))
  }

  #isSlice(b: BufferId): boolean {
    return this.#buffers[b]!.role.kind === 'slice'
  }

  #loop(loop: Extract<Step, { kind: 'loop' }>): DeviceStep[] {
    const before: DeviceStep[] = []
    const after: DeviceStep[] = []
    const copy = (list: DeviceStep[], from: BufferId, to: BufferId): void => {
      if (from !== to && sizeOf(this.#buffers[to]!.aval.shape) > 0) list.push({ kind: 'copy', from, to })
    }
    const carries: DeviceLoop['carries'][number][] = []
    for (const c of loop.carries) {
      const aval = this.#buffers[c.current]!.aval
      const [initial, target] = [this.#name(c.initial), this.#name(c.final)]
      const final = this.#isSlice(target) ? this.#temp(aval) : target
      copy(after, final, target)
      if (c.spare === c.final) {
        copy(before, initial, final)
        this.merge(c.current, final)
        this.merge(c.next, final)
        continue
      }
      copy(before, initial, loop.count % 2 === 0 ? final : c.spare)
      carries.push({ current: c.current, next: c.next, final, spare: c.spare })
    }
    return [...before, { kind: 'loop', count: loop.count, reverse: loop.reverse, carries, slices: loop.slices, body: this.steps(loop.body) }, ...after]
  }
}

interface Life {
  first: number
  last: number
}

/** Temporaries share a scratch buffer when the last step that uses one comes before the first that uses the other. */
function slotsOf(program: Program, steps: readonly DeviceStep[]): Pick<DevicePlan, 'slots' | 'slotOf'> {
  const lives = livesOf(program, steps)
  const temps = [...lives].filter(([b]) => program.buffers[b]!.role.kind === 'temp').sort(([, a], [, b]) => a.first - b.first)
  const slots: { bytes: number; freeFrom: number }[] = []
  const slotOf = new Map<BufferId, number>()
  for (const [buffer, { first, last }] of temps) {
    const bytes = storedBytes(program.buffers[buffer]!.aval)
    // The smallest that is large enough, else the largest, which grows.
    const better = (a: number, b: number): number => {
      if (b < 0) return a
      const [x, y] = [slots[a]!.bytes, slots[b]!.bytes]
      return (x >= bytes) === (y >= bytes) ? ((x < y) === x >= bytes ? a : b) : x >= bytes ? a : b
    }
    let slot = slots.reduce((best, { freeFrom }, i) => (freeFrom < first ? better(i, best) : best), -1)
    if (slot < 0) slot = slots.push({ bytes: 0, freeFrom: 0 }) - 1
    slots[slot] = { bytes: Math.max(slots[slot]!.bytes, bytes), freeFrom: last }
    slotOf.set(buffer, slot)
  }
  return { slots: slots.map(({ bytes }) => bytes), slotOf }
}

/** When each buffer is used first and last. What the iterations of a loop hand on, fill together, or find there, lives through all of it. */
function livesOf(program: Program, steps: readonly DeviceStep[]): Map<BufferId, Life> {
  const lives = new Map<BufferId, Life>()
  let time = 0
  const touch = (b: BufferId, at: number): void => {
    const whole = wholeOf(program.buffers, b)
    const life = lives.get(whole)
    if (life === undefined) lives.set(whole, { first: at, last: at })
    else Object.assign(life, { first: Math.min(life.first, at), last: Math.max(life.last, at) })
  }
  const walk = (list: readonly DeviceStep[]): Set<BufferId> => {
    const used = new Set<BufferId>()
    const use = (b: BufferId, at: number): void => {
      touch(b, at)
      used.add(wholeOf(program.buffers, b))
    }
    for (const step of list) {
      const start = time++
      if (step.kind === 'copy') for (const b of [step.from, step.to]) use(b, start)
      else if (step.kind === 'dispatch') for (const b of [...readsOfKernel(step.kernel), ...writesOfKernel(step.kernel)]) use(b, start)
      else {
        const known = new Set(lives.keys())
        const inside = walk(step.body)
        const end = time++
        const isOwn = (b: BufferId): boolean => program.buffers[b]!.role.kind === 'temp' && !known.has(b)
        const lasting = [...step.slices, ...step.carries.flatMap((c) => [c.final, c.spare]), ...[...inside].filter((b) => !isOwn(b))]
        for (const b of lasting) for (const at of [start, end]) use(b, at)
        for (const b of inside) used.add(b)
      }
    }
    return used
  }
  walk(steps)
  return lives
}
