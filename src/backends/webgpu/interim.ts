/** A plan as commands. */
import { type BufferId, loopsOfSlices, type Program, wholeOf } from '../../lowering/kernel-ir/index.ts'
import { type Address, type Command, type Place, type PlaceId, shaderOf, type ShaderModule, type ShaderProgram, storedBytes } from '../../lowering/wgsl/index.ts'
import { type DeviceStep, planFor } from './plan.ts'

export function emitShaders(program: Program, donations: ReadonlyMap<number, number>, donated: ReadonlySet<number>): ShaderProgram {
  const over = new Map([...donations].filter(([o, i]) => donated.has(i) && program.buffers[program.inputs[i]!]!.aval.dtype === program.buffers[program.outputs[o]!]!.aval.dtype))
  const plan = planFor(program, over)
  const { program: named } = plan
  const places: Place[] = []
  const placeOf = new Map<BufferId, PlaceId>()
  const bytesOf = (b: BufferId): number => storedBytes(named.buffers[b]!.aval)
  named.inputs.forEach((b, position) => placeOf.set(b, places.push({ kind: 'input', position, bytes: bytesOf(b), written: [...over.values()].includes(position) }) - 1))
  named.outputs.forEach((b, position) => {
    if (placeOf.has(b)) return
    const input = over.get(position)
    placeOf.set(b, input === undefined ? places.push({ kind: 'output', position, bytes: bytesOf(b) }) - 1 : placeOf.get(named.inputs[input]!)!)
  })
  const slots = plan.slots.map((bytes) => places.push({ kind: 'temp', bytes: Math.max(4, bytes) }) - 1)
  for (const [b, slot] of plan.slotOf) placeOf.set(b, slots[slot]!)

  const shaders: ShaderModule[] = []
  const byCode = new Map<string, number>()
  let kernel = 0
  const commands = (steps: readonly DeviceStep[], carried: ReadonlyMap<BufferId, BufferId>): Command[] =>
    steps.map((step): Command => {
      const place = (b: BufferId): PlaceId => {
        const to = carried.get(b)
        return to === undefined ? placeOf.get(b)! : place(to)
      }
      if (step.kind === 'copy') return { kind: 'copy', from: address(step.from, place), to: address(step.to, place), bytes: bytesOf(step.to), kernel: null }
      if (step.kind === 'loop') {
        const { count, reverse, carries, body } = step
        const phases = Array.from({ length: carries.length === 0 ? 1 : 2 }, (_, i) => {
          const lastIsNext = (count - 1 - i) % 2 === 0
          const phase = new Map(carried)
          for (const c of carries) {
            phase.set(c.next, lastIsNext ? c.final : c.spare)
            phase.set(c.current, lastIsNext ? c.spare : c.final)
          }
          return commands(body, phase)
        })
        return { kind: 'loop', count, reverse, phases }
      }
      const { code, bindings, loops, workgroupSize, workgroups } = shaderOf(step.kernel, named)
      let shader = byCode.get(code)
      if (shader === undefined) {
        shader = shaders.push({ code, access: bindings.map((b) => b.access), counters: loops.length, workgroupSize }) - 1
        byCode.set(code, shader)
      }
      return { kind: 'dispatch', shader, bindings: bindings.map(({ buffer }) => ({ place: place(buffer), offset: 0, bytes: bytesOf(buffer) })), counters: loops.map((loop) => ({ loop, digit: 0 })), workgroups, kernel: kernel++ }
    })
  const address = (b: BufferId, place: (b: BufferId) => PlaceId): Address => {
    const strides: { loop: number; bytes: number }[] = []
    for (let at = b; ; ) {
      const { role, aval } = named.buffers[at]!
      if (role.kind !== 'slice') break
      strides.push({ loop: loopsOfSlices(named).get(at)!, bytes: storedBytes(aval) })
      at = role.of
    }
    return { place: place(wholeOf(named.buffers, b)), offset: 0, strides }
  }
  const list = commands(plan.steps, new Map())
  return { places, shaders, commands: list, outputs: named.outputs.map((b) => placeOf.get(b)!) }
}
