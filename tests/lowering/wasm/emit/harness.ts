/** Runs hand-made kernels and programs in WebAssembly, for comparison with plain loops. */
import { aval, bytesOf } from '../../../../src/core/aval.ts'
import type { DType } from '../../../../src/core/dtype.ts'
import { control, controlEnd, emitProgram, type EmittedProgram } from '../../../../src/lowering/wasm/index.ts'
import type { ApplicablePrimitive, Buffer, Index, Kernel, LoopKernel, MemoryPlan, Node, Program, Stage, Store } from '../../../../src/lowering/kernel-ir/index.ts'
import '../../../families.ts'

/** Σ coefficients[d] · dim d + constant. */
export const affine = (coefficients: readonly number[], constant = 0): Index => ({
  constant,
  terms: coefficients.flatMap((coefficient, dim) => (coefficient === 0 ? [] : [{ coefficient, atom: { kind: 'dim' as const, dim } }])),
})

export const load = (buffer: number, index: Index, dtype: DType = 'float32'): Node => ({ op: 'load', dtype, buffer, index, guards: [], otherwise: 0 })
export const literal = (value: number | boolean, dtype: DType = 'float32'): Node => ({ op: 'literal', dtype, value })
/** An elementwise primitive without parameters. */
export const apply = (primitive: ApplicablePrimitive, inputs: readonly number[], dtype: DType = 'float32'): Node =>
  ({ op: 'apply', primitive, params: {}, dtype, inputs }) as Node // a union of primitives is not a union of nodes to TypeScript
export const map = (inner: readonly number[], nodes: readonly Node[], stores: readonly Store[]): Stage => ({ kind: 'map', inner, nodes, stores })
export const loop = (space: readonly number[], stages: readonly Stage[]): LoopKernel => ({ kind: 'loop', name: 'test', space, stages })

export type Place = { readonly shape: readonly number[]; readonly dtype: DType } & Pick<Buffer, 'role'>

/** A program whose buffers are inputs, then outputs, then temps that lie one after the other. */
export function programOf(buffers: readonly Place[], steps: Program['steps']): { program: Program; plan: MemoryPlan } {
  const all = buffers.map((b): Buffer => ({ aval: aval(b.shape, b.dtype), role: b.role }))
  const byRole = (kind: 'input' | 'output'): number[] => all.flatMap((b, i) => (b.role.kind === kind ? [i] : []))
  const offsets = new Map<number, number>()
  let at = 0
  for (const [i, b] of all.entries()) {
    if (b.role.kind !== 'temp') continue
    offsets.set(i, at)
    at += Math.ceil(bytesOf(b.aval) / 64) * 64
  }
  return { program: { buffers: all, inputs: byRole('input'), outputs: byRole('output'), steps }, plan: { offsets, arenaBytes: at, donations: new Map() } }
}

export const kernelProgram = (kernel: Kernel, inputs: readonly Omit<Place, 'role'>[], outputs: readonly Omit<Place, 'role'>[]): ReturnType<typeof programOf> =>
  programOf(
    [...inputs.map((b, position) => ({ ...b, role: { kind: 'input' as const, position } })), ...outputs.map((b, position) => ({ ...b, role: { kind: 'output' as const, position } }))],
    [{ kind: 'kernel', kernel }],
  )

/** Runs a program on bytes; `threads` calls stand for as many threads, one after the other. Bytes around each output must stay. */
export function run({ program, plan }: { program: Program; plan: MemoryPlan }, inputs: readonly ArrayBufferView[], threads = 1): Uint8Array[] {
  return runEmitted(emitProgram(program, plan, { shared: threads > 1, shareAbove: 0 }), program, inputs, threads)
}

/** `donations`: outputs that take over the memory of inputs. */
export function runEmitted(emitted: EmittedProgram, program: Program, inputs: readonly ArrayBufferView[], threads = 1, donations: MemoryPlan['donations'] = new Map()): Uint8Array[] {
  const sizeOf = (b: number): number => bytesOf(program.buffers[b]!.aval)
  const guard = 64
  let at = 16384 + guard
  const places = new Map<number, number>()
  const given = new Set<number>()
  const place = (b: number): void => {
    if (places.has(b)) return
    places.set(b, at)
    at += Math.ceil(sizeOf(b) / 64) * 64 + guard
  }
  program.inputs.forEach(place)
  for (const [output, input] of donations) {
    places.set(program.outputs[output]!, places.get(program.inputs[input]!)!)
    given.add(program.outputs[output]!)
  }
  program.outputs.forEach(place)
  const arena = at
  const pages = Math.ceil((arena + emitted.arenaBytes + threads * emitted.ownBytes + guard) / 65536)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: threads > 1 })
  const bytes = new Uint8Array(memory.buffer).fill(0xa5)
  const words = new Uint32Array(memory.buffer)
  // as the pool leaves them before a launch
  words.fill(0, control.claimed / 4, controlEnd / 4)
  words.set([arena, ...[...program.inputs, ...program.outputs].map((b) => places.get(b)!)], 0)
  inputs.forEach((x, i) => bytes.set(new Uint8Array(x.buffer, x.byteOffset, x.byteLength), places.get(program.inputs[i]!)))
  const instance = new WebAssembly.Instance(new WebAssembly.Module(emitted.bytes), { env: { memory } })
  const entry = instance.exports['run'] as (threadId: number, threads: number, args: number) => void
  for (let t = 0; t < threads; t++) entry(t, threads, 0)
  return program.outputs.map((b, i) => {
    const p = places.get(b)!
    const n = sizeOf(b)
    if (!given.has(b) && !program.inputs.includes(b))
      for (let k = 0; k < guard; k++) if (bytes[p - 1 - k] !== 0xa5 || bytes[p + n + k] !== 0xa5) throw new Error(`output ${i} was written ${k} bytes outside`)
    return bytes.slice(p, p + n)
  })
}

export const f32 = (bytes: Uint8Array): Float32Array => new Float32Array(bytes.slice().buffer)
