export { ArrayMethods } from './reading.ts'
