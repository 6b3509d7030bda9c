export type * from './index-map.ts'
export * from './index-arithmetic.ts'
export type * from './kernel.ts'
export type * from './program.ts'
