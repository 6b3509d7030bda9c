/** Places for temporaries in the arena, and outputs that may take over the memory of inputs. */
import { bytesOf } from '../../core/aval.ts'
import { dtypeInfo } from '../../core/dtype.ts'
import { type BufferId, type Kernel, type MemoryPlan, type Program, readsOfKernel, type Step, writesOfKernel } from '../kernel-ir/index.ts'
import { flatReadsOnly } from './in-place.ts'
import { livesOf } from './lives.ts'

const align = (n: number): number => Math.ceil(n / 64) * 64

/**
 * Offsets by best fit in the order of first use: each temp goes to the lowest gap among those whose lives meet its own.
 * Temps that are large are placed first, so that small ones fill what is left.
 */
export function planMemory(program: Program): MemoryPlan {
  const lives = livesOf(program)
  const temps: { buffer: BufferId; bytes: number; first: number; last: number }[] = []
  program.buffers.forEach((b, buffer) => {
    const life = lives.get(buffer)
    if (b.role.kind === 'temp' && life !== undefined) temps.push({ buffer, bytes: align(bytesOf(b.aval)), ...life })
  })
  temps.sort((a, b) => b.bytes - a.bytes || a.first - b.first)
  const offsets = new Map<BufferId, number>()
  const placed: { offset: number; end: number; first: number; last: number }[] = []
  let arenaBytes = 0
  for (const t of temps) {
    const rivals = placed.filter((p) => p.first <= t.last && t.first <= p.last).sort((a, b) => a.offset - b.offset)
    let offset = 0
    for (const r of rivals) {
      if (offset + t.bytes <= r.offset) break
      offset = Math.max(offset, r.end)
    }
    offsets.set(t.buffer, offset)
    placed.push({ offset, end: offset + t.bytes, first: t.first, last: t.last })
    arenaBytes = Math.max(arenaBytes, offset + t.bytes)
  }
  return { offsets, arenaBytes, donations: donationsOf(program) }
}

/**
 * Output i may be written over input j when they have the same size and no kernel reads j after i is first written; in
 * the kernel that writes i, j may be read only where i is written, at the same element.
 */
function donationsOf(program: Program): ReadonlyMap<number, number> {
  const donations = new Map<number, number>()
  const taken = new Set<number>()
  const steps = flatten(program)
  const firstWrite = new Map<BufferId, number>()
  const lastRead = new Map<BufferId, number>()
  steps.forEach(({ reads, writes }, t) => {
    for (const b of reads) lastRead.set(b, t)
    for (const b of writes) if (!firstWrite.has(b)) firstWrite.set(b, t)
  })
  const forwarded = new Set(program.outputs.filter((b) => program.inputs.includes(b)))
  program.outputs.forEach((out, position) => {
    const written = firstWrite.get(out)
    if (written === undefined || program.outputs.indexOf(out) !== position) return
    const bytes = bytesOf(program.buffers[out]!.aval)
    for (const [j, input] of program.inputs.entries()) {
      if (taken.has(j) || forwarded.has(input) || bytesOf(program.buffers[input]!.aval) !== bytes) continue
      const alike = dtypeInfo[program.buffers[input]!.aval.dtype].bytes === dtypeInfo[program.buffers[out]!.aval.dtype].bytes
      const read = lastRead.get(input) ?? -1
      const kernel = steps[written]!.kernel
      if (read > written || (read === written && (kernel === null || !alike || !flatReadsOnly(kernel, input, out)))) continue
      donations.set(position, j)
      taken.add(j)
      break
    }
  })
  return donations
}

interface Flat {
  readonly reads: ReadonlySet<BufferId>
  readonly writes: ReadonlySet<BufferId>
  /** Null for a whole loop. */
  readonly kernel: Kernel | null
}

/** Steps with loops as one, slices standing for the whole arrays. */
function flatten(program: Program): Flat[] {
  const whole = (b: BufferId): BufferId => {
    const { role } = program.buffers[b]!
    return role.kind === 'slice' ? whole(role.of) : b
  }
  const uses = (step: Step): { reads: Set<BufferId>; writes: Set<BufferId> } => {
    if (step.kind === 'kernel') return { reads: readsOfKernel(step.kernel), writes: writesOfKernel(step.kernel) }
    const reads = new Set<BufferId>(step.carries.map((c) => c.initial))
    const writes = new Set<BufferId>(step.carries.map((c) => c.final))
    for (const s of step.body) {
      const inner = uses(s)
      for (const b of inner.reads) reads.add(b)
      for (const b of inner.writes) writes.add(b)
    }
    return { reads, writes }
  }
  return program.steps.map((step) => {
    const { reads, writes } = uses(step)
    return { reads: new Set([...reads].map(whole)), writes: new Set([...writes].map(whole)), kernel: step.kind === 'kernel' ? step.kernel : null }
  })
}
