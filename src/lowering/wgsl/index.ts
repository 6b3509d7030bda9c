/** The kernel IR as WGSL: a second reader beside WebAssembly. */
import { DeviceError } from '../../core/errors.ts'
import { type Kernel, kernelsOf, type Program } from '../kernel-ir/index.ts'
import { contractionShader } from './contraction.ts'
import { loopShader } from './loop-kernel.ts'
import type { Shader } from './shader.ts'

export type { Binding, Shader } from './shader.ts'
export * from './shader-program.ts'
export * from './storage-form.ts'

/**
 * The shader of one kernel.
 *
 * @throws DeviceError for what GPUs cannot compute (float64, complex), naming the dtype.
 */
export function shaderOf(kernel: Kernel, program: Program): Shader {
  switch (kernel.kind) {
    case 'loop':
      return loopShader(kernel, program)
    case 'contraction':
      return contractionShader(kernel, program)
    case 'scatter':
    case 'sort':
      throw new DeviceError('webgpu', `has no shader for kernels of kind ${kernel.kind} yet; keep this part on 'wasm' with devicePut(x, 'wasm')`)
  }
}

/** All shaders of a program, one after the other, each under a line that says which kernel it is. */
export const wgslText = (program: Program): string =>
  kernelsOf(program)
    .map((kernel, i) => {
      const { code, workgroups, workgroupSize } = shaderOf(kernel, program)
      return `// ${i} ${kernel.kind} ${kernel.name}: ${workgroups.join(' x ')} workgroups of ${workgroupSize}\n${code}`
    })
    .join('\n\n')
