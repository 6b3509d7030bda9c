/** Shaders compiled for a device, by their text. They compile while the program goes on; a failure is known by whoever needs one. */
import { DeviceError, type PullbackError } from '../../core/errors.ts'
import { Lru } from '../../core/lru.ts'
import type { ShaderModule } from '../../lowering/wgsl/index.ts'
import { computeStage } from './flags.ts'

export interface Pipeline {
  /** Null until it is compiled. */
  compiled: GPUComputePipeline | null
  error: PullbackError | null
  /** Resolves when it is one or the other; never rejects. */
  readonly done: Promise<void>
  /** Of group 0. */
  readonly layout: GPUBindGroupLayout
}

/** A compiled shader takes its driver far more memory than its text, and nobody tells how much: thousands took a software adapter gigabytes. */
const kept = { count: 1024, bytes: 64 * 2 ** 20 }

export class Pipelines {
  readonly #device: GPUDevice
  readonly #known = new Lru<string, Pipeline>(kept)
  readonly #counterLayouts = new Map<number, GPUBindGroupLayout>()
  /** How many were compiled, for tests. */
  compiles = 0

  constructor(device: GPUDevice) {
    this.#device = device
  }

  /** `what` names the kernel for people. */
  of(shader: ShaderModule, what: string): Pipeline {
    const known = this.#known.get(shader.code)
    if (known !== undefined) return known
    const pipeline = this.#compile(shader, what)
    this.#known.set(shader.code, pipeline, 2 * shader.code.length)
    return pipeline
  }

  /** Of `count` iterations, each a u32 at an offset that the dispatch chooses. */
  counterLayout(count: number): GPUBindGroupLayout {
    let layout = this.#counterLayouts.get(count)
    if (layout === undefined) {
      layout = this.#device.createBindGroupLayout({
        entries: Array.from({ length: count }, (_, binding) => ({ binding, visibility: computeStage, buffer: { type: 'uniform', hasDynamicOffset: true, minBindingSize: 4 } })),
      })
      this.#counterLayouts.set(count, layout)
    }
    return layout
  }

  #compile({ code, access, counters }: ShaderModule, what: string): Pipeline {
    const device = this.#device
    this.compiles++
    device.pushErrorScope('validation')
    const module = device.createShaderModule({ code })
    const layout = device.createBindGroupLayout({
      entries: access.map((a, binding) => ({ binding, visibility: computeStage, buffer: { type: a === 'read' ? 'read-only-storage' : 'storage' } })),
    })
    const all = device.createPipelineLayout({ bindGroupLayouts: counters === 0 ? [layout] : [layout, this.counterLayout(counters)] })
    const scope = device.popErrorScope()
    scope.catch(() => null) // a lost device rejects it long before `finish` comes to ask
    const pipeline: { -readonly [K in keyof Pipeline]: Pipeline[K] } = { compiled: null, error: null, done: Promise.resolve(), layout }
    const finish = async (): Promise<void> => {
      try {
        pipeline.compiled = await device.createComputePipelineAsync({ layout: all, compute: { module, entryPoint: 'main' } })
        const wrong = await scope
        if (wrong !== null) throw new Error(wrong.message)
      } catch (e) {
        const messages = await module.getCompilationInfo().then((info) => info.messages.map((m) => `line ${m.lineNum}: ${m.message}`), () => [])
        pipeline.error = new DeviceError('compile', `the GPU refused the shader of kernel '${what}': ${[e instanceof Error ? e.message : String(e), ...messages].join('; ')}`)
      }
    }
    pipeline.done = finish()
    return pipeline
  }
}
