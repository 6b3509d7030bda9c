/** Test files of the project that run in a page as they are. */
export const files: Readonly<Record<string, () => Promise<unknown>>> = {
  'truth/autodiff': () => import('../../../truth/autodiff.test.ts'),
  'truth/convolution': () => import('../../../truth/convolution.test.ts'),
  'truth/threefry': () => import('../../../truth/threefry.test.ts'),
  'laws/batching': () => import('../../../laws/batching.test.ts'),
  'laws/compilation': () => import('../../../laws/compilation.test.ts'),
  'laws/differences': () => import('../../../laws/differences.test.ts'),
  'laws/forward-mode': () => import('../../../laws/forward-mode.test.ts'),
  'laws/linear-maps': () => import('../../../laws/linear-maps.test.ts'),
  'laws/loops': () => import('../../../laws/loops.test.ts'),
  'laws/reverse-mode': () => import('../../../laws/reverse-mode.test.ts'),
  'laws/stax': () => import('../../../laws/stax.test.ts'),
  'webgpu/truth': () => import('../../truth.test.ts'),
  'webgpu/numbers': () => import('../../numbers.test.ts'),
  'webgpu/laws': () => import('../../laws.test.ts'),
}
