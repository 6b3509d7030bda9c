export { emitScatter } from './scatter.ts'
