/** The order in which a thread computes its part: loops over batches, blocks of k and blocks of rows; little code, which calls what does the work. */
import { finishBlock, finishRows } from './finish.ts'
import { multiplyBlock } from './multiply.ts'
import { gather, packColumns } from './operands.ts'
import type { Site } from './site.ts'

/** All columns lie ready, or are packed by each thread; then blocks of rows are finished one after the other. */
export function inRows(site: Site): void {
  const fn = site.fn
  const { sharing, batch, depthBlocks, rhs } = site.plan
  const alone = sharing.kind === 'batches'
  const batches = alone ? site.share(batch) : { begin: 0, end: batch }
  const mine = site.shareOfRows(!alone)
  fn.forLoop(site.batch, batches.begin, batches.end, 1, () => {
    if (rhs.strided === null) {
      fn.get(site.batch).i32(depthBlocks).emit('i32.mul').set(site.chunk)
      packColumns(site, rhs.packing, { begin: 0, end: depthBlocks }, true)
    }
    site.eachBlock(mine, () => {
      gather(site)
      fn.forLoop(site.depthBlock, 0, depthBlocks, 1, () => multiplyBlock(site, null))
      finishBlock(site)
    })
  })
}

/** Blocks of k, in each all rows or columns of this thread: where columns are too many to be packed at once, or threads take groups of them. */
export function inBlocks(site: Site): void {
  const fn = site.fn
  const { sharing, batch, depthBlocks, columnGroups, rhs, out } = site.plan
  const alone = sharing.kind === 'batches'
  const byColumns = sharing.kind === 'columns'
  const batches = alone ? site.share(batch) : { begin: 0, end: batch }
  const groups = byColumns ? site.share(columnGroups) : { begin: 0, end: columnGroups }
  const mine = site.shareOfRows(sharing.kind === 'rows')
  const ifLast = (then: () => void): void => {
    if (depthBlocks === 1) then()
    else fn.get(site.depthBlock).i32(depthBlocks - 1).emit('i32.eq').if(then)
  }
  fn.forLoop(site.batch, batches.begin, batches.end, 1, () => {
    // the sums of the batch before have been read by all
    if (byColumns && batch > 1 && out.strided === null) fn.get(site.batch).if(() => site.wait())
    fn.forLoop(site.depthBlock, 0, depthBlocks, 1, () => {
      site.setChunk()
      if (rhs.strided === null) packColumns(site, rhs.packing, groups, false)
      site.eachBlock(mine, () => {
        gather(site)
        multiplyBlock(site, byColumns ? groups : null)
        if (!byColumns) ifLast(() => finishBlock(site))
      })
    })
    if (byColumns && out.strided === null) {
      site.wait()
      finishRows(site)
    }
  })
}

/** Slices of k, each into sums of its own, which are then added in order, rows shared. */
export function inSlices(site: Site, slices: number): void {
  const fn = site.fn
  const { batch, depthBlocks, rowBlocks, blockRows, rows, rhs } = site.plan
  const mine = site.share(slices)
  const [slice, first, end] = [fn.local('i32', 'slice'), fn.local('i32', 'first'), fn.local('i32', 'end')]
  fn.forLoop(site.batch, 0, batch, 1, () => {
    if (batch > 1) fn.get(site.batch).if(() => site.wait())
    fn.forLoop(slice, mine.begin, mine.end, 1, () => {
      fn.get(slice).i32(depthBlocks).emit('i32.mul').i32(slices).emit('i32.div_u').set(first)
      fn.get(slice).i32(1).emit('i32.add').i32(depthBlocks).emit('i32.mul').i32(slices).emit('i32.div_u').set(end)
      fn.forLoop(site.depthBlock, first, end, 1, () => {
        site.setChunk()
        if (rhs.strided === null) packColumns(site, rhs.packing, { begin: 0, end: 1 }, false)
        site.eachBlock({ begin: 0, end: rows }, () => {
          gather(site)
          multiplyBlock(site, null, { first, moved: () => void fn.get(slice).i32(rowBlocks * blockRows * site.sumsRow).emit('i32.mul').emit('i32.add') })
        })
      })
    })
    site.wait()
    finishRows(site)
  })
}
