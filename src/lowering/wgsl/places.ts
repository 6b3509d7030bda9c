/**
 * Which buffers of a program share memory. Shaders see whole places, so a place is a buffer of its own, not a part of an arena:
 * WebGPU allows no buffer to be read as one binding and written as another in one dispatch.
 */
import { type BufferId, flatReadsOnly, mayShare, type Program } from '../kernel-ir/index.ts'
import { type Life, livesOf } from '../plan/index.ts'
import type { Command, Place, PlaceId, ShaderProgram } from './shader/shader-program.ts'
import { storedBytes } from './shader/storage-form.ts'
import { storedType } from './shader/types.ts'

export interface Places {
  readonly places: Place[]
  /** Of inputs, outputs and temps. */
  readonly of: ReadonlyMap<BufferId, PlaceId>
}

export function placesOf(program: Program, donated: ReadonlySet<number>): Places {
  const places: Place[] = []
  const of = new Map<BufferId, PlaceId>()
  const bytes = (b: BufferId): number => storedBytes(program.buffers[b]!.aval)
  const taken = donationsOf(program, donated)
  program.inputs.forEach((b, position) => of.set(b, places.push({ kind: 'input', position, bytes: bytes(b), written: [...taken.values()].includes(b) }) - 1))
  program.outputs.forEach((b, position) => {
    if (of.has(b) || program.buffers[b]!.role.kind !== 'output') return
    const input = taken.get(b)
    of.set(b, input === undefined ? places.push({ kind: 'output', position, bytes: bytes(b) }) - 1 : of.get(input)!)
  })
  for (const { buffers, bytes } of slotsOf(program)) {
    const place = places.push({ kind: 'temp', bytes }) - 1
    for (const b of buffers) of.set(b, place)
  }
  return { places, of }
}

/** Whether elements of two buffers are the same words. */
const alike = ({ buffers }: Program, a: BufferId, b: BufferId): boolean => storedType(buffers[a]!.aval.dtype) === storedType(buffers[b]!.aval.dtype)

/** Outputs that are made in the memory of a donated input: output -> input. */
function donationsOf(program: Program, donated: ReadonlySet<number>): ReadonlyMap<BufferId, BufferId> {
  const { buffers, inputs, outputs, steps } = program
  const taken = new Map<BufferId, BufferId>()
  for (const out of outputs) {
    if (taken.has(out) || buffers[out]!.role.kind !== 'output') continue
    const partner = inputs.find(
      (input, j) =>
        donated.has(j) &&
        ![...taken.values()].includes(input) &&
        !outputs.includes(input) &&
        storedBytes(buffers[input]!.aval) === storedBytes(buffers[out]!.aval) &&
        mayShare(buffers, steps, input, out, alike(program, input, out)),
    )
    if (partner !== undefined) taken.set(out, partner)
  }
  return taken
}

interface Slot {
  bytes: number
  last: number
  readonly buffers: BufferId[]
}

/** Temps in the order of their births, each in the memory of what it may follow, or else in free memory of about its size. */
function slotsOf(program: Program): readonly Slot[] {
  const { lives, kernels } = livesOf(program)
  const slots: Slot[] = []
  const temps: { readonly buffer: BufferId; readonly bytes: number; readonly life: Life }[] = []
  program.buffers.forEach(({ role, aval }, buffer) => {
    const life = lives.get(buffer)
    if (role.kind === 'temp' && life !== undefined) temps.push({ buffer, bytes: storedBytes(aval), life })
  })
  temps.sort((a, b) => a.life.first - b.life.first || b.bytes - a.bytes)
  for (const { buffer, bytes, life } of temps) {
    const kernel = kernels.get(life.first)
    /** What stands there dies in the kernel that makes this one, which reads it only where it writes. */
    const follows = (s: Slot): boolean => {
      const dying = s.buffers.at(-1)!
      return s.last === life.first && s.bytes === bytes && lives.get(dying)!.first < life.first && kernel !== undefined && alike(program, dying, buffer) && flatReadsOnly(kernel, dying, buffer)
    }
    const free = slots.filter((s) => s.last < life.first && s.bytes <= 4 * bytes && bytes <= 2 * s.bytes).sort((a, b) => Math.abs(a.bytes - bytes) - Math.abs(b.bytes - bytes))
    const slot = slots.find(follows) ?? free[0]
    if (slot === undefined) slots.push({ bytes, last: life.last, buffers: [buffer] })
    else {
      slot.bytes = Math.max(slot.bytes, bytes)
      slot.last = life.last
      slot.buffers.push(buffer)
    }
  }
  return slots
}

/** The program without scratch that none of its commands uses: the second sides of carries that stay in variables. */
export function withoutIdlePlaces(program: ShaderProgram): ShaderProgram {
  const used = new Set(placesIn(program.commands))
  const kept = program.places.flatMap((place, id) => (place.kind !== 'temp' || used.has(id) ? id : []))
  if (kept.length === program.places.length) return program
  const number = new Map(kept.map((id, i) => [id, i]))
  const moved = <T extends { readonly place: PlaceId }>(x: T): T => ({ ...x, place: number.get(x.place)! })
  const command = (c: Command): Command => {
    switch (c.kind) {
      case 'dispatch':
        return { ...c, bindings: c.bindings.map(moved) }
      case 'copy':
        return { ...c, from: moved(c.from), to: moved(c.to) }
      case 'loop':
        return { ...c, phases: c.phases.map((phase) => phase.map(command)) }
    }
  }
  return { ...program, places: kept.map((id) => program.places[id]!), commands: program.commands.map(command), outputs: program.outputs.map((id) => number.get(id)!) }
}

function placesIn(commands: readonly Command[]): PlaceId[] {
  return commands.flatMap((c) => {
    switch (c.kind) {
      case 'dispatch':
        return c.bindings.map(({ place }) => place)
      case 'copy':
        return [c.from.place, c.to.place]
      case 'loop':
        return c.phases.flatMap(placesIn)
    }
  })
}
