/**
 * The register-blocked heart of matrix products: a strip of rows against all columns.
 *
 * C[rows × w] (+)= A · B. The rows of A stand in a panel where every element fills a vector (`[k][5 rows][16 bytes]`), which stays
 * in the caches while all columns pass by; B is read where it lies, w columns beside each other at each k. Loads of
 * whole vectors at constant distances are what V8 folds into one instruction; a load that fills a vector from one element takes
 * another for its address, as many again as there are rows.
 *
 * Five rows by two vectors are ten sums, two vectors of B, one of A and one product: fourteen of the fifteen registers that V8
 * has for them. Four rows and one row are for what is left: every number of rows is a sum of these.
 */
import type { FunctionBuilder, FunctionRef, Local, ModuleBuilder } from '../asm/index.ts'
import { keepsLoads } from '../engine.ts'
import { instructions, type SumType, tileShape, vectors } from './sum-type.ts'

/** Rows of the tallest tile. */
export const stripRows = 5

const vectorBytes = 16

/**
 * Strips that pass by the columns together, each with a panel of its own, where the columns are too many for the first two levels of
 * cache: a panel of columns is then fetched once for all of them.
 */
const stripsTogether = 3
/** Bytes of columns that stay near beside a panel of A. */
const columnsNear = 64 * 1024

/** Bytes of the panels of A for `depth` steps of k. */
export const panelBytes = (depth: number): number => stripsTogether * stripRows * vectorBytes * depth

/** How the inner loop of a tile is written. */
export interface TileForm {
  /** Four steps of k at once; else one, of which each row is a basic block of its own. */
  readonly unrolled: boolean
}

export const tileForm = (): TileForm => ({ unrolled: keepsLoads() })

/** Steps of k at once. */
const unrolledSteps = 4

/**
 * A function `(a, b, c, depth, step, rowBytes, accumulate)`: a panel at a; B at b, its rows `step` bytes apart (`packed`: as
 * far as they are long); the tile's first row at c and the others `rowBytes` apart. Adds to what stands there when `accumulate`
 * is not 0. It is a function of its own, called for every tile, because V8 replaces first-tier code only at a call.
 */
function tile(module: ModuleBuilder, dtype: SumType, rows: number, packed: boolean, { unrolled }: TileForm): FunctionRef {
  const name = `tile${rows}${packed ? '' : '_strided'}_${dtype}`
  const known = module.lookup(name)
  if (known !== null) return known
  const { mul, add } = instructions[dtype]
  const fused = module.relaxedSimd && (dtype === 'float32' || dtype === 'float64') ? (`${dtype === 'float32' ? 'f32x4' : 'f64x2'}.relaxed_madd` as const) : null
  const rowOfB = vectors * vectorBytes
  const rowOfA = stripRows * vectorBytes
  const fn = module.function(name, ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'], [])
  const [a, b, c, depth, step, rowBytes, accumulate] = [fn.param(0), fn.param(1), fn.param(2), fn.param(3), fn.param(4), fn.param(5), fn.param(6)]
  const sums = Array.from({ length: rows * vectors }, () => fn.local('v128'))
  const bs = Array.from({ length: vectors }, () => fn.local('v128'))
  const av = fn.local('v128')
  /** Some steps of k; `afterRow` between the rows of each. */
  const steps = (count: number, afterRow: () => void): void => {
    for (let u = 0; u < count; u++) {
      for (const [j, bv] of bs.entries()) fn.get(b).mem('v128.load', vectorBytes * j + (packed ? u * rowOfB : 0)).set(bv)
      for (let i = 0; i < rows; i++) {
        fn.get(a).mem('v128.load', vectorBytes * i + u * rowOfA).set(av)
        for (const [j, bv] of bs.entries()) {
          const sum = sums[i * vectors + j]!
          if (fused === null) fn.get(sum).get(bv).get(av).emit(mul).emit(add).set(sum)
          else fn.get(bv).get(av).get(sum).emit(fused).set(sum)
        }
        if (i + 1 < rows) afterRow()
      }
      if (!packed) fn.get(b).get(step).emit('i32.add').set(b)
    }
    fn.get(a).i32(count * rowOfA).emit('i32.add').set(a)
    if (packed) fn.get(b).i32(count * rowOfB).emit('i32.add').set(b)
  }
  if (unrolled) {
    const left = fn.local('i32', 'left')
    const loop = (count: number, times: () => void): void => {
      times()
      fn.tee(left).if(() => {
        fn.loop((head) => {
          steps(count, () => {})
          fn.get(left).i32(1).emit('i32.sub').tee(left).brIf(head)
        })
      })
    }
    loop(unrolledSteps, () => fn.get(depth).i32(2).emit('i32.shr_u'))
    loop(1, () => fn.get(depth).i32(unrolledSteps - 1).emit('i32.and'))
  } else {
    const never = fn.local('i32', 'never')
    fn.get(accumulate).i32(1).emit('i32.shr_u').set(never)
    fn.block((exit) => {
      fn.loop((head) => {
        // a branch to where all sums are wanted ends the block that loads could be moved out of
        steps(1, () => fn.get(never).brIf(exit))
        fn.get(depth).i32(1).emit('i32.sub').tee(depth).brIf(head)
      })
    })
  }
  const store = (old: boolean): void => {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < vectors; j++) {
        fn.get(c).get(sums[i * vectors + j]!)
        if (old) fn.get(c).mem('v128.load', vectorBytes * j).emit(add)
        fn.mem('v128.store', vectorBytes * j)
      }
      if (i + 1 < rows) fn.get(c).get(rowBytes).emit('i32.add').set(c)
    }
  }
  fn.get(accumulate).if(
    () => store(true),
    () => store(false),
  )
  return fn
}

