/**
 * Rows of a matrix, one for each step of k, times one factor of each of a few vectors, added to as many rows of results: the
 * matrix is read as it lies, a run of rows side by side, which are as many streams.
 *
 * The products of a run are added up before they reach a result, and what calls this begins new results for each total. Those of one
 * vector are added up in the order of forms.ts, those of several one after the other.
 */
import { mapTuple } from '../../../../core/map-tuple.ts'
import type { FunctionBuilder, FunctionRef, Local, ModuleBuilder } from '../../asm/index.ts'
import { instructions } from '../sum-type.ts'
import { runLength, runOrder, type SkinnyType, vectorOf } from './forms.ts'

/** Bytes of a panel of factors. */
export const panelBytes = (count: number): number => runLength * count * 16

/**
 * A function `(vectors, vector, panel)`: the next factors of `count` vectors, `vector` bytes apart, to a panel in which each fills a
 * vector: [step][vector][16 bytes]. What a sweep multiplies by is then one instruction.
 */
export function fillFactors(module: ModuleBuilder, dtype: SkinnyType, rows: number, count: number): FunctionRef {
  const name = `factors${rows}x${count}_${dtype}`
  const known = module.lookup(name)
  if (known !== null) return known
  const fn = module.function(name, ['i32', 'i32', 'i32'], [])
  const [vectors, vector, panel] = [fn.param(0), fn.param(1), fn.param(2)]
  const { bytes } = vectorOf(dtype)
  for (let t = 0; t < count; t++) {
    for (let r = 0; r < rows; r++) fn.get(panel).get(vectors).mem(instructions[dtype].splat, r * bytes).mem('v128.store', 16 * (r * count + t))
    if (t + 1 < count) fn.get(vectors).get(vector).emit('i32.add').set(vectors)
  }
  return fn
}

/**
 * A function `(matrix, row, panel, out, outVector, columns)`: adds `rows` rows of `columns` elements, `row` bytes apart, times the
 * factors of `count` vectors in a panel, to results `outVector` bytes apart. `whole`: as in `dots`.
 */
export function sweep(module: ModuleBuilder, dtype: SkinnyType, rows: 1 | typeof runLength, count: 1 | 2 | 3 | 4, whole: boolean): FunctionRef {
  const name = `sweep${rows}x${count}_${dtype}`
  const known = module.lookup(name)
  if (known !== null) return known
  const fn = module.function(name, ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], [])
  const [matrix, , panel, out, outVector, columns] = mapTuple([0, 1, 2, 3, 4, 5], (i) => fn.param(i))
  const { lanes, bytes } = vectorOf(dtype)
  const left = fn.local('i32', 'left')
  const outAt = [out, ...Array.from({ length: count - 1 }, () => fn.local('i32', 'result'))]
  for (let t = 1; t < count; t++) fn.get(outAt[t - 1]!).get(outVector).emit('i32.add').set(outAt[t]!)
  // factors of one vector stay in registers
  const factors = count > 1 ? null : Array.from({ length: rows }, (_, r) => {
    const factor = fn.local('v128', 'factor')
    fn.get(panel).mem('v128.load', 16 * r).set(factor)
    return factor
  })
  const never = whole ? null : fn.local('i32', 'never')
  // never set: there is no memory for so many columns, but engines do not know
  if (never !== null) fn.get(columns).i32(31).emit('i32.shr_u').set(never)
  const step: Step = { fn, dtype, rows, count, outAt, factors, never }
  // as many vectors at once as registers hold, then one, then single elements
  for (const [vectors, element] of [[count <= 2 && whole ? 4 : 2, false], [1, false], [1, true]] as const) {
    const elements = element ? 1 : lanes * vectors
    fn.get(columns).i32(Math.log2(elements)).emit('i32.shr_u').tee(left)
    fn.if(() => {
      fn.get(columns).i32(elements - 1).emit('i32.and').set(columns)
      fn.loop((head) => {
        fn.scope(() => (factors === null ? sweepSeveral(step, vectors, element) : sweepOne(step, factors, vectors, element)))
        for (const p of [matrix, ...outAt]) fn.get(p).i32(element ? bytes : 16 * vectors).emit('i32.add').set(p)
        fn.get(left).i32(1).emit('i32.sub').tee(left).brIf(head)
      })
    })
  }
  return fn
}

