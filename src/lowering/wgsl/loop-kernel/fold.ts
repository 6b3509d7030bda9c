/** Accumulators of reductions: their variables, and the statements that fold into them, in one invocation and across a workgroup. */
import { type DType, dtypeInfo } from '../../../core/dtype.ts'
import type { Accumulator, Combine } from '../../kernel-ir/index.ts'
import { inRange } from '../expression/apply.ts'
import { block } from '../shader/module-text.ts'
import { fromStored, literalOf, storedType, toStored, typeOf } from '../shader/types.ts'

/** The invocations that work on one point, as they stand in the workgroup. */
export interface Lanes {
  /** A power of two. */
  readonly count: number
  /** From one lane of a point to the next in `local`. */
  readonly step: number
  /** The first lane's `local`, as text. */
  readonly first: string
}

/**
 * What a sum runs in, its own variable aside: `pair`, a sum of sums of blocks, in pairs of float32; `quad`, the sums of what stands at places that leave the same
 * remainder by four. It has its variable when it is finished.
 */
export type FoldForm = 'plain' | 'pair' | 'quad'

/** One accumulator: its variable, and the statements that fold into it. */
export class Fold {
  readonly of: Accumulator
  readonly name: string
  readonly form: FoldForm
  constructor(of: Accumulator, name: string, form: FoldForm = 'plain') {
    this.of = of
    this.name = name
    this.form = form
  }
  /** Whether the result is a position. */
  get places(): boolean {
    return this.of.position !== null
  }
  /** The variable of the extremum itself, where the result is its position. */
  get value(): string {
    return this.places || this.form !== 'plain' ? `${this.name}_${this.places ? 'value' : this.form}` : this.name
  }
  start(): string {
    const { combine, dtype } = this.of
    if (this.form === 'pair') return `var ${this.value} = vec2<f32>(); var ${this.name}_block = 0.0f;`
    if (this.form === 'quad') return `var ${this.value} = vec4<f32>();`
    const value = `var ${this.value} = ${identityOf(combine, dtype)};`
    // Position -1: nothing taken yet.
    return this.places ? `${value} var ${this.name} = -1i;` : value
  }
  /** `position`: where the result is one, that of the element in the operand; of a quad its number, `e`. */
  take(value: string, position: string): string {
    const { combine, dtype } = this.of
    if (this.form === 'pair') return `${this.name}_block += ${value};`
    if (this.form === 'quad') return `${this.value} += select(vec4<f32>(), vec4<f32>(${value}), vec4<i32>(e & 3i) == vec4<i32>(0i, 1i, 2i, 3i));`
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
  /** A block of elements has been taken. */
  endBlock(): string[] {
    return this.form === 'pair' ? [`${this.value} = add_pairs(${this.value}, vec2<f32>(${this.name}_block, 0.0f));`, `${this.name}_block = 0.0f;`] : []
  }
  /** All has been taken. */
  finish(): string[] {
    if (this.form === 'pair') return [`let ${this.name} = ${this.value}.x + ${this.value}.y;`]
    return this.form === 'quad' ? [`let ${this.name} = (${this.value}.x + ${this.value}.z) + (${this.value}.y + ${this.value}.w);`] : []
  }
  mergePartial(value: string, position: string): string[] {
    if (this.form === 'pair') return [`${this.value} = add_pairs(${this.value}, ${value});`]
    return this.places ? [`let other_at = ${position};`, `let other = ${value};`, this.#merge('other', 'other_at')] : [this.take(value, '')]
  }

  /** In workgroup memory: a slot of its own for each accumulator that folds at the same time. */
  shared(slot: number, threads: number): string[] {
    const type = this.form === 'pair' ? 'vec2<f32>' : storedType(this.of.dtype)
    return [`var<workgroup> ${this.#slot(slot)}: array<${type}, ${threads}>;`, ...(this.places ? [`var<workgroup> w${slot}_at: array<i32, ${threads}>;`] : [])]
  }
  #slot(slot: number): string {
    return `w${slot}_${this.form === 'pair' ? 'pair' : typeName(storedType(this.of.dtype))}`
  }
  #stored(value: string): string {
    return this.form === 'pair' ? value : toStored(this.of.dtype, value)
  }
  #fromStored(text: string): string {
    return this.form === 'pair' ? text : fromStored(this.of.dtype, text)
  }
  put(slot: number): string {
    return `${this.#slot(slot)}[local] = ${this.#stored(this.value)};${this.places ? ` w${slot}_at[local] = ${this.name};` : ''}`
  }
  /** Becomes what the invocation `at` has put. */
  get(slot: number, at: string): string {
    return `${this.value} = ${this.#fromStored(`${this.#slot(slot)}[${at}]`)};${this.places ? ` ${this.name} = w${slot}_at[${at}];` : ''}`
  }
  /** Takes what the invocation `at` has put. */
  takeFrom(slot: number, at: string): string {
    return inBlock(this.mergePartial(this.#fromStored(`${this.#slot(slot)}[${at}]`), `w${slot}_at[${at}]`))
  }
  /** Takes what two invocations have put, once one of these has taken the other's. */
  takeBoth(slot: number, at: string, other: string): string {
    const both = new Fold(this.of, 'both', this.form)
    return inBlock([both.start(), both.get(slot, at), both.takeFrom(slot, other), ...this.mergePartial(both.value, both.name)])
  }
  /** Takes what the invocation has whose place in the subgroup differs in the bit `far`. */
  takeAcross(far: string): string {
    const across = (x: string): string => `subgroupShuffleXor(${x}, ${far})`
    return inBlock(this.mergePartial(this.#fromStored(across(this.#stored(this.value))), across(this.name)))
  }
}

const inBlock = (lines: readonly string[]): string => block('', lines).trimStart()

const typeName = (type: string): string => (type === 'vec2<u32>' ? 'v' : type)

/** What trees are made with: invocations of the workgroup, bytes of its memory, whether there are subgroups, and where declarations of what stands there go. */
export interface Workgroup {
  readonly threads: number
  readonly bytes: number
  readonly subgroups: boolean
  readonly declare: (line: string) => void
}

/**
 * Neighbouring lanes meet two by two until one is left, which every lane then has. Who meets whom depends on the number of lanes alone, so sums have the same
 * bits with subgroups of any size and without. Trees share their barriers as long as they take half of the memory.
 */
export function treeText(folds: readonly Fold[], lanes: Lanes, { threads, bytes, subgroups, declare }: Workgroup): string[] {
  const lines: string[] = []
  // A value and a position each.
  const together = Math.max(1, Math.floor(bytes / 2 / (8 * threads)))
  for (let at = 0; at < folds.length; at += together) {
    const some = folds.slice(at, at + together)
    some.forEach((f, slot) => f.shared(slot, threads).forEach(declare))
    lines.push(...(subgroups ? treeOfSubgroups(some, lanes) : treeInMemory(some, lanes)))
  }
  return lines
}

const timesStep = (text: string, { step }: Lanes): string => (step === 1 ? text : `${text} * ${step}i`)

/** Four lanes meet at a time, in workgroup memory. */
function treeInMemory(folds: readonly Fold[], lanes: Lanes): string[] {
  const puts = folds.map((f, slot) => f.put(slot))
  const at = (far: string): string => `local + ${timesStep(far, lanes)}`
  // Lanes that are no power of four are halved once.
  const first = 4 ** Math.floor(Math.log2(lanes.count) / 2) === lanes.count ? 1 : 2
  const halved = block('if (lane % 2i == 0i)', [...folds.map((f, slot) => f.takeFrom(slot, at('1i'))), ...puts])
  return [
    ...puts,
    'workgroupBarrier();',
    ...(first === 1 ? [] : [halved, 'workgroupBarrier();']),
    block(`for (var far = ${first}i; far < ${lanes.count}i; far *= 4i)`, [
      block('if (lane % (4i * far) == 0i)', [...folds.flatMap((f, slot) => [f.takeFrom(slot, at('far')), f.takeBoth(slot, at('2i * far'), at('3i * far'))]), ...puts]),
      'workgroupBarrier();',
    ]),
    ...folds.map((f, slot) => f.get(slot, lanes.first)),
    'workgroupBarrier();',
  ]
}

/**
 * Lanes of a subgroup meet without a barrier, as far as it goes; what subgroups have left meets four at a time in workgroup memory, from which every lane
 * takes on with all others. `width`, of subgroup_width, is 1 where subgroups are of no use.
 */
function treeOfSubgroups(folds: readonly Fold[], lanes: Lanes): string[] {
  const at = (value: string): string => `source + ${timesStep(`${value} * reach`, lanes)}`
  return [
    block(`for (var left = ${lanes.count}i; left > 1i;)`, [
      `let reach = clamp(width / ${lanes.step}i, 1i, left);`,
      block('for (var far = 1i; far < reach; far *= 2i)', folds.map((f) => f.takeAcross(`u32(${timesStep('far', lanes)})`))),
      'left /= reach;',
      block('if (left > 1i)', [
        ...folds.map((f, slot) => f.put(slot)),
        'workgroupBarrier();',
        'let few = min(left, 4i);',
        'left /= few;',
        `let source = ${lanes.first} + ${timesStep('lane % left * few * reach', lanes)};`,
        ...folds.flatMap((f, slot) => [f.get(slot, 'source'), f.takeFrom(slot, at('1i')), block('if (few == 4i)', [f.takeBoth(slot, at('2i'), at('3i'))])]),
        'workgroupBarrier();',
      ]),
    ]),
  ]
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
