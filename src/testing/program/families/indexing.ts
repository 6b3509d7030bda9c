/** Reads and writes at positions that are values. */
import { array, call, type Expression, list, name, plain } from '../expression.ts'
import { hull, isFloat, isInt, same, sameShape, type Scope, sizeOf, type Variable } from '../scope.ts'
import type { Maker } from './family.ts'

const indexable = (v: Variable): boolean => v.shape.length > 0 && sizeOf(v.shape) > 0

/** Indices: values in sight, all of one dtype, or numbers; out of bounds at times. */
function someIndices(scope: Scope, count: number): Expression[] {
  let first: Variable | undefined
  return Array.from({ length: count }, () => {
    const v = scope.choices.oneIn(2) ? scope.pick((w) => isInt(w) && w.shape.length === 0 && (first === undefined || w.dtype === first.dtype)) : undefined
    first ??= v
    return v === undefined ? plain(scope.choices.of([0, 1, -1, 2, 7] as const)) : name(v.name)
  })
}

/** Whole numbers of a shape: a value in sight, or numbers written down. */
function indices(scope: Scope, shape: readonly number[], distinct: boolean, below: number): Expression {
  const v = distinct || !scope.choices.oneIn(2) ? undefined : scope.pick((w) => w.dtype === 'int32' && sameShape(w.shape, shape))
  if (v !== undefined) return name(v.name)
  const n = sizeOf(shape)
  const order = scope.choices.shuffled(Array.from({ length: below }, (_, i) => i))
  const flat = Array.from({ length: n }, (_, i) => (distinct ? (order[i] ?? 0) : scope.choices.of([0, 1, 2, -1, 9] as const)))
  return shape.length === 1 ? array(flat, 'int32') : call('np.reshape', array(flat, 'int32'), plain(shape))
}

const starts = (scope: Scope, v: Variable): Expression => list(...someIndices(scope, v.shape.length))

const dynamicSlice: Maker = (scope) => {
  const v = scope.pick(indexable)
  if (v === undefined) return
  const sizes = v.shape.map((d) => scope.choices.between(1, d))
  scope.bind(call('lax.dynamicSlice', name(v.name), starts(scope, v), plain(sizes)), same(v))
}

const dynamicUpdate: Maker = (scope) => {
  const v = scope.pick(indexable)
  const u = v && scope.pick((w) => w.dtype === v.dtype && w.shape.length === v.shape.length && w.shape.every((d, i) => d <= (v.shape[i] ?? 0)))
  if (v !== undefined && u !== undefined) scope.bind(call('lax.dynamicUpdateSlice', name(v.name), name(u.name), starts(scope, v)), hull(v, u))
}

const take: Maker = (scope) => {
  const v = scope.pick(indexable)
  if (v === undefined) return
  const axis = scope.choices.below(v.shape.length)
  const shape = scope.choices.of([[2], [3], [2, 2]] as const)
  const mode = scope.choices.of(['clip', 'wrap'] as const)
  scope.bind(call('np.take', name(v.name), indices(scope, shape, false, 0), plain(axis), plain({ mode })), same(v))
}

const takeAlong: Maker = (scope) => {
  const v = scope.pick(indexable)
  const i = v && scope.pick((w) => w.dtype === 'int32' && w.shape.length === v.shape.length && w.shape.slice(0, -1).every((d, k) => d === v.shape[k]))
  if (v !== undefined && i !== undefined) scope.bind(call('np.takeAlongAxis', name(v.name), name(i.name), plain(-1), plain({ mode: 'clip' })), same(v))
}

/** Index vectors for the first axis: what is there, or not. */
const gather: Maker = (scope) => {
  const v = scope.pick(indexable)
  if (v === undefined) return
  const rest = v.shape.slice(1)
  const mode = scope.choices.of(v.dtype === 'key' ? (['clip', 'promiseInBounds'] as const) : (['clip', 'fill', 'promiseInBounds'] as const))
  const inside = mode === 'promiseInBounds'
  const rows = inside ? Math.min(2, v.shape[0] ?? 1) : 3
  const sliceSizes = [1, ...rest.map((d) => scope.choices.between(1, d))]
  const fill = v.dtype === 'bool' || v.dtype === 'key' ? {} : { fillValue: 0 }
  const options = { dimensionNumbers: { offsetDims: rest.map((_, i) => i + 1), collapsedSliceDims: [0], startIndexMap: [0] }, sliceSizes, mode, ...fill }
  const { low, high } = v
  scope.bind(call('lax.gather', name(v.name), indices(scope, [rows, 1], inside, v.shape[0] ?? 1), plain(options)), { range: [Math.min(0, low), Math.max(0, high)], exact: v.exact })
}

const scatterCalls = ['lax.scatterAdd', 'lax.scatter', 'lax.scatterMax', 'lax.scatterMin', 'lax.scatterMul'] as const
/** Rows written at the first axis. */
const scatter: Maker = (scope) => {
  const v = scope.pick((w) => indexable(w) && w.dtype !== 'bool')
  if (v === undefined) return
  const f = v.dtype === 'key' ? 'lax.scatter' : scope.choices.of(scatterCalls)
  const [size = 1, ...rest] = v.shape
  // Where a position is written twice, a product has no derivative, and floats that meet are summed in some order.
  const distinct = f === 'lax.scatterMul' || scope.choices.oneIn(2)
  const rows = Math.min(distinct ? size : 3, 3)
  const u = scope.pick((w) => w.dtype === v.dtype && sameShape(w.shape, [rows, ...rest]))
  const nature = f === 'lax.scatterMax' || f === 'lax.scatterMin' ? 'kink' : 'smooth'
  const written = u ?? v
  if (!scope.allows(nature, v, written)) return
  const update = u === undefined ? call('lax.dynamicSliceInDim', call('np.concatenate', list(name(v.name), name(v.name), name(v.name)), plain(0)), plain(0), plain(rows)) : name(u.name)
  const options = { dimensionNumbers: { updateWindowDims: rest.map((_, i) => i + 1), insertedWindowDims: [0], scatterDimsToOperandDims: [0] }, mode: scope.choices.of(['drop', 'clip'] as const), uniqueIndices: distinct }
  const both = hull(v, written)
  const size_ = 4 * Math.max(...(both.range ?? [0]).map(Math.abs))
  const operand = f === 'lax.scatterMul' && isFloat(v) ? scope.within(v, -10, 10) : name(v.name)
  const sums = f === 'lax.scatterAdd' || f === 'lax.scatterMul'
  const about = f === 'lax.scatterMul' ? {} : sums ? { range: [-size_, size_] as const } : both
  scope.bind(call(f, operand, indices(scope, [rows, 1], distinct, size), update, plain(options)), { ...about, nature: isFloat(v) ? nature : 'smooth' })
}

/** One written value: `x.at(i).set(y)` as a function. */
const oneHot: Maker = (scope) => {
  const v = scope.pick((w) => w.dtype === 'int32' && w.shape.length <= 2)
  if (v !== undefined) scope.bind(call('nn.oneHot', name(v.name), plain(3)), { range: [0, 1], exact: true })
}

export const indexing: readonly Maker[] = [dynamicSlice, take, gather, dynamicUpdate, scatter, takeAlong, scatter, oneHot, scatter, gather, scatter, dynamicUpdate]
