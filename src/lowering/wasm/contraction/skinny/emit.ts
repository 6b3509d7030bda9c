/** Skinny products as WebAssembly: operands are gathered where they have to be, units of the product are computed, and results finished. */
import { mapTuple } from '../../../../core/map-tuple.ts'
import type { BufferId, ContractionKernel } from '../../../kernel-ir/index.ts'
import type { FunctionBuilder, Local, ModuleBuilder } from '../../asm/index.ts'
import type { EmittedPasses } from '../../emitted-units.ts'
import { keepsLoads } from '../../engine.ts'
import { scratchBuffers } from '../emitted.ts'
import { dots } from './dots.ts'
import { runLength, vectorOf } from './forms.ts'
import { planSkinny, type SkinnyPlan } from './plan.ts'
import { fillFactors, panelBytes, sweep } from './sweeps.ts'

/** Elements that a call should read at least. */
const callLeast = 16384
/** Vectors that are multiplied at once: their sums fill the registers. */
const vectorsAtOnce = 4
/** Rows that stay in the second-level cache until all vectors have been multiplied by them. */
const rowsAtOnce = 8

/** Null where the kernel is no skinny product, or its matrix is large and has to be computed. */
export function emitSkinny(module: ModuleBuilder, name: string, kernel: ContractionKernel): EmittedPasses | null {
  const plan = planSkinny(kernel, scratchBuffers)
  if (plan === null) return null
  const { batch, slices, blocks, block, slice, matrix, factors, out, results, depth, vectors } = plan
  const buffers = [...new Set([matrix.buffer, factors.buffer, out.buffer])]
  const fn = module.function(name, ['i32', 'i32', 'i32', ...buffers.map(() => 'i32' as const)], [])
  new Driver(module, fn, plan, buffers).emit()
  const units = batch * slices * blocks
  const elements = batch * results * depth
  const unitsPerCall = Math.max(1, Math.min(Math.ceil(callLeast / (block * slice)), Math.ceil(units / 8)))
  const { gathers: before, finish: after, scratch, scratchBytes } = plan
  const ownBytes = plan.form === 'sweeps' ? panelBytes(Math.min(vectors, vectorsAtOnce)) : 0
  return { before, fn, buffers, units, unitsPerCall, time: elements * (0.08 + 0.045 * vectors), after, scratch, scratchBytes, ownBytes }
}

class Driver {
  readonly #module: ModuleBuilder
  readonly #fn: FunctionBuilder
  readonly #plan: SkinnyPlan
  readonly #buffers: readonly BufferId[]

  constructor(module: ModuleBuilder, fn: FunctionBuilder, plan: SkinnyPlan, buffers: readonly BufferId[]) {
    this.#module = module
    this.#fn = fn
    this.#plan = plan
    this.#buffers = buffers
  }

  emit(): void {
    const fn = this.#fn
    const { batch, slices, slice, blocks, block, results, depth, matrix, factors, out, sliceBytes, form } = this.#plan
    const { bytes } = vectorOf(this.#plan.dtype)
    const names = ['unit', 'batch', 'slice', 'block', 'matrix', 'factors', 'out', 'count', 'steps'] as const
    const [unit, ofBatch, ofSlice, ofBlock, matrixAt, factorsAt, outAt, count, steps] = mapTuple(names, (name) => fn.local('i32', name))
    fn.forLoop(unit, fn.param(0), fn.param(1), 1, () => {
      this.#digit(unit, 1, blocks, slices * batch > 1, ofBlock)
      this.#digit(unit, blocks, slices, batch > 1, ofSlice)
      this.#digit(unit, blocks * slices, batch, false, ofBatch)
      const address = (at: Local, buffer: BufferId, start: number, parts: readonly (readonly [Local, number])[]): void => {
        fn.get(fn.param(3 + this.#buffers.indexOf(buffer)))
        if (start !== 0) fn.i32(start).emit('i32.add')
        for (const [digit, by] of parts) if (by !== 0) fn.get(digit).i32(by).emit('i32.mul').emit('i32.add')
        fn.set(at)
      }
      address(matrixAt, matrix.buffer, matrix.start, [[ofBatch, matrix.batch], [ofBlock, blocks > 1 ? block * matrix.free : 0], [ofSlice, slices > 1 ? slice * matrix.step : 0]])
      address(factorsAt, factors.buffer, factors.start, [[ofBatch, factors.batch], [ofSlice, slices > 1 ? slice * bytes : 0]])
      address(outAt, out.buffer, out.start, [[ofBatch, out.batch], [ofBlock, blocks > 1 ? block * out.free : 0], [ofSlice, slices > 1 ? sliceBytes : 0]])
      this.#left(count, ofBlock, block, results)
      this.#left(steps, ofSlice, slice, depth)
      if (form === 'dots') this.#dots(matrixAt, factorsAt, outAt, count, steps)
      else this.#sweeps(matrixAt, factorsAt, outAt, count, steps)
    })
  }

  /** A digit of the unit's number. */
  #digit(unit: Local, below: number, size: number, more: boolean, to: Local): void {
    const fn = this.#fn
    if (size === 1) {
      fn.i32(0).set(to)
      return
    }
    fn.get(unit)
    if (below > 1) fn.i32(below).emit('i32.div_u')
    if (more) fn.i32(size).emit('i32.rem_u')
    fn.set(to)
  }

  /** `size`, or what is left of `all` in the last part. */
  #left(to: Local, part: Local, size: number, all: number): void {
    const fn = this.#fn
    if (all % size === 0) {
      fn.i32(size).set(to)
      return
    }
    fn.i32(all).get(part).i32(size).emit('i32.mul').emit('i32.sub').tee(to).i32(size).get(to).i32(size).emit('i32.lt_u').select().set(to)
  }

  /** Calls `body` for up to four vectors at a time. */
  #eachGroup(body: (first: number, count: 1 | 2 | 3 | 4) => void): void {
    const { vectors } = this.#plan
    for (let first = 0; first < vectors; first += vectorsAtOnce) body(first, Math.min(vectorsAtOnce, vectors - first) as 1 | 2 | 3 | 4) // at least one is left
  }

