/** All tiles of one block: every panel of packed rows against every panel of packed columns. */
import type { FunctionRef, ModuleBuilder } from '../asm/index.ts'
import { microkernel, type SumType, tileShape } from './microkernel.ts'

/**
 * A function `(lhs, rhs, sums, rowPanels, columnPanels, depth, accumulate, rowBytes)`. A panel of columns stays in the first-level
 * cache while all row panels, from the second, pass by. Sums are row-major, `rowBytes` apart.
 */
export function tileLoop(module: ModuleBuilder, dtype: SumType): FunctionRef {
  const name = `tiles_${dtype}`
  const known = module.lookup(name)
  if (known !== null) return known
  const { rows, columns, elementBytes } = tileShape(dtype)
  const kernel = microkernel(module, dtype)
  const fn = module.function(name, ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'], [])
  const lhs = fn.param(0)
  const rhs = fn.param(1)
  const sums = fn.param(2)
  const rowPanels = fn.param(3)
  const columnPanels = fn.param(4)
  const depth = fn.param(5)
  const accumulate = fn.param(6)
  const rowBytes = fn.param(7)
  const [i, j, a, c] = [fn.local('i32'), fn.local('i32'), fn.local('i32'), fn.local('i32')]
  fn.forLoop(j, 0, columnPanels, 1, () => {
    fn.get(lhs).set(a)
    fn.get(sums).get(j).i32(columns * elementBytes).emit('i32.mul').emit('i32.add').set(c)
    fn.forLoop(i, 0, rowPanels, 1, () => {
      fn.get(a).get(rhs).get(c).get(depth).get(rowBytes).get(accumulate).call(kernel)
      fn.get(a).get(depth).i32(rows * elementBytes).emit('i32.mul').emit('i32.add').set(a)
      fn.get(c).get(rowBytes).i32(rows).emit('i32.mul').emit('i32.add').set(c)
    })
    fn.get(rhs).get(depth).i32(columns * elementBytes).emit('i32.mul').emit('i32.add').set(rhs)
  })
  return fn
}
