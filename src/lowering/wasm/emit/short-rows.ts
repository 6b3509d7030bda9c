/**
 * Kernels over many short rows: vectors along a row of ten elements are half empty, and each row has its own end. So blocks of rows
 * are transposed into the thread's own memory, where lanes are rows, and results are transposed back.
 */
import { dtypeInfo } from '../../../core/dtype.ts'
import { type BufferId, buffersOf, coefficientOf, dimIndex, foldsInOrder, type Index, type LoopKernel, type Node, rewriteStage, type Stage } from '../../kernel-ir/index.ts'
import { normalizeLoop, timeOf, unitsPerCall } from '../arrange/index.ts'
import type { FunctionRef, Local, ModuleBuilder } from '../asm/index.ts'
import type { EmittedOwnUnits } from '../emitted-units.ts'
import { transposed } from '../lanes/index.ts'
import type { Helpers } from '../math/index.ts'
import { emitLoopKernel } from './loop-kernel.ts'

/** Elements of a row: fewer do not fill a vector, of more the ends hardly count. Reductions alone need no way back; maxima end most slowly. */
const shortest = 4
const longest = { reductions: 64, maxima: 32, others: 12 } as const
/** Elements of all rows that are worth the code. */
const enough = 2 ** 14
/** Rows of a block: whole steps of four and of six vectors, and both its copies stay in the first-level cache. */
const rowsOf = (length: number): number => (length <= 32 ? 48 : 24)

/**
 * How a buffer is met: element by element, in rows; one element a row; or the same for all rows. Those that are met in rows are
 * read before anything is stored to them, or are results.
 */
type Use = { readonly kind: 'rows'; readonly read: boolean; readonly written: boolean } | { readonly kind: 'row'; readonly bytes: number } | { readonly kind: 'same' }

/** A function `(begin, end, own, ...pointers)` over blocks of rows; null where the kernel is none of such rows. */
export function emitShortRows(module: ModuleBuilder, helpers: Helpers, name: string, given: LoopKernel): EmittedOwnUnits | null {
  if (given.stages.length < 2) return null
  const kernel = normalizeLoop(given)
  const length = lengthOf(kernel)
  const uses = length === null ? null : usesOf(kernel, length)
  if (length === null || uses === null) return null
  const buffers = buffersOf(given)
  const rows = kernel.space[0]!
  const block = rowsOf(length)
  const full = Math.floor(rows / block)
  const inner = emitLoopKernel(module, helpers, `${name}_block`, blockOf(kernel, length, block, uses), { fixedOuter: false, times: full })
  const rest = rows % block === 0 ? null : emitLoopKernel(module, helpers, `${name}_rest`, rowsFrom(kernel, full * block))
  const [turnIn, turnOut] = [turn(module, `${name}_in`, length, block, true), turn(module, `${name}_out`, length, block, false)]

  const fn = module.function(name, ['i32', 'i32', 'i32', ...buffers.map(() => 'i32' as const)])
  const [begin, end, own] = [fn.param(0), fn.param(1), fn.param(2)]
  const pointer = (b: BufferId): Local => fn.param(3 + buffers.indexOf(b))
  const tile = 4 * length * block
  const inRows = buffers.filter((b) => uses.get(b)!.kind === 'rows')
  const pushOwn = (b: BufferId): void => void fn.get(own).i32(inRows.indexOf(b) * tile).emit('i32.add')
  const at = fn.local('i32', 'block')
  const pushPart = (b: BufferId, bytes: number): void => void fn.get(pointer(b)).get(at).i32(bytes * block).emit('i32.mul').emit('i32.add')
  const whole = (): void => {
    for (const b of inRows) {
      const use = uses.get(b)!
      if (use.kind !== 'rows' || !use.read) continue
      pushPart(b, 4 * length)
      pushOwn(b)
      fn.call(turnIn)
    }
    fn.i32(0).i32(inner.units)
    for (const b of inner.buffers) {
      const use = uses.get(b)!
      if (use.kind === 'rows') pushOwn(b)
      else if (use.kind === 'row') pushPart(b, use.bytes)
      else fn.get(pointer(b))
    }
    fn.call(inner.fn)
    for (const b of inRows) {
      const use = uses.get(b)!
      if (use.kind !== 'rows' || !use.written) continue
      pushOwn(b)
      pushPart(b, 4 * length)
      fn.call(turnOut)
    }
  }
  fn.forLoop(at, begin, end, 1, () => {
    if (rest === null) return whole()
    fn.get(at).i32(full).emit('i32.lt_u').if(whole, () => {
      fn.i32(0).i32(rest.units)
      for (const b of rest.buffers) fn.get(pointer(b))
      fn.call(rest.fn)
    })
  })
  const units = full + (rest === null ? 0 : 1)
  const time = timeOf(kernel)
  return { fn, buffers, units, unitsPerCall: unitsPerCall(units, (10 * time) / units), time, ownBytes: inRows.length * tile }
}

/** The length of the rows of a kernel that has short ones. */
function lengthOf({ space, stages }: LoopKernel): number | null {
  const [rows = 0] = space
  const within = stages.filter((s) => s.inner.length > 0)
  const length = within[0]?.inner[0] ?? 0
  if (space.length !== 1 || length < shortest || length > longest.reductions || rows < 2 * rowsOf(length) || rows * length < enough) return null
  if (within.some((s) => s.inner.length > 1 || s.inner[0] !== length) || stages.some((s) => s.kind === 'cumulative' || foldsInOrder(s))) return null
  const maps = within.some((s) => s.kind === 'map')
  const maxima = within.some((s) => s.kind === 'reduce' && s.accumulators.some((a) => a.combine !== 'sum'))
  // sums alone are read as fast as memory gives them
  if (!maps && !maxima) return null
  return length <= (maps ? (maxima ? longest.maxima : longest.others) : longest.reductions) ? length : null
}

