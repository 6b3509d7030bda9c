/** Brings operands to where the loop over strips reads them: tables and images of windows, packed rows, packed columns. */
import { packColumns as columnsFunction } from '../columns.ts'
import type { Copying, Packing } from '../plan.ts'
import type { Range, Site } from './site.ts'

/** Where rows and runs of windows are: the same in all blocks. */
export function writeTables(site: Site): void {
  const { lhs, depthBlocks } = site.plan
  if (lhs.strided !== null || !('windows' in lhs.packing)) return
  for (const [{ loop, buffer, part }, end] of [[lhs.packing.rowTable, 1], [lhs.packing.runTable, depthBlocks]] as const) {
    const { fn: write, buffers } = site.loops.get(loop)!
    site.fn.i32(0).i32(end)
    for (const b of buffers) if (b === buffer) site.part(part)
    site.fn.call(write)
  }
}

/** Brings what the windows of this block of rows meet into the image. */
export function gather(site: Site): void {
  const fn = site.fn
  const { lhs, rowBlocks, blockRows } = site.plan
  if (lhs.strided !== null || !('windows' in lhs.packing)) return
  const { loop, buffer, part } = lhs.packing.image
  const { fn: write, buffers } = site.loops.get(loop)!
  const block = fn.local('i32', 'block')
  fn.get(site.batch).i32(rowBlocks).emit('i32.mul').get(site.row).i32(blockRows).emit('i32.div_u').emit('i32.add').tee(block).get(block).i32(1).emit('i32.add')
  for (const b of buffers) {
    if (b === buffer) site.part(part)
    else site.pointer(b)
  }
  fn.call(write)
  fn.free(block)
}

/** Calls a packing loop for `range` of each of the chunk's `parts`. */
export function pack(site: Site, { loop, buffer, part }: Packing, parts: number, range: Range): void {
  const fn = site.fn
  const { fn: pack, buffers } = site.loops.get(loop)!
  for (const at of [range.begin, range.end]) {
    fn.get(site.chunk)
    if (parts > 1) fn.i32(parts).emit('i32.mul')
    site.addTimes(at, 1)
  }
  for (const b of buffers) {
    if (b === buffer) site.part(part)
    else site.pointer(b)
  }
  fn.call(pack)
}

/** Packs the groups of columns of a range: of this block of k, or counted over all blocks (`whole`). */
export function packColumns(site: Site, packing: Packing | Copying, range: Range, whole: boolean): void {
  const fn = site.fn
  const { columns, groupColumns, columnGroups, depth, depthBlocks, rhs, tile } = site.plan
  if ('loop' in packing) {
    pack(site, packing, columnGroups, range)
    return
  }
  const { from, part } = packing
  const unit = fn.local('i32', 'unit')
  fn.forLoop(unit, range.begin, range.end, 1, () => {
    const group = fn.local('i32', 'group')
    if (whole && depthBlocks > 1) {
      fn.get(unit).i32(columnGroups).emit('i32.div_u').set(site.depthBlock)
      fn.get(unit).i32(columnGroups).emit('i32.rem_u').set(group)
    } else fn.get(unit).set(group)
    site.strided(from, columnGroups > 1 ? [[group, groupColumns * from.free]] : [])
    fn.i32(from.free).i32(from.step)
    site.part(part)
    site.addTimes(unit, groupColumns * depth * tile.elementBytes)
    fn.i32(rhs.panel)
    const left = fn.local('i32', 'left')
    fn.i32(columns).get(group).i32(groupColumns).emit('i32.mul').emit('i32.sub').tee(left).i32(groupColumns).get(left).i32(groupColumns).emit('i32.lt_u').select()
    site.depth()
    fn.call(columnsFunction(site.module, site.plan.sum))
    fn.free(group, left)
  })
  fn.free(unit)
}
