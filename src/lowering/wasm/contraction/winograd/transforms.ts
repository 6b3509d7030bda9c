/**
 * The linear maps of Winograd's algorithm as WebAssembly. Each function works on vectors of four channels and is emitted for
 * one kernel: all distances are constants of its code.
 */
import type { FunctionBuilder, FunctionRef, Local, ModuleBuilder } from '../../asm/index.ts'
import { combinationOf, dataMatrix, gradientMatrix, type Matrix, products, resultMatrix, tapsMatrix, tapsResultMatrix } from '../../../winograd/matrices.ts'

/** Distances in bytes. */
export interface DataLayout {
  /** Between elements below each other; those beside each other are as far apart as they have channels. */
  readonly rowBytes: number
  /** Of all groups. */
  readonly channels: number
  readonly tilesAcross: number
  /** Between what belongs to one product and to the next. */
  readonly productBytes: number
}

/** Pushes Σ coefficients · x, of operands that `push` pushes. */
function combination(fn: FunctionBuilder, coefficients: readonly number[], push: (i: number) => void): void {
  const { scale, terms } = combinationOf(coefficients)
  for (const [at, { minus, i }] of terms.entries()) {
    push(i)
    if (at > 0) fn.emit(minus ? 'f32x4.sub' : 'f32x4.add')
  }
  if (scale !== 1) fn.f32x4(scale).emit('f32x4.mul')
}

/** Y = M X Mᵀ column by column, so that few values are alive: elements of X are loaded again for each column. */
function transform(fn: FunctionBuilder, m: Matrix, load: (i: number, j: number) => void, store: (i: number, j: number, value: Local) => void): void {
  const size = m[0]!.length
  const column = Array.from({ length: size }, () => fn.local('v128', 'e'))
  const value = fn.local('v128', 'y')
  for (const [j, row] of m.entries()) {
    for (let i = 0; i < size; i++) {
      combination(fn, row, (k) => load(i, k))
      fn.set(column[i]!)
    }
    for (const [i, coefficients] of m.entries()) {
      combination(fn, coefficients, (k) => void fn.get(column[k]!))
      fn.set(value)
      store(i, j, value)
    }
  }
  fn.free(value, ...column)
}

/** `(from, to, first)`: a row of tiles whose upper left elements are at `from`, the `first`-th tile of its block and those that follow, to `[tile][channel]` for each product. */
export function dataToTiles(module: ModuleBuilder, name: string, l: DataLayout): FunctionRef {
  const fn = module.function(name, ['i32', 'i32', 'i32'], [])
  const [from, to, first] = [fn.param(0), fn.param(1), fn.param(2)]
  const [tile, channel, read, at] = [fn.local('i32', 'tile'), fn.local('i32', 'channel'), fn.local('i32', 'read'), fn.local('i32', 'at')]
  const pixelBytes = l.channels * 4
  fn.get(first).i32(pixelBytes).emit('i32.mul').get(to).emit('i32.add').set(at)
  fn.forLoop(tile, 0, l.tilesAcross, 1, () => {
    fn.get(from).get(tile).i32(2 * pixelBytes).emit('i32.mul').emit('i32.add').set(read)
    fn.forLoop(channel, 0, l.channels, 4, () => {
      transform(fn, dataMatrix, (i, j) => void fn.get(read).mem('v128.load', i * l.rowBytes + j * pixelBytes, 4), (i, j, value) => {
        fn.get(at).get(value).mem('v128.store', (4 * i + j) * l.productBytes, 4)
      })
      for (const local of [read, at]) fn.get(local).i32(16).emit('i32.add').set(local)
    })
  })
  return fn
}

