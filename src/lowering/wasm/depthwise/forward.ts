/**
 * Depthwise convolutions (and the gradients of their data, which are such): pieces of images are units, in which each row of results is
 * the sums over its windows, finished by what follows in the kernel.
 */
import { sizeOf } from '../../../core/aval.ts'
import { mapTuple } from '../../../core/map-tuple.ts'
import { addIndex, dimIndex, type Index, type LoopKernel, modIndex, type Node, scaleIndex, floorDivIndex, substitute, buffersOf, coefficientOf } from '../../kernel-ir/index.ts'
import { rewriteNodes } from '../../kernel-ir/rewrite.ts'
import { unitsPerCall } from '../arrange/index.ts'
import type { FunctionRef, Local, ModuleBuilder } from '../asm/index.ts'
import type { EmittedPasses } from '../emitted-units.ts'
import { isNear, linesFit, partRowsOf, Pieces, round64, zeroBytesOf } from './pieces.ts'
import { type Last, type Reduce, slidingOf, type Factor } from './sliding.ts'
import { digitsOf, type EmitLoop, type Frame, ownBuffer, sourceOf } from './source.ts'
import { blockOf } from './taps.ts'
import { emitSums } from './walk-sums.ts'

/** Nanoseconds of a product and its sum on a channel. */
const productTime = 0.06
const fewestProducts = 2 ** 15
/** Taps of windows that others write out for eight neighbouring places, as fast where the lines of those stay in the cache. */
const writtenOut = 16

export function emitForward(module: ModuleBuilder, name: string, kernel: LoopKernel, emitLoop: EmitLoop): EmittedPasses | null {
  const [reduce, map] = kernel.stages as [Reduce, Last] // so the caller has seen
  const { space } = kernel
  const sizes = [...space, ...reduce.inner]
  const channel = space.length - 1
  const others = Array.from({ length: channel }, (_, d) => d)
  const sliding = channel < 1 ? null : slidingOf(reduce, sizes, reduce.inner.map((_, i) => space.length + i), others, others)
  if (sliding === null) return null
  const { rows, columns } = sliding
  const all = rows.taps * columns.taps
  if (!isNear(rows) || !isNear(columns) || sizeOf(sizes) < fewestProducts || all > 256 || all < 2) return null
  const channels = sizes[channel]!
  if (all <= writtenOut && linesFit(4 * channels, rows.taps * (columns.taps + 7) + 8, 8)) return null
  const block = blockOf(channels)
  const frame: Frame = { sizes, batch: others.filter((d) => d !== rows.place && d !== columns.place), rows, columns, channel, block, blocks: channels / block }
  const images = sizeOf(frame.batch.map((d) => sizes[d]!))

  const buffers = buffersOf(kernel)
  const fn = module.function(name, ['i32', 'i32', 'i32', ...buffers.map(() => 'i32' as const)])
  const pointer = (b: number): Local => fn.param(3 + buffers.indexOf(b))
  const wide = 4 * Math.ceil(block / 4)
  const blockBytes = 4 * wide
  // rows are brought together even where they could be read in place: their lines, those of the rows beside them and of the results would share sets
  const data = sourceOf(module, `${name}_data`, sliding.data, frame, pointer, emitLoop, () => false)
  const taps = emitLoop(tapsKernel(sliding.other, frame, [rows.tap, columns.tap], wide))
  const direct = directly(map, frame)
  const finish = direct === null ? emitLoop(finishKernel(kernel, map, frame, wide)) : null

  const outRow = columns.places * blockBytes
  const partRows = partRowsOf(rows, columns.places * wide * all * productTime, data.ownRowBytes ?? 0, direct === null ? outRow : 0)
  const parts = Math.ceil(rows.places / partRows)
  const zeroBytes = zeroBytesOf(rows, columns, data.columnBytes, blockBytes)
  const tapsAt = round64(zeroBytes)
  const dataAt = tapsAt + round64(all * blockBytes)
  const outAt = dataAt + round64((data.ownRowBytes ?? 0) * (partRows + rows.taps - 1))
  const ownBytes = outAt + round64(direct === null ? outRow * partRows : 0)

  const sums = emitSums(module, `${name}_sums`, { taps: [rows.taps, columns.taps], places: columns.places, low: columns.low, extent: columns.extent, dataBytes: data.columnBytes, outBytes: direct?.column ?? blockBytes, blockBytes })
  const pieces = new Pieces(fn, { rows, frame, data, other: null, partRows, parts, zeroBytes, dataAt, otherAt: 0 })
  const [unit, blockAt, piece, y, out] = mapTuple(['unit', 'block', 'piece', 'y', 'out'], (n) => fn.local('i32', n))
  const call = (loop: { readonly fn: FunctionRef; readonly buffers: readonly number[] }, own: () => void): void => {
    for (const b of loop.buffers) {
      if (b === ownBuffer) own()
      else fn.get(pointer(b))
    }
    fn.call(loop.fn)
  }
  pieces.clearZeros()
  fn.forLoop(unit, fn.param(0), fn.param(1), 1, () => {
    fn.get(unit).i32(frame.blocks).emit('i32.rem_u').set(blockAt)
    fn.get(unit).i32(frame.blocks).emit('i32.div_u').set(piece)
    fn.get(blockAt).get(blockAt).i32(1).emit('i32.add')
    call(taps, () => pieces.pushOwn(tapsAt))
    pieces.emit(blockAt, piece, ({ image, begin, end, data: base }) => {
      const rowBytes = direct === null ? outRow : direct.row
      if (direct === null) {
        pieces.pushOwn(outAt)
        fn.get(begin).i32(outRow).emit('i32.mul').emit('i32.sub').set(out)
      } else {
        fn.get(pointer(direct.buffer)).get(blockAt).i32(4 * block).emit('i32.mul').emit('i32.add')
        if (direct.constant !== 0) fn.i32(direct.constant).emit('i32.add')
        digitsOf(frame).forEach(({ below, size, last }, i) => {
          fn.get(image)
          if (below > 1) fn.i32(below).emit('i32.div_u')
          if (!last) fn.i32(size).emit('i32.rem_u')
          fn.i32(direct.batch[i]!).emit('i32.mul').emit('i32.add')
        })
        fn.set(out)
      }
      fn.forLoop(y, begin, end, 1, () => {
        for (let i = 0; i < rows.taps; i++) pieces.pushRow(base, y, i)
        pieces.pushOwn(tapsAt)
        fn.get(out).get(y).i32(rowBytes).emit('i32.mul').emit('i32.add').i32(0).call(sums)
      })
      if (finish === null) return
      for (const at of [begin, end]) fn.get(image).i32(frame.blocks).emit('i32.mul').get(blockAt).emit('i32.add').i32(rows.places).emit('i32.mul').get(at).emit('i32.add')
      call(finish, () => void fn.get(out))
    })
  })
  const units = images * parts * frame.blocks
  const time = sizeOf(sizes) * productTime
  return { fn, buffers, units, unitsPerCall: unitsPerCall(units, (10 * time) / units), time, before: [], after: null, scratch: new Map(), scratchBytes: 0, ownBytes }
}

