/** Merging of unsigned 64-bit numbers. */
import type { FunctionBuilder, FunctionRef, Local, ModuleBuilder } from '../asm/index.ts'

/** `(a, b, n)`: merges runs of 1, 2, 4 … of the unsigned 64-bit numbers at a, back and forth with b; gives the place where they end up. */
export function mergeSort(module: ModuleBuilder): FunctionRef {
  const known = module.lookup('sort.merge')
  if (known !== null) return known
  const merge = mergeRuns(module)
  const fn = module.function('sort.merge', ['i32', 'i32', 'i32'], ['i32'])
  const [a, b, n] = [fn.param(0), fn.param(1), fn.param(2)]
  const width = fn.local('i32', 'width')
  const at = fn.local('i32', 'at')
  fn.i32(1).set(width)
  fn.block((done) => {
    fn.loop((again) => {
      fn.get(width).get(n).emit('i32.ge_u').brIf(done)
      fn.forLoop(at, 0, n, 0, () => {
        fn.get(a).get(b).get(at).get(width).get(n).call(merge)
        fn.get(at).get(width).i32(1).emit('i32.shl').emit('i32.add').set(at)
      })
      fn.get(a).get(b).set(a).set(b)
      fn.get(width).i32(1).emit('i32.shl').set(width)
      fn.br(again)
    })
  })
  fn.get(a)
  return fn
}

/** `(from, to, at, width, n)`: the runs [at, at + width) and [at + width, at + 2 width), cut at n, as one. */
function mergeRuns(module: ModuleBuilder): FunctionRef {
  const known = module.lookup('sort.mergeRuns')
  if (known !== null) return known
  const fn = module.function('sort.mergeRuns', ['i32', 'i32', 'i32', 'i32', 'i32'])
  const [from, to, at, width, n] = [fn.param(0), fn.param(1), fn.param(2), fn.param(3), fn.param(4)]
  const least = (x: Local, y: Local): FunctionBuilder => fn.get(x).get(y).get(x).get(y).emit('i32.lt_u').select()
  const [middle, end, left, right, out] = [fn.local('i32'), fn.local('i32'), fn.local('i32'), fn.local('i32'), fn.local('i32')]
  const [x, y] = [fn.local('i64'), fn.local('i64')]
  fn.get(at).get(width).emit('i32.add').set(middle)
  least(middle, n).set(middle)
  fn.get(middle).get(width).emit('i32.add').set(end)
  least(end, n).set(end)
  const address = (base: Local, i: Local): void => void fn.get(base).get(i).i32(3).emit('i32.shl').emit('i32.add')
  for (const [position, i] of [[left, at], [right, middle]] as const) {
    address(from, i)
    fn.set(position)
  }
  address(to, at)
  fn.set(out)
  address(from, middle)
  fn.set(middle)
  address(from, end)
  fn.set(end)
  fn.block((done) => {
    fn.get(left).get(middle).emit('i32.ge_u').brIf(done)
    fn.get(right).get(end).emit('i32.ge_u').brIf(done)
    fn.loop((again) => {
      fn.get(left).mem('i64.load').set(x)
      fn.get(right).mem('i64.load').set(y)
      fn.get(x).get(y).emit('i64.lt_u').if(
        () => {
          fn.get(out).get(x).mem('i64.store')
          fn.get(out).i32(8).emit('i32.add').set(out)
          fn.get(left).i32(8).emit('i32.add').tee(left).get(middle).emit('i32.lt_u').brIf(again)
        },
        () => {
          fn.get(out).get(y).mem('i64.store')
          fn.get(out).i32(8).emit('i32.add').set(out)
          fn.get(right).i32(8).emit('i32.add').tee(right).get(end).emit('i32.lt_u').brIf(again)
        },
      )
    })
  })
  for (const [position, stop] of [[left, middle], [right, end]] as const) {
    fn.get(out).get(position).get(stop).get(position).emit('i32.sub').bulk('memory.copy')
    fn.get(out).get(stop).get(position).emit('i32.sub').emit('i32.add').set(out)
  }
  return fn
}
