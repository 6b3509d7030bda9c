/**
 * Convolution as a contraction with index maps: rows are (batch, window place), columns output features, k is (window
 * offset, input feature); padding is a guard (that reads zeros, which are multiplied), groups are batch axes. The
 * gradients of a convolution are convolutions with other dimension numbers, and come out as well.
 *
 * Between the elements of a dilated operand stand zeros (the gradient of a strided convolution's data has such): places y that are
 * equal modulo the dilation d meet the same of the window's offsets, every d-th, so these phases of y are batch axes. Where the window
 * itself moves in steps the zeros are read by a guard on a remainder.
 */
import { sizeOf } from '../../../core/aval.ts'
import type { ConvParams } from '../../../core/primitives/index.ts'
import type { LoweringRule } from '../graph.ts'
import { addConstant, addIndex, constantIndex, floorDivIndex, type Guard, type Index, modIndex, type NodeId, scaleIndex } from '../../kernel-ir/index.ts'
import type { Builder } from '../builder.ts'
import { type ContractionPoint, dtypeOf, shapeOf, type Value } from '../value.ts'
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
  const phased = phasesOf(p)
  const count = (s: number): number => phased.find((f) => f.axis === s)?.count ?? 1
  const inFeatures = rhsShape[d.rhs[1]!]!

  // Each space runs in the order of its array in memory, so that its last axis is contiguous where that can be.
  const mAxes = ordered(d.out, (logical) => (logical === 1 ? null : logical === 0 ? { name: 'batch', size: rowsBatch } : { name: logical - 2, size: Math.ceil(out!.shape[d.out[logical]!]! / count(logical - 2)) }))
  const kAxes = ordered(d.rhs, (logical) => (logical === 0 ? null : logical === 1 ? { name: 'feature', size: inFeatures } : { name: logical - 2, size: Math.ceil(rhsShape[d.rhs[logical]!]! / count(logical - 2)) }))
  const at = (axes: readonly Axis[], index: readonly Index[], name: Axis['name']): Index => index[axes.findIndex((a) => a.name === name)]!

  /** The phase r of an axis: y = d·q + r meets the offsets d·j + ((low - r) mod d), low being the padding before the operand. */
  const phaseOf = (q: Pick<Rows, 'batch'>, s: number): Phase & { readonly r: Index; readonly low: number } => {
    const i = phased.findIndex((f) => f.axis === s)
    return { ...phased[i]!, r: q.batch[(groups > 1 ? 1 : 0) + i]!, low: p.padding[s]![0] }
  }

  /** The window's offset that a phase meets; outside of the window for the last of some phases. */
  const tapOf = (q: Pick<Rows, 'batch' | 'k'>, s: number, b: Builder): Guard => {
    const { r, low } = phaseOf(q, s)
    const first = modIndex(addConstant(scaleIndex(r, -1), low), count(s), b.sizes)
    return { index: addIndex(scaleIndex(at(kAxes, q.k, s), count(s)), first, b.sizes), low: 0, high: rhsShape[d.rhs[s + 2]!]! }
  }

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
      if (count(s) > 1) {
        const { r, low } = phaseOf(q, s)
        const first = floorDivIndex(addConstant(r, count(s) - 1 - low), count(s), b.sizes)
        index[axis] = addIndex(addIndex(at(mAxes, q.rows, s), at(kAxes, q.k, s), b.sizes), first, b.sizes)
        // What a phase's last offset would meet is not multiplied where the window has no such offset: it may be no number.
        guards.push({ index: index[axis], low: 0, high: size }, tapOf(q, s, b))
        continue
      }
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
    const guards: Guard[] = []
    for (let s = 0; s < rank - 2; s++) {
      const offset = at(kAxes, q.k, s)
      if (count(s) === 1) {
        index[d.rhs[s + 2]!] = offset
        continue
      }
      const tap = tapOf(q, s, b)
      index[d.rhs[s + 2]!] = tap.index
      guards.push(tap)
    }
    const rhsType = dtypeOf(rhs!)
    return factor(b, b.guarded(rhsType, guards, () => b.read(rhs!, index), () => b.literal(rhsType, 0)), dtype)
  }
  const place = (q: Omit<Rows, 'k'>): Index[] => {
    const index = new Array<Index>(rank)
    const column = q.columns[0]!
    index[d.out[0]!] = at(mAxes, q.rows, 'batch')
    index[d.out[1]!] = groups > 1 ? { constant: 0, terms: [...scaleIndex(q.batch[0]!, columns).terms, ...column.terms] } : column
    for (let s = 0; s < rank - 2; s++) {
      const place = at(mAxes, q.rows, s)
      index[d.out[s + 2]!] = count(s) === 1 ? place : { constant: 0, terms: [...phaseOf(q, s).r.terms, ...scaleIndex(place, count(s)).terms] }
    }
    return index
  }

  /** Zeros between elements are multiplied by a window's other offsets: that is felt where such a weight is no number. */
  const withHoles = (sums: Value): Value => {
    const window = p.windowStrides.map((_, s) => rhsShape[d.rhs[s + 2]!]!)
    const holes = g.reduction([...phased.map((f) => f.count), out!.shape[d.out[1]!]!], [...window, inFeatures], {
      combine: 'sum',
      dtype,
      at: (b, i, r) => {
        const index = new Array<Index>(rank)
        index[d.rhs[0]!] = i.at(-1)!
        index[d.rhs[1]!] = r.at(-1)!
        for (const s of window.keys()) index[d.rhs[s + 2]!] = r[s]!
        const met = phased.map((f, at): Guard => ({ index: modIndex(addIndex(addConstant(r[f.axis]!, -p.padding[f.axis]![0]), i[at]!, b.sizes), f.count, b.sizes), low: 0, high: 1 }))
        const missed = (): NodeId => b.apply('mul', {}, dtype, [b.literal(dtype, 0), b.convert(dtype, b.read(rhs!, index))])
        return b.guarded(dtype, met, () => b.literal(dtype, 0), missed)
      },
      position: null,
      flops: 2,
    })
    return g.map(sums.shape, dtype, 1, (b, i) => b.apply('add', {}, dtype, [b.read(sums, i), b.read(holes, [...phased.map((f) => modIndex(i[d.out[f.axis + 2]!]!, f.count, b.sizes)), i[d.out[1]!]!])]))
  }

  const batch = [...(groups > 1 ? [groups] : []), ...phased.map((f) => f.count)]
  // Phases are equally long: a last one that is not has places beyond the result's.
  const whole = out!.shape.map((n, axis) => {
    const c = count(d.out.indexOf(axis) - 2)
    return Math.ceil(n / c) * c
  })
  const m = mAxes.map((a) => a.size)
  const k = kAxes.map((a) => a.size)
  // Columns should be what is contiguous in the result: features, or else the places.
  const swapped = d.out[1] !== rank - 1 && rank > 2
  const axisOf = (axes: readonly Axis[], name: Axis['name']): number => axes.findIndex((a) => a.name === name)
  const side = swapped ? 'n' : 'm'
  const sliding = p.windowStrides.flatMap((stride, s) => (p.lhsDilation[s] === 1 ? [{ side, place: axisOf(mAxes, s), k: axisOf(kAxes, s), stride, dilation: p.rhsDilation[s]! } as const] : []))
  const rows = (q: ContractionPoint): Rows => (swapped ? { batch: q.batch, rows: q.n, columns: q.m, k: q.k } : { batch: q.batch, rows: q.m, columns: q.n, k: q.k })
  const v = contract(
    g,
    whole,
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
      const along = (s: number): Index => i[d.out[s + 2]!]!
      const places = mAxes.map((a) => (typeof a.name !== 'number' ? i[d.out[0]!]! : floorDivIndex(along(a.name), count(a.name), b.sizes)))
      const column = [groups > 1 ? modIndex(feature, columns, b.sizes) : feature]
      const group = [...(groups > 1 ? [floorDivIndex(feature, columns, b.sizes)] : []), ...phased.map((f) => modIndex(along(f.axis), f.count, b.sizes))]
      return swapped ? { batch: group, m: column, n: places } : { batch: group, m: places, n: column }
    },
    true,
  )
  const full = phased.length === 0 || dtype === 'int32' || sizeOf(rhsShape) === 0 ? v : withHoles(v)
  const cut = whole.every((n, axis) => n === out!.shape[axis]) ? full : g.structural(out!.shape, dtype, (b, i) => b.read(full, i))
  return [fromSum(g, cut, out!.dtype)]
}

/** A spatial axis whose places fall into phases, and how many. */
interface Phase {
  readonly axis: number
  readonly count: number
}

const phasesOf = ({ lhsDilation, rhsDilation, windowStrides }: ConvParams): Phase[] =>
  lhsDilation.flatMap((count, axis) => (count > 1 && rhsDilation[axis] === 1 && windowStrides[axis] === 1 ? [{ axis, count }] : []))

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
