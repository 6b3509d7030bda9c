/**
 * The kernel IR: what fusion makes of equations, and what WASM and WGSL are printed from.
 *
 * A kernel is one pass over a parallel space with no barrier inside. Its work is written as expressions: lists of
 * nodes in which a node refers to earlier ones by position.
 *
 * What fusion promises: the axes of `space` and of inner dimensions stand in the order in which the stored array has
 * them, so that the last one is contiguous in what is written, and usually in what is read; a reduction over leading
 * axes keeps the trailing axes as `space`, one over trailing axes has them as inner dimensions. Neighbouring axes are
 * not merged here: an emitter does that with the index maps at hand. Nodes that depend on fewer loop variables than
 * their stage has are not hoisted either.
 *
 * What it relies on: a result may lie over an array that the same stage reads at the same element, so all nodes of a point
 * are computed before any of its stores; and a scatter whose `out` is its `operand` copies nothing.
 */
import type { DType } from '../../core/dtype.ts'
import type { Primitive, ElementwiseParams } from '../../core/primitives/index.ts'
import type { Guard, Index } from './index-map.ts'

/** A buffer of the program: its position in `Program.buffers`. Buffers are dense; element types are storage types. */
export type BufferId = number
/** A node's position in its expression's list. */
export type NodeId = number

export type Expression = readonly Node[]

export type Node =
  /**
   * Element `index` of a buffer, counted in elements of the node's dtype, which need not be the buffer's (bits read as
   * another type). Where a guard fails nothing is read and the value is `otherwise` (of the node's dtype).
   */
  | { readonly op: 'load'; readonly dtype: DType; readonly buffer: BufferId; readonly index: Index; readonly guards: readonly Guard[]; readonly otherwise: number | boolean }
  /**
   * A read whose place is computed: element `index + Σ stride_i · p_i` where p_i is the int32 node `position`, clamped into
   * [0, limit_i] — or, with `mode: 'fill'`, the value is `otherwise` where any p_i lies outside. Static guards as in `load`.
   */
  | {
      readonly op: 'gather'
      readonly dtype: DType
      readonly buffer: BufferId
      readonly index: Index
      readonly positions: readonly Position[]
      readonly mode: 'clip' | 'fill'
      readonly guards: readonly Guard[]
      readonly otherwise: number | boolean
    }
  | { readonly op: 'literal'; readonly dtype: DType; readonly value: number | boolean }
  /** The value of an index map (iota). */
  | { readonly op: 'index'; readonly dtype: DType; readonly index: Index }
  /** `inside` where all guards hold, else `outside` (pads and concatenations of computed values). */
  | { readonly op: 'guarded'; readonly dtype: DType; readonly guards: readonly Guard[]; readonly inside: NodeId; readonly outside: NodeId }
  /** An elementwise primitive; `dtype` is the result's, operands have their own nodes'. */
  | { [P in keyof ElementwiseParams]: { readonly op: 'apply'; readonly primitive: P; readonly params: ElementwiseParams[P]; readonly dtype: DType; readonly inputs: readonly NodeId[] } }[keyof ElementwiseParams]
  /** The same bits in another dtype of the same width. */
  | { readonly op: 'bitcast'; readonly dtype: DType; readonly input: NodeId }
  /** One of the two result words of threefry2x32 on four uint32 nodes. Equal inputs are computed once. */
  | { readonly op: 'threefry'; readonly dtype: 'uint32'; readonly word: 0 | 1; readonly inputs: readonly [NodeId, NodeId, NodeId, NodeId] }
  /** Result `output` of the earlier reduction stage `stage`, at the same point of the parallel space. */
  | { readonly op: 'reduced'; readonly dtype: DType; readonly stage: number; readonly output: number }
  /** In a contraction's epilogue: the accumulated sum. In a `cumulative` stage's stores: the running value. */
  | { readonly op: 'accumulator'; readonly dtype: DType; readonly output: number }

export interface Position {
  readonly position: NodeId
  readonly stride: number
  readonly limit: number
}

/** Element `index` of `buffer`, counted in elements of the node's dtype, becomes `node`. Within a kernel no two points store to one place. */
export interface Store {
  readonly buffer: BufferId
  readonly index: Index
  readonly node: NodeId
}

/**
 * How a reduction combines. `argmax`/`argmin` carry (value, int32 position): first extremum, first NaN wins.
 *
 * `selectGe`/`selectLe` carry the same and are XLA's select: the first element is selected, and each that follows takes its
 * place unless the selected one is `>=` (`<=`) it. A NaN so gives way to what follows, and takes the place of what it
 * follows. That is not associative: a stage with such a combine folds in row-major order, its positions counting from 0.
 */
