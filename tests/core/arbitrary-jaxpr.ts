/** Random well-typed programs, for laws of everything that takes a jaxpr. They shrink to shorter ones. */
import fc from 'fast-check'
import { evalAvals } from '../../src/core/abstract-eval/index.ts'
import { aval, sameShape, type Shape, sizeOf } from '../../src/core/aval.ts'
import { type DType, isFloating } from '../../src/core/dtype.ts'
import { type Atom, type Eqn, eqn, type Jaxpr, Literal, Var } from '../../src/core/jaxpr.ts'
import type { Primitive, PrimitiveParams } from '../../src/core/primitives/index.ts'
import { printJaxpr } from '../../src/core/print.ts'
import '../families.ts'

export interface ProgramSizes {
  readonly equations?: number
  /** How deep programs stand in parameters of jit and scan. */
  readonly depth?: number
  readonly dtypes?: readonly DType[]
  /** Shapes of inputs, and the elements of an array at most. */
  readonly shapes?: readonly Shape[]
  readonly elements?: number
}

const smallShapes: readonly Shape[] = [[], [3], [2, 3], [1, 3], [2, 1, 4], [5]]
const numbers: readonly number[] = [0, -0, 1, -1, 0.5, 2, 3.25, 1e30, 1e-7, Infinity, -Infinity, NaN]

/** A program of up to `equations` equations over small arrays. */
export function arbitraryJaxpr({ equations = 12, depth = 2, dtypes = ['float32', 'int32', 'bool'], shapes = smallShapes, elements = 64 }: ProgramSizes = {}): fc.Arbitrary<Jaxpr> {
  return fc.array(fc.nat(), { maxLength: 40 + 20 * equations, size: 'max' }).map((tape) => {
    const choices = new Choices(tape)
    const types = Array.from({ length: 1 + choices.below(3) }, () => aval(choices.of(shapes), choices.of(dtypes), choices.of([false, true])))
    const program = new Builder(choices, types.map((t) => new Var(t)), dtypes, elements).program(choices.below(equations + 1), depth)
    // Counterexamples are shown as text.
    return Object.defineProperty(program, fc.toStringMethod, { value: () => printJaxpr(program) })
  })
}

/** Decisions read off a tape of numbers, zeros after its end: a shorter or smaller tape is a simpler program. */
class Choices {
  readonly #tape: readonly number[]
  #next = 0
  constructor(tape: readonly number[]) {
    this.#tape = tape
  }
  below(n: number): number {
    return (this.#tape[this.#next++] ?? 0) % n
  }
  of<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!
  }
  some<T>(from: readonly T[]): T[] {
    return from.filter(() => this.below(2) === 1)
  }
  shuffled<T>(from: readonly T[]): T[] {
    const rest = [...from]
    return from.map(() => rest.splice(this.below(rest.length), 1)[0]!)
  }
}

class Builder {
  readonly #choices: Choices
  readonly #inputs: readonly Var[]
  readonly #scope: Var[]
  readonly #equations: Eqn[] = []
  readonly #dtypes: readonly DType[]
  readonly #elements: number
  constructor(choices: Choices, inputs: readonly Var[], dtypes: readonly DType[], elements: number) {
    this.#choices = choices
    this.#inputs = inputs
    this.#scope = [...inputs]
    this.#dtypes = dtypes
    this.#elements = elements
  }