function usesOf({ stages }: LoopKernel, length: number): ReadonlyMap<BufferId, Use> | null {
  const uses = new Map<BufferId, Use>()
  const meet = (buffer: BufferId, index: Index, bytes: number, writes: boolean): boolean => {
    const [byRow, along] = [coefficientOf(index, 0), coefficientOf(index, 1)]
    const known = uses.get(buffer)
    if (index.terms.some((t) => t.atom.kind !== 'dim')) return false
    if (byRow === length && along === 1 && index.constant === 0 && bytes === 4) {
      if (known !== undefined && known.kind !== 'rows') return false
      uses.set(buffer, { kind: 'rows', read: known?.read ?? !writes, written: (known?.written ?? false) || writes })
      return true
    }
    if (byRow === 1 && along === 0 && index.constant === 0) {
      if (known !== undefined && (known.kind !== 'row' || known.bytes !== bytes)) return false
      uses.set(buffer, { kind: 'row', bytes })
      return true
    }
    if (byRow !== 0 || (known !== undefined && known.kind !== 'same') || writes) return false
    uses.set(buffer, { kind: 'same' })
    return true
  }
  const fits = (node: Node): boolean => {
    switch (node.op) {
      case 'load':
        return node.guards.length === 0 && meet(node.buffer, node.index, dtypeInfo[node.dtype].bytes, false)
      case 'index':
        return node.index.terms.every((t) => t.atom.kind === 'dim' && t.atom.dim !== 0)
      case 'gather':
      case 'guarded':
      case 'threefry':
        return false
      default:
        return dtypeInfo[node.dtype].bytes <= 4
    }
  }
  for (const stage of stages) {
    if (!stage.nodes.every(fits)) return null
    if (stage.kind !== 'reduce' && !stage.stores.every((s) => meet(s.buffer, s.index, dtypeInfo[stage.nodes[s.node]!.dtype].bytes, true))) return null
  }
  return uses
}

/** The same over the rows of one block, which lie side by side. */
function blockOf(kernel: LoopKernel, length: number, block: number, uses: ReadonlyMap<BufferId, Use>): LoopKernel {
  const place: Index = { constant: 0, terms: [...dimIndex(0).terms, { coefficient: block, atom: { kind: 'dim', dim: 1 } }] }
  const inBlock = <T extends { readonly buffer: BufferId; readonly index: Index }>(access: T): T => (uses.get(access.buffer)?.kind === 'rows' ? { ...access, index: place } : access)
  const stages = kernel.stages.map((stage): Stage => {
    const nodes = stage.nodes.map((n) => (n.op === 'load' ? inBlock(n) : n))
    return stage.kind === 'reduce' ? { ...stage, nodes } : { ...stage, nodes, stores: stage.stores.map(inBlock) }
  })
  return { ...kernel, name: `${kernel.name}${length}`, space: [block], stages }
}

/** The rows that make no block. */
function rowsFrom(kernel: LoopKernel, first: number): LoopKernel {
  const space = [kernel.space[0]! - first]
  const into = (dim: number): Index => (dim === 0 ? { constant: first, terms: dimIndex(0).terms } : dimIndex(dim))
  return { ...kernel, space, stages: kernel.stages.map((s) => rewriteStage(s, space, s.inner, into)) }
}

/** A function `(from, to)` that transposes `block` rows of 32-bit elements to where rows are lanes, or back, four by four. */
function turn(module: ModuleBuilder, name: string, length: number, block: number, inwards: boolean): FunctionRef {
  const fn = module.function(name, ['i32', 'i32'])
  const [from, to] = [fn.param(0), fn.param(1)]
  const row = fn.local('i32', 'row')
  const [away, here] = [4 * length, 4 * block]
  const square = (column: Local | null, constant: number): void => {
    fn.scope(() => {
      const [inRows, inLanes] = [fn.local('i32', 'inRows'), fn.local('i32', 'inLanes')]
      fn.get(inwards ? from : to).get(row).i32(away).emit('i32.mul').emit('i32.add')
      if (column !== null) fn.get(column).i32(2).emit('i32.shl').emit('i32.add')
      fn.set(inRows)
      fn.get(inwards ? to : from).get(row).i32(2).emit('i32.shl').emit('i32.add')
      if (column !== null) fn.get(column).i32(here).emit('i32.mul').emit('i32.add')
      fn.set(inLanes)
      const read = (k: number): Local => {
        const v = fn.local('v128', 'square')
        if (inwards) fn.get(inRows).mem('v128.load', k * away + 4 * constant)
        else fn.get(inLanes).mem('v128.load', (k + constant) * here)
        fn.set(v)
        return v
      }
      transposed(fn, [read(0), read(1), read(2), read(3)]).forEach((v, k) => {
        if (inwards) fn.get(inLanes).get(v).mem('v128.store', (k + constant) * here)
        else fn.get(inRows).get(v).mem('v128.store', k * away + 4 * constant)
      })
    })
  }
  fn.forLoop(row, 0, block, 4, () => {
    const whole = length - (length % 4)
    if (whole <= 16) for (let c = 0; c < whole; c += 4) square(null, c)
    else {
      const column = fn.local('i32', 'column')
      fn.forLoop(column, 0, whole, 4, () => square(column, 0))
    }
    // the last columns once more with those before them
    if (whole < length) square(null, length - 4)
  })
  return fn
}