export type Combine = 'sum' | 'prod' | 'max' | 'min' | 'and' | 'or' | 'xor' | PositionCombine
/** Those whose result is a position. */
export type PositionCombine = 'argmax' | 'argmin' | 'selectGe' | 'selectLe'

/** One value carried through a reduction. Where the result is a position, it is given by `position`'s node (int32). */
export interface Accumulator {
  readonly combine: Combine
  readonly dtype: DType
  readonly node: NodeId
  /** Combines of positions only: the int32 node that is the position to report. */
  readonly position: NodeId | null
}

export type Stage =
  /** For each point of parallel × inner: evaluate, store. */
  | { readonly kind: 'map'; readonly inner: readonly number[]; readonly nodes: Expression; readonly stores: readonly Store[] }
  /** For each point of parallel: fold over inner, in row-major order or, unless it is `foldsInOrder`, any fixed by shape. Later stages see the results by `reduced`. */
  | { readonly kind: 'reduce'; readonly inner: readonly number[]; readonly nodes: Expression; readonly accumulators: readonly Accumulator[]; readonly inOrder?: boolean }
  /** As reduce over the one inner dimension, in order (backwards with `reverse`), storing after each element; `nodes` from `after` on may use `accumulator`. */
  | {
      readonly kind: 'cumulative'
      readonly inner: readonly [number]
      readonly reverse: boolean
      readonly nodes: Expression
      readonly accumulators: readonly Accumulator[]
      readonly stores: readonly Store[]
    }

/** Loops over `space`, and inside each point its stages one after the other. The last axis of space is the fastest. */
export interface LoopKernel {
  readonly kind: 'loop'
  readonly name: string
  readonly space: readonly number[]
  readonly stages: readonly Stage[]
}

/**
 * out[b, m, n] = epilogue(Σ_k lhs(b, m, k) · rhs(b, k, n)): GEMM, and convolution as implicit GEMM. All four spaces may
 * have several axes. Loop variables are numbered: batch axes, then m, then n, then k axes, whether or not an expression uses them.
 * The last node of `lhs` and `rhs` is the factor. Summed in `dtype` (float32, float64 or int32).
 */
export interface ContractionKernel {
  readonly kind: 'contraction'
  readonly name: string
  readonly dtype: DType
  readonly batch: readonly number[]
  readonly m: readonly number[]
  readonly n: readonly number[]
  readonly k: readonly number[]
  readonly lhs: Expression
  readonly rhs: Expression
  readonly sliding: readonly Sliding[]
  /** Over (batch, m, n); `accumulator` output 0 is the sum. */
  readonly epilogue: Expression
  readonly stores: readonly Store[]
}

/**
 * Axes of m and of k of which `lhs` reads only the sum stride · place + dilation · k, and `rhs` only the one of k: those of a window that slides.
 * Of side n the same with the operands exchanged.
 */
export interface Sliding {
  readonly side: 'm' | 'n'
  /** The number of the axis among those of its side. */
  readonly place: number
  readonly k: number
  readonly stride: number
  readonly dilation: number
}

/**
 * Copies `operand` to `out` (nothing to do where the plan made them one), then for each point of `space`, in order:
 * out[index + Σ stride·p] = combine(old, value). An update with a position outside [0, limit] is dropped ('drop') or clamped ('clip').
 */
export interface ScatterKernel {
  readonly kind: 'scatter'
  readonly name: string
  readonly operand: BufferId
  readonly out: BufferId
  readonly dtype: DType
  readonly space: readonly number[]
  readonly nodes: Expression
  readonly index: Index
  readonly positions: readonly Position[]
  readonly mode: 'clip' | 'drop'
  readonly value: NodeId
  readonly combine: 'set' | 'sum' | 'prod' | 'min' | 'max'
}

/**
 * Sorts rows of `length` elements, `inner` elements apart, together and stably by the first `numKeys` operands. Results are rows of the first
 * `keep` elements in that order. An operand that is no buffer is the places in the row before (int32); it is no key.
 */
export interface SortKernel {
  readonly kind: 'sort'
  readonly name: string
  readonly outer: number
  readonly length: number
  readonly inner: number
  readonly keep: number
  readonly numKeys: number
  readonly descending: boolean
  readonly operands: readonly { readonly from: BufferId | null; readonly to: BufferId; readonly dtype: DType }[]
}

export type Kernel = LoopKernel | ContractionKernel | ScatterKernel | SortKernel

export type ApplicablePrimitive = Extract<Primitive, keyof ElementwiseParams>
