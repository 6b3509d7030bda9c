/**
 * Loop kernels: one invocation a point where stages have little to fold, one workgroup a point where rows are long. There
 * the invocations take every 256th element and meet in a tree in workgroup memory, whose shape depends on nothing but the
 * row's length.
 */
import { sizeOf } from '../../core/aval.ts'
import { type DType, dtypeInfo } from '../../core/dtype.ts'
import { type Accumulator, type Combine, foldsInOrder, type LoopKernel, type Program, readsOfKernel, type Stage, writesOfKernel } from '../kernel-ir/index.ts'
import { inRange } from './apply.ts'
import { expressionText, type Scope, storeText } from './expression.ts'
import { Buffers, dispatchOf, indented, moduleText, type Shader } from './shader.ts'
import { literalOf, typeOf } from './types.ts'

/** Rows of at least so many elements get a workgroup of their own. */
const longRow = 128
const threads = 256
const pointsPerGroup = 64

export function loopShader(kernel: LoopKernel, program: Program): Shader {
  const buffers = new Buffers(program, readsOfKernel(kernel), writesOfKernel(kernel))
  const points = sizeOf(kernel.space)
  const cooperative = kernel.stages.some((s) => s.kind === 'reduce' && sizeOf(s.inner) >= longRow) && !kernel.stages.some(foldsInOrder)
  const stages = new Stages(kernel, buffers, cooperative)
  const text = kernel.stages.map((stage, i) => stages.text(stage, i)).join('\n')
  const open = unravel('point', kernel.space, 'd', 0)
  const body = cooperative
    ? [`let point = group;`, `if (point >= ${points}i) { return; }`, ...open, text]
    : [`let point = group * ${pointsPerGroup}i + i32(local);`, `if (point >= ${points}i) { return; }`, ...open, text]
  const size = cooperative ? threads : pointsPerGroup
  return {
    code: moduleText(buffers, size, indented(body.join('\n')), stages.shared()),
    bindings: buffers.bindings,
    loops: buffers.loops,
    workgroupSize: size,
    workgroups: dispatchOf(cooperative ? points : Math.ceil(points / pointsPerGroup)),
  }
}

/** Loop variables `name + (first + k)` from a row-major number; those of size 1 are left out. */
export function unravel(from: string, sizes: readonly number[], name: string, first: number): string[] {
  const lines: string[] = []
  let stride = 1
  for (let k = sizes.length - 1; k >= 0; k--) {
    const size = sizes[k]!
    if (size === 1) continue
    const quotient = stride === 1 ? from : `(${from} / ${stride}i)`
    lines.push(`let ${name}${first + k} = ${stride * size === sizeOf(sizes) ? quotient : `${quotient} % ${size}i`};`)
    stride *= size
  }
  return lines
}

export const variableNames = (sizes: readonly number[], name: string): string[] => sizes.map((size, d) => (size === 1 ? '0i' : `${name}${d}`))

class Stages {
  readonly #kernel: LoopKernel
  readonly #buffers: Buffers
  readonly #cooperative: boolean
  readonly #shared = new Set<string>()
  constructor(kernel: LoopKernel, buffers: Buffers, cooperative: boolean) {
    this.#kernel = kernel
    this.#buffers = buffers
    this.#cooperative = cooperative
  }

