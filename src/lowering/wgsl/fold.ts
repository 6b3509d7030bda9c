/** Accumulators of reductions: their variables, and the statements that fold into them, in one invocation and across a workgroup. */
import { type DType, dtypeInfo } from '../../core/dtype.ts'
import type { Accumulator, Combine } from '../kernel-ir/index.ts'
import { inRange } from './apply.ts'
import { block } from './module-text.ts'
import { fromStored, literalOf, storedType, toStored, typeOf } from './types.ts'

/** The invocations that work on one point, as they stand in the workgroup. */
export interface Lanes {
  /** A power of two. */
  readonly count: number
  /** From one lane of a point to the next in `local`. */
  readonly step: number
  /** The first lane's `local`, as text. */
  readonly first: string
}

/** One accumulator: its variable, and the statements that fold into it. */
export class Fold {
  readonly of: Accumulator
  readonly name: string
  constructor(of: Accumulator, name: string) {
    this.of = of
    this.name = name
  }
  /** Whether the result is a position. */
  get places(): boolean {
    return this.of.position !== null
  }
  /** The variable of the extremum itself, where the result is its position. */
  get value(): string {
    return this.places ? `${this.name}_value` : this.name
  }
  start(): string {
    const { combine, dtype } = this.of
    const value = `var ${this.value} = ${identityOf(combine, dtype)};`
    // Position -1: nothing taken yet.
    return this.places ? `${value} var ${this.name} = -1i;` : value
  }
  take(value: string, position: string): string {
    const { combine, dtype } = this.of
    if (!this.places) return `${this.value} = ${combineText(combine, dtype, this.value, value)};`
    return `if ((${this.name} < 0i) | ${beatsText(combine, dtype, value, this.value)}) { ${this.value} = ${value}; ${this.name} = ${position}; }`
  }
  /** Takes the result of another fold over later or earlier elements; position -1 is nothing. The earlier of equal extrema stays: positions increase. */
  #merge(value: string, position: string): string {
    if (!this.places) return this.take(value, position)
    const { combine, dtype } = this.of
    const better = beatsText(combine, dtype, value, this.value)
    const worse = beatsText(combine, dtype, this.value, value)
    return `if ((${position} >= 0i) & ((${this.name} < 0i) | ${better} | (!${worse} & (${position} < ${this.name})))) { ${this.value} = ${value}; ${this.name} = ${position}; }`
  }
  mergePartial(value: string, position: string): string[] {
    return this.places ? [`let other_at = ${position};`, `let other = ${value};`, this.#merge('other', 'other_at')] : [this.take(value, '')]
  }

  /** In workgroup memory: a slot of its own for each accumulator that folds at the same time. */
  shared(slot: number, threads: number): string[] {
    const type = storedType(this.of.dtype)
    return [`var<workgroup> w${slot}_${typeName(type)}: array<${type}, ${threads}>;`, ...(this.places ? [`var<workgroup> w${slot}_at: array<i32, ${threads}>;`] : [])]
  }
  #slot(slot: number): string {
    return `w${slot}_${typeName(storedType(this.of.dtype))}`
  }
  put(slot: number): string {
    return `${this.#slot(slot)}[local] = ${toStored(this.of.dtype, this.value)};${this.places ? ` w${slot}_at[local] = ${this.name};` : ''}`
  }
  /** Takes what the lane `far` further on has. */
  takeFrom(slot: number, { step }: Lanes, far: string): string[] {
    const other = step === 1 ? `local + ${far}` : `local + ${far} * ${step}i`
    return this.mergePartial(fromStored(this.of.dtype, `${this.#slot(slot)}[${other}]`), `w${slot}_at[${other}]`)
  }
  get(slot: number, { first }: Lanes): string {
    return `${this.value} = ${fromStored(this.of.dtype, `${this.#slot(slot)}[${first}]`)};${this.places ? ` ${this.name} = w${slot}_at[${first}];` : ''}`
  }
}

const typeName = (type: string): string => (type === 'vec2<u32>' ? 'v' : type)

/** What trees are made with: invocations of the workgroup, bytes of its memory, and where declarations of what stands there go. */
export interface Workgroup {
  readonly threads: number
  readonly bytes: number
  readonly declare: (line: string) => void
}

/**
 * Quarters of the lanes meet until one is left, which every lane then reads. Sums so depend on the shape alone; those of subgroups would depend on
 * a size that drivers choose, even from one shader to the next. Trees share their barriers as long as they take half of the memory.
 */