/** Pushes the place of `channel` and step `k` in panels `[channel / width][depth][width]` of float32 at `to`. */
function pushPanel(fn: FunctionBuilder, { channel, depth, width, to }: { channel: Local; depth: Local | number; width: number; to: Local }, k: () => void): void {
  const push = (x: Local | number): void => void (typeof x === 'number' ? fn.i32(x) : fn.get(x))
  fn.get(channel).i32(width).emit('i32.div_u')
  push(depth)
  fn.emit('i32.mul')
  k()
  fn.emit('i32.add').i32(width).emit('i32.mul').get(channel).i32(width).emit('i32.rem_u').emit('i32.add').i32(2).emit('i32.shl').get(to).emit('i32.add')
}

export interface ColumnsLayout {
  readonly columns: number
  readonly productBytes: number
  /** Of the tiles that multiply. */
  readonly panelColumns: number
}

/** `(from, to, begin, end)`: the taps `[channel][3][3][column]` of channels `begin` to `end`, into panels `[column / width][channel][width]` for each product. */
export function tapsToColumns(module: ModuleBuilder, name: string, l: ColumnsLayout & { readonly channels: number }): FunctionRef {
  const fn = module.function(name, ['i32', 'i32', 'i32', 'i32'], [])
  const [from, to, begin, end] = [fn.param(0), fn.param(1), fn.param(2), fn.param(3)]
  const [channel, column, read, at] = [fn.local('i32', 'channel'), fn.local('i32', 'column'), fn.local('i32', 'read'), fn.local('i32', 'at')]
  fn.forLoop(channel, begin, end, 1, () => {
    fn.get(channel).i32(9 * l.columns * 4).emit('i32.mul').get(from).emit('i32.add').set(read)
    fn.forLoop(column, 0, l.columns, 4, () => {
      pushPanel(fn, { channel: column, depth: l.channels, width: l.panelColumns, to }, () => void fn.get(channel))
      fn.set(at)
      transform(fn, tapsMatrix, (i, j) => void fn.get(read).mem('v128.load', (3 * i + j) * l.columns * 4, 4), (i, j, value) => {
        fn.get(at).get(value).mem('v128.store', (4 * i + j) * l.productBytes, 4)
      })
      fn.get(read).i32(16).emit('i32.add').set(read)
    })
  })
  return fn
}

/** `(from, to, first, depth)`: gradients of a row of tiles, `[2][2 tiles][column]`, into panels `[column / width][tile of depth][width]` for each product. */
export function gradientsToColumns(module: ModuleBuilder, name: string, l: ColumnsLayout & { readonly tilesAcross: number }): FunctionRef {
  const fn = module.function(name, ['i32', 'i32', 'i32', 'i32'], [])
  const [from, to, first, depth] = [fn.param(0), fn.param(1), fn.param(2), fn.param(3)]
  const [tile, column, read, at] = [fn.local('i32', 'tile'), fn.local('i32', 'column'), fn.local('i32', 'read'), fn.local('i32', 'at')]
  const pixelBytes = l.columns * 4
  fn.forLoop(tile, 0, l.tilesAcross, 1, () => {
    fn.get(tile).i32(2 * pixelBytes).emit('i32.mul').get(from).emit('i32.add').set(read)
    fn.forLoop(column, 0, l.columns, 4, () => {
      pushPanel(fn, { channel: column, depth, width: l.panelColumns, to }, () => void fn.get(tile).get(first).emit('i32.add'))
      fn.set(at)
      transform(fn, gradientMatrix, (i, j) => void fn.get(read).mem('v128.load', (2 * l.tilesAcross * i + j) * pixelBytes, 4), (i, j, value) => {
        fn.get(at).get(value).mem('v128.store', (4 * i + j) * l.productBytes, 4)
      })
      fn.get(read).i32(16).emit('i32.add').set(read)
    })
  })
  return fn
}

export interface SumsLayout {
  readonly columns: number
  readonly productBytes: number
  /** Of a tile's or channel's products, and of a result's sums. */
  readonly rowBytes: number
}

