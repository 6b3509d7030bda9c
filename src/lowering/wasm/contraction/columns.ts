/** Packs the columns of an array: `[k][column]` or `[column][k]` in memory, any distances, into panels `[column / w][k][w]`. */
import type { FunctionBuilder, FunctionRef, Local, ModuleBuilder } from '../asm/index.ts'
import { type SumType, tileShape } from './sum-type.ts'

/** Rows of a square that is copied at once, so that cache lines are used up before they go. */
const squareSteps = 8

/**
 * A function `(from, columnStep, step, to, panelBytes, columns, depth)`: element (column, k) is at `from + column · columnStep + k · step`;
 * panels lie `panelBytes` apart. Nothing is read past the last column or step, and nothing written there.
 */
export function packColumns(module: ModuleBuilder, dtype: SumType): FunctionRef {
  const name = `columns_${dtype}`
  const known = module.lookup(name)
  if (known !== null) return known
  const { columns: width, elementBytes } = tileShape(dtype)
  const rowBytes = width * elementBytes
  const whole = wholePanel(module, dtype)
  const fn = module.function(name, ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'], [])
  const [from, columnStep, step, to, panelBytes, columns, depth] = [fn.param(0), fn.param(1), fn.param(2), fn.param(3), fn.param(4), fn.param(5), fn.param(6)]
  const [panel, k, steps, source, target, rest] = [fn.local('i32', 'panel'), fn.local('i32', 'k'), fn.local('i32', 'steps'), fn.local('i32', 'source'), fn.local('i32', 'target'), fn.local('i32', 'rest')]
  const panels = fn.local('i32', 'panels')
  fn.get(columns).i32(Math.log2(width)).emit('i32.shr_u').set(panels)
  fn.get(columns).i32(width - 1).emit('i32.and').set(rest)
  fn.forLoop(k, 0, depth, squareSteps, () => {
    fn.get(depth).get(k).emit('i32.sub').tee(steps).i32(squareSteps).get(steps).i32(squareSteps).emit('i32.lt_u').select().set(steps)
    fn.get(from).get(k).get(step).emit('i32.mul').emit('i32.add').set(source)
    fn.get(to).get(k).i32(rowBytes).emit('i32.mul').emit('i32.add').set(target)
    fn.forLoop(panel, 0, panels, 1, () => {
      fn.get(source).get(columnStep).get(step).get(target).get(steps).call(whole)
      fn.get(source).get(columnStep).i32(width).emit('i32.mul').emit('i32.add').set(source)
      fn.get(target).get(panelBytes).emit('i32.add').set(target)
    })
    // what is left of the columns, element by element
    const [column, at, into, i] = [fn.local('i32', 'column'), fn.local('i32', 'at'), fn.local('i32', 'into'), fn.local('i32', 'i')]
    fn.forLoop(column, 0, rest, 1, () => {
      fn.get(source).set(at)
      fn.get(target).get(column).i32(elementBytes).emit('i32.mul').emit('i32.add').set(into)
      fn.forLoop(i, 0, steps, 1, () => {
        fn.get(into).get(at)
        if (elementBytes === 8) fn.mem('i64.load').mem('i64.store')
        else fn.mem('i32.load').mem('i32.store')
        fn.get(at).get(step).emit('i32.add').set(at).get(into).i32(rowBytes).emit('i32.add').set(into)
      })
      fn.get(source).get(columnStep).emit('i32.add').set(source)
    })
  })
  return fn
}

/** A function `(from, columnStep, step, to, steps)`: some steps of k of one panel. */
function wholePanel(module: ModuleBuilder, dtype: SumType): FunctionRef {
  const { columns: width, elementBytes } = tileShape(dtype)
  const rowBytes = width * elementBytes
  const lanes = 16 / elementBytes
  const fn = module.function(`square_${dtype}`, ['i32', 'i32', 'i32', 'i32', 'i32'], [])
  const [from, columnStep, step, to, steps] = [fn.param(0), fn.param(1), fn.param(2), fn.param(3), fn.param(4)]
  const [i, column, source] = [fn.local('i32', 'i'), fn.local('i32', 'column'), fn.local('i32', 'source')]
  const byElement = (): void => {
    fn.forLoop(i, i, steps, 1, () => {
      fn.get(from).set(source)
      for (let c = 0; c < width; c++) {
        fn.get(to).get(source)
        if (elementBytes === 8) fn.mem('i64.load').mem('i64.store', elementBytes * c)
        else fn.mem('i32.load').mem('i32.store', elementBytes * c)
        if (c + 1 < width) fn.get(source).get(columnStep).emit('i32.add').set(source)
      }
      fn.get(from).get(step).emit('i32.add').set(from).get(to).i32(rowBytes).emit('i32.add').set(to)
    })
  }
  fn.get(columnStep).i32(elementBytes).emit('i32.eq').if(
    () => {
      fn.forLoop(i, 0, steps, 1, () => {
        for (let at = 0; at < rowBytes; at += 16) fn.get(to).get(from).mem('v128.load', at).mem('v128.store', at)
        fn.get(from).get(step).emit('i32.add').set(from).get(to).i32(rowBytes).emit('i32.add').set(to)
      })
    },
    () => {
      fn.i32(0).set(i)
      // columns that are contiguous along k: squares of a vector by a vector, transposed
      fn.get(step).i32(elementBytes).emit('i32.eq').if(() => {
        const rows = Array.from({ length: lanes }, () => fn.local('v128'))
        fn.block((done) => {
          fn.loop((head) => {
            fn.get(i).i32(lanes).emit('i32.add').get(steps).emit('i32.gt_u').brIf(done)
            fn.get(from).set(source)
            fn.forLoop(column, 0, rowBytes, 16, () => {
              for (const row of rows) fn.get(source).mem('v128.load').set(row).get(source).get(columnStep).emit('i32.add').set(source)
              if (lanes === 4) transpose4(fn, rows)
              for (let lane = 0; lane < lanes; lane++) {
                fn.get(to).get(column).emit('i32.add')
                if (lanes === 4) fn.get(rows[lane]!)
                else fn.get(rows[0]!).get(rows[1]!).shuffle32(2 * lane, 2 * lane + 1, 4 + 2 * lane, 5 + 2 * lane)
                fn.mem('v128.store', lane * rowBytes)
              }
            })
            fn.get(from).i32(16).emit('i32.add').set(from).get(to).i32(lanes * rowBytes).emit('i32.add').set(to)
            fn.get(i).i32(lanes).emit('i32.add').set(i).br(head)
          })
        })
      })
      byElement()
    },
  )
  return fn
}

/** Exchanges rows and columns of four vectors of four elements. */
function transpose4(fn: FunctionBuilder, [a, b, c, d]: readonly Local[]): void {
  const [p, q, r, s] = [fn.local('v128'), fn.local('v128'), fn.local('v128'), fn.local('v128')]
  fn.get(a!).get(b!).shuffle32(0, 4, 1, 5).set(p)
  fn.get(c!).get(d!).shuffle32(0, 4, 1, 5).set(q)
  fn.get(a!).get(b!).shuffle32(2, 6, 3, 7).set(r)
  fn.get(c!).get(d!).shuffle32(2, 6, 3, 7).set(s)
  fn.get(p).get(q).shuffle32(0, 1, 4, 5).set(a!)
  fn.get(p).get(q).shuffle32(2, 3, 6, 7).set(b!)
  fn.get(r).get(s).shuffle32(0, 1, 4, 5).set(c!)
  fn.get(r).get(s).shuffle32(2, 3, 6, 7).set(d!)
  fn.free(p, q, r, s)
}
