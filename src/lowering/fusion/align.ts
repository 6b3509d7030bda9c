/**
 * Where a value would stand in a group: the element that it has at each point of the kernel, found from one read of a
 * value that the group computes.
 */
import { type Shape, sizeOf } from '../../core/aval.ts'
import { dtypeInfo } from '../../core/dtype.ts'
import { dimIndex, dimVector, eachDim, flattenIndex, type Index, loneDim, sameIndex, unflattenIndex } from '../kernel-ir/index.ts'
import type { Group } from './group.ts'
import type { Value } from './value.ts'

/** Elements of a row that later stages may go over again: it should still be in cache. */
const rowLimit = 16384
/** Neighbouring columns that are worth vectors along them: a line of the cache. */
const leastColumns = 16
/** Columns in all that give threads enough to share. */
const enoughColumns = 128
/** Lines of a second-level cache of 512 KB. */
const secondLevelLines = 8192
const lineBytes = 64
const pageBytes = 4096
const mostPages = 512
/** Arrays up to this size are worth one kernel whatever their order. */
const smallLimit = 4096

export interface Place {
  readonly at: readonly Index[]
  readonly inner: Shape
}

/**
 * A map that reads `known`, computed by `group` at `knownAt`, with index `read` (over the map's own axes): where it stands,
 * or null. Axes that the read does not mention become inner dimensions.
 */
export function placeMap(group: Group, v: Value, known: Value, knownAt: readonly Index[], knownInner: Shape, read: readonly Index[]): Place | null {
  const rank = group.space.length
  const sizes = [...group.space, ...knownInner]
  // The same elements in the same order, whatever the shapes.
  if (sizeOf(v.shape) === sizeOf(known.shape) && sameIndex(flattenIndex(read, known.shape, v.shape), flattenIndex(dimVector(v.shape.length), v.shape, v.shape))) {
    const at = unflattenIndex(flattenIndex(knownAt, known.shape, sizes), v.shape, sizes)
    if (knownInner.length === 0 || group.kind === 'loop') return { at, inner: knownInner }
  }
  const image = matchAxes(v.shape.length, known, knownAt, read)
  if (image === null) return null
  const at: Index[] = []
  const inner: number[] = []
  const axes: number[] = []
  let mapped = 1
  for (const [k, size] of v.shape.entries()) {
    const i = image[k]
    if (size === 1) at.push({ constant: 0, terms: [] })
    else if (i !== undefined && ofSpace(i, rank)) {
      at.push(i)
      mapped *= size
    } else if (i === undefined || loneDim(i) !== null) {
      at.push(dimIndex(rank + inner.length))
      inner.push(size)
      axes.push(k)
    } else return null
  }
  if (mapped !== sizeOf(group.space)) return null
  return inner.length === 0 || (group.kind === 'loop' && areRows(v, v.shape, axes)) ? { at, inner } : null
}

/** The same for the result of a reduction; its reduced axes are inner dimensions in any case. */
export function placeReduction(group: Group, v: Value, known: Value, knownAt: readonly Index[], read: readonly Index[]): Place | null {
  if (v.def.kind !== 'reduction') return null
  const image = matchAxes(v.shape.length, known, knownAt, read)
  if (image === null) return null
  const at: Index[] = []
  for (const [k, size] of v.shape.entries()) {
    const i = image[k]
    if (size === 1) at.push({ constant: 0, terms: [] })
    else if (i !== undefined && ofSpace(i, group.space.length)) at.push(i)
    else return null
  }
  return sizeOf(v.shape) === sizeOf(group.space) ? { at, inner: v.def.inner } : null
}

/** What each axis of the reader is in the group, by axis; undefined where the read says nothing; null where it contradicts itself. */
function matchAxes(rank: number, known: Value, knownAt: readonly Index[], read: readonly Index[]): (Index | undefined)[] | null {
  const image = new Array<Index | undefined>(rank).fill(undefined)
  for (const [k, size] of known.shape.entries()) {
    if (size === 1) continue
    const dim = loneDim(read[k]!)
    if (dim === null) return null
    // an axis that the reader reduces
    if (dim >= rank) continue
    const before = image[dim]
    if (before !== undefined && !sameIndex(before, knownAt[k]!)) return null
    image[dim] = knownAt[k]!
  }
  return image
}

function ofSpace(i: Index, rank: number): boolean {
  let all = true
  eachDim(i, (d) => (all &&= d < rank))
  return all
}

/**
 * Whether rows along `axes` of a space of `shape`, in which `v` is computed, are worth going over again: when they are short and
 * contiguous, or when everything is small. Rows that run across memory are read more slowly than arrays from end to end, but
 * that pays where `v` is no result and so never has to leave the caches.
 */
function areRows(v: Value, shape: Shape, axes: readonly number[]): boolean {
  if (sizeOf(shape) <= smallLimit) return true
  const rows = axes.filter((k) => shape[k]! > 1)
  const length = sizeOf(rows.map((k) => shape[k]!))
  const [first = 0, last = 0] = [rows[0], rows.at(-1)]
  if (length > rowLimit || length === sizeOf(shape) || shape.some((n, k) => n > 1 && k > first && k < last && !rows.includes(k))) return false
  const stride = sizeOf(shape.slice(last + 1))
  return stride === 1 || (!v.stored && stride >= leastColumns && sizeOf(shape) / length >= enoughColumns && stayCached(length, stride * dtypeInfo[v.dtype].bytes))
}

/**
 * Whether two columns of so many elements, so many bytes apart, stay in the caches beside each other: lines a power of two apart share
 * few places, those that do not divide the distance are cut in two, and there are as many pages as rows.
 */
function stayCached(length: number, stride: number): boolean {
  const lines = stride % lineBytes === 0 ? secondLevelLines / 2 / ((stride & -stride) / lineBytes) : secondLevelLines / 3
  return length <= lines && length * Math.min(1, stride / pageBytes) <= mostPages
}

/**
 * A group of maps as rows: the axes that a reduction of `known` (read with index `read`) folds over become inner
 * dimensions of its parts, the others stay its space. Null where that is no gain, or cannot be.
 */
export function asRows(group: Group, rank: number, known: Value, knownAt: readonly Index[], read: readonly Index[]): { readonly space: Shape; readonly inner: Shape; readonly into: readonly Index[] } | null {
  const isInner = new Array<boolean | undefined>(group.space.length).fill(undefined)
  for (const [k, size] of known.shape.entries()) {
    if (size === 1) continue
    const from = loneDim(read[k]!)
    const to = loneDim(knownAt[k]!)
    if (from === null || to === null || isInner[to] !== undefined) return null
    isInner[to] = from >= rank
  }
  if (group.space.some((n, d) => n > 1 && isInner[d] === undefined)) return null
  const space = group.space.filter((_, d) => isInner[d] !== true)
  const inner = group.space.filter((_, d) => isInner[d] === true)
  if (!areRows(known, group.space, [...isInner.keys()].filter((d) => isInner[d] === true))) return null
  let outerDim = 0
  let innerDim = space.length
  return { space, inner, into: isInner.map((is) => dimIndex(is === true ? innerDim++ : outerDim++)) }
}
