/**
 * Outputs that are another array's bits: on the host those are the same bytes, so the program makes one buffer of both. In storage buffers narrow elements take
 * a word each, and the wider ones that their bits are have to be put together.
 */
import { type Aval, sizeOf } from '../../core/aval.ts'
import { type Buffer, type BufferId, dimVector, flattenIndex, type Program, type Step } from '../kernel-ir/index.ts'
import { isStoredAsIs } from './shader/storage-form.ts'

/** The program with a buffer of its own for each output that is read as another dtype than its buffer has, in another form. */
export function withOutputsInForm(program: Program, results: readonly Aval[]): Program {
  const buffers: Buffer[] = [...program.buffers]
  const steps: Step[] = [...program.steps]
  const made = new Map<string, BufferId>()
  const outputs = program.outputs.map((id, position) => {
    const [from, to] = [buffers[id]!.aval, results[position]!]
    if (from.dtype === to.dtype || (isStoredAsIs(from.dtype) && isStoredAsIs(to.dtype))) return id
    const key = `${id} ${to.dtype}`
    const known = made.get(key)
    if (known !== undefined) return known
    const own = buffers.push({ aval: to, role: { kind: 'output', position } }) - 1
    made.set(key, own)
    const { shape, dtype } = to
    const index = flattenIndex(dimVector(shape.length), shape, shape)
    if (sizeOf(shape) > 0) steps.push({ kind: 'kernel', kernel: { kind: 'loop', name: 'bitcast', space: shape, stages: [{ kind: 'map', inner: [], nodes: [{ op: 'load', dtype, buffer: id, index, guards: [], otherwise: 0 }], stores: [{ buffer: own, index, node: 0 }] }] } })
    return own
  })
  if (made.size === 0) return program
  // What is no output any more is scratch.
  const kept = buffers.map((b, id): Buffer => {
    if (b.role.kind !== 'output') return b
    const position = outputs.indexOf(id)
    return { ...b, role: position < 0 ? { kind: 'temp' } : { kind: 'output', position } }
  })
  return { ...program, buffers: kept, steps, outputs }
}
