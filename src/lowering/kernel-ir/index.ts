export type * from './index-map.ts'
export type * from './kernel.ts'
export type * from './program.ts'
