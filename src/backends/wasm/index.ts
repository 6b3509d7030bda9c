export { WasmBackend } from './backend.ts'
export type { HeapLimits } from './heap.ts'
