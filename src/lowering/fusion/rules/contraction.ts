/** dotGeneral: a contraction, or a plain reduction where it is an inner product. */
import { type Shape, sizeOf } from '../../../core/aval.ts'
import { type DType, dtypeInfo } from '../../../core/dtype.ts'
import type { ContractionParams } from '../../../core/primitives/index.ts'
import { freeAxes } from '../../../core/shapes/index.ts'
import type { Index, NodeId } from '../../kernel-ir/index.ts'
import type { Builder } from '../builder.ts'
import type { Graph, LoweringRules } from '../graph.ts'
import { type ContractionDef, type ContractionPoint, dtypeOf, type Operand, shapeOf, type Value } from '../value.ts'

/** What a product of operands is summed in, when the result is `out`. */
export function productDType(operand: DType, out: DType): DType {
  if (operand === 'float64' || out === 'float64') return 'float64'
  const { kind } = dtypeInfo[operand]
  return kind === 'float' || dtypeInfo[out].kind === 'float' ? 'float32' : 'int32'
}

/** An operand's element as a factor: unsigned words multiply and add as signed ones do. */
export function factor(b: Builder, node: NodeId, dtype: DType): NodeId {
  return b.nodes[node]!.dtype === 'uint32' && dtype === 'int32' ? b.bitcast('int32', node) : b.convert(dtype, node)
}

/** The sum in the result's dtype. */
export function fromSum(g: Graph, v: Value, out: DType): Operand {
  if (v.dtype === 'int32' && out === 'uint32') return g.map(v.shape, out, 0, (b, i) => b.bitcast(out, b.read(v, i)))
  return g.convert(v, out)
}

/** Products of windows fewer than this are not worth packing for. */
const tinyProducts = 1024

/** A contraction in the form that its sizes ask for. `windows`: it is a convolution, of which thin and tiny ones are reductions. */
export function contract(g: Graph, shape: Shape, def: Omit<ContractionDef, 'kind'>, point: (index: readonly Index[], b: Builder) => Omit<ContractionPoint, 'k'>, windows = false): Value {
  const [m, n, k] = [sizeOf(def.m), sizeOf(def.n), sizeOf(def.k)]
  if (k === 0) return g.structural(shape, def.dtype, (b) => b.literal(def.dtype, 0))
  if (k === 1) {
    return g.map(shape, def.dtype, 1, (b, i) => {
      const p = { ...point(i, b), k: def.k.map((): Index => ({ constant: 0, terms: [] })) }
      return b.apply('mul', {}, def.dtype, [def.lhs(b, p), def.rhs(b, p)])
    })
  }
  const isContraction = windows ? m > 1 && n > 1 && m * n * k * sizeOf(def.batch) > tinyProducts : m > 1 || n > 1
  if (isContraction) return g.value(shape, def.dtype, { kind: 'contraction', ...def })
  return g.reduction(shape, def.k, {
    combine: 'sum',
    dtype: def.dtype,
    at: (b, i, r) => {
      const p = { ...point(i, b), k: r }
      return b.apply('mul', {}, def.dtype, [def.lhs(b, p), def.rhs(b, p)])
    },
    position: null,
    flops: 2,
  })
}

export const contractionLowering: LoweringRules<keyof ContractionParams> = {
  dotGeneral: (g, [lhs, rhs], { dimensionNumbers }, [out]) => {
    const { contracting, batch } = dimensionNumbers
    const side = (x: Operand, which: 0 | 1): Side => {
      const shape = shapeOf(x)
      return { x, shape, batch: batch[which], contracting: contracting[which], free: freeAxes(shape.length, contracting[which], batch[which]) }
    }
    const l = side(lhs!, 0)
    const r = side(rhs!, 1)
    const dtype = productDType(dtypeOf(lhs!), out!.dtype)
    // k runs in the order in which one side has it in memory: the right one's rows, or the left one's where those are contiguous
    const order = kOrder(l, r)
    const read = (s: Side, free: 'm' | 'n') => (b: Builder, p: ContractionPoint): NodeId => {
      const index = new Array<Index>(s.shape.length)
      s.batch.forEach((axis, i) => (index[axis] = p.batch[i]!))
      s.free.forEach((axis, i) => (index[axis] = p[free][i]!))
      order.forEach((c, i) => (index[s.contracting[c]!] = p.k[i]!))
      return factor(b, b.read(s.x, index), dtype)
    }
    const batchRank = l.batch.length
    const mRank = l.free.length
    const v = contract(
      g,
      out!.shape,
      {
        dtype,
        batch: l.batch.map((a) => l.shape[a]!),
        m: l.free.map((a) => l.shape[a]!),
        n: r.free.map((a) => r.shape[a]!),
        k: order.map((c) => l.shape[l.contracting[c]!]!),
        lhs: read(l, 'm'),
        rhs: read(r, 'n'),
        sliding: [],
        place: (p) => [...p.batch, ...p.m, ...p.n],
      },
      (i) => ({ batch: i.slice(0, batchRank), m: i.slice(batchRank, batchRank + mRank), n: i.slice(batchRank + mRank) }),
    )
    return [fromSum(g, v, out!.dtype)]
  },
}

interface Side {
  readonly x: Operand
  readonly shape: Shape
  readonly batch: readonly number[]
  readonly contracting: readonly number[]
  readonly free: readonly number[]
}

function kOrder(l: Side, r: Side): number[] {
  const by = (s: Side): number[] => s.contracting.map((_, c) => c).sort((a, b) => s.contracting[a]! - s.contracting[b]!)
  const last = l.contracting.length > 0 && l.contracting.includes(l.shape.length - 1)
  return by(last ? l : r)
}