/** A function `(from, rowStep, step, to, depth)`: fills the panel at `to` with vectors of the elements at `from + row · rowStep + k · step` of some rows. */
function fillPanel(module: ModuleBuilder, dtype: SumType, rows: number): FunctionRef {
  const name = `panel${rows}_${dtype}`
  const known = module.lookup(name)
  if (known !== null) return known
  const { splat } = instructions[dtype]
  const { elementBytes } = tileShape(dtype)
  const lanes = vectorBytes / elementBytes
  const fn = module.function(name, ['i32', 'i32', 'i32', 'i32', 'i32'], [])
  const [from, rowStep, step, to, depth] = [fn.param(0), fn.param(1), fn.param(2), fn.param(3), fn.param(4)]
  const sources = [from, ...Array.from({ length: rows - 1 }, () => fn.local('i32', 'source'))]
  const end = fn.local('i32', 'end')
  const endAfter = (steps: () => void): void => {
    fn.get(to)
    steps()
    fn.i32(stripRows * vectorBytes).emit('i32.mul').emit('i32.add').set(end)
  }
  for (const [i, source] of sources.entries()) if (i > 0) fn.get(sources[i - 1]!).get(rowStep).emit('i32.add').set(source)
  // as many steps at once as a vector holds, where they are neighbours
  fn.get(step).i32(elementBytes).emit('i32.eq').if(() => {
    endAfter(() => fn.get(depth).i32(-lanes).emit('i32.and'))
    fillVectors(fn, sources, to, end, lanes)
    fn.get(depth).i32(lanes - 1).emit('i32.and').set(depth)
  })
  endAfter(() => fn.get(depth))
  const stepByStep = (pointers: readonly Local[]): void => {
    fn.forLoop(to, to, end, stripRows * vectorBytes, () => {
      for (let i = 0; i < rows; i++) fn.get(to).get(pointers[i] ?? from).mem(splat, pointers[i] === undefined ? elementBytes * i : 0).mem('v128.store', vectorBytes * i)
      advance(fn, pointers, () => void fn.get(step))
    })
  }
  fn.get(rowStep).i32(elementBytes).emit('i32.eq').if(
    () => stepByStep([from]),
    () => stepByStep(sources),
  )
  return fn
}

/** From `to` to `end`, as many steps at once as a vector holds: they are neighbours at each of the sources. */
function fillVectors(fn: FunctionBuilder, sources: readonly Local[], to: Local, end: Local, lanes: number): void {
  const vector = fn.local('v128')
  fn.forLoop(to, to, end, stripRows * vectorBytes * lanes, () => {
    for (const [i, source] of sources.entries()) {
      fn.get(source).mem('v128.load').set(vector)
      for (let lane = 0; lane < lanes; lane++) {
        fn.get(to).get(vector).get(vector)
        if (lanes === 4) fn.shuffle32(lane, lane, lane, lane)
        else fn.shuffle32(2 * lane, 2 * lane + 1, 2 * lane, 2 * lane + 1)
        fn.mem('v128.store', stripRows * vectorBytes * lane + vectorBytes * i)
      }
    }
    advance(fn, sources, () => void fn.i32(vectorBytes))
  })
}

