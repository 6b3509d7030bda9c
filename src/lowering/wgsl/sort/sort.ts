/**
 * Stable sorts. A key is a u32 that orders as the elements do; it is sorted together with its place, which tells equal keys apart. Further keys
 * are earlier passes, as in a radix sort. The order found is applied to every operand.
 */
import { DtypeError, InternalError } from '../../../core/errors.ts'
import type { DType } from '../../../core/dtype.ts'
import { type BufferId, dimVector, flattenIndex, type Index, type LoopKernel, type Node, simplify, type SortKernel } from '../../kernel-ir/index.ts'
import { Bindings } from '../shader/bindings.ts'
import { eachPoint } from '../shader/each-point.ts'
import { fits, type KernelContext } from '../shader/kernel-context.ts'
import { emitLoop } from '../loop-kernel/loop-kernel.ts'
import { inRanges } from '../shader/pieces.ts'
import { type Pairs, sortPairs } from './sort-network.ts'
import type { Box } from '../shader/spans.ts'
import { typeOf } from '../shader/types.ts'

/** Points of the shaders that go element by element. */
const threads = 256

export function emitSort(context: KernelContext, kernel: SortKernel): void {
  const { outer, length, inner, numKeys, operands } = kernel
  const rows = outer * inner
  const count = rows * length
  if (count === 0) return
  let order: BufferId | null = null
  for (const { from, dtype } of operands.slice(0, numKeys).toReversed()) {
    if (from === null) throw new InternalError('sort', 'places are no key')
    const pairs = { keys: context.temp('uint32', count), places: context.temp('int32', count) }
    keysOf(context, kernel, from, dtype, pairs, order)
    sortPairs(context, pairs, rows, length)
    order = order === null ? pairs.places : composed(context, order, pairs.places, count, length)
  }
  if (order !== null) apply(context, kernel, order)
}

/** One shader element by element of `rows` x `length`: `i` is the element, `row` and `at` its row and place there. */
function elementwise(context: KernelContext, reads: readonly BufferId[], writes: readonly BufferId[], count: number, length: number, body: (b: Bindings) => string[], range = { first: 0, size: count }): void {
  const bindings = new Bindings(context, reads, writes)
  const lines = body(bindings)
  const { first, size } = range
  eachPoint(context, bindings, size, [...(first === 0 ? [] : [`let i = local_i + ${first}i;`]), `let row = i / ${length}i;`, `let at = i % ${length}i;`, ...lines], { name: first === 0 ? 'i' : 'local_i', threads })
}

/** The address of element `at` of row `row` of an array of rows of `length`. */
const addressOf = ({ inner }: SortKernel, length: number, at: string): string => `((row / ${inner}i) * ${length * inner}i + ${at} * ${inner}i + row % ${inner}i)`

function keysOf(context: KernelContext, kernel: SortKernel, from: BufferId, dtype: DType, { keys, places }: Pairs, order: BufferId | null): void {
  const { outer, inner, length, descending } = kernel
  const count = outer * inner * length
  const reads = order === null ? [from] : [from, order]
  const make = (kernel: SortKernel, from: BufferId, order: BufferId | null, range?: Box[number]): void =>
    elementwise(context, order === null ? [from] : [from, order], [keys, places], count, length, (b) => [
      `let x = ${b.read(from, dtype, addressOf(kernel, length, order === null ? 'at' : b.read(order, 'int32', 'i')))};`,
      b.write(keys, 'uint32', 'i', keyText(dtype, 'x', descending)),
      b.write(places, 'int32', 'i', 'at'),
    ], range)
  if (fits(context, [...reads, keys, places])) return make(kernel, from, order)
  // Elements as they lie in the order so far, then their keys, a range after the other.
  const lined = inner === 1 && order === null ? from : context.temp(dtype, count)
  if (lined !== from) emitLoop(context, lining(kernel, from, dtype, order, lined, [outer, inner, length], false))
  inRanges(context, [lined, keys, places], count, ({ first, size }, all) => {
    for (const b of [lined, keys, places]) all.elements(b, b === lined ? dtype : context.avalOf(b).dtype, first, first + size - 1)
  }, (range) => make({ ...kernel, outer: outer * inner, inner: 1 }, lined, null, range))
}

