/**
 * Where rows of a factor are read: in the array itself, or in memory of the thread, into which generated code brings some rows of a
 * block of channels. There they are close together: places of an array whose distance is a great power of two share the few places
 * of a cache's set. What has to be computed first is computed there once, not once a tap.
 */
import { constantIndex, dimIndex, floorDivIndex, type Index, type LoopKernel, modIndex, scaleIndex, substitute, addConstant, addIndex, coefficientOf, type BufferId } from '../../kernel-ir/index.ts'
import { rewriteNodes } from '../../kernel-ir/rewrite.ts'
import type { FunctionBuilder, FunctionRef, Local, ModuleBuilder } from '../asm/index.ts'
import type { EmittedLoop } from '../emitted-units.ts'
import { transposed } from '../lanes/index.ts'
import type { Factor } from './sliding.ts'

/** A loop kernel as a function `(begin, end, ...pointers)` over the points of its first axis. */
export type EmitLoop = (kernel: LoopKernel) => EmittedLoop

/** No buffer of a program has a number this high. */
export const ownBuffer: BufferId = (1 << 28) + 64

/** An axis of an image: its loop variables, and how many elements of data there are, of which the first is met by their sum `low`. */
export interface Axis {
  readonly place: number
  readonly tap: number
  readonly low: number
  readonly extent: number
}

/** What a factor is read along. */
export interface Frame {
  /** Extents of all loop variables of the kernel. */
  readonly sizes: readonly number[]
  readonly batch: readonly number[]
  readonly rows: Axis
  readonly columns: Axis
  readonly channel: number
  /** Channels of a block; blocks. */
  readonly block: number
  readonly blocks: number
}

export interface Source {
  readonly buffers: readonly BufferId[]
  readonly columnBytes: number
  /** Of its rows in memory of the thread; null: they are read where they are. */
  readonly ownRowBytes: number | null
  /** Pushes the address of row 0, which need not be in memory of the thread, of an image and block. */
  readonly pushBase: (fn: FunctionBuilder, image: Local, block: Local, at: (fn: FunctionBuilder) => void) => void
  readonly rowBytes: number
  /** Brings rows `from` to `to` of an image and block; `at` pushes the address that row 0 would have. */
  readonly bring: ((fn: FunctionBuilder, image: Local, block: Local, from: Local, to: Local, at: (fn: FunctionBuilder) => void) => void) | null
}

export type Pointers = (buffer: BufferId) => Local

interface Strides {
  readonly buffer: BufferId
  readonly constant: number
  readonly row: number
  readonly column: number
  readonly channel: number
  readonly batch: readonly number[]
}

/** The strides of a plain read in elements; null where it is none, or blocks do not fill vectors. */
function stridesOf({ read }: Factor, { batch, rows, columns, channel, block }: Frame): Strides | null {
  if (read === null || block % 4 !== 0) return null
  const { index, buffer } = read
  const dims = [...batch, rows.place, columns.place, channel, rows.tap, columns.tap]
  if (index.terms.some((t) => t.atom.kind !== 'dim' || !dims.includes(t.atom.dim))) return null
  const along = (axis: Axis): number => (axis.place < 0 ? 0 : coefficientOf(index, axis.place))
  const [row, column] = [along(rows), along(columns)]
  if (row < 0 || column <= 0) return null
  return { buffer, row, column, channel: coefficientOf(index, channel), constant: index.constant + rows.low * row + columns.low * column, batch: batch.map((d) => coefficientOf(index, d)) }
}

/** Pushes where row 0 of an image and block is in the array. */
function pushPlace(fn: FunctionBuilder, s: Strides, frame: Frame, pointer: Pointers, image: Local, block: Local): void {
  fn.get(pointer(s.buffer)).get(block).i32(4 * frame.block * s.channel).emit('i32.mul').emit('i32.add')
  if (s.constant !== 0) fn.i32(4 * s.constant).emit('i32.add')
  digitsOf(frame).forEach(({ below, size, last }, i) => {
    if (s.batch[i] === 0) return
    fn.get(image)
    if (below > 1) fn.i32(below).emit('i32.div_u')
    if (!last) fn.i32(size).emit('i32.rem_u')
    fn.i32(4 * s.batch[i]!).emit('i32.mul').emit('i32.add')
  })
}

