/** Convolutions and gradients of their data by Winograd's algorithm. */
import { mapTuple } from '../../../../core/map-tuple.ts'
import { products } from '../../../winograd/matrices.ts'
import { columnsApart } from '../../../winograd/plan.ts'
import { panelBytes } from '../strip.ts'
import { apart, type Site } from './site.ts'
import { dataToTiles, rowsToResults, tapsToColumns } from './transforms.ts'

/** Taps are transformed by channels; then threads take blocks, each from its data to its results. */
export function writeResults(site: Site): void {
  const fn = site.fn
  const { groups, channels, columns, paddedColumns, tilesAcross, blockImages, blockTileRows, tileRows, height, blocks, blocksOfImage, buffers } = site.plan
  const pixels = groups * channels
  const tiles = blockImages * blockTileRows * tilesAcross
  const [data, taps, sums] = mapTuple([tiles * pixels, channels * paddedColumns, tiles * paddedColumns], apart)
  const resultRow = 2 * tilesAcross * paddedColumns * 4
  // What is read last time before the other is written shares its place.
  const first = site.areas.take('own', Math.max(products * data, blockImages * 2 * blockTileRows * resultRow))
  const second = site.areas.take('own', Math.max(products * sums, site.dataBytes()))
  const panel = site.areas.take('own', panelBytes(channels))
  const written = site.areas.take('shared', channels * 9 * columns * 4)
  const packed = site.areas.take('shared', products * taps)
  site.pieces.set(buffers.data, second).set(buffers.other, written).set(buffers.sums, first)
  const toTaps = tapsToColumns(site.module, `${fn.name}_taps`, { columns, channels, productBytes: taps, panelColumns: columnsApart })
  const toData = dataToTiles(site.module, `${fn.name}_data`, { rowBytes: site.dataRowBytes(), channels: pixels, tilesAcross, productBytes: data })
  const toResults = rowsToResults(site.module, `${fn.name}_results`, { columns, productBytes: sums, rowBytes: paddedColumns * 4, tilesAcross })

  const mine = site.share(channels)
  site.call(site.loops.other, mine.begin, mine.end, null)
  site.push(written)
  site.push(packed)
  fn.get(mine.begin).get(mine.end).call(toTaps)
  site.wait()

  const block = fn.local('i32', 'block')
  const share = site.share(blocks * blocksOfImage)
  fn.forLoop(block, share.begin, share.end, 1, () => {
    site.enter(block)
    site.bring('data', second, first, (firstTile) => void fn.get(firstTile).call(toData))
    site.multiply({
      lhs: () => site.push(first),
      lhsRow: () => void fn.i32(pixels * 4),
      lhsStep: () => void fn.i32(4),
      panel: () => site.push(panel),
      rhs: () => site.push(packed),
      rhsPanel: () => void fn.i32(channels * columnsApart * 4),
      sums: () => site.push(second),
      rows: () => void fn.get(site.count),
      depth: () => void fn.i32(channels),
      accumulate: () => void fn.i32(0),
    }, { lhs: data, rhs: taps, sums })
    const odd = fn.local('i32', 'odd')
    fn.i32(0).set(odd)
    site.eachTileRow((tileRow, firstTile) => {
      site.push(second)
      site.push(first)
      fn.get(tileRow).i32(resultRow).emit('i32.mul').emit('i32.add').get(firstTile).call(toResults)
      fn.get(odd).emit('i32.or').set(odd)
    }, 0)
    // sums are counted from the first row of the block, in images of full tiles; results in images as they are
    const [base, begin, end] = [fn.local('i32', 'base'), fn.local('i32', 'begin'), fn.local('i32', 'end')]
    site.pushRow(site.images.begin, 2 * tileRows, site.rows.begin)
    fn.set(base)
    site.pushRow(site.images.begin, height, site.rows.begin)
    fn.set(begin)
    fn.get(site.images.end).i32(1).emit('i32.sub').i32(height).emit('i32.mul')
    fn.get(site.rows.end).i32(1).emit('i32.shl').tee(end).i32(height).get(end).i32(height).emit('i32.lt_u').select().emit('i32.add').set(end)
    const moved = { row: base, bytes: resultRow }
    fn.get(odd).if(() => site.call(site.loops.direct, begin, end, moved))
    site.call(site.loops.epilogue, begin, end, moved)
    fn.free(odd, base, begin, end)
  })
}
