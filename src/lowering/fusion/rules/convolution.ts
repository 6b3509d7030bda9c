/**
 * Convolution as a contraction with index maps: rows are (batch, window place), columns output features, k is (window
 * offset, input feature); padding is a guard, dilation of the operand a guard on a remainder (both read zeros, which are multiplied), groups are batch axes. The
 * gradients of a convolution are convolutions with other dimension numbers, and come out as well.
 */
import type { LoweringRule } from '../graph.ts'
import { addConstant, addIndex, constantIndex, floorDivIndex, type Guard, type Index, modIndex, type NodeId, scaleIndex } from '../../kernel-ir/index.ts'
import type { Builder } from '../builder.ts'
import { type ContractionPoint, dtypeOf, shapeOf } from '../value.ts'
import { contract, factor, fromSum, productDType } from './contraction.ts'

/** An axis of m, n or k: a logical name and its extent. Names: 'batch', 'feature', or the number of a spatial axis. */
interface Axis {
  readonly name: 'batch' | 'feature' | number
  readonly size: number
}

export const convolution: LoweringRule<'convGeneralDilated'> = (g, [lhs, rhs], p, [out]) => {
  const d = p.dimensionNumbers
  const lhsShape = shapeOf(lhs!)
  const rhsShape = shapeOf(rhs!)
  const rank = lhsShape.length
  const dtype = productDType(dtypeOf(lhs!), out!.dtype)
  const groups = p.featureGroupCount * p.batchGroupCount
  const rowsBatch = out!.shape[d.out[0]!]!
  const columns = out!.shape[d.out[1]!]! / groups
  const inFeatures = rhsShape[d.rhs[1]!]!

  // Each space runs in the order of its array in memory, so that its last axis is contiguous where that can be.
  const mAxes = ordered(d.out, (logical) => (logical === 1 ? null : logical === 0 ? { name: 'batch', size: rowsBatch } : { name: logical - 2, size: out!.shape[d.out[logical]!]! }))
  const kAxes = ordered(d.rhs, (logical) => (logical === 0 ? null : logical === 1 ? { name: 'feature', size: inFeatures } : { name: logical - 2, size: rhsShape[d.rhs[logical]!]! }))
  const at = (axes: readonly Axis[], index: readonly Index[], name: Axis['name']): Index => index[axes.findIndex((a) => a.name === name)]!

  const readLhs = (b: Builder, q: Rows): NodeId => {
    const index = new Array<Index>(rank)
    const group = q.batch[0] ?? constantIndex(0)
    const n = at(mAxes, q.rows, 'batch')
    const c = at(kAxes, q.k, 'feature')
    index[d.lhs[0]!] = p.batchGroupCount > 1 ? addIndex(scaleIndex(group, rowsBatch), n, b.sizes) : n
    index[d.lhs[1]!] = p.featureGroupCount > 1 ? addIndex(scaleIndex(group, inFeatures), c, b.sizes) : c
    const guards: Guard[] = []
    for (let s = 0; s < rank - 2; s++) {
      const axis = d.lhs[s + 2]!
      const size = lhsShape[axis]!
      const place = addIndex(scaleIndex(at(mAxes, q.rows, s), p.windowStrides[s]!), scaleIndex(at(kAxes, q.k, s), p.rhsDilation[s]!), b.sizes)
      const moved = addConstant(place, -p.padding[s]![0])
      const dilation = p.lhsDilation[s]!
      guards.push({ index: moved, low: 0, high: size === 0 ? 0 : (size - 1) * dilation + 1 })
      if (dilation > 1) guards.push({ index: modIndex(moved, dilation, b.sizes), low: 0, high: 1 })
      index[axis] = floorDivIndex(moved, dilation, b.sizes)
    }
    const lhsType = dtypeOf(lhs!)
    return factor(b, b.guarded(lhsType, guards, () => b.read(lhs!, index), () => b.literal(lhsType, 0)), dtype)
  }
  const readRhs = (b: Builder, q: Rows): NodeId => {
    const index = new Array<Index>(rank)
    index[d.rhs[0]!] = groups > 1 ? addIndex(scaleIndex(q.batch[0]!, columns), q.columns[0]!, b.sizes) : q.columns[0]!
    index[d.rhs[1]!] = at(kAxes, q.k, 'feature')
    for (let s = 0; s < rank - 2; s++) index[d.rhs[s + 2]!] = at(kAxes, q.k, s)
    return factor(b, b.read(rhs!, index), dtype)
  }
  const place = (q: Omit<Rows, 'k'>): Index[] => {
    const index = new Array<Index>(rank)
    const column = q.columns[0]!
    index[d.out[0]!] = at(mAxes, q.rows, 'batch')
    index[d.out[1]!] = groups > 1 ? { constant: 0, terms: [...scaleIndex(q.batch[0]!, columns).terms, ...column.terms] } : column
    for (let s = 0; s < rank - 2; s++) index[d.out[s + 2]!] = at(mAxes, q.rows, s)
    return index
  }

  const batch = groups > 1 ? [groups] : []
  const m = mAxes.map((a) => a.size)
  const k = kAxes.map((a) => a.size)
  // Columns should be what is contiguous in the result: features, or else the places.
  const swapped = d.out[1] !== rank - 1 && rank > 2
  const slides = (s: number): boolean => p.windowStrides[s] === 1 && p.rhsDilation[s] === 1 && p.lhsDilation[s] === 1
  const axisOf = (axes: readonly Axis[], name: Axis['name']): number => axes.findIndex((a) => a.name === name)
  const sliding = swapped || groups > 1 ? [] : p.windowStrides.flatMap((_, s) => (slides(s) ? [{ m: axisOf(mAxes, s), k: axisOf(kAxes, s) }] : []))
  const rows = (q: ContractionPoint): Rows => (swapped ? { batch: q.batch, rows: q.n, columns: q.m, k: q.k } : { batch: q.batch, rows: q.m, columns: q.n, k: q.k })
  const v = contract(
    g,
    out!.shape,
    {
      dtype,
      batch,
      m: swapped ? [columns] : m,
      n: swapped ? m : [columns],
      k,
      lhs: (b, q) => (swapped ? readRhs(b, rows(q)) : readLhs(b, rows(q))),
      rhs: (b, q) => (swapped ? readLhs(b, rows(q)) : readRhs(b, rows(q))),
      sliding,
      place: (q) => place(rows({ ...q, k: [] })),
    },
    (i, b) => {
      const feature = i[d.out[1]!]!
      const places = mAxes.map((a) => i[a.name === 'batch' ? d.out[0]! : d.out[(a.name as number) + 2]!]!)
      const column = [groups > 1 ? modIndex(feature, columns, b.sizes) : feature]
      const group = groups > 1 ? [floorDivIndex(feature, columns, b.sizes)] : []
      return swapped ? { batch: group, m: column, n: places } : { batch: group, m: places, n: column }
    },
  )
  return [fromSum(g, v, out!.dtype)]
}

interface Rows {
  readonly batch: readonly Index[]
  readonly rows: readonly Index[]
  readonly columns: readonly Index[]
  readonly k: readonly Index[]
}

/** Logical axes in the order in which they stand in memory. */
function ordered(dims: readonly number[], axis: (logical: number) => Axis | null): Axis[] {
  const logical = dims.map((_, i) => i).sort((a, b) => dims[a]! - dims[b]!)
  return logical.flatMap((l) => axis(l) ?? [])
}