/** `inPlace`: whether rows whose columns and themselves are so many bytes apart may be read where they are. */
export function sourceOf(module: ModuleBuilder, name: string, factor: Factor, frame: Frame, pointer: Pointers, emitLoop: EmitLoop, inPlace: (columnBytes: number, rowBytes: number) => boolean): Source {
  const s = stridesOf(factor, frame)
  if (s !== null && s.channel === 1 && inPlace(4 * s.column, 4 * s.row)) {
    return {
      buffers: [s.buffer],
      columnBytes: 4 * s.column,
      rowBytes: 4 * s.row,
      ownRowBytes: null,
      bring: null,
      pushBase: (fn, image, block) => pushPlace(fn, s, frame, pointer, image, block),
    }
  }
  const wide = 4 * Math.ceil(frame.block / 4)
  const columnBytes = 4 * wide
  const rowBytes = frame.columns.extent * columnBytes
  if (s !== null && s.column === 1 && s.channel > 1 && frame.columns.extent >= 4) {
    const turn = emitTurn(module, name, frame.columns.extent, frame.block, 4 * s.channel)
    return {
      buffers: [s.buffer],
      columnBytes,
      rowBytes,
      ownRowBytes: rowBytes,
      pushBase: (fn, _image, _block, at) => at(fn),
      bring: (fn, image, block, from, to, at) => {
        fn.scope(() => {
          const [row, place] = [fn.local('i32', 'row'), fn.local('i32', 'place')]
          pushPlace(fn, s, frame, pointer, image, block)
          fn.set(place)
          fn.forLoop(row, from, to, 1, () => {
            fn.get(place).get(row).i32(4 * s.row).emit('i32.mul').emit('i32.add')
            at(fn)
            fn.get(row).i32(rowBytes).emit('i32.mul').emit('i32.add').call(turn)
          })
        })
      },
    }
  }
  const pack = emitLoop(packKernel(factor, frame, wide))
  return {
    buffers: pack.buffers.filter((b) => b !== ownBuffer),
    columnBytes,
    rowBytes,
    ownRowBytes: rowBytes,
    pushBase: (fn, _image, _block, at) => at(fn),
    bring: (fn, image, block, from, to, at) => {
      const first = (row: Local): void => {
        fn.get(image).i32(frame.blocks).emit('i32.mul').get(block).emit('i32.add').i32(frame.rows.extent).emit('i32.mul').get(row).emit('i32.add')
      }
      first(from)
      first(to)
      for (const b of pack.buffers) {
        if (b === ownBuffer) at(fn)
        else fn.get(pointer(b))
      }
      fn.call(pack.fn)
    },
  }
}

/** How the number of an image is made of those of its axes, the last the fastest. */
export function digitsOf({ batch, sizes }: Frame): { readonly below: number; readonly size: number; readonly last: boolean }[] {
  let below = 1
  const out = batch.toReversed().map((d, i) => {
    const digit = { below, size: sizes[d]!, last: i === batch.length - 1 }
    below *= sizes[d]!
    return digit
  })
  return out.reverse()
}

/** A function `(from, to)`: a row of each of `channels` channels, so many bytes apart, becomes columns of their channels, four by four. */
function emitTurn(module: ModuleBuilder, name: string, columns: number, channels: number, apart: number): FunctionRef {
  const fn = module.function(name, ['i32', 'i32'])
  const [from, to, c, at, out] = [fn.param(0), fn.param(1), fn.local('i32', 'c'), fn.local('i32', 'at'), fn.local('i32', 'out')]
  const square = (column: number): void => {
    fn.scope(() => {
      const read = (k: number): Local => {
        const v = fn.local('v128', 'row')
        fn.get(at).mem('v128.load', k * apart + 4 * column).set(v)
        return v
      }
      transposed(fn, [read(0), read(1), read(2), read(3)]).forEach((v, k) => fn.get(out).get(v).mem('v128.store', (column + k) * 4 * channels))
    })
  }
  fn.forLoop(c, 0, channels, 4, () => {
    fn.get(from).get(c).i32(apart).emit('i32.mul').emit('i32.add').set(at)
    fn.get(to).get(c).i32(2).emit('i32.shl').emit('i32.add').set(out)
    const whole = columns - (columns % 4)
    if (whole <= 16) for (let k = 0; k < whole; k += 4) square(k)
    else {
      const end = fn.local('i32', 'end')
      fn.get(at).i32(4 * whole).emit('i32.add').set(end)
      fn.loop((head) => {
        square(0)
        fn.get(out).i32(16 * channels).emit('i32.add').set(out)
        fn.get(at).i32(16).emit('i32.add').tee(at).get(end).emit('i32.lt_u').brIf(head)
      })
      fn.get(at).i32(4 * whole).emit('i32.sub').set(at)
      fn.get(out).i32(4 * whole * channels).emit('i32.sub').set(out)
    }
    // the last columns once more with those before them
    if (whole < columns) square(columns - 4)
  })
  return fn
}

/** Rows of all images and blocks, the rows of one the fastest, each as columns of its block's channels. */
function packKernel({ nodes }: Factor, frame: Frame, wide: number): LoopKernel {
  const { sizes, batch, rows, columns, channel, block, blocks } = frame
  const images = batch.reduce((n, d) => n * sizes[d]!, 1)
  const space = [images * blocks * rows.extent, columns.extent, block]
  const unit = dimIndex(0)
  const row = modIndex(unit, rows.extent, space)
  const upper = floorDivIndex(unit, rows.extent, space)
  const image = floorDivIndex(upper, blocks, space)
  const digits = digitsOf(frame)
  const into = (dim: number): Index => {
    if (dim === rows.tap || dim === columns.tap) return constantIndex(0)
    if (dim === rows.place) return addConstant(row, rows.low)
    if (dim === columns.place) return addConstant(dimIndex(1), columns.low)
    if (dim === channel) return addIndex(scaleIndex(modIndex(upper, blocks, space), block), dimIndex(2), space)
    const k = batch.indexOf(dim)
    const { below, size, last } = digits[k]!
    const quotient = floorDivIndex(image, below, space)
    return last ? quotient : modIndex(quotient, size, space)
  }
  const index: Index = substitute({ constant: 0, terms: [{ coefficient: columns.extent * wide, atom: { kind: 'dim', dim: 0 } }, { coefficient: wide, atom: { kind: 'dim', dim: 1 } }, { coefficient: 1, atom: { kind: 'dim', dim: 2 } }] }, (d) => (d === 0 ? row : dimIndex(d)), space)
  const packed = rewriteNodes(nodes, into, space)
  return { kind: 'loop', name: 'rows', space, stages: [{ kind: 'map', inner: [], nodes: packed, stores: [{ buffer: ownBuffer, index, node: packed.length - 1 }] }] }
}
