/** Places for temporaries in the arena, and outputs that may take over the memory of inputs. */
import { bytesOf } from '../../core/aval.ts'
import { dtypeInfo } from '../../core/dtype.ts'
import { type BufferId, flatReadsOnly, mayShare, type MemoryPlan, type Program } from '../kernel-ir/index.ts'
import { livesOf } from './lives.ts'

export { type Life, livesOf } from './lives.ts'

const align = (n: number): number => Math.ceil(n / 64) * 64

interface Placed {
  readonly buffer: BufferId
  readonly bytes: number
  readonly width: number
  readonly first: number
  readonly last: number
  readonly offset: number
}

/**
 * Large temps are placed first, each at the lowest gap among those whose lives meet its own, so that small ones fill what is
 * left. Where a kernel may write over what it is the last to read, it does.
 */
export function planMemory(program: Program): MemoryPlan {
  const { lives, kernels } = livesOf(program)
  const temps: Omit<Placed, 'offset'>[] = []
  program.buffers.forEach((b, buffer) => {
    const life = lives.get(buffer)
    if (b.role.kind === 'temp' && life !== undefined) temps.push({ buffer, bytes: align(bytesOf(b.aval)), width: dtypeInfo[b.aval.dtype].bytes, ...life })
  })
  temps.sort((a, b) => b.bytes - a.bytes || a.first - b.first)
  /** One dies in the kernel that makes the other, which reads it only where it writes. */
  const follows = (dying: Omit<Placed, 'offset'>, born: Omit<Placed, 'offset'>): boolean => {
    const kernel = dying.last === born.first && dying.first < born.first ? kernels.get(born.first) : undefined
    return kernel !== undefined && dying.width === born.width && flatReadsOnly(kernel, dying.buffer, born.buffer)
  }
  const placed: Placed[] = []
  let arenaBytes = 0
  for (const t of temps) {
    const rivals = placed.filter((p) => p.first <= t.last && t.first <= p.last).sort((a, b) => a.offset - b.offset)
    const offset = takenOver(t, rivals, follows) ?? lowestGap(t.bytes, rivals)
    placed.push({ ...t, offset })
    arenaBytes = Math.max(arenaBytes, offset + t.bytes)
  }
  return { offsets: new Map(placed.map((p) => [p.buffer, p.offset])), arenaBytes, donations: donationsOf(program) }
}

function lowestGap(bytes: number, rivals: readonly Placed[]): number {
  let offset = 0
  for (const r of rivals) {
    if (offset + bytes <= r.offset) break
    offset = Math.max(offset, r.offset + r.bytes)
  }
  return offset
}

/** The place of a rival that this one follows or that follows it, if no other stands there. */
function takenOver(t: Omit<Placed, 'offset'>, rivals: readonly Placed[], follows: (a: Omit<Placed, 'offset'>, b: Omit<Placed, 'offset'>) => boolean): number | null {
  for (const r of rivals) {
    if (!follows(r, t) && !follows(t, r)) continue
    const free = rivals.every((o) => o === r || o.offset >= r.offset + t.bytes || o.offset + o.bytes <= r.offset)
    if (free) return r.offset
  }
  return null
}

/**
 * Output i may be written over input j when they have the same size and no kernel reads j after i is first written; in
 * the kernel that writes i, j may be read only where i is written, at the same element.
 */
function donationsOf(program: Program): ReadonlyMap<number, number> {
  const donations = new Map<number, number>()
  const taken = new Set<number>()
  const { buffers, inputs, outputs, steps } = program
  outputs.forEach((out, position) => {
    if (outputs.indexOf(out) !== position || buffers[out]!.role.kind !== 'output') return
    const { aval } = buffers[out]!
    const partner = inputs.findIndex((input, j) => {
      const from = buffers[input]!.aval
      if (taken.has(j) || outputs.includes(input) || bytesOf(from) !== bytesOf(aval)) return false
      return mayShare(buffers, steps, input, out, dtypeInfo[from.dtype].bytes === dtypeInfo[aval.dtype].bytes)
    })
    if (partner < 0) return
    donations.set(position, partner)
    taken.add(partner)
  })
  return donations
}
