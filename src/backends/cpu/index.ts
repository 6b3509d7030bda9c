export { CpuBackend } from './backend.ts'
