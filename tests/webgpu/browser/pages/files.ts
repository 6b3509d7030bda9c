/** Test files of the project that run in a page as they are. */
interface TestFile {
  readonly device: 'cpu' | 'wasm'
  readonly load: () => Promise<unknown>
}
/** Arrays that name no device are on WebAssembly. */
const wasm = (load: TestFile['load']): TestFile => ({ device: 'wasm', load })
/** These name the devices that they hold against the reference. */
const named = (load: TestFile['load']): TestFile => ({ device: 'cpu', load })

export const files: Readonly<Record<string, TestFile>> = {
  'truth/autodiff': wasm(() => import('../../../truth/autodiff.test.ts')),
  'truth/convolution': wasm(() => import('../../../truth/convolution.test.ts')),
  'truth/threefry': wasm(() => import('../../../truth/threefry.test.ts')),
  'laws/batching': wasm(() => import('../../../laws/batching.test.ts')),
  'laws/differences': wasm(() => import('../../../laws/differences.test.ts')),
  'laws/forward-mode': wasm(() => import('../../../laws/forward-mode.test.ts')),
  'laws/linear-maps': wasm(() => import('../../../laws/linear-maps.test.ts')),
  'laws/loops': wasm(() => import('../../../laws/loops.test.ts')),
  'laws/reverse-mode': wasm(() => import('../../../laws/reverse-mode.test.ts')),
  'laws/wasm': named(() => import('../../../laws/wasm.test.ts')),
  'laws/stax': wasm(() => import('../../../laws/stax.test.ts')),
  'webgpu/truth': named(() => import('../../truth.test.ts')),
  'webgpu/numbers': named(() => import('../../numbers.test.ts')),
  'webgpu/laws': named(() => import('../../laws.test.ts')),
}
