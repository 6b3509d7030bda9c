/**
 * Runs programs of shaders on a device as plainly as their contract says it (src/lowering/wgsl/shader-program.ts), and shares
 * nothing with the backend: a place is a buffer, every dispatch a bind group, a run one command buffer. Memory starts out as garbage.
 */
import { create, globals } from 'webgpu'
import { sizeOf } from '../../../src/core/aval.ts'
import type { Jaxpr } from '../../../src/core/jaxpr.ts'
import { lowerToProgram } from '../../../src/lowering/index.ts'
import type { Program } from '../../../src/lowering/kernel-ir/index.ts'
import { type Address, type Command, counterBase, counterStride, emitShaders, fromStorage, type ShaderModule, type ShaderOptions, type ShaderProgram, storedBytesPerElement, toStorage } from '../../../src/lowering/wgsl/index.ts'
import '../../families.ts'
import { complaintsOf } from '../shader-checks.ts'

Object.assign(globalThis, globals)

/** Exported, and so kept: the collector would take the device with it. */
export const instance: GPU = create([])
const adapter = await instance.requestAdapter()
if (adapter === null) throw new Error('no WebGPU adapter: the tests of webgpu need VK_ICD_FILENAMES and LD_LIBRARY_PATH to name a software Vulkan (vitest.config.ts sets both)')
// Buffers as large as the adapter has: bindings stay at the limit that every device has, so that larger arrays go through windows.
/** Whether shaders may be asked to use subgroups. */
export const hasSubgroups: boolean = adapter.features.has('subgroups')
const device = await adapter.requestDevice({ requiredLimits: { maxBufferSize: adapter.limits.maxBufferSize }, requiredFeatures: hasSubgroups ? ['subgroups'] : [] })
const uncaptured: string[] = []
device.addEventListener('uncapturederror', (e) => uncaptured.push(e.error.message))

/** Ends the device, so that the process can end. */
export function closeDevice(): void {
  device.destroy()
}

const counters = device.createBuffer({ size: counterBase * counterStride, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST })
device.queue.writeBuffer(counters, 0, Uint32Array.from({ length: (counterBase * counterStride) / 4 }, (_, i) => (i % (counterStride / 4) === 0 ? i / (counterStride / 4) : 0xdeadbeef)))

/** What a run did, for tests of structure. */
export interface Count {
  dispatches: number
  copies: number
}

export interface Run {
  readonly outputs: readonly Uint8Array[]
  readonly count: Count
  readonly shaders: ShaderProgram
}

/** What a jaxpr's program gives on the device, for the host's bytes of its inputs. */
export async function runJaxpr(jaxpr: Jaxpr, inputs: readonly Uint8Array[], options: ShaderOptions = {}): Promise<Run> {
  return runProgram(lowerToProgram(jaxpr).program, inputs, options)
}

export async function runProgram(program: Program, inputs: readonly Uint8Array[], options: ShaderOptions = {}): Promise<Run> {
  return runShaders(program, emitShaders(program, options), inputs)
}

/** `shaders`: of that program, perhaps changed. */
export async function runShaders(program: Program, shaders: ShaderProgram, inputs: readonly Uint8Array[]): Promise<Run> {
  const avals = (b: number) => program.buffers[b]!.aval
  const stored = inputs.map((bytes, i) => toStorage(bytes, avals(program.inputs[i]!).dtype))
  const count: Count = { dispatches: 0, copies: 0 }
  const results = await run(shaders, stored, count)
  const outputs = results.map((bytes, i) => {
    const a = avals(program.outputs[i]!)
    return fromStorage(bytes.slice(0, sizeOf(a.shape) * storedBytesPerElement(a.dtype)), a.dtype).slice()
  })
  return { outputs, count, shaders }
}

const pipelines = new Map<string, Promise<GPUComputePipeline>>()

/** A pipeline; the device has nothing to say about its module, and wgsl_reflect reads it as what it says it is. */
function pipelineOf(shader: ShaderModule): Promise<GPUComputePipeline> {
  let known = pipelines.get(shader.code)
  if (known === undefined) pipelines.set(shader.code, (known = compile(shader)))
  return known
}

