/** What becomes of sums that stand in scratch memory. */
import type { Local } from '../../asm/index.ts'
import type { Finish } from '../plan.ts'
import type { Range, Site } from './site.ts'

/** The epilogue on the block's rows. */
export function finishBlock(site: Site): void {
  const { out, rows } = site.plan
  if (out.strided !== null) return
  const fn = site.fn
  const [base, first, end] = [fn.local('i32', 'base'), fn.local('i32', 'first'), fn.local('i32', 'end')]
  fn.get(site.batch).i32(rows).emit('i32.mul').tee(base).get(site.row).emit('i32.add').tee(first).get(site.rows).emit('i32.add').set(end)
  callEpilogue(site, out.finish, { begin: first, end }, out.finish.ofBlock ? first : base)
  fn.free(base, first, end)
}

/** The epilogue on this thread's share of all rows, after the slices' sums are added. */
export function finishRows(site: Site): void {
  const { out, rows } = site.plan
  if (out.strided !== null) return
  const fn = site.fn
  const { combine, sums } = out.finish
  const mine = site.share(rows)
  if (combine !== null) {
    fn.get(mine.begin).get(mine.end)
    for (const _ of site.loops.get(combine)!.buffers) site.part(sums)
    fn.call(site.loops.get(combine)!.fn)
  }
  const [base, first, end] = [fn.local('i32', 'base'), fn.local('i32', 'first'), fn.local('i32', 'end')]
  fn.get(site.batch).i32(rows).emit('i32.mul').tee(base).get(mine.begin).emit('i32.add').set(first)
  fn.get(base).get(mine.end).emit('i32.add').set(end)
  callEpilogue(site, out.finish, { begin: first, end }, base)
  fn.free(base, first, end, mine.begin, mine.end)
}

/** Calls the epilogue for rows counted over all batches; `from` is the one whose sums stand first. */
function callEpilogue(site: Site, { epilogue, buffer, sums }: Finish, range: Range, from: Local): void {
  const fn = site.fn
  const { fn: run, buffers } = site.loops.get(epilogue)!
  site.push(range.begin)
  site.push(range.end)
  for (const b of buffers) {
    if (b === buffer) site.part(sums).get(from).i32(site.sumsRow).emit('i32.mul').emit('i32.sub')
    else site.pointer(b)
  }
  fn.call(run)
}
