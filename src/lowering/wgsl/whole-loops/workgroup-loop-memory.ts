/**
 * Where the arrays of a loop stand that one workgroup runs: carries, and what one kernel makes for another of the same iteration, in the workgroup's memory; all else where
 * it is, but that arrays which are more than a shader may bind are brought into one.
 */
import { sizeOf } from '../../../core/aval.ts'
import { type BufferId, type LoopStep, readsOfKernel, writesOfKernel } from '../../kernel-ir/index.ts'
import { bindingCount } from '../shader/bindings.ts'
import { fits, type KernelContext } from '../shader/kernel-context.ts'
import type { PlaceId } from '../shader/shader-program.ts'
import { storedBytes } from '../shader/storage-form.ts'
import { kernelsOfUnits, type Unit } from './workgroup-loop-body.ts'

type Carry = LoopStep['carries'][number]

/** An array that a loop reads or writes, as it is outside of the loop. */
interface Outer {
  readonly buffer: BufferId
  readonly reads: boolean
  readonly writes: boolean
  /** Whether all of it is written. */
  readonly whole: boolean
}

export class LoopMemory {
  /** What kernels read and write, slices as slices. */
  readonly reads: readonly BufferId[]
  readonly writes: readonly BufferId[]
  /** Bytes of workgroup memory. */
  readonly bytes: number
  readonly #context: KernelContext
  readonly #step: LoopStep
  readonly #loops: readonly LoopStep[]
  readonly #slices: ReadonlyMap<BufferId, LoopStep>
  readonly #outer: readonly Outer[]
  /** Places of scratch that are made and read within an iteration. */
  readonly #inside = new Map<PlaceId, number>()

