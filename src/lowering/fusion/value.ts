/**
 * What fusion works on: values defined as expressions at an index.
 *
 * A `map` can be evaluated at any index vector, inside whatever kernel wants it: structural operations are nothing but
 * maps that pass the index on. The other definitions are roots: each is computed by a kernel of its own kind, though
 * several may share one.
 */
import type { Shape } from '../../core/aval.ts'
import type { DType } from '../../core/dtype.ts'
import { Literal } from '../../core/jaxpr.ts'
import type { BufferId, Combine, Index, NodeId, Sliding, SortKernel } from '../kernel-ir/index.ts'
import type { Builder } from './builder.ts'

/** Writes the nodes of one element into an expression, whose loop variables the index is made of. */
export type At = (b: Builder, index: readonly Index[]) => NodeId

export interface MapDef {
  readonly kind: 'map'
  readonly at: At
  /** Arithmetic of one element, in units of one addition; what is read not counted. */
  readonly flops: number
  /** Nothing but index maps, guards and literals: never worth storing. */
  readonly structural: boolean
  /** The value whose elements these are, in the same order (a reshape); null otherwise. */
  readonly same: Value | null
}

export interface ReductionAccumulator {
  readonly combine: Combine
  readonly dtype: DType
  /** `index` is of the result, `inner` of the reduced axes. */
  readonly at: (b: Builder, index: readonly Index[], inner: readonly Index[]) => NodeId
  /** Combines of positions: the one that is reported. */
  readonly position: ((b: Builder, index: readonly Index[], inner: readonly Index[]) => NodeId) | null
  readonly flops: number
}
/** One value: the fold of `accumulator` over `inner`. */
interface ReductionDef {
  readonly kind: 'reduction'
  readonly inner: Shape
  readonly accumulator: ReductionAccumulator
}

export interface CumulativeDef {
  readonly kind: 'cumulative'
  readonly axis: number
  readonly reverse: boolean
  readonly combine: Combine
  readonly at: At
}

/** Loop variables of a contraction, by part. */
export interface ContractionPoint {
  readonly batch: readonly Index[]
  readonly m: readonly Index[]
  readonly n: readonly Index[]
  readonly k: readonly Index[]
}
export interface ContractionDef {
  readonly kind: 'contraction'
  /** Summed in. */
  readonly dtype: DType
  readonly batch: Shape
  readonly m: Shape
  readonly n: Shape
  readonly k: Shape
  readonly lhs: (b: Builder, p: ContractionPoint) => NodeId
  readonly rhs: (b: Builder, p: ContractionPoint) => NodeId
  readonly sliding: readonly Sliding[]
  /** The element of the result that (batch, m, n) is. */
  readonly place: (p: Omit<ContractionPoint, 'k'>) => Index[]
}

export interface ScatterDef {
  readonly kind: 'scatter'
  readonly operand: Value
  /** Loops over all updates. */
  readonly space: Shape
  readonly mode: 'clip' | 'drop'
  readonly combine: 'set' | 'sum' | 'prod' | 'min' | 'max'
  /** The update at a point of `space`: its value, where its window starts (by axis of the operand), its place in the window. */
  readonly at: (b: Builder, point: readonly Index[]) => { readonly value: NodeId; readonly index: readonly Index[]; readonly positions: readonly { readonly axis: number; readonly node: NodeId; readonly limit: number }[] }
}

/** Shared by the results of one sort. */
export interface Sort {
  /** Null: the places in the row. */
  readonly operands: readonly (Value | null)[]
  readonly results: Value[]
  readonly rows: Pick<SortKernel, 'outer' | 'length' | 'inner' | 'keep' | 'numKeys' | 'descending'>
}

/** Shared by the results of one loop. */
export interface Loop {
  readonly count: number
  readonly reverse: boolean
  readonly carries: readonly { readonly initial: Value; readonly current: Value; readonly next: Value; readonly final: Value }[]
  readonly xs: readonly { readonly whole: Value; readonly slice: Value }[]
  readonly ys: readonly { readonly whole: Value; readonly slice: Value }[]
  readonly body: Region
}

export type Def =
  | MapDef
  | ReductionDef
  | CumulativeDef
  | ContractionDef
  | ScatterDef
  /** In a buffer before the region starts: program inputs, and inside a loop its carries and slices. */
  | { readonly kind: 'given' }
  /** The bytes of `of`, in order, under another type. */
  | { readonly kind: 'alias'; readonly of: Value }
  | { readonly kind: 'sort'; readonly sort: Sort; readonly output: number }
  | { readonly kind: 'loop'; readonly loop: Loop }

export class Value {
  readonly id: number
  readonly shape: Shape
  readonly dtype: DType
  readonly region: Region
  def: Def
  /** Must stand in memory: an output, or read by something that cannot read expressions. */
  stored = false
  /** A map that was found worth storing: kernels load it, unless they hold its definition themselves. */
  kept = false
  /** Never written in place, not even in its own kernel: where an expression would become too long. */
  cut = false
  /** Arithmetic of one element, down to what is loaded. */
  flops = 0
  /** Its buffer, once it has one. */
  buffer: BufferId | null = null
  constructor(id: number, shape: Shape, dtype: DType, region: Region, def: Def) {
    this.id = id
    this.shape = shape
    this.dtype = dtype
    this.region = region
    this.def = def
  }
}

/** The values of one jaxpr, in the order of its equations: a program, or the body of a loop. */
export interface Region {
  readonly values: Value[]
  readonly depth: number
}

/** What an equation reads: a value, or a scalar in the program. */
export type Operand = Value | Literal

export const isLiteral = (x: Operand): x is Literal => x instanceof Literal
export const shapeOf = (x: Operand): Shape => (isLiteral(x) ? x.aval.shape : x.shape)
export const dtypeOf = (x: Operand): DType => (isLiteral(x) ? x.aval.dtype : x.dtype)

/** The value whose buffer holds this one's bytes: reshapes and wider views of bits need none of their own. */
export function storage(v: Value): Value {
  let u = v
  for (;;) {
    if (u.def.kind === 'alias') u = u.def.of
    else if (u.def.kind === 'map' && u.def.same !== null) u = u.def.same
    else return u
  }
}

/** Says that a value must stand in memory. */
export function store(v: Value): Value {
  const s = storage(v)
  s.stored = true
  return s
}
