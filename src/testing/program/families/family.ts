/** What a family of statements is: makers, each of which writes one statement, or none where nothing in sight fits. */
import type { Scope } from '../scope.ts'

export type Maker = (scope: Scope) => void

/** The families of statements that programs are written of. */
export type Family = 'elementwise' | 'reduction' | 'cumulative' | 'shape' | 'indexing' | 'sorting' | 'contraction' | 'convolution' | 'windows' | 'control' | 'random'