  /** Pushes an address that is some steps on. */
  #moved(at: Local, by: number): FunctionBuilder {
    this.#fn.get(at)
    return by === 0 ? this.#fn : this.#fn.i32(by).emit('i32.add')
  }

  #dots(matrixAt: Local, factorsAt: Local, outAt: Local, count: Local, steps: Local): void {
    const fn = this.#fn
    const { dtype, matrix, factors, out, vectors, wide } = this.#plan
    const multiply = (rows: () => void): void =>
      this.#eachGroup((first, group) => {
        fn.get(matrixAt).i32(matrix.free)
        this.#moved(factorsAt, first * factors.free).i32(factors.free)
        this.#moved(outAt, first * out.step).i32(out.free).i32(out.step)
        rows()
        fn.get(steps).call(dots(this.#module, dtype, { count: group, whole: keepsLoads(), wide }))
      })
    if (vectors <= vectorsAtOnce) {
      multiply(() => fn.get(count))
      return
    }
    // few rows at a time, which all groups of vectors find in the cache
    const now = fn.local('i32', 'now')
    fn.loop((again) => {
      fn.get(count).i32(rowsAtOnce).get(count).i32(rowsAtOnce).emit('i32.lt_u').select().set(now)
      multiply(() => fn.get(now))
      for (const [at, by] of [[matrixAt, matrix.free], [outAt, out.free]] as const) fn.get(at).i32(rowsAtOnce * by).emit('i32.add').set(at)
      fn.get(count).get(now).emit('i32.sub').tee(count).brIf(again)
    })
  }

  #sweeps(matrixAt: Local, factorsAt: Local, outAt: Local, count: Local, steps: Local): void {
    const fn = this.#fn
    const { dtype, matrix, factors, out, vectors } = this.#plan
    const { bytes } = vectorOf(dtype)
    for (let t = 0; t < vectors; t++) this.#moved(outAt, t * out.step).i32(0).get(count).i32(bytes).emit('i32.mul').bulk('memory.fill')
    for (const rows of [runLength, 1] as const) {
      fn.block((done) => {
        fn.loop((again) => {
          fn.get(steps).i32(rows).emit('i32.lt_u').brIf(done)
          this.#eachGroup((first, group) => {
            this.#moved(factorsAt, first * factors.free).i32(factors.free).get(fn.param(2)).call(fillFactors(this.#module, dtype, rows, group))
            fn.get(matrixAt).i32(matrix.step).get(fn.param(2))
            this.#moved(outAt, first * out.step).i32(out.step)
            fn.get(count).call(sweep(this.#module, dtype, rows, group, keepsLoads()))
          })
          for (const [at, by] of [[matrixAt, matrix.step], [factorsAt, bytes]] as const) fn.get(at).i32(rows * by).emit('i32.add').set(at)
          fn.get(steps).i32(rows).emit('i32.sub').set(steps).br(again)
        })
      })
    }
  }
}