interface Step {
  readonly fn: FunctionBuilder
  readonly dtype: SkinnyType
  readonly rows: number
  readonly count: number
  readonly outAt: readonly Local[]
  readonly factors: readonly Local[] | null
  readonly never: Local | null
}

const loadOf = (dtype: SkinnyType, element: boolean): 'v128.load' | 'v128.load32_zero' | 'v128.load64_zero' => (!element ? 'v128.load' : vectorOf(dtype).bytes === 4 ? 'v128.load32_zero' : 'v128.load64_zero')

/** Adds a sum to vector j of the results of vector t. */
function addTo({ fn, dtype, outAt }: Step, t: number, j: number, sum: Local, element: boolean): void {
  fn.get(outAt[t]!).get(outAt[t]!).mem(loadOf(dtype, element), 16 * j).get(sum).emit(instructions[dtype].add)
  if (!element) fn.mem('v128.store', 16 * j)
  else fn.memLane(vectorOf(dtype).bytes === 4 ? 'v128.store32_lane' : 'v128.store64_lane', 0)
}

/** Of one vector: in the order of forms.ts. */
function sweepOne(step: Step, factors: readonly Local[], vectors: number, element: boolean): void {
  const { fn, dtype, never } = step
  const { mul, add } = instructions[dtype]
  const [matrix, row] = [fn.param(0), fn.param(1)]
  const rowAt = [matrix, ...factors.slice(1).map(() => fn.local('i32', 'row'))]
  for (let r = 1; r < rowAt.length; r++) fn.get(rowAt[r - 1]!).get(row).emit('i32.add').set(rowAt[r]!)
  for (let j = 0; j < vectors; j++) {
    // sums of two and of four products are closed as soon as there are two of them
    const open: Local[] = []
    fn.block((exit) => {
      for (const [i, r] of runOrder.slice(0, factors.length).entries()) {
        fn.get(rowAt[r]!).mem(loadOf(dtype, element), 16 * j).get(factors[r]!).emit(mul)
        for (let closes = i; closes % 2 === 1; closes >>= 1) {
          const other = open.pop()!
          fn.get(other).emit(add).free(other)
        }
        const sum = fn.local('v128', 'sum')
        fn.set(sum)
        open.push(sum)
        // ends the basic block, out of which loads could be moved; never twice with one condition, which would be asked only once
        if (never !== null && i > 0) fn.get(never).i32(j * factors.length + i).emit('i32.gt_u').brIf(exit)
      }
    })
    addTo(step, 0, j, open[0]!, element)
    fn.free(...open)
  }
}

/** Of several vectors: the products of a result one after the other, since sums of sums would not stay in the registers. */
function sweepSeveral(step: Step, vectors: number, element: boolean): void {
  const { fn, dtype, rows, count, factors, never } = step
  const { mul, add } = instructions[dtype]
  const load = loadOf(dtype, element)
  const [matrix, row, panel] = [fn.param(0), fn.param(1), fn.param(2)]
  const sums = Array.from({ length: count }, () => Array.from({ length: vectors }, () => fn.local('v128', 'sum')))
  const values = Array.from({ length: vectors }, () => fn.local('v128', 'value'))
  const at = fn.local('i32', 'at')
  const own = factors === null ? fn.local('v128', 'factor') : null
  fn.get(matrix).set(at)
  fn.block((exit) => {
    for (let r = 0; r < rows; r++) {
      values.forEach((v, j) => fn.get(at).mem(load, 16 * j).set(v))
      for (let t = 0; t < count; t++) {
        if (own !== null) fn.get(panel).mem('v128.load', 16 * (r * count + t)).set(own)
        values.forEach((v, j) => {
          const sum = sums[t]![j]!
          fn.get(v).get(own ?? factors![r]!).emit(mul)
          if (r > 0) fn.get(sum).emit(add)
          fn.set(sum)
        })
        // ends the basic block, out of which loads could be moved; never twice with one condition, which would be asked only once
        if (never !== null && r > 0) fn.get(never).i32(r * count + t).emit('i32.gt_u').brIf(exit)
      }
      if (r + 1 < rows) fn.get(at).get(row).emit('i32.add').set(at)
    }
  })
  for (const [t, ofVector] of sums.entries()) for (const [j, sum] of ofVector.entries()) addTo(step, t, j, sum, element)
}
