/**
 * Depthwise convolutions as what they are: sums of products in which one factor is read along axes (places) and window (taps) by
 * their sum alone. Of the gradient of the taps the places are summed over, of the others the taps.
 */
import { coefficientOf, type Expression, type Guard, type Index, inputsOf, isNested, mentions, type Node, type NodeId, type Sizes, type Stage, type Term } from '../../kernel-ir/index.ts'
import { withOperands } from '../../kernel-ir/rewrite.ts'
import { dependenciesOf } from '../arrange/index.ts'

export type Reduce = Extract<Stage, { kind: 'reduce' }>
export type Last = Extract<Stage, { kind: 'map' }>

/** An axis of places and the axis of taps that slides along it. Place p meets the data at p + t - low, where that is from 0 to extent - 1. */
export interface Slide {
  /** Loop variables; -1: there is none, as of an image of one row. */
  readonly place: number
  readonly tap: number
  readonly places: number
  readonly taps: number
  readonly low: number
  readonly extent: number
}

/** A factor as an expression of its own, whose last node is its value. */
export interface Factor {
  readonly nodes: Expression
  /** A plain read of an array of float32, which may be read where it lies. */
  readonly read: { readonly buffer: number; readonly index: Index } | null
}

/** Σ data(batch, y + ty, x + tx, channel) · other(…), over loop variables of the kernel: rows first, then columns. */
export interface Sliding {
  readonly rows: Slide
  readonly columns: Slide
  readonly data: Factor
  readonly other: Factor
}

const noSlide: Slide = { place: -1, tap: -1, places: 1, taps: 1, low: 0, extent: 1 }

/**
 * What slides in a reduction: `taps` are the loop variables of the window, `places` those among which each of them has its partner.
 * Null where the product is none of a factor that slides and one that does not depend on `still`.
 */
export function slidingOf(reduce: Reduce, sizes: Sizes, taps: readonly number[], places: readonly number[], still: readonly number[]): Sliding | null {
  const [accumulator, ...more] = reduce.accumulators
  if (accumulator === undefined || more.length > 0 || accumulator.combine !== 'sum' || taps.length < 1 || taps.length > 2) return null
  const root = reduce.nodes[accumulator.node]
  if (root?.op !== 'apply' || root.primitive !== 'mul' || root.dtype !== 'float32') return null
  const dependencies = dependenciesOf(reduce.nodes, 0)
  const depends = (id: NodeId, dims: readonly number[]): boolean => dims.some((d) => ((dependencies[id] ?? 0) & (1 << d)) !== 0)
  const [a = -1, b = -1] = root.inputs
  for (const [moves, stays] of [[a, b], [b, a]] as const) {
    if (!depends(moves, taps) || depends(stays, still)) continue
    const data = slid(factorOf(reduce.nodes, moves), sizes, taps, places)
    if (data === null) continue
    const [first, second] = data.slides
    const [rows, columns] = second === undefined ? [noSlide, first!] : [first!, second]
    return { rows, columns, data: data.factor, other: plain(factorOf(reduce.nodes, stays)) }
  }
  return null
}

function factorOf(nodes: Expression, root: NodeId): Node[] {
  const needed = new Set([root])
  for (let id = root; id >= 0; id--) if (needed.has(id)) for (const input of inputsOf(nodes[id]!)) needed.add(input)
  const kept = [...needed].sort((p, q) => p - q)
  const at = new Map(kept.map((id, i) => [id, i]))
  return kept.map((id) => withOperands(nodes[id]!, (input) => at.get(input)!))
}

function plain(nodes: Expression): Factor {
  const [only] = nodes
  const read = nodes.length === 1 && only?.op === 'load' && only.dtype === 'float32' && only.guards.length === 0 ? { buffer: only.buffer, index: only.index } : null
  return { nodes, read }
}

/** The factor without the guards that say where there is data, and its slides; null where it is not read by sums alone. */
function slid(given: Node[], sizes: Sizes, taps: readonly number[], places: readonly number[]): { readonly factor: Factor; readonly slides: readonly Slide[] } | null {
  const slides: Slide[] = []
  for (const tap of taps) {
    const place = places.find((p) => !slides.some((s) => s.place === p) && indicesOf(given).every((index) => movesTogether(index, tap, p)) && indicesOf(given).some((index) => mentions(index, p)))
    if (place === undefined) return null
    const reach = sizes[place]! + sizes[tap]! - 1
    slides.push({ place, tap, places: sizes[place]!, taps: sizes[tap]!, low: 0, extent: reach })
  }
  const root = given.at(-1)!
  const zeroOutside = root.op === 'load' ? root.otherwise === 0 : root.op === 'guarded' && isZero(given[root.outside])
  if ((root.op !== 'load' && root.op !== 'guarded') || !zeroOutside) return { factor: plain(given), slides }
  const rest: Guard[] = []
  for (const guard of root.guards) {
    const which = slides.findIndex((s) => mentions(guard.index, s.tap))
    if (which < 0) rest.push(guard)
    else {
      const s = slides[which]!
      const others: readonly Term[] = guard.index.terms.filter((t) => t.atom.kind !== 'dim' || (t.atom.dim !== s.tap && t.atom.dim !== s.place))
      if (others.length > 0 || coefficientOf(guard.index, s.tap) !== 1) return null
      const begin = Math.max(s.low, guard.low - guard.index.constant)
      const end = Math.min(s.low + s.extent, guard.high - guard.index.constant)
      if (end <= begin) return null
      slides[which] = { ...s, low: begin, extent: end - begin }
    }
  }
  const bare: Node[] = root.op === 'load' || rest.length > 0 ? [...given.slice(0, -1), { ...root, guards: rest }] : factorOf(given, root.inside)
  return { factor: plain(bare), slides }
}

const isZero = (n: Node | undefined): boolean => n?.op === 'literal' && n.value === 0

const movesTogether = (index: Index, tap: number, place: number): boolean => !isNested(index, tap) && !isNested(index, place) && coefficientOf(index, tap) === coefficientOf(index, place)

const guardsOf = (n: Node): readonly Guard[] => (n.op === 'load' || n.op === 'gather' || n.op === 'guarded' ? n.guards : [])

const indicesOf = (nodes: Expression): Index[] => nodes.flatMap((n) => [...(n.op === 'load' || n.op === 'gather' || n.op === 'index' ? [n.index] : []), ...guardsOf(n).map((g) => g.index)])