/** `(from, to, first)`: products of a row of tiles to `[2][2 tiles][column]` results at `to`; gives 1 where one of them is no number. */
export function rowsToResults(module: ModuleBuilder, name: string, l: SumsLayout & { readonly tilesAcross: number }): FunctionRef {
  const fn = module.function(name, ['i32', 'i32', 'i32'], ['i32'])
  const [from, to, first] = [fn.param(0), fn.param(1), fn.param(2)]
  const [tile, column, read, at] = [fn.local('i32', 'tile'), fn.local('i32', 'column'), fn.local('i32', 'read'), fn.local('i32', 'at')]
  const check = new FiniteCheck(fn)
  fn.forLoop(tile, 0, l.tilesAcross, 1, () => {
    fn.get(tile).get(first).emit('i32.add').i32(l.rowBytes).emit('i32.mul').get(from).emit('i32.add').set(read)
    fn.get(tile).i32(2 * l.rowBytes).emit('i32.mul').get(to).emit('i32.add').set(at)
    fn.forLoop(column, 0, l.columns, 4, () => {
      transform(fn, resultMatrix, (i, j) => void fn.get(read).mem('v128.load', (4 * i + j) * l.productBytes, 4), (i, j, value) => {
        check.add(value)
        fn.get(at).get(value).mem('v128.store', (2 * l.tilesAcross * i + j) * l.rowBytes, 4)
      })
      for (const local of [read, at]) fn.get(local).i32(16).emit('i32.add').set(local)
    })
  })
  check.push()
  return fn
}

/** `(from, to, channel)`: the products of a channel, added over slices in order, to taps `[3][3][channel][column]`; gives 1 where one of them is no number. */
export function channelToTaps(module: ModuleBuilder, name: string, l: SumsLayout & { readonly channels: number; readonly slices: number; readonly sliceBytes: number }): FunctionRef {
  const fn = module.function(name, ['i32', 'i32', 'i32'], ['i32'])
  const [from, to, channel] = [fn.param(0), fn.param(1), fn.param(2)]
  const [column, slice, read, at, next] = [fn.local('i32', 'column'), fn.local('i32', 'slice'), fn.local('i32', 'read'), fn.local('i32', 'at'), fn.local('i32', 'next')]
  const sums = Array.from({ length: products }, () => fn.local('v128', 'm'))
  const check = new FiniteCheck(fn)
  fn.get(channel).i32(l.rowBytes).emit('i32.mul').get(from).emit('i32.add').set(read)
  fn.get(channel).i32(l.rowBytes).emit('i32.mul').get(to).emit('i32.add').set(at)
  fn.forLoop(column, 0, l.columns, 4, () => {
    for (const [p, sum] of sums.entries()) fn.get(read).mem('v128.load', p * l.productBytes, 4).set(sum)
    fn.get(read).set(next)
    fn.forLoop(slice, 1, l.slices, 1, () => {
      fn.get(next).i32(l.sliceBytes).emit('i32.add').set(next)
      for (const [p, sum] of sums.entries()) fn.get(sum).get(next).mem('v128.load', p * l.productBytes, 4).emit('f32x4.add').set(sum)
    })
    transform(fn, tapsResultMatrix, (i, j) => void fn.get(sums[4 * i + j]!), (i, j, value) => {
      check.add(value)
      fn.get(at).get(value).mem('v128.store', (3 * i + j) * l.channels * l.rowBytes, 4)
    })
    for (const local of [read, at]) fn.get(local).i32(16).emit('i32.add').set(local)
  })
  check.push()
  return fn
}

/** Whether all of many vectors are finite: 0 · x is 0, or NaN, which stays in a sum. */
class FiniteCheck {
  readonly #fn: FunctionBuilder
  readonly #sum: Local

  constructor(fn: FunctionBuilder) {
    this.#fn = fn
    this.#sum = fn.local('v128', 'finite')
  }

  add(value: Local): void {
    this.#fn.get(this.#sum).get(value).f32x4(0).emit('f32x4.mul').emit('f32x4.add').set(this.#sum)
  }

  /** Pushes 1 where one was not. */
  push(): void {
    this.#fn.get(this.#sum).get(this.#sum).emit('f32x4.ne').emit('v128.any_true')
  }
}