  constructor(context: KernelContext, step: LoopStep, units: readonly Unit[]) {
    this.#context = context
    this.#step = step
    this.#loops = [step, ...loopsOf(units)]
    this.#slices = new Map(this.#loops.flatMap((l) => l.slices.map((s) => [s, l] as const)))
    const kernels = kernelsOfUnits(units)
    const nested = this.#loops.slice(1).flatMap((l) => l.carries)
    this.reads = [...kernels.flatMap((k) => [...readsOfKernel(k)]), ...nested.map((c) => c.initial)]
    this.writes = [...kernels.flatMap((k) => [...writesOfKernel(k)]), ...nested.map((c) => c.final)]
    const carried = new Set(this.#loops.flatMap((l) => l.carries.flatMap((c) => [c.current, c.next])))
    const made = new Set(this.writes.flatMap((b) => (this.#isStacked(b) ? [] : this.#rootOf(b))))
    const isInside = (root: BufferId): boolean => carried.has(root) || (made.has(root) && context.roleOf(root).kind === 'temp')
    for (const root of made) {
      if (carried.has(root) || !isInside(root)) continue
      const { place } = context.locate(root)
      this.#inside.set(place, Math.max(this.#inside.get(place) ?? 0, storedBytes(context.avalOf(root))))
    }
    this.bytes = sum([...this.#inside.values(), ...this.#loops.flatMap((l) => l.carries.map((c) => (isInPlace(c) ? 1 : 2) * storedBytes(context.avalOf(c.current))))])
    const reads = new Set([...this.reads, ...step.carries.map((c) => c.initial)].map((b) => this.#rootOf(b)))
    const finals = new Set(step.carries.map((c) => c.final))
    const whole = new Set([...finals, ...this.writes.flatMap((b) => (this.#covers(b) ? this.#rootOf(b) : []))])
    const writes = new Set([...this.writes.map((b) => this.#rootOf(b)), ...finals])
    this.#outer = [...new Set([...reads, ...writes])].filter((b) => !isInside(b)).map((buffer) => ({ buffer, reads: reads.has(buffer), writes: writes.has(buffer), whole: whole.has(buffer) }))
  }

  /** The array that slices of these loops are slices of. */
  #rootOf(buffer: BufferId): BufferId {
    const role = this.#context.roleOf(buffer)
    return role.kind === 'slice' && this.#slices.has(buffer) ? this.#rootOf(role.of) : buffer
  }

  /** Whether each iteration has a slice of its own. */
  #isStacked(buffer: BufferId): boolean {
    const role = this.#context.roleOf(buffer)
    const loop = this.#slices.get(buffer)
    return role.kind === 'slice' && loop !== undefined && (loop === this.#step || this.#isStacked(role.of))
  }

  /** Whether the slices of all iterations are the whole of what they are slices of. */
  #covers(buffer: BufferId): boolean {
    const role = this.#context.roleOf(buffer)
    const loop = this.#slices.get(buffer)
    if (role.kind !== 'slice' || loop === undefined) return true
    const elements = (b: BufferId): number => sizeOf(this.#context.avalOf(b).shape)
    return loop.count * elements(buffer) === elements(role.of) && this.#covers(role.of)
  }

  /** Whether an iteration reads from memory of the device what it, or another one, has written there. */
  get meetsOutside(): boolean {
    const place = (b: BufferId): PlaceId => this.#context.locate(b).place
    const written = new Set(this.writes.filter((b) => this.#isOuter(b)).map(place))
    return this.reads.some((b) => this.#isOuter(b) && written.has(place(b)))
  }

  #isOuter(buffer: BufferId): boolean {
    const root = this.#rootOf(buffer)
    return this.#outer.some((o) => o.buffer === root)
  }

  /** The arrays that go into one, so that a shader can bind all; the smallest do, each with its place to itself. Null where that does not help. */
  packed(): readonly Outer[] | null {
    const context = this.#context
    const all = this.#outer.map((o) => o.buffer)
    if (fits(context, all)) return []
    const place = (b: BufferId): PlaceId => context.locate(b).place
    const bytes = (b: BufferId): number => storedBytes(context.avalOf(b))
    // Scratch may stand in a place some times as large, which has to be one binding too.
    const most = context.limits.bindingBytes / 16
    const apart = this.#outer.filter(({ buffer }) => bytes(buffer) <= most && all.every((b) => b === buffer || place(b) !== place(buffer))).sort((a, b) => bytes(a.buffer) - bytes(b.buffer))
    for (let count = 2; count <= apart.length; count++) {
      const some = apart.slice(0, count)
      const rest = all.filter((b) => some.every((o) => o.buffer !== b))
      if (sum(some.map((o) => bytes(o.buffer))) <= most && bindingCount(context, rest) < context.limits.storageBuffers) return some
    }
    return null
  }

  /** Memory for what stands in the workgroup, and for what is packed; `run` is given the places in the workgroup and their bytes. */
  with(packed: readonly Outer[], run: (shared: ReadonlyMap<PlaceId, number>) => void): void {
    const context = this.#context
    const shared = new Map(this.#inside)
    const standIns = new Map<BufferId, BufferId>()
    const inWorkgroup = (b: BufferId): BufferId => {
      const { dtype, shape } = context.avalOf(b)
      const own = context.temp(dtype, sizeOf(shape))
      shared.set(context.locate(own).place, storedBytes(context.avalOf(b)))
      return own
    }
    for (const c of this.#loops.flatMap((l) => l.carries)) {
      const current = inWorkgroup(c.current)
      standIns.set(c.current, current).set(c.next, isInPlace(c) ? current : inWorkgroup(c.next))
    }
    const together = packed.length === 0 ? [] : context.tempsInOne(packed.map((o) => context.avalOf(o.buffer)))
    packed.forEach((o, i) => {
      standIns.set(o.buffer, together[i]!)
      if (o.reads || !o.whole) context.copy(o.buffer, together[i]!)
    })
    context.standingIn(standIns, () => run(shared))
    packed.forEach((o, i) => {
      if (o.writes) context.copy(together[i]!, o.buffer)
    })
  }
}

/** Whether the next value may be written over the present one. */
export const isInPlace = ({ final, spare }: Carry): boolean => final === spare

const loopsOf = (units: readonly Unit[]): LoopStep[] => units.flatMap((u) => (u.kind === 'loop' ? [u.step, ...loopsOf(u.units)] : []))

const sum = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0)