export function treeText(folds: readonly Fold[], lanes: Lanes, { threads, bytes, declare }: Workgroup): string[] {
  const lines: string[] = []
  // A value and a position each.
  const together = Math.max(1, Math.floor(bytes / 2 / (8 * threads)))
  for (let at = 0; at < folds.length; at += together) {
    const some = folds.slice(at, at + together)
    some.forEach((f, slot) => f.shared(slot, threads).forEach(declare))
    const takes = (far: string): string[] => some.map((f, slot) => block('', f.takeFrom(slot, lanes, far)).trimStart())
    const puts = some.map((f, slot) => f.put(slot))
    lines.push(...puts, 'workgroupBarrier();')
    // Lanes that are no power of four are halved once.
    const quarters = 4 ** Math.floor(Math.log2(lanes.count) / 2)
    if (quarters < lanes.count) lines.push(block(`if (lane < ${quarters}i)`, [...takes(`${quarters}i`), ...puts]), 'workgroupBarrier();')
    lines.push(
      block(`for (var left = ${quarters / 4}i; left > 0i; left /= 4i)`, [
        block('if (lane < left)', [block('for (var n = 1i; n < 4i; n++)', takes('n * left')), ...puts]),
        'workgroupBarrier();',
      ]),
      ...some.map((f, slot) => f.get(slot, lanes)),
      'workgroupBarrier();',
    )
  }
  return lines
}

const lowest: Partial<Record<DType, number>> = { int8: -128, int16: -32768, int32: -(2 ** 31) }
const highest: Partial<Record<DType, number>> = { int8: 127, int16: 32767, int32: 2 ** 31 - 1, uint8: 255, uint16: 65535, uint32: 2 ** 32 - 1 }

export function identityOf(combine: Combine, dtype: DType): string {
  const float = dtypeInfo[dtype].kind === 'float'
  switch (combine) {
    case 'sum':
    case 'or':
    case 'xor':
      return literalOf(dtype, 0)
    case 'prod':
      return literalOf(dtype, 1)
    case 'and':
      return dtype === 'bool' ? 'true' : literalOf(dtype, dtypeInfo[dtype].kind === 'int' ? -1 : highest[dtype]!)
    case 'max':
    case 'argmax':
    case 'selectGe':
      return literalOf(dtype, float ? -Infinity : (lowest[dtype] ?? 0))
    case 'min':
    case 'argmin':
    case 'selectLe':
      return literalOf(dtype, float ? Infinity : (highest[dtype] ?? 1))
  }
}

export function combineText(combine: Combine, dtype: DType, a: string, b: string): string {
  const type = typeOf(dtype)
  const bool = type === 'bool'
  const f = type === 'f32'
  switch (combine) {
    case 'sum':
      return inRange(dtype, bool ? `(${a} | ${b})` : `(${a} + ${b})`)
    case 'prod':
      return inRange(dtype, bool ? `(${a} & ${b})` : `(${a} * ${b})`)
    case 'max':
      return bool ? `(${a} | ${b})` : `${f ? 'max_f' : 'max'}(${a}, ${b})`
    case 'min':
      return bool ? `(${a} & ${b})` : `${f ? 'min_f' : 'min'}(${a}, ${b})`
    case 'and':
      return `(${a} & ${b})`
    case 'or':
      return `(${a} | ${b})`
    case 'xor':
      return bool ? `(${a} != ${b})` : `(${a} ^ ${b})`
    case 'argmax':
    case 'argmin':
    case 'selectGe':
    case 'selectLe':
      return b
  }
}

/** Whether x takes the place of the best so far: greater (less), or the first NaN; of selects, a NaN takes any place and keeps none. */
function beatsText(combine: Combine, dtype: DType, x: string, best: string): string {
  const sign = combine === 'argmax' || combine === 'selectGe' ? '>' : '<'
  if (typeOf(dtype) === 'bool') return `(u32(${x}) ${sign} u32(${best}))`
  if (typeOf(dtype) !== 'f32') return `(${x} ${sign} ${best})`
  // NaN by its bits: compilers may take comparisons for those of numbers
  if (combine === 'selectGe' || combine === 'selectLe') return `(is_nan(${best}) | is_nan(${x}) | (${x} ${sign} ${best}))`
  return `(!is_nan(${best}) & (is_nan(${x}) | (${x} ${sign} ${best})))`
}