  /** Declarations in workgroup memory. */
  shared(): string {
    return [...this.#shared].join('\n')
  }

  #scope(stage: Stage, i: number, accumulator: (output: number) => string): Scope {
    const sizes = [...this.#kernel.space, ...stage.inner]
    return { buffers: this.#buffers, variables: { sizes, names: variableNames(sizes, 'd') }, prefix: `s${i}_`, reduced: (s, o) => `r${s}_${o}`, accumulator }
  }

  text(stage: Stage, i: number): string {
    switch (stage.kind) {
      case 'map':
        return this.#map(stage, i)
      case 'reduce':
        return this.#reduce(stage, i)
      case 'cumulative':
        return this.#cumulative(stage, i)
    }
  }

  /** Lines for each element of a stage's inner dimensions. */
  #each(stage: Stage, lines: readonly string[]): string {
    const count = sizeOf(stage.inner)
    if (count === 1 && !this.#cooperative) return `{\n${indented(lines.join('\n'))}\n}`
    const [start, step] = this.#cooperative ? ['i32(local)', threads] : ['0i', 1]
    const inside = [...unravel('e', stage.inner, 'd', this.#kernel.space.length), ...lines]
    return `for (var e = ${start}; e < ${count}i; e += ${step}i) {\n${indented(inside.join('\n'))}\n}`
  }

  #map(stage: Extract<Stage, { kind: 'map' }>, i: number): string {
    const scope = this.#scope(stage, i, () => '')
    const text = expressionText(scope, stage.nodes)
    return this.#each(stage, [...text.statements, ...stage.stores.map((s) => storeText(scope, s, text, stage.nodes))])
  }

  #reduce(stage: Extract<Stage, { kind: 'reduce' }>, i: number): string {
    const scope = this.#scope(stage, i, () => '')
    const text = expressionText(scope, stage.nodes)
    const parts = stage.accumulators.map((a, o) => new Fold(a, `r${i}_${o}`))
    const lines = [...text.statements, ...parts.map((p) => p.take(text.values[p.of.node]!, p.of.position === null ? '' : text.values[p.of.position]!))]
    const whole = [...parts.map((p) => p.start()), this.#each(stage, lines)]
    if (this.#cooperative) {
      for (const p of parts) {
        const type = typeOf(p.of.dtype)
        const stored = type === 'bool' ? 'u32' : type
        this.#shared.add(`var<workgroup> w_${stored}: array<${stored}, ${threads}>;`)
        if (p.places) this.#shared.add(`var<workgroup> w_at: array<i32, ${threads}>;`)
        whole.push(p.tree(`w_${stored}`))
      }
    }
    return whole.join('\n')
  }

  #cumulative(stage: Extract<Stage, { kind: 'cumulative' }>, i: number): string {
    const name = (output: number): string => `c${i}_${output}`
    const scope = this.#scope(stage, i, name)
    const folds = stage.accumulators.map((a, o) => new Fold(a, name(o)))
    // Nodes up to the accumulators' are the element's; those after them may use the running value.
    const last = Math.max(...stage.accumulators.map((a) => a.node))
    const { values } = expressionText(scope, stage.nodes)
    const element = expressionText(scope, stage.nodes.slice(0, last + 1)).statements
    const after = expressionText(scope, stage.nodes).statements.slice(element.length)
    const [length] = stage.inner
    const d = `d${this.#kernel.space.length}`
    const place = length === 1 ? [] : [`let ${d} = ${stage.reverse ? `${length - 1}i - e` : 'e'};`]
    const lines = [...place, ...element, ...folds.map((f) => f.take(values[f.of.node]!, '')), ...after, ...stage.stores.map((s) => storeText(scope, s, { statements: [], values }, stage.nodes))]
    return [...folds.map((f) => f.start()), `for (var e = 0i; e < ${length}i; e++) {\n${indented(lines.join('\n'))}\n}`].join('\n')
  }
}

/** One accumulator: its variable, and the statements that fold into it. */
class Fold {
  readonly of: Accumulator
  readonly #name: string
  constructor(of: Accumulator, name: string) {
    this.of = of
    this.#name = name
  }
  get places(): boolean {
    return this.of.position !== null
  }
  /** The extremum itself, where the result is its position. */
  get #value(): string {
    return this.places ? `${this.#name}_value` : this.#name
  }
  start(): string {
    const { combine, dtype } = this.of
    const value = `var ${this.#value} = ${identityOf(combine, dtype)};`
    // Position -1: nothing taken yet.
    return this.places ? `${value} var ${this.#name} = -1i;` : value
  }
  take(value: string, position: string): string {
    const { combine, dtype } = this.of
    if (!this.places) return `${this.#value} = ${combineText(combine, dtype, this.#value, value)};`
    return `if (${this.#name} < 0i || ${beatsText(combine, dtype, value, this.#value)}) { ${this.#value} = ${value}; ${this.#name} = ${position}; }`
  }
  /** Halves meet until one is left, which every invocation then reads. */
  tree(shared: string): string {
    const { combine, dtype } = this.of
    const store = typeOf(dtype) === 'bool' ? (t: string) => `u32(${t})` : (t: string) => t
    const load = typeOf(dtype) === 'bool' ? (t: string) => `(${t} != 0u)` : (t: string) => t
    const [mine, other] = [load(`${shared}[local]`), load(`${shared}[local + half]`)]
    const merge = this.places
      ? [
          // The earlier of equal extrema: positions increase, so it is the one with the smaller.
          'let at = w_at[local]; let other_at = w_at[local + half];',
          `let mine = ${mine}; let other = ${other};`,
          `if (other_at >= 0i && (at < 0i || ${beatsText(combine, dtype, 'other', 'mine')} || (!(${beatsText(combine, dtype, 'mine', 'other')}) && other_at < at))) { ${shared}[local] = ${store('other')}; w_at[local] = other_at; }`,
        ]
      : [`${shared}[local] = ${store(combineText(combine, dtype, mine, other))};`]
    return [
      `${shared}[local] = ${store(this.#value)};${this.places ? ` w_at[local] = ${this.#name};` : ''}`,
      'workgroupBarrier();',
      `for (var half = ${threads / 2}u; half > 0u; half /= 2u) {`,
      indented(['if (local < half) {', indented(merge.join('\n')), '}', 'workgroupBarrier();'].join('\n')),
      '}',
      `${this.places ? `${this.#name} = w_at[0];` : `${this.#value} = ${load(`${shared}[0]`)};`}`,
      'workgroupBarrier();',
    ].join('\n')
  }
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
      return inRange(dtype, bool ? `(${a} || ${b})` : `(${a} + ${b})`)
    case 'prod':
      return inRange(dtype, bool ? `(${a} && ${b})` : `(${a} * ${b})`)
    case 'max':
      return bool ? `(${a} || ${b})` : `${f ? 'max_f' : 'max'}(${a}, ${b})`
    case 'min':
      return bool ? `(${a} && ${b})` : `${f ? 'min_f' : 'min'}(${a}, ${b})`
    case 'and':
      return bool ? `(${a} && ${b})` : `(${a} & ${b})`
    case 'or':
      return bool ? `(${a} || ${b})` : `(${a} | ${b})`
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
  if (combine === 'selectGe' || combine === 'selectLe') return `(is_nan(${best}) || is_nan(${x}) || ${x} ${sign} ${best})`
  return `(!is_nan(${best}) && (is_nan(${x}) || ${x} ${sign} ${best}))`
}
