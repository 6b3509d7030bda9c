/**
 * The place of an extremum along an axis, [outer, axis, inner] to [outer, inner], of any sizes: along a row four of its elements a
 * step, down columns four of them side by side.
 */
import { sizeOf } from '../../../core/aval.ts'
import { type DType, dtypeInfo } from '../../../core/dtype.ts'
import type { Eqn } from '../../../core/jaxpr.ts'
import type { Accumulator } from '../../kernel-ir/index.ts'
import { type FunctionBuilder, type Local, ModuleBuilder } from '../asm/index.ts'
import { convert, finishAcross, finishLanes, keep, type Lanes, loadContiguous, reduceStep, startReduction, storeContiguous, type Value } from '../lanes/index.ts'
import { createHelpers } from '../math/index.ts'
import { entry } from './entry.ts'
import type { SizedForm } from './form.ts'

/** Narrower dtypes are accumulated in others: they have code of their own. */
const dtypes: ReadonlySet<DType> = new Set<DType>(['float32', 'float64', 'int32', 'uint32'])
/** Elements up to which code for the very shape would not be worth its compilation. */
const mostElements = 2 ** 15

export function argExtremumForm(e: Eqn): SizedForm | null {
  if (e.primitive !== 'argmax' && e.primitive !== 'argmin') return null
  const { shape, dtype } = e.inputs[0]!.aval
  const { axis } = e.params
  if (!dtypes.has(dtype) || sizeOf(shape) === 0 || sizeOf(shape) > mostElements) return null
  const to = e.outputs[0]!.aval.dtype
  const combine = e.primitive
  const inner = sizeOf(shape.slice(axis + 1))
  return {
    key: `${combine} ${dtype} ${to} ${inner === 1 ? 'rows' : 'columns'}`,
    emit: (shared) => emit(combine, dtype, to, inner === 1, shared),
    words: [sizeOf(shape.slice(0, axis)), shape[axis]!, inner],
    over: -1,
    scratchBytes: 0,
    sharedTime: 0,
  }
}

function emit(combine: 'argmax' | 'argmin', dtype: DType, to: DType, rows: boolean, shared: boolean): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder({ hoist: true })
  const { fn, pointers, word } = entry(module, 2, shared)
  const c = { fn, helpers: createHelpers(module) }
  const [from, out] = pointers as [Local, Local]
  const [outer, length, inner] = [word(0), word(1), word(2)]
  const { bytes } = dtypeInfo[dtype]
  const accumulator: Accumulator = { combine, dtype, node: 0, position: 1 }
  const i32 = (name: string): Local => fn.local('i32', name)
  const [o, k, at, address] = [i32('o'), i32('k'), i32('at'), i32('address')]

  /** Folds `length` steps of `step` elements, `stride` bytes apart for each element, into one accumulator. */
  const fold = (across: boolean, lanes: Lanes, stride: Local | null, finish: (value: Value) => void): void => {
    fn.scope(() => {
      const r = startReduction(c, accumulator, dtype, 1, false)
      const step = (count: Lanes): void => {
        fn.scope(() => {
          const x = loadContiguous(fn, dtype, count, { local: address, offset: 0 })
          reduceStep(c, r, 0, x, positionOf(fn, k, across), across ? count : 4, 'any')
        })
      }
      if (across) {
        const wide = i32('wide')
        fn.get(length).i32(-4).emit('i32.and').set(wide)
        fn.forLoop(k, 0, wide, 4, () => {
          step(4)
          fn.get(address).i32(4 * bytes).emit('i32.add').set(address)
        })
        fn.forLoop(k, wide, length, 1, () => {
          step(1)
          fn.get(address).i32(bytes).emit('i32.add').set(address)
        })
        finish(finishAcross(c, r))
      } else {
        fn.forLoop(k, 0, length, 1, () => {
          step(lanes)
          fn.get(address).get(stride!).emit('i32.add').set(address)
        })
        finish(finishLanes(c, r)[0]!)
      }
    })
  }
  const store = (lanes: Lanes, value: Value): void => {
    storeContiguous(fn, to, lanes, { local: out, offset: 0 }, convert(fn, 'int32', to, value))
    fn.get(out).i32(lanes * dtypeInfo[to].bytes).emit('i32.add').set(out)
  }
  if (rows) {
    fn.get(from).set(address)
    fn.forLoop(o, 0, outer, 1, () => fold(true, 1, null, (value) => store(1, value)))
    return module.toBytes()
  }
  const [wide, stride] = [i32('wide'), i32('stride')]
  fn.get(inner).i32(-4).emit('i32.and').set(wide)
  fn.get(inner).i32(bytes).emit('i32.mul').set(stride)
  const column = (lanes: Lanes): void => {
    fn.get(from).get(at).i32(bytes).emit('i32.mul').emit('i32.add').set(address)
    fold(false, lanes, stride, (value) => store(lanes, value))
  }
  fn.forLoop(o, 0, outer, 1, () => {
    fn.forLoop(at, 0, wide, 4, () => column(4))
    fn.forLoop(at, wide, inner, 1, () => column(1))
    fn.get(from).get(stride).get(length).emit('i32.mul').emit('i32.add').set(from)
  })
  return module.toBytes()
}

/** The positions of a step's elements: neighbours along a row, the same one down columns. */
function positionOf(fn: FunctionBuilder, k: Local, across: boolean): Local {
  fn.get(k).emit('i32x4.splat')
  if (across) fn.i32x4(0, 1, 2, 3).emit('i32x4.add')
  return keep(fn, 'position')
}
