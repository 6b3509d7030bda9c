/** JAX's numbers (tests/oracle) on webgpu: at full size all of them, else a few of each kind. What GPUs do not compute in is an error that says so. */
import { init } from 'pullback'
import { sized } from '../scale.ts'
import { held } from '../oracle/devices.ts'
import { backend, validatesShaders } from './own.ts'

await init('webgpu')
validatesShaders()

/** Of all cases one after the other, whatever list they are in. */
const oneOf = sized(250, 1)
let seen = 0

Object.assign(held, {
  devices: ['webgpu'],
  supports: (dtype) => backend().supports(dtype),
  some: (cases) => cases.filter(() => seen++ % oneOf === 0),
} satisfies Partial<typeof held>)

for (const fixture of ['elementwise', 'half', 'derivatives', 'shape', 'indexing', 'reductions', 'windows', 'contraction', 'conv', 'nn', 'numpy', 'random', 'control', 'optim', 'programs']) await import(`../oracle/${fixture}.test.ts`)
