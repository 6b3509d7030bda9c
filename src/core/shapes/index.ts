export * from './axes.ts'
export * from './contraction.ts'
export * from './indexing.ts'
export * from './windows.ts'