function advance(fn: FunctionBuilder, pointers: readonly Local[], by: () => void): void {
  for (const pointer of pointers) {
    fn.get(pointer)
    by()
    fn.emit('i32.add').set(pointer)
  }
}

/**
 * A function `(image, rowTable, runTable, to, depth, run)`: fills the panel at `to` with vectors of some rows' elements. The tables hold
 * distances in bytes: of each row from the image, and of each run of so many neighbours along k from the row.
 */
function fillWindows(module: ModuleBuilder, dtype: SumType, rows: number): FunctionRef {
  const name = `window${rows}_${dtype}`
  const known = module.lookup(name)
  if (known !== null) return known
  const { splat } = instructions[dtype]
  const { elementBytes } = tileShape(dtype)
  const lanes = vectorBytes / elementBytes
  const stepBytes = stripRows * vectorBytes
  const fn = module.function(name, ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], [])
  const [image, rowTable, runTable, to, depth, run] = [fn.param(0), fn.param(1), fn.param(2), fn.param(3), fn.param(4), fn.param(5)]
  const [bases, sources] = [0, 1].map(() => Array.from({ length: rows }, () => fn.local('i32', 'source'))) as [Local[], Local[]] // two of two
  const [end, whole, runEnd, runBytes, wholeBytes] = [fn.local('i32', 'end'), fn.local('i32', 'whole'), fn.local('i32', 'runEnd'), fn.local('i32', 'runBytes'), fn.local('i32', 'wholeBytes')]
  for (const [i, base] of bases.entries()) fn.get(image).get(rowTable).mem('i32.load', 4 * i).emit('i32.add').set(base)
  fn.get(to).get(depth).i32(stepBytes).emit('i32.mul').emit('i32.add').set(end)
  fn.get(run).i32(stepBytes).emit('i32.mul').set(runBytes)
  fn.get(run).i32(-lanes).emit('i32.and').i32(stepBytes).emit('i32.mul').set(wholeBytes)
  fn.loop((head) => {
    for (const [i, source] of sources.entries()) fn.get(bases[i]!).get(runTable).mem('i32.load').emit('i32.add').set(source)
    fn.get(runTable).i32(4).emit('i32.add').set(runTable)
    fn.get(to).get(wholeBytes).emit('i32.add').set(whole)
    fn.get(to).get(runBytes).emit('i32.add').set(runEnd)
    fillVectors(fn, sources, to, whole, lanes)
    fn.forLoop(to, to, runEnd, stepBytes, () => {
      for (const [i, source] of sources.entries()) fn.get(to).get(source).mem(splat).mem('v128.store', vectorBytes * i)
      advance(fn, sources, () => void fn.i32(elementBytes))
    })
    fn.get(to).get(end).emit('i32.lt_u').brIf(head)
  })
  return fn
}

/** The parameters of `strips`, in order. All distances are in bytes. */
export interface StripArguments<T> {
  /** A: the first element, and how far apart rows and steps of k are; or an image, the tables of its rows and runs, and a run's length. */
  readonly lhs: T
  readonly lhsRow: T
  readonly lhsStep: T
  readonly run: T
  /** Room for panels. */
  readonly panel: T
  /** B: the first element; steps of k; panels of columns. */
  readonly rhs: T
  readonly rhsStep: T
  readonly rhsPanel: T
  /** C: the first element, and how far apart rows are. */
  readonly sums: T
  readonly rowBytes: T
  readonly rows: T
  readonly columnPanels: T
  readonly depth: T
  readonly accumulate: T
}

export const stripArguments: readonly (keyof StripArguments<unknown>)[] = ['lhs', 'lhsRow', 'lhsStep', 'run', 'panel', 'rhs', 'rhsStep', 'rhsPanel', 'sums', 'rowBytes', 'rows', 'columnPanels', 'depth', 'accumulate']

