/** Has every shader of a page checked, or of a worker that loads it before its own script. */
import { type Checks, checkShaders } from '../../shader-checks.ts'

declare global {
  /** Ends the checks, and tells what they found; null where there is no WebGPU. */
  var shadersChecked: Checks['done'] | null
}

export const done: Checks['done'] | null = 'GPUDevice' in globalThis ? checkShaders(GPUDevice.prototype).done : null
globalThis.shadersChecked = done
