/** The kernel IR as WGSL: a second reader beside WebAssembly. */
export { emitShaders, type ShaderOptions } from './emit-shaders.ts'
export * from './shader/shader-program.ts'
export * from './shader/storage-form.ts'
export { wgslText } from './text.ts'