/** Where sums are results as they are: byte distances in the one array; null where something follows, or its lines would not stay in the cache. */
function directly({ nodes, stores }: Last, { batch, rows, columns, channel, block, sizes }: Frame): { readonly buffer: number; readonly constant: number; readonly column: number; readonly row: number; readonly batch: readonly number[] } | null {
  const [node, ...more] = nodes
  const [store, ...others] = stores
  if (node?.op !== 'reduced' || node.dtype !== 'float32' || more.length > 0 || store === undefined || others.length > 0 || block % 4 !== 0) return null
  const { index, buffer } = store
  if (index.terms.some((t) => t.atom.kind !== 'dim') || coefficientOf(index, channel) !== 1) return null
  const along = (d: number): number => (d < 0 ? 0 : 4 * coefficientOf(index, d))
  const column = along(columns.place)
  if (column <= 0 || !linesFit(column, sizes[columns.place]!)) return null
  return { buffer, constant: 4 * index.constant, column, row: along(rows.place), batch: batch.map(along) }
}

/** The window's taps, a block of channels after the other. */
function tapsKernel({ nodes }: Factor, { channel, block, blocks, sizes }: Frame, taps: readonly number[], wide: number): LoopKernel {
  const own = taps.filter((t) => t >= 0)
  const space = [blocks, ...own.map((t) => sizes[t]!), block]
  const lane = dimIndex(1 + own.length)
  const into = (dim: number): Index => (dim === channel ? addIndex(scaleIndex(dimIndex(0), block), lane, space) : dimIndex(1 + own.indexOf(dim)))
  const index: Index = { constant: 0, terms: [...own.map((_, k) => ({ coefficient: wide * sizeOf(own.slice(k + 1).map((t) => sizes[t]!)), atom: { kind: 'dim' as const, dim: 1 + k } })), ...lane.terms] }
  const packed = rewriteNodes(nodes, into, space)
  return { kind: 'loop', name: 'taps', space, stages: [{ kind: 'map', inner: [], nodes: packed, stores: [{ buffer: ownBuffer, index, node: packed.length - 1 }] }] }
}

/** What follows, over rows of all images and blocks, whose sums are in memory of the thread. */
function finishKernel(kernel: LoopKernel, map: Last, frame: Frame, wide: number): LoopKernel {
  const { sizes, batch, rows, columns, channel, block, blocks } = frame
  const height = rows.place < 0 ? 1 : sizes[rows.place]!
  const width = sizes[columns.place]!
  const space = [sizeOf(batch.map((d) => sizes[d]!)) * blocks * height, width, block]
  const row = modIndex(dimIndex(0), height, space)
  const upper = floorDivIndex(dimIndex(0), height, space)
  const image = floorDivIndex(upper, blocks, space)
  const digits = digitsOf(frame)
  const into = (dim: number): Index => {
    if (dim === rows.place) return row
    if (dim === columns.place) return dimIndex(1)
    if (dim === channel) return addIndex(scaleIndex(modIndex(upper, blocks, space), block), dimIndex(2), space)
    const { below, size, last } = digits[batch.indexOf(dim)]!
    const quotient = floorDivIndex(image, below, space)
    return last ? quotient : modIndex(quotient, size, space)
  }
  const place = addIndex(addIndex(scaleIndex(row, width * wide), scaleIndex(dimIndex(1), wide), space), dimIndex(2), space)
  const nodes = rewriteNodes(map.nodes, into, space).map((n): Node => (n.op === 'reduced' ? { op: 'load', dtype: n.dtype, buffer: ownBuffer, index: place, guards: [], otherwise: 0 } : n))
  return { ...kernel, space, stages: [{ ...map, nodes, stores: map.stores.map((s) => ({ ...s, index: substitute(s.index, into, space) })) }] }
}
