import type { BuildOptions } from 'esbuild'

export const root: string
export const forPages: BuildOptions
export const workerFile: string
