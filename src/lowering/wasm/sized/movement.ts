/**
 * Operations that only move elements, as strided copies: transpose, broadcast, reverse, slice, pad, concatenate, and reductions
 * over axes of one element. One module an element width and number of operands; offsets, sizes and strides are read at run time.
 */
import { type Shape, sizeOf } from '../../../core/aval.ts'
import { dtypeInfo } from '../../../core/dtype.ts'
import type { Eqn } from '../../../core/jaxpr.ts'
import { type FunctionBuilder, type Local, ModuleBuilder } from '../asm/index.ts'
import { entry } from './entry.ts'
import type { SizedForm } from './form.ts'

interface Axis {
  readonly size: number
  /** In elements. */
  readonly from: number
  readonly to: number
}
/** Elements of one operand that go to the result. */
interface Copy {
  readonly operand: number
  readonly from: number
  readonly to: number
  readonly axes: readonly Axis[]
}

/** Axes of a copy, after those that lie side by side are one. */
const rank = 5
const wordsOfCopy = 3 + 3 * rank
/** Elements of a row that is copied as fast as memory goes. */
const longRow = 32
/** Copies of one operation: more operands than this are concatenated by code of their own. */
const mostCopies = 16

/** Of any size where whole rows are copied, as in batches of a data set; what moves element by element only where it is `small`. */
export function movementForm(e: Eqn, small: boolean): SizedForm | null {
  const copies = copiesOf(e)
  if (copies === null || copies.length > mostCopies) return null
  const { bytes } = dtypeInfo[e.outputs[0]!.aval.dtype]
  const words: number[] = [e.primitive === 'pad' ? sizeOf(e.outputs[0]!.aval.shape) : 0, copies.length]
  for (const copy of copies) {
    const axes = merged(copy.axes)
    if (axes.length > rank) return null
    const row = axes.at(-1)
    if (!small && (e.primitive === 'pad' || row === undefined || row.size < longRow || row.from !== 1 || row.to !== 1)) return null
    const all = [...Array.from({ length: rank - axes.length }, (): Axis => ({ size: 1, from: 0, to: 0 })), ...axes]
    words.push(4 * copy.operand, copy.from * bytes, copy.to * bytes, ...all.flatMap((a) => [a.size, a.from * bytes, a.to * bytes]))
  }
  return { key: `move ${bytes} ${e.inputs.length}`, emit: (shared) => emit(bytes, e.inputs.length, shared), words, over: -1, scratchBytes: 0, sharedTime: 0 }
}

const stridesOf = (shape: Shape): number[] => shape.map((_, d) => sizeOf(shape.slice(d + 1)))

function copiesOf(e: Eqn): readonly Copy[] | null {
  const shape = e.inputs[0]?.aval.shape ?? []
  const out = e.outputs[0]!.aval.shape
  const [from, to] = [stridesOf(shape), stridesOf(out)]
  const copy = (axes: readonly Axis[], start = 0, end = 0, operand = 0): Copy => ({ operand, from: start, to: end, axes })
  switch (e.primitive) {
    case 'transpose':
      return [copy(e.params.permutation.map((p, d) => ({ size: out[d]!, from: from[p]!, to: to[d]! })))]
    case 'broadcastInDim': {
      const axes = out.map((size, d): Axis => {
        const k = e.params.broadcastDimensions.indexOf(d)
        return { size, from: k < 0 || shape[k] === 1 ? 0 : from[k]!, to: to[d]! }
      })
      return [copy(axes)]
    }
    case 'rev': {
      const reversed = (d: number): boolean => e.params.dimensions.includes(d)
      const start = shape.reduce((n, size, d) => n + (reversed(d) ? (size - 1) * from[d]! : 0), 0)
      return [copy(shape.map((size, d) => ({ size, from: reversed(d) ? -from[d]! : from[d]!, to: to[d]! })), start)]
    }
    case 'slice': {
      const { startIndices, strides } = e.params
      const start = startIndices.reduce((n, s, d) => n + s * from[d]!, 0)
      return [copy(out.map((size, d) => ({ size, from: strides[d]! * from[d]!, to: to[d]! })), start)]
    }
    case 'concatenate': {
      let at = 0
      return e.inputs.map(({ aval }, operand) => {
        const strides = stridesOf(aval.shape)
        const end = at * to[e.params.dimension]!
        at += aval.shape[e.params.dimension]!
        return copy(aval.shape.map((size, d) => ({ size, from: strides[d]!, to: to[d]! })), 0, end, operand)
      })
    }
    case 'pad': {
      let [start, end] = [0, 0]
      const axes = e.params.paddingConfig.map(([low, , interior], d): Axis => {
        const apart = interior + 1
        // Of element i, which goes to low + i · apart: those that stay within the result.
        const first = Math.max(0, Math.ceil(-low / apart))
        const last = Math.min(shape[d]! - 1, Math.floor((out[d]! - 1 - low) / apart))
        start += first * from[d]!
        end += (low + first * apart) * to[d]!
        return { size: Math.max(0, last - first + 1), from: from[d]!, to: apart * to[d]! }
      })
      return [copy(axes, start, end)]
    }
    case 'reduceSum':
    case 'reduceProd':
    case 'reduceMax':
    case 'reduceMin':
    case 'reduceAnd':
    case 'reduceOr':
    case 'reduceXor':
      return e.params.axes.every((d) => shape[d] === 1) ? [copy([{ size: sizeOf(shape), from: 1, to: 1 }])] : null
    default:
      return null
  }
}

