/** Gradients of a convolution's taps by Winograd's algorithm. */
import { mapTuple } from '../../../../core/map-tuple.ts'
import { products } from '../../../winograd/matrices.ts'
import { columnsApart } from '../../../winograd/plan.ts'
import type { Local } from '../../asm/index.ts'
import type { EmittedLoop } from '../../emitted-units.ts'
import { panelBytes } from '../strip.ts'
import { apart, type Site } from './site.ts'
import { channelToTaps, dataToTiles, gradientsToColumns } from './transforms.ts'

/** Threads take slices of the blocks, whose products they sum; then channels, whose sums become taps. */
export function writeTaps(site: Site): void {
  const fn = site.fn
  const { groups, channels, columns, paddedColumns, tilesAcross, blockImages, blockTileRows, blocks, blocksOfImage, slices, buffers } = site.plan
  const pixels = groups * channels
  const tiles = blockImages * blockTileRows * tilesAcross
  const [data, gradients, sums] = mapTuple([tiles * pixels, tiles * paddedColumns, channels * paddedColumns], apart)
  const read = site.areas.take('own', Math.max(site.dataBytes(), blockImages * 2 * blockTileRows * site.gradientRowBytes()))
  const lhs = site.areas.take('own', products * data)
  const rhs = site.areas.take('own', products * gradients)
  const panel = site.areas.take('own', panelBytes(tiles))
  const partial = site.areas.take('shared', slices * products * sums)
  const total = site.areas.take('shared', 9 * channels * paddedColumns * 4)
  site.pieces.set(buffers.data, read).set(buffers.other, read).set(buffers.sums, total)
  const toData = dataToTiles(site.module, `${fn.name}_data`, { rowBytes: site.dataRowBytes(), channels: pixels, tilesAcross, productBytes: data })
  const toGradients = gradientsToColumns(site.module, `${fn.name}_gradients`, { columns, productBytes: gradients, tilesAcross, panelColumns: columnsApart })
  const toTaps = channelToTaps(site.module, `${fn.name}_taps`, { columns, productBytes: sums, rowBytes: paddedColumns * 4, channels, slices, sliceBytes: products * sums })

  const [slice, block, begin, end] = [fn.local('i32', 'slice'), fn.local('i32', 'block'), fn.local('i32', 'begin'), fn.local('i32', 'end')]
  const all = blocks * blocksOfImage
  const mine = site.share(slices)
  fn.forLoop(slice, mine.begin, mine.end, 1, () => {
    fn.get(slice).i32(all).emit('i32.mul').i32(slices).emit('i32.div_u').set(begin)
    fn.get(slice).i32(1).emit('i32.add').i32(all).emit('i32.mul').i32(slices).emit('i32.div_u').set(end)
    fn.forLoop(block, begin, end, 1, () => {
      site.enter(block)
      site.bring('data', read, lhs, (firstTile) => void fn.get(firstTile).call(toData))
      site.bring('other', read, rhs, (firstTile) => void fn.get(firstTile).get(site.count).call(toGradients))
      site.multiply({
        lhs: () => site.push(lhs),
        lhsRow: () => void fn.i32(4),
        lhsStep: () => void fn.i32(pixels * 4),
        panel: () => site.push(panel),
        rhs: () => site.push(rhs),
        rhsPanel: () => void fn.get(site.count).i32(columnsApart * 4).emit('i32.mul'),
        sums: () => {
          site.push(partial)
          fn.get(slice).i32(products * sums).emit('i32.mul').emit('i32.add')
        },
        rows: () => void fn.i32(channels),
        depth: () => void fn.get(site.count),
        accumulate: () => void fn.get(block).get(begin).emit('i32.ne'),
      }, { lhs: data, rhs: gradients, sums })
    })
  })
  site.wait()
  const channel = fn.local('i32', 'channel')
  const share = site.share(channels)
  const eachTap = (loop: EmittedLoop, from: Local, to: Local | null): void => {
    const [tap, first, last] = [fn.local('i32', 'tap'), fn.local('i32', 'first'), fn.local('i32', 'last')]
    fn.forLoop(tap, 0, 9 * channels, channels, () => {
      fn.get(tap).get(from).emit('i32.add').set(first)
      if (to === null) fn.get(first).i32(1).emit('i32.add').set(last)
      else fn.get(tap).get(to).emit('i32.add').set(last)
      site.call(loop, first, last, null)
    })
    fn.free(tap, first, last)
  }
  fn.forLoop(channel, share.begin, share.end, 1, () => {
    site.push(partial)
    site.push(total)
    fn.get(channel).call(toTaps).if(() => eachTap(site.loops.direct, channel, null))
  })
  eachTap(site.loops.epilogue, share.begin, share.end)
}
