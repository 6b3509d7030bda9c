/** A block of rows times columns: the arguments of the loop over strips. */
import type { Local } from '../../asm/index.ts'
import type { Packing } from '../plan.ts'
import { stripArguments, type StripArguments } from '../strip.ts'
import { pack } from './operands.ts'
import type { Range, Site } from './site.ts'

/** The block's rows times all columns, or those of `groups`, for a block of k. Of a slice: its first block of k, and code that moves the address of the sums. */
export function multiplyBlock(site: Site, groups: Range | null, slice?: { readonly first: Local; readonly moved: () => void }): void {
  const fn = site.fn
  const { lhs, rhs, out, tile, panel, depth, depthBlocks, rowBlocks, blockRows, groupColumns, columnGroups, paddedColumns, wholeRhs } = site.plan
  const { elementBytes } = tile
  const columnsBefore = (): Local | number => groups?.begin ?? 0
  const windows = lhs.strided === null && 'windows' in lhs.packing ? lhs.packing : null
  if (lhs.strided === null && !('windows' in lhs.packing)) {
    site.setChunk()
    const block = fn.local('i32', 'rowBlock')
    const next = fn.local('i32', 'next')
    fn.get(site.row).i32(blockRows).emit('i32.div_u').tee(block).i32(1).emit('i32.add').set(next)
    pack(site, lhs.packing, rowBlocks, { begin: block, end: next })
    fn.free(block, next)
  }
  const panels = paddedColumns / tile.columns
  const groupPanels = groupColumns / tile.columns
  const push: StripArguments<() => void> = {
    lhs: () => {
      if (windows !== null) site.part(windows.image.part)
      else if (lhs.strided === null) site.part((lhs.packing as Packing).part) // else it has windows
      else site.strided(lhs.strided, [[site.row, lhs.strided.free]])
    },
    lhsRow: () => void (windows === null ? fn.i32(lhs.row) : site.part(windows.rowTable.part)),
    lhsStep: () => {
      if (windows === null) fn.i32(lhs.step)
      else {
        site.part(windows.runTable.part)
        if (depthBlocks > 1) site.addTimes(site.depthBlock, 4 * windows.windows.runsOfBlock)
      }
    },
    run: () => void fn.i32(windows?.windows.run ?? 0),
    panel: () => void site.part(panel),
    rhs: () => {
      if (rhs.strided === null) {
        site.part(rhs.packing.part)
        if (wholeRhs) site.addTimes(site.depthBlock, depthBlocks > 1 ? columnGroups * groupColumns * depth * elementBytes : 0)
        site.addTimes(columnsBefore(), groupColumns * depth * elementBytes)
        return
      }
      site.strided(rhs.strided, [[columnsBefore(), groupColumns * elementBytes]])
    },
    rhsStep: () => void fn.i32(rhs.step),
    rhsPanel: () => void fn.i32(rhs.panel),
    sums: () => {
      if (out.strided === null) {
        site.part(out.finish.sums)
        if (!out.finish.ofBlock) site.addTimes(site.row, site.sumsRow)
        slice?.moved()
      } else site.strided(out.strided, [[site.row, out.strided.free]], false)
      site.addTimes(columnsBefore(), groupColumns * elementBytes)
    },
    rowBytes: () => void fn.i32(out.strided === null ? site.sumsRow : out.strided.free),
    rows: () => void fn.get(site.rows),
    columnPanels: () => {
      if (groups === null) {
        fn.i32(panels)
        return
      }
      // panels of the groups, of which the last may be shorter
      const end = fn.local('i32', 'panels')
      site.push(groups.end).i32(groupPanels).emit('i32.mul').tee(end).i32(panels).get(end).i32(panels).emit('i32.lt_u').select()
      site.push(groups.begin).i32(groupPanels).emit('i32.mul').emit('i32.sub')
      fn.free(end)
    },
    depth: () => site.depth(),
    accumulate: () => {
      if (depthBlocks === 1) fn.i32(0)
      else if (slice === undefined) fn.get(site.depthBlock).i32(0).emit('i32.ne')
      else fn.get(site.depthBlock).get(slice.first).emit('i32.ne')
    },
  }
  for (const argument of stripArguments) push[argument]()
  fn.call(site.strips)
}