  program(equations: number, depth: number): Jaxpr {
    const makers = [() => this.#unary(), () => this.#binary(), () => this.#choice(), () => this.#reduction(), () => this.#movement(), () => this.#contraction(), () => this.#indexing()]
    if (depth > 0) makers.push(() => this.#call(depth), () => this.#scan(depth))
    for (let i = 0; i < equations; i++) this.#choices.of(makers)()
    const outputs: Atom[] = [this.#scope.at(-1)!, ...this.#choices.some(this.#scope)]
    return { constVars: [], inputs: this.#inputs, equations: this.#equations, outputs }
  }

  #bind<P extends Primitive>(primitive: P, params: PrimitiveParams[P], ...inputs: readonly Atom[]): void {
    const outputs = evalAvals(primitive, inputs.map((a) => a.aval), params).map((a) => new Var(a))
    this.#equations.push(eqn(primitive, params, inputs, outputs))
    // Small arrays only: programs grow, their operands need not.
    this.#scope.push(...outputs.filter((v) => sizeOf(v.aval.shape) <= this.#elements && v.aval.shape.length <= 4))
  }
  #literal(dtype: DType): Literal {
    const value = dtype === 'bool' ? this.#choices.of([true, false]) : isFloating(dtype) ? this.#choices.of(numbers) : this.#choices.of([0, 1, -3, 7])
    return new Literal(value, aval([], dtype, this.#choices.of([true, false])))
  }
  #like(x: Var): Atom {
    const same = this.#scope.filter((v) => v.aval.dtype === x.aval.dtype && (v.aval.shape.length === 0 || sameShape(v.aval.shape, x.aval.shape)))
    return this.#choices.of<Atom>([...same, this.#literal(x.aval.dtype)])
  }

  #unary(): void {
    const x = this.#choices.of(this.#scope)
    if (this.#choices.of([0, 1, 2]) === 0) this.#bind('convertElementType', { newDtype: this.#choices.of(this.#dtypes), weakType: false }, x)
    else if (isFloating(x.aval.dtype)) this.#bind(this.#choices.of(['neg', 'abs', 'square', 'floor', 'sign', 'tanh', 'sqrt'] as const), {}, x)
    else if (x.aval.dtype === 'bool') this.#bind('not', {}, x)
    else this.#bind('integerPow', { y: this.#choices.of([2, 3]) }, x)
  }
  #binary(): void {
    const x = this.#choices.of(this.#scope)
    const y = this.#like(x)
    if (this.#choices.of([0, 1, 2]) === 0) this.#bind(this.#choices.of(['lt', 'ge', 'eq', 'ne'] as const), {}, x, y)
    else if (x.aval.dtype === 'bool') this.#bind(this.#choices.of(['and', 'or', 'xor'] as const), {}, x, y)
    else this.#bind(this.#choices.of(['add', 'sub', 'mul', 'div', 'max', 'min'] as const), {}, x, y)
  }
  #choice(): void {
    const x = this.#choices.of(this.#scope)
    const which = this.#scope.filter((v) => v.aval.dtype === 'bool' && (v.aval.shape.length === 0 || sameShape(v.aval.shape, x.aval.shape)))
    this.#bind('selectN', {}, this.#choices.of<Atom>([...which, this.#literal('bool')]), x, this.#like(x))
  }
  #reduction(): void {
    const x = this.#choices.of(this.#scope)
    const all = x.aval.shape.map((_, i) => i)
    const axes = this.#choices.some(all)
    if (x.aval.dtype === 'bool') return this.#bind(this.#choices.of(['reduceAnd', 'reduceOr'] as const), { axes }, x)
    const kind = all.length === 0 ? 'reduce' : this.#choices.of(['reduce', 'reduce', 'arg', 'cumulative'] as const)
    if (kind === 'reduce') this.#bind(this.#choices.of(['reduceSum', 'reduceMax', 'reduceMin'] as const), { axes }, x)
    else if (kind === 'arg') this.#bind(this.#choices.of(['argmax', 'argmin'] as const), { axis: this.#choices.of(all), indexDtype: 'int32' }, x)
    else this.#bind(this.#choices.of(['cumsum', 'cummax'] as const), { axis: this.#choices.of(all), reverse: this.#choices.of([true, false]) }, x)
  }
  #movement(): void {
    const x = this.#choices.of(this.#scope)
    const { shape } = x.aval
    const axes = shape.map((_, i) => i)
    const makers = [
      () => this.#bind('reshape', { newSizes: [sizeOf(shape)] }, x),
      () => this.#bind('reshape', { newSizes: [1, ...shape] }, x),
      () => this.#bind('transpose', { permutation: this.#choices.shuffled(axes) }, x),
      () => this.#bind('broadcastInDim', { shape: [2, ...shape], broadcastDimensions: axes.map((i) => i + 1) }, x),
      () => this.#bind('rev', { dimensions: this.#choices.some(axes) }, x),
      () => this.#bind('pad', { paddingConfig: axes.map(() => this.#choices.of([[0, 0, 0], [1, 0, 0], [0, 2, 1]] as const)) }, x, this.#literal(x.aval.dtype)),
      () => this.#bind('slice', { startIndices: axes.map((i) => Math.min(1, shape[i]! - 1)), limitIndices: shape, strides: axes.map(() => this.#choices.of([1, 2])) }, x),
    ]
    if (axes.length > 0) {
      const dimension = this.#choices.of(axes)
      makers.push(() => this.#bind('concatenate', { dimension }, x, x))
      makers.push(() => this.#bind('sort', { dimension, numKeys: 1 }, x))
    }
    this.#choices.of(makers)()
  }
  #contraction(): void {
    const x = this.#choices.of(this.#scope.filter((v) => v.aval.dtype === 'float32' && v.aval.shape.length > 0).concat(this.#scope))
    const last = x.aval.shape.length - 1
    if (last < 0 || x.aval.dtype === 'bool') return
    this.#bind('dotGeneral', { dimensionNumbers: { contracting: [[last], [last]], batch: [[], []] }, preferredElementType: null }, x, x)
  }
  #indexing(): void {
    const x = this.#choices.of(this.#scope)
    const { shape } = x.aval
    if (shape.length === 0) return
    const starts = shape.map(() => new Literal(this.#choices.of([-1, 0, 1, 5]), aval([], 'int32')))
    this.#bind('dynamicSlice', { sliceSizes: shape.map((d) => Math.min(d, 1 + this.#choices.below(d))) }, x, ...starts)
  }
  #inner(inputs: readonly Var[], depth: number): Jaxpr {
    return new Builder(this.#choices, inputs, this.#dtypes, this.#elements).program(this.#choices.below(5), depth - 1)
  }
  #call(depth: number): void {
    const operands = Array.from({ length: 1 + this.#choices.below(3) }, () => this.#choices.of(this.#scope))
    const jaxpr = this.#inner(operands.map((v) => new Var(v.aval)), depth)
    this.#bind('jit', { name: 'inner', jaxpr, device: null }, ...operands)
  }
  /** The carry comes back as it went in; what the body computes becomes ys. */
  #scan(depth: number): void {
    const carry = this.#choices.of(this.#scope)
    const x = this.#choices.of(this.#scope.filter((v) => v.aval.shape.length > 0).concat([carry]))
    const length = x.aval.shape[0]
    if (length === undefined) return
    const c = new Var(carry.aval)
    const inner = this.#inner([c, new Var({ ...x.aval, shape: x.aval.shape.slice(1) })], depth)
    const next = inner.outputs.find((o) => o.aval.dtype === c.aval.dtype && sameShape(o.aval.shape, c.aval.shape)) ?? c
    const jaxpr = { ...inner, outputs: [next, ...inner.outputs] }
    this.#bind('scan', { length, reverse: this.#choices.of([true, false]), numConsts: 0, numCarry: 1, jaxpr }, carry, x)
  }
}
