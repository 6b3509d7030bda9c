/**
 * Elementwise operations on long arrays of any length: blocks of so many elements, with the code that an array of that length
 * would have, which threads share; and what is left, four elements a step.
 */
import { type DType, dtypeInfo } from '../../../core/dtype.ts'
import { dimIndex, type LoopKernel, type Node } from '../../kernel-ir/index.ts'
import { timeOf } from '../arrange/index.ts'
import { type Local, ModuleBuilder } from '../asm/index.ts'
import type { EmittedUnits } from '../emitted-units.ts'
import { emitLoopKernel } from '../emit/index.ts'
import { createHelpers } from '../math/index.ts'
import { beginClaims, claimShares } from '../threads/index.ts'
import { entry } from './entry.ts'

/** Elements of a block. */
const log2Block = 13
const block = 2 ** log2Block
/** What is left, in parts of so many elements. */
const rests = [256, 4, 1]
/** How often blocks run for one call, at least: their code is worth as much. */
const times = 8

export type Apply = Extract<Node, { op: 'apply' }>
export interface Operand {
  readonly dtype: DType
  readonly single: boolean
}

/** The operation on an array of `length` elements. */
function kernelOf(node: Apply, operands: readonly Operand[], length: number): LoopKernel {
  const loads = operands.map(({ dtype, single }, buffer): Node => ({ op: 'load', dtype, buffer, index: single ? { constant: 0, terms: [] } : dimIndex(0), guards: [], otherwise: 0 }))
  return { kind: 'loop', name: '', space: [length], stages: [{ kind: 'map', inner: [], nodes: [...loads, node], stores: [{ buffer: operands.length, index: dimIndex(0), node: operands.length }] }] }
}

/** Nanoseconds of one thread, roughly. */
export const timeOfBlocks = (node: Apply, operands: readonly Operand[], elements: number): number => timeOf(kernelOf(node, operands, elements))

/** As `emit` of elementwise.ts; the number of elements is the only word. */
export function emitBlocks(node: Apply, operands: readonly Operand[], shared: boolean): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder({ hoist: true })
  const { fn: run, pointers, word } = entry(module, operands.length + 1, shared)
  const helpers = createHelpers(module)
  const code = (name: string, length: number): EmittedUnits => emitLoopKernel(module, helpers, name, kernelOf(node, operands, length), { fixedOuter: false, times: length === block ? times : 1 })
  const whole = code('block', block)
  const bytes = [...operands.map(({ dtype, single }) => (single ? 0 : dtypeInfo[dtype].bytes)), dtypeInfo[node.dtype].bytes]
  const n = word(0)
  const blocks = run.local('i32', 'blocks')
  run.get(n).i32(log2Block).emit('i32.shr_u').set(blocks)
  /** Calls code at an element. */
  const call = ({ fn, units }: EmittedUnits, at: Local): void => {
    run.i32(0).i32(units)
    pointers.forEach((pointer, i) => {
      run.get(pointer)
      if (bytes[i]! > 0) run.get(at).i32(bytes[i]!).emit('i32.mul').emit('i32.add')
    })
    run.call(fn)
  }
  const [at, end, number] = [run.local('i32', 'at'), run.local('i32', 'end'), run.local('i32', 'number')]
  run.get(run.param(0)).emit('i32.eqz').if(() => {
    run.get(blocks).i32(log2Block).emit('i32.shl').set(at)
    for (const length of rests) {
      const rest = code(`rest${length}`, length)
      // up to the last whole one of these
      run.get(n).i32(-length).emit('i32.and').set(end)
      run.forLoop(at, at, end, length, () => call(rest, at))
    }
  })
  const some = (first: Local, last: Local): void => {
    run.forLoop(number, first, last, 1, () => {
      run.get(number).i32(log2Block).emit('i32.shl').set(at)
      call(whole, at)
    })
  }
  if (shared) claimShares(run, beginClaims(run), blocks, 1, some)
  else {
    run.i32(0).set(end)
    some(end, blocks)
  }
  return module.toBytes()
}
