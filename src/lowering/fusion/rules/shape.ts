/** Structural primitives: index maps, guards, and views of bits. None is ever a kernel of its own. */
import { dtypeInfo } from '../../../core/dtype.ts'
import type { ShapeParams } from '../../../core/primitives/index.ts'
import { addConstant, constantIndex, flattenIndex, floorDivIndex, type Guard, type Index, modIndex, type NodeId, scaleIndex, unflattenIndex } from '../../kernel-ir/index.ts'
import { type Builder, unfusable } from '../builder.ts'
import type { LoweringRules } from '../graph.ts'
import { readsOf } from '../reads.ts'
import { shapeOf, store, type Value } from '../value.ts'

/** Whether an operand is nothing but views of values that stand in memory anyway. */
const isView = (v: Value): boolean => v.def.kind === 'map' && v.def.structural && !v.stored

/** Stores what a view is a view of. */
function storeBelow(v: Value): void {
  if (!isView(v)) store(v)
  else for (const r of readsOf(v)) storeBelow(r.value)
}

/** Whether the views that a value is made of can stand in its expression. */
function isWritable(v: Value): boolean {
  try {
    readsOf(v, isView)
    return true
  } catch (e) {
    if (e !== unfusable) throw e
    return false
  }
}

export const shapeLowering: LoweringRules<keyof ShapeParams> = {
  reshape: (g, [input], { newSizes }, outs) => {
    const x = g.array(input!)
    const at = (b: Builder, i: readonly Index[]): NodeId => b.read(x, regroup(b, i, newSizes, x.shape))
    return [g.structural(newSizes, outs[0]!.dtype, at, x)]
  },

  transpose: (g, [input], { permutation }, outs) => {
    const inverse = permutation.map((_, k) => permutation.indexOf(k))
    return [g.structural(outs[0]!.shape, outs[0]!.dtype, (b, i) => b.read(input!, inverse.map((k) => i[k]!)))]
  },

  broadcastInDim: (g, [input], { shape, broadcastDimensions }, outs) => {
    const from = shapeOf(input!)
    const at = (b: Builder, i: readonly Index[]): NodeId =>
      b.read(
        input!,
        broadcastDimensions.map((d, k) => (from[k] === 1 ? constantIndex(0) : i[d]!)),
      )
    return [g.structural(shape, outs[0]!.dtype, at)]
  },

  rev: (g, [input], { dimensions }, outs) => {
    const { shape, dtype } = outs[0]!
    const at = (b: Builder, i: readonly Index[]): NodeId => b.read(input!, i.map((index, k) => (dimensions.includes(k) ? addConstant(scaleIndex(index, -1), shape[k]! - 1) : index)))
    return [g.structural(shape, dtype, at)]
  },

  concatenate: (g, inputs, { dimension }, outs) => {
    const { shape, dtype } = outs[0]!
    const parts = inputs.filter((x) => shapeOf(x)[dimension]! > 0)
    const starts: number[] = []
    let end = 0
    for (const x of parts) {
      starts.push(end)
      end += shapeOf(x)[dimension]!
    }
    const at = (b: Builder, i: readonly Index[]): NodeId => {
      const along = i[dimension]!
      const part = (p: number): NodeId => b.read(parts[p]!, i.map((index, k) => (k === dimension ? addConstant(index, -starts[p]!) : index)))
      const from = (p: number): NodeId => {
        const low = starts[p]!
        const high = starts[p + 1] ?? end
        const guard: Guard = { index: along, low, high }
        // Every part is guarded, also the last: what lies beyond it is never read.
        return b.guarded(dtype, [guard], () => part(p), () => (p + 1 < parts.length ? from(p + 1) : b.literal(dtype, 0)))
      }
      return from(0)
    }
    return [g.structural(shape, dtype, at)]
  },

  pad: (g, [input, value], { paddingConfig }, outs) => {
    const { shape, dtype } = outs[0]!
    const from = shapeOf(input!)
    const at = (b: Builder, i: readonly Index[]): NodeId => {
      const guards: Guard[] = []
      const inside = i.map((index, k) => {
        const [low, , interior] = paddingConfig[k]!
        const moved = addConstant(index, -low)
        const step = interior + 1
        guards.push({ index: moved, low: 0, high: from[k]! === 0 ? 0 : (from[k]! - 1) * step + 1 })
        if (step === 1) return moved
        guards.push({ index: modIndex(moved, step, b.sizes), low: 0, high: 1 })
        return floorDivIndex(moved, step, b.sizes)
      })
      return b.guarded(dtype, guards, () => b.read(input!, inside), () => b.read(value!, []))
    }
    return [g.structural(shape, dtype, at)]
  },

  slice: (g, [input], { startIndices, strides }, outs) => {
    const at = (b: Builder, i: readonly Index[]): NodeId => b.read(input!, i.map((index, k) => addConstant(scaleIndex(index, strides[k]!), startIndices[k]!)))
    return [g.structural(outs[0]!.shape, outs[0]!.dtype, at)]
  },

  iota: (g, _, { dtype, shape, dimension }) => [g.structural(shape, dtype, (b, i) => b.index(dtype, i[dimension]!))],

  bitcastConvertType: (g, [input], { newDtype }, outs) => {
    const x = g.array(input!)
    const from = dtypeInfo[x.dtype].bytes
    const to = dtypeInfo[newDtype].bytes
    const { shape } = outs[0]!
    if (from === to) return [g.map(shape, newDtype, 0, (b, i) => b.bitcast(newDtype, b.read(x, i)))]
    if (from > to) {
      storeBelow(x)
      const parts = g.structural(shape, newDtype, (b, i) => b.narrow(newDtype, b.read(x, i.slice(0, -1)), i.at(-1)!))
      if (!isWritable(parts)) store(x)
      return [parts]
    }
    // Wider elements are read from memory, where the narrow ones stand side by side.
    store(x)
    return [g.value(shape, newDtype, { kind: 'alias', of: x })]
  },

  optimizationBarrier: (g, inputs) =>
    inputs.map((x) => {
      const v = g.array(x)
      store(v)
      return v
    }),
}

/**
 * The index in `to` of element `index` of `from`, where both have the same number of elements. Axes are matched in
 * groups of equal size, so that only what is truly regrouped goes through a flat position.
 */
function regroup(b: Builder, index: readonly Index[], from: readonly number[], to: readonly number[]): Index[] {
  const out: Index[] = []
  let i = 0
  let j = 0
  while (i < from.length || j < to.length) {
    const i0 = i
    const j0 = j
    let a = i < from.length ? from[i++]! : 1
    let c = j < to.length ? to[j++]! : 1
    while (a !== c) {
      if (a < c) a *= from[i++]!
      else c *= to[j++]!
    }
    const group = from.slice(i0, i)
    const target = to.slice(j0, j)
    if (group.length === 1 && target.length === 1) out.push(index[i0]!)
    else out.push(...unflattenIndex(flattenIndex(index.slice(i0, i), group, b.sizes), target, b.sizes))
  }
  return out
}