async function compile({ code, access, counters: uniforms, workgroupSize }: ShaderModule): Promise<GPUComputePipeline> {
  if (!code.includes(`@workgroup_size(${workgroupSize})`)) throw new Error(`has another workgroup than it says:\n${code}`)
  const module = device.createShaderModule({ code })
  const complaints = await complaintsOf(code, module, { access, counters: uniforms })
  if (complaints.length > 0) throw new Error(complaints.join('\n'))
  const storage = device.createBindGroupLayout({
    entries: access.map((a, binding) => ({ binding, visibility: GPUShaderStage.COMPUTE, buffer: { type: a === 'read' ? 'read-only-storage' : 'storage' } })),
  })
  const counting = device.createBindGroupLayout({
    entries: Array.from({ length: uniforms }, (_, binding) => ({ binding, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'uniform', hasDynamicOffset: true, minBindingSize: 4 } as const })),
  })
  const layout = device.createPipelineLayout({ bindGroupLayouts: uniforms === 0 ? [storage] : [storage, counting] })
  return device.createComputePipelineAsync({ layout, compute: { module, entryPoint: 'main' } })
}

async function run(program: ShaderProgram, inputs: readonly Uint8Array[], count: Count): Promise<Uint8Array[]> {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST
  const buffers = program.places.map((p) => {
    const buffer = device.createBuffer({ size: p.bytes, usage })
    if (p.kind === 'input' && inputs[p.position]!.length > 0) device.queue.writeBuffer(buffer, 0, inputs[p.position]!.slice())
    if (p.kind !== 'input' && p.bytes <= 2 ** 20) device.queue.writeBuffer(buffer, 0, new Uint8Array(p.bytes).fill(0xa5))
    return buffer
  })
  const ready = await Promise.all(program.shaders.map(pipelineOf))
  const encoder = device.createCommandEncoder()
  const iterations: number[] = []
  const at = ({ offset, strides }: Address): number => strides.reduce((sum, s) => sum + s.bytes * iterations[s.loop]!, offset)
  const record = (commands: readonly Command[]): void => {
    for (const c of commands) {
      if (c.kind === 'copy') {
        encoder.copyBufferToBuffer(buffers[c.from.place]!, at(c.from), buffers[c.to.place]!, at(c.to), c.bytes)
        count.copies++
      } else if (c.kind === 'loop') {
        const depth = iterations.push(0) - 1
        for (let i = 0; i < c.count; i++) {
          iterations[depth] = c.reverse ? c.count - 1 - i : i
          record(c.phases[i % c.phases.length]!)
        }
        iterations.pop()
      } else {
        count.dispatches++
        const pipeline = ready[c.shader]!
        const pass = encoder.beginComputePass()
        pass.setPipeline(pipeline)
        pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: c.bindings.map(({ place, offset, bytes }, binding) => ({ binding, resource: { buffer: buffers[place]!, offset, size: bytes } })) }))
        if (c.counters.length > 0) {
          const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(1), entries: c.counters.map((_, binding) => ({ binding, resource: { buffer: counters, size: 16 } })) })
          const offsets = c.counters.map((n) => counterStride * (n.kind === 'constant' ? n.value : n.digit === 0 ? iterations[n.loop]! % counterBase : Math.floor(iterations[n.loop]! / counterBase)))
          pass.setBindGroup(1, group, offsets)
        }
        pass.dispatchWorkgroups(...c.workgroups)
        pass.end()
      }
    }
  }
  record(program.commands)
  const staged = program.outputs.map((place) => {
    const { bytes } = program.places[place]!
    const buffer = device.createBuffer({ size: bytes, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST })
    encoder.copyBufferToBuffer(buffers[place]!, 0, buffer, 0, bytes)
    return buffer
  })
  device.queue.submit([encoder.finish()])
  const outputs: Uint8Array[] = []
  for (const buffer of staged) {
    await buffer.mapAsync(GPUMapMode.READ)
    outputs.push(new Uint8Array(buffer.getMappedRange().slice(0)))
    buffer.destroy()
  }
  for (const b of buffers) b.destroy()
  if (uncaptured.length > 0) throw new Error(uncaptured.splice(0).join('\n'))
  return outputs
}
