/** The whole vocabulary of the IR: every primitive with its parameters, family by family. */
import type { ElementwiseParams } from './elementwise.ts'
import type { ReductionParams } from './reduction.ts'
import type { ShapeParams } from './shape.ts'
import type { IndexingParams } from './indexing.ts'
import type { ContractionParams, WindowFamilyParams } from './contraction.ts'
import type { ControlFlowParams, RandomParams } from './control-flow.ts'

export type * from './elementwise.ts'
export type * from './reduction.ts'
export type * from './shape.ts'
export type * from './indexing.ts'
export type * from './contraction.ts'
export type * from './control-flow.ts'

export interface PrimitiveParams
  extends ElementwiseParams,
    ReductionParams,
    ShapeParams,
    IndexingParams,
    ContractionParams,
    WindowFamilyParams,
    ControlFlowParams,
    RandomParams {}

export type Primitive = keyof PrimitiveParams