/** Elements of rows in an order (or as they are), `keep` of each row, as a kernel that goes in pieces: `sizes` are those of rows and of what is kept, as the result has them. */
function lining(kernel: SortKernel, from: BufferId | null, dtype: DType, order: BufferId | null, to: BufferId, sizes: readonly [number, number, number], across: boolean): LoopKernel {
  const { inner, length, name } = kernel
  const [outerDim, innerDim, at] = across ? [0, 2, 1] : [0, 1, 2]
  const of = (...terms: readonly (readonly [coefficient: number, dim: number])[]): Index => simplify({ constant: 0, terms: terms.map(([coefficient, dim]) => ({ coefficient, atom: { kind: 'dim', dim } })) }, sizes)
  const row = of([length * inner, outerDim], [1, innerDim])
  const place: Node[] = order === null ? [] : [{ op: 'load', dtype: 'int32', buffer: order, index: of([inner * length, outerDim], [length, innerDim], [1, at]), guards: [], otherwise: 0 }]
  const element: Node[] =
    from === null
      ? []
      : order === null
        ? [{ op: 'load', dtype, buffer: from, index: of([length * inner, outerDim], [inner, at], [1, innerDim]), guards: [], otherwise: 0 }]
        : [{ op: 'gather', dtype, buffer: from, index: row, positions: [{ position: 0, stride: inner, limit: length - 1 }], mode: 'clip', guards: [], otherwise: 0 }]
  const nodes = [...place, ...element]
  const index = flattenIndex(dimVector(3), sizes, sizes)
  return { kind: 'loop', name, space: sizes, stages: [{ kind: 'map', inner: [], nodes, stores: [{ buffer: to, index, node: nodes.length - 1 }] }] }
}

/** NaN after everything, -0 as +0; in descending order -0 after +0, and so NaN first. */
function keyText(dtype: DType, x: string, descending: boolean): string {
  const ascending = (): string => {
    switch (typeOf(dtype)) {
      case 'f32':
        return `sort_key(${x}, ${String(!descending)})`
      case 'i32':
        return `(bitcast<u32>(${x}) ^ 0x80000000u)`
      case 'u32':
        return x
      case 'bool':
        return `u32(${x})`
      case 'vec2<u32>':
        throw new DtypeError('sort', `${dtype} has no order`)
    }
  }
  return descending ? `~${ascending()}` : ascending()
}

/** The order that comes of one order after another. */
function composed(context: KernelContext, first: BufferId, second: BufferId, count: number, length: number): BufferId {
  const order = context.temp('int32', count)
  if (fits(context, [first, second, order])) elementwise(context, [first, second], [order], count, length, (b) => [b.write(order, 'int32', 'i', b.read(first, 'int32', `(row * ${length}i + ${b.read(second, 'int32', 'i')})`))])
  else emitLoop(context, lining({ kind: 'sort', name: 'sort', outer: count / length, length, inner: 1, keep: length, numKeys: 1, descending: false, operands: [] }, first, 'int32', second, order, [count / length, 1, length], false))
  return order
}

function apply(context: KernelContext, kernel: SortKernel, order: BufferId): void {
  const { operands, outer, inner, length, keep } = kernel
  const count = outer * inner * keep
  for (const { from, to, dtype } of operands) {
    // The plan may have put a result over an operand.
    const into = from !== null && context.locate(from).place === context.locate(to).place ? context.temp(dtype, count) : to
    const reads = from === null ? [order] : [from, order]
    if (fits(context, [...reads, into])) {
      elementwise(context, reads, [into], count, keep, (b) => {
        const place = b.read(order, 'int32', `(row * ${length}i + at)`)
        return [b.write(into, dtype, addressOf(kernel, keep, 'at'), from === null ? place : b.read(from, dtype, addressOf(kernel, length, place)))]
      })
    } else emitLoop(context, lining(kernel, from, dtype, order, into, [outer, keep, inner], true))
    if (into !== to) context.copy(into, to)
  }
}
