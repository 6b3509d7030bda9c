export { ArrayMethods, type Nested } from './reading.ts'
