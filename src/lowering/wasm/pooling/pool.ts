/** Maxima and minima of float32 windows that overlap, and the places where they are, recognised among loop kernels. */
import { sizeOf } from '../../../core/aval.ts'
import { type BufferId, coefficientOf, type Guard, type Index, type LoopKernel, mentions, type NodeId, type Stage } from '../../kernel-ir/index.ts'
import { normalizeLoop } from '../arrange/index.ts'

/**
 * Windows of rows × columns elements. Columns slide along one axis of the space (`walk`), `stride` columns a place; lanes are the last
 * axis. Element (r, c) at a place is `index` + r · rowPitch + (stride · place + c) · pitch.
 */
export interface Pool {
  readonly space: readonly number[]
  readonly select: 'max' | 'min'
  readonly rows: number
  readonly columns: number
  readonly walk: number
  readonly stride: number
  readonly buffer: BufferId
  readonly index: Index
  readonly pitch: number
  readonly rowPitch: number
  /** Row r is there where the guard's index, of the axes that are neither walked nor lanes, plus r is within. */
  readonly rowGuard: Guard | null
  /** Column c of place p is there where stride · p + c - low is from 0 to extent - 1; null: all are. */
  readonly edge: { readonly low: number; readonly extent: number } | null
  readonly stores: readonly { readonly buffer: BufferId; readonly index: Index; readonly what: 'value' | 'place' | 'byte' }[]
}

type Reduce = Extract<Stage, { kind: 'reduce' }>
type Load = Extract<Reduce['nodes'][number], { op: 'load' }>

/** Elements of a window, at most. */
const mostElements = 25
/** Points that are worth the code. */
const fewestPoints = 1024

export function poolOf(given: LoopKernel): Pool | null {
  const [first, second, ...more] = given.stages
  if (first?.kind !== 'reduce' || second?.kind !== 'map' || more.length > 0 || second.inner.length > 0 || sizeOf(given.space) < fewestPoints) return null
  const elements = sizeOf(first.inner)
  if (elements < 2 || elements > mostElements) return null
  const kernel = normalizeLoop(given)
  const [reduce, map] = kernel.stages as [Reduce, Extract<Stage, { kind: 'map' }>] // as they were
  const { space } = kernel
  const rank = space.length
  const lanes = rank - 1
  if (rank < 2 || space[lanes]! % 4 !== 0 || reduce.inner.length < 1 || reduce.inner.length > 2) return null
  const select = reduce.accumulators.every((a) => a.combine === 'max' || a.combine === 'selectGe') ? 'max' : reduce.accumulators.every((a) => a.combine === 'min' || a.combine === 'selectLe') ? 'min' : null
  const [root = -1, ...others] = new Set(reduce.accumulators.map((a) => a.node))
  const load = reduce.nodes[root]
  if (select === null || others.length > 0 || load?.op !== 'load' || load.dtype !== 'float32') return null
  if (load.guards.length > 0 && load.otherwise !== (select === 'max' ? -Infinity : Infinity)) return null
  if (!reduce.accumulators.every((a) => a.position === null || isRowMajor(reduce, a.position, rank))) return null
  const stores = storesOf(map, reduce, lanes)
  const sliding = slidingOf(load, space, reduce.inner)
  return stores === null || sliding === null ? null : { space, select, buffer: load.buffer, index: load.index, stores, ...sliding }
}

function isRowMajor({ nodes, inner }: Reduce, position: NodeId, rank: number): boolean {
  const node = nodes[position]
  return node?.op === 'index' && node.index.constant === 0 && node.index.terms.length === inner.length && inner.every((_, i) => coefficientOf(node.index, rank + i) === sizeOf(inner.slice(i + 1)))
}

function storesOf(map: Extract<Stage, { kind: 'map' }>, reduce: Reduce, lanes: number): Pool['stores'] | null {
  const out: Pool['stores'][number][] = []
  for (const { buffer, index, node } of map.stores) {
    const root = map.nodes[node]!
    const from = root.op === 'apply' && root.primitive === 'convertElementType' && root.dtype === 'uint8' ? map.nodes[root.inputs[0]!]! : root
    if (from.op !== 'reduced' || !isPlain(index) || coefficientOf(index, lanes) !== 1) return null
    const isPlace = reduce.accumulators[from.output]!.position !== null
    if (from !== root && !isPlace) return null
    out.push({ buffer, index, what: isPlace ? (from === root ? 'place' : 'byte') : 'value' })
  }
  return out
}

const isPlain = (index: Index): boolean => index.terms.every((t) => t.atom.kind === 'dim')

function slidingOf({ index, guards }: Load, space: readonly number[], inner: readonly number[]): Pick<Pool, 'rows' | 'columns' | 'walk' | 'stride' | 'pitch' | 'rowPitch' | 'rowGuard' | 'edge'> | null {
  const lanes = space.length - 1
  const column = lanes + inner.length
  const row = inner.length === 2 ? lanes + 1 : null
  const pitch = coefficientOf(index, column)
  const columns = inner.at(-1)!
  if (!isPlain(index) || coefficientOf(index, lanes) !== 1 || pitch < 1 || guards.some((g) => !isPlain(g.index) || mentions(g.index, lanes))) return null
  const walk = space.findLastIndex((_, d) => d !== lanes && coefficientOf(index, d) % pitch === 0 && coefficientOf(index, d) >= pitch && coefficientOf(index, d) < columns * pitch)
  if (walk < 0) return null
  const stride = coefficientOf(index, walk) / pitch
  let edge: Pool['edge'] = null
  let rowGuard: Guard | null = null
  for (const g of guards) {
    const [ofColumn, ofWalk, ofRow] = [coefficientOf(g.index, column), coefficientOf(g.index, walk), row === null ? 0 : coefficientOf(g.index, row)]
    if (ofColumn === 1 && ofWalk === stride && g.index.terms.length === 2 && edge === null) edge = { low: g.low - g.index.constant, extent: g.high - g.low }
    else if (ofColumn === 0 && ofWalk === 0 && ofRow === 1 && rowGuard === null) rowGuard = { ...g, index: { ...g.index, terms: g.index.terms.filter((t) => t.atom.kind !== 'dim' || t.atom.dim !== row) } }
    else return null
  }
  return { rows: row === null ? 1 : inner[0]!, columns, walk, stride, pitch, rowPitch: row === null ? 0 : coefficientOf(index, row), rowGuard, edge }
}