/** Without axes of one element, and neighbours that are one longer axis on both sides as that; none where there is nothing to copy. */
function merged(axes: readonly Axis[]): Axis[] {
  if (axes.some((a) => a.size === 0)) return [{ size: 0, from: 0, to: 0 }]
  const out: Axis[] = []
  for (const axis of axes) {
    if (axis.size === 1) continue
    const outer = out.at(-1)
    if (outer !== undefined && outer.from === axis.size * axis.from && outer.to === axis.size * axis.to) out[out.length - 1] = { ...axis, size: outer.size * axis.size }
    else out.push(axis)
  }
  return out
}

const moves = {
  1: { load: 'i32.load8_u', store: 'i32.store8', type: 'i32' },
  2: { load: 'i32.load16_u', store: 'i32.store16', type: 'i32' },
  4: { load: 'i32.load', store: 'i32.store', type: 'i32' },
  8: { load: 'i64.load', store: 'i64.store', type: 'i64' },
  16: { load: 'v128.load', store: 'v128.store', type: 'v128' },
} as const

function emit(bytes: keyof typeof moves, operands: number, shared: boolean): Uint8Array<ArrayBuffer> {
  const { load, store, type } = moves[bytes]
  const module = new ModuleBuilder()
  const { fn, pointers, sizes, word } = entry(module, operands + 1, shared)
  const out = pointers.at(-1)!
  const i32 = (name: string): Local => fn.local('i32', name)
  // A pad's value first, everywhere; then what is copied over it.
  if (operands > 1) {
    const [padded, at, end, value] = [word(0), i32('at'), i32('end'), fn.local(type, 'value')]
    fn.get(padded).if(() => {
      fn.get(pointers[1]!).mem(load).set(value)
      fn.get(out).get(padded).i32(bytes).emit('i32.mul').emit('i32.add').set(end)
      fn.forLoop(at, out, end, bytes, () => void fn.get(at).get(value).mem(store))
    })
  }
  const [copies, number, base, args] = [word(1), i32('number'), i32('base'), fn.param(2)]
  fn.get(sizes).i32(8).emit('i32.add').set(base)
  fn.forLoop(number, 0, copies, 1, () => {
    fn.scope(() => {
      const at = (name: string, i: number): Local => {
        const local = i32(name)
        fn.get(base).mem('i32.load', 4 * i).set(local)
        return local
      }
      const [from, to] = [i32('from'), i32('to')]
      // The operand's address is in the list of addresses.
      fn.get(args).get(base).mem('i32.load').emit('i32.add').mem('i32.load', 4).get(base).mem('i32.load', 4).emit('i32.add').set(from)
      fn.get(out).get(base).mem('i32.load', 8).emit('i32.add').set(to)
      const axes = Array.from({ length: rank }, (_, d) => ({ size: at('size', 3 + 3 * d), from: at('fromStep', 4 + 3 * d), to: at('toStep', 5 + 3 * d) }))
      walk(fn, axes, from, to, (x, y) => void fn.get(y).get(x).mem(load).mem(store), bytes)
    })
    fn.get(base).i32(4 * wordsOfCopy).emit('i32.add').set(base)
  })
  return module.toBytes()
}

interface Loops {
  readonly size: Local
  readonly from: Local
  readonly to: Local
}

/** Loops over all axes; rows that are contiguous on both sides go as one. */
function walk(fn: FunctionBuilder, axes: readonly Loops[], from: Local, to: Local, element: (from: Local, to: Local) => void, bytes: number): void {
  const [axis, ...inner] = axes
  if (axis === undefined) return element(from, to)
  const loop = (): void => {
    const [i, x, y] = [fn.local('i32', 'i'), fn.local('i32', 'x'), fn.local('i32', 'y')]
    fn.get(from).set(x).get(to).set(y)
    fn.forLoop(i, 0, axis.size, 1, () => {
      walk(fn, inner, x, y, element, bytes)
      fn.get(x).get(axis.from).emit('i32.add').set(x)
      fn.get(y).get(axis.to).emit('i32.add').set(y)
    })
  }
  if (inner.length > 0) return loop()
  fn.get(axis.from).i32(bytes).emit('i32.eq').get(axis.to).i32(bytes).emit('i32.eq').emit('i32.and')
  fn.if(
    () => void fn.get(to).get(from).get(axis.size).i32(bytes).emit('i32.mul').bulk('memory.copy'),
    loop,
  )
}