/** The function of `stripArguments`: all rows against all panels of columns, one or some strips at a time. Writes no row but those. `packed`: as in `tile`; `windows`: A is an image. */
export function strips(module: ModuleBuilder, dtype: SumType, { packed, windows }: { readonly packed: boolean; readonly windows: boolean }, form: TileForm = tileForm()): FunctionRef {
  const name = `strips${packed ? '' : '_strided'}${windows ? '_windows' : ''}_${dtype}`
  const known = module.lookup(name)
  if (known !== null) return known
  const { columns, elementBytes } = tileShape(dtype)
  const fn = module.function(name, stripArguments.map(() => 'i32' as const), [])
  const at = (of: keyof StripArguments<unknown>): ReturnType<typeof fn.param> => fn.param(stripArguments.indexOf(of))
  const names = ['tall', 'less', 'j', 'b', 'c', 'sums', 'panel', 'together', 'now', 's', 'panelBytes', 'stripBytes'] as const
  const [tall, less, j, b, c, sums, panel, together, now, s, panelStep, stripStep] = names.map((of) => fn.local('i32', of)) as [Local, Local, Local, Local, Local, Local, Local, Local, Local, Local, Local, Local]
  fn.get(at('depth')).i32(stripRows * vectorBytes).emit('i32.mul').set(panelStep)
  fn.i32(stripsTogether).i32(1).get(at('depth')).get(at('columnPanels')).emit('i32.mul').i32(columnsNear / (columns * elementBytes)).emit('i32.gt_u').select().set(together)
  const move = (pointer: Local, step: Local): void => void fn.get(pointer).get(step).emit('i32.add').set(pointer)
  const loop = (count: () => void, rows: number): void => {
    const kernel = tile(module, dtype, rows, packed, form)
    const fill = windows ? fillWindows(module, dtype, rows) : fillPanel(module, dtype, rows)
    const left = fn.local('i32', 'left')
    count()
    fn.set(left).get(at('rowBytes')).i32(rows).emit('i32.mul').set(stripStep)
    fn.block((done) => {
      fn.loop((again) => {
        fn.get(left).emit('i32.eqz').brIf(done)
        fn.get(left).get(together).get(left).get(together).emit('i32.lt_u').select().set(now)
        fn.get(at('panel')).set(panel)
        fn.forLoop(s, 0, now, 1, () => {
          fn.get(at('lhs')).get(at('lhsRow')).get(at('lhsStep')).get(panel).get(at('depth'))
          if (windows) fn.get(at('run'))
          fn.call(fill)
          if (windows) fn.get(at('lhsRow')).i32(4 * rows).emit('i32.add').set(at('lhsRow'))
          else fn.get(at('lhs')).get(at('lhsRow')).i32(rows).emit('i32.mul').emit('i32.add').set(at('lhs'))
          move(panel, panelStep)
        })
        fn.get(at('rhs')).set(b).get(at('sums')).set(c)
        const eachPanel = (tiles: () => void): void => {
          fn.forLoop(j, 0, at('columnPanels'), 1, () => {
            tiles()
            move(b, at('rhsPanel'))
            fn.get(c).i32(columns * elementBytes).emit('i32.add').set(c)
          })
        }
        const multiply = (a: Local, to: Local): void => void fn.get(a).get(b).get(to).get(at('depth')).get(at('rhsStep')).get(at('rowBytes')).get(at('accumulate')).call(kernel)
        fn.get(now).i32(1).emit('i32.eq').if(
          () => eachPanel(() => multiply(at('panel'), c)),
          () =>
            eachPanel(() => {
              fn.get(at('panel')).set(panel).get(c).set(sums)
              fn.forLoop(s, 0, now, 1, () => {
                multiply(panel, sums)
                move(panel, panelStep)
                move(sums, stripStep)
              })
            }),
        )
        fn.get(at('sums')).get(now).get(stripStep).emit('i32.mul').emit('i32.add').set(at('sums'))
        fn.get(left).get(now).emit('i32.sub').set(left).br(again)
      })
    })
    fn.free(left)
  }
  // rows = 5 tall + 4 less where that can be, with as many fours as fives fall short; else 5 tall + ones
  const rows = at('rows')
  const strip = fn.local('i32', 'strips')
  fn.get(rows).i32(stripRows - 1).emit('i32.add').i32(stripRows).emit('i32.div_u').tee(strip)
  fn.i32(stripRows).emit('i32.mul').get(rows).emit('i32.sub').tee(less)
  fn.get(strip).emit('i32.gt_u').if(
    () => fn.i32(0).set(less).get(rows).i32(stripRows).emit('i32.div_u').set(tall),
    () => fn.get(strip).get(less).emit('i32.sub').set(tall),
  )
  loop(() => fn.get(tall), 5)
  loop(() => fn.get(less), 4)
  loop(() => fn.get(rows).get(tall).i32(5).emit('i32.mul').get(less).i32(4).emit('i32.mul').emit('i32.add').emit('i32.sub'), 1)
  return fn
}
