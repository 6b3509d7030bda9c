/** Shaders read again, by the device's compiler and by wgsl_reflect: in Node, in pages and in their workers. */
import { WgslReflect } from 'wgsl_reflect/wgsl_reflect.module.js'

/** What a pipeline binds: storage buffers in group 0, and as many uniform buffers in group 1. */
export interface Bound {
  readonly access: readonly ('read' | 'read_write')[]
  readonly counters: number
}

/** What is wrong with a shader: what its compiler has to say, and where it is not what it is used as. */
export async function complaintsOf(code: string, module: GPUShaderModule, { access, counters }: Bound): Promise<readonly string[]> {
  const { messages } = await module.getCompilationInfo()
  const { entry, storage, uniforms } = new WgslReflect(code)
  const differ = (what: string, got: string, wanted: string): string[] => (got === wanted ? [] : [`${what}: ${got} instead of ${wanted}`])
  const inOrder = (list: readonly { readonly group: number; readonly binding: number; readonly access: string }[], show: (access: string) => string): string =>
    [...list].sort((a, b) => a.binding - b.binding).map((b) => `${b.group}.${b.binding} ${show(b.access)}`).join(', ')
  return [
    ...messages.map((m) => `${m.type} in line ${m.lineNum}: ${m.message}`),
    ...differ('entry points', entry.compute.map((f) => f.name).join(), 'main'),
    ...differ('storage', inOrder(storage, (a) => a), access.map((a, i) => `0.${i} ${a}`).join(', ')),
    ...differ('counters', inOrder(uniforms, () => 'uniform'), Array.from({ length: counters }, (_, i) => `1.${i} uniform`).join(', ')),
  ].map((text) => `${text}\n${code}`)
}

export interface Checks {
  /** Ends it: how many were made into pipelines, and what is wrong with them. */
  readonly done: () => Promise<{ readonly shaders: number; readonly complaints: readonly string[] }>
}

/** Of what devices made while any checks were on: layouts are made once, and used again and again. */
const codes = new WeakMap<GPUShaderModule, string>()
const entries = new WeakMap<GPUBindGroupLayout, readonly GPUBindGroupLayoutEntry[]>()
const groups = new WeakMap<GPUPipelineLayout, readonly GPUBindGroupLayout[]>()

type Watched = 'createShaderModule' | 'createBindGroupLayout' | 'createPipelineLayout' | 'createComputePipelineAsync'
type Methods = { readonly [K in Watched]: (this: GPUDevice, ...args: Parameters<GPUDevice[K]>) => ReturnType<GPUDevice[K]> }

/** From now on every shader that a device makes a pipeline of is read again. `prototype` is that of all devices; `wrong` tells those that are wrong on purpose. */
export function checkShaders(prototype: GPUDevice, wrong?: RegExp): Checks {
  const seen: Promise<readonly string[]>[] = []
  const { createShaderModule, createBindGroupLayout, createPipelineLayout, createComputePipelineAsync } = prototype as unknown as Methods // which are called on the device at hand
  const checking: Partial<GPUDevice> & ThisType<GPUDevice> = {
    createShaderModule(descriptor) {
      const module = createShaderModule.call(this, descriptor)
      codes.set(module, descriptor.code)
      return module
    },
    createBindGroupLayout(descriptor) {
      const layout = createBindGroupLayout.call(this, descriptor)
      entries.set(layout, [...descriptor.entries])
      return layout
    },
    createPipelineLayout(descriptor) {
      const layout = createPipelineLayout.call(this, descriptor)
      groups.set(layout, [...descriptor.bindGroupLayouts] as GPUBindGroupLayout[]) // none is left out
      return layout
    },
    createComputePipelineAsync(descriptor) {
      const { compute: { module }, layout } = descriptor
      const code = codes.get(module)!
      const [storage = [], uniform = []] = groups.get(layout as GPUPipelineLayout)!.map((group) => entries.get(group)!) // never 'auto'
      const bound: Bound = { access: storage.map(({ buffer }) => (buffer?.type === 'read-only-storage' ? 'read' : 'read_write')), counters: uniform.length }
      // A device that is lost meanwhile has nothing to say.
      if (wrong?.test(code) !== true) seen.push(Promise.race([complaintsOf(code, module, bound).catch((e: unknown) => [String(e)]), this.lost.then(() => [])]))
      return createComputePipelineAsync.call(this, descriptor)
    },
  }
  Object.assign(prototype, checking)
  return {
    done: async () => {
      Object.assign(prototype, { createShaderModule, createBindGroupLayout, createPipelineLayout, createComputePipelineAsync })
      return { shaders: seen.length, complaints: (await Promise.all(seen)).flat() }
    },
  }
}
