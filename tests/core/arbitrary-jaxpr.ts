/** Random well-typed programs, for laws of everything that takes a jaxpr. They shrink by fast-check's choices. */
import fc from 'fast-check'
import { evalAvals } from '../../src/core/abstract-eval/index.ts'
import { type Aval, aval, sameShape, type Shape, sizeOf } from '../../src/core/aval.ts'
import { type DType, isFloating } from '../../src/core/dtype.ts'
import { type Atom, type Eqn, eqn, type Jaxpr, Literal, Var } from '../../src/core/jaxpr.ts'
import type { Primitive, PrimitiveParams } from '../../src/core/primitives/index.ts'

export interface ProgramSizes {
  readonly equations?: number
  /** How deep programs stand in parameters of jit and scan. */
  readonly depth?: number
  readonly dtypes?: readonly DType[]
}

const shapes: readonly Shape[] = [[], [3], [2, 3], [1, 3], [2, 1, 4], [5]]
const numbers: readonly number[] = [0, -0, 1, -1, 0.5, 2, 3.25, 1e30, 1e-7, Infinity, -Infinity, NaN]

/** A program of up to `equations` equations over small arrays. */
export function arbitraryJaxpr({ equations = 12, depth = 2, dtypes = ['float32', 'int32', 'bool'] }: ProgramSizes = {}): fc.Arbitrary<Jaxpr> {
  return fc.gen().map((g) => {
    const inputs = g(() => fc.array(arbitraryType(dtypes), { minLength: 1, maxLength: 3 })).map((a) => new Var(a))
    return new Builder(g, inputs, dtypes).program(g(() => fc.integer({ min: 0, max: equations })), depth)
  })
}

const arbitraryType = (dtypes: readonly DType[]): fc.Arbitrary<Aval> =>
  fc.record({ shape: fc.constantFrom(...shapes), dtype: fc.constantFrom(...dtypes), weakType: fc.boolean() })

type Generator = fc.GeneratorValue

class Builder {
  readonly #g: Generator
  readonly #inputs: readonly Var[]
  readonly #scope: Var[]
  readonly #equations: Eqn[] = []
  readonly #dtypes: readonly DType[]
  constructor(g: Generator, inputs: readonly Var[], dtypes: readonly DType[]) {
    this.#g = g
    this.#inputs = inputs
    this.#scope = [...inputs]
    this.#dtypes = dtypes
  }

  program(equations: number, depth: number): Jaxpr {
    const makers = [() => this.#unary(), () => this.#binary(), () => this.#choice(), () => this.#reduction(), () => this.#movement(), () => this.#contraction(), () => this.#indexing()]
    if (depth > 0) makers.push(() => this.#call(depth), () => this.#scan(depth))
    for (let i = 0; i < equations; i++) this.#pick(makers)()
    const outputs: Atom[] = this.#g(() => fc.subarray(this.#scope.map((_, i) => i), { minLength: 1 })).map((i) => this.#scope[i]!)
    return { constVars: [], inputs: this.#inputs, equations: this.#equations, outputs }
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#g(() => fc.nat({ max: from.length - 1 }))]!
  }
  #bind<P extends Primitive>(primitive: P, params: PrimitiveParams[P], ...inputs: readonly Atom[]): void {
    const outputs = evalAvals(primitive, inputs.map((a) => a.aval), params).map((a) => new Var(a))
    this.#equations.push(eqn(primitive, params, inputs, outputs))
    // Small arrays only: programs grow, their operands need not.
    this.#scope.push(...outputs.filter((v) => sizeOf(v.aval.shape) <= 64 && v.aval.shape.length <= 4))
  }
  #literal(dtype: DType): Literal {
    const value = dtype === 'bool' ? this.#pick([true, false]) : isFloating(dtype) ? this.#pick(numbers) : this.#pick([0, 1, -3, 7])
    return new Literal(value, aval([], dtype, this.#pick([true, false])))
  }
  #like(x: Var): Atom {
    const same = this.#scope.filter((v) => v.aval.dtype === x.aval.dtype && (v.aval.shape.length === 0 || sameShape(v.aval.shape, x.aval.shape)))
    return this.#pick<Atom>([...same, this.#literal(x.aval.dtype)])
  }

  #unary(): void {
    const x = this.#pick(this.#scope)
    if (this.#pick([0, 1, 2]) === 0) this.#bind('convertElementType', { newDtype: this.#pick(this.#dtypes), weakType: false }, x)
    else if (isFloating(x.aval.dtype)) this.#bind(this.#pick(['neg', 'abs', 'square', 'floor', 'sign', 'tanh', 'sqrt'] as const), {}, x)
    else if (x.aval.dtype === 'bool') this.#bind('not', {}, x)
    else this.#bind('integerPow', { y: this.#pick([2, 3]) }, x)
  }
  #binary(): void {
    const x = this.#pick(this.#scope)
    const y = this.#like(x)
    if (this.#pick([0, 1, 2]) === 0) this.#bind(this.#pick(['lt', 'ge', 'eq', 'ne'] as const), {}, x, y)
    else if (x.aval.dtype === 'bool') this.#bind(this.#pick(['and', 'or', 'xor'] as const), {}, x, y)
    else this.#bind(this.#pick(['add', 'sub', 'mul', 'div', 'max', 'min'] as const), {}, x, y)
  }
  #choice(): void {
    const x = this.#pick(this.#scope)
    const which = this.#scope.filter((v) => v.aval.dtype === 'bool' && (v.aval.shape.length === 0 || sameShape(v.aval.shape, x.aval.shape)))
    this.#bind('selectN', {}, this.#pick<Atom>([...which, this.#literal('bool')]), x, this.#like(x))
  }
  #reduction(): void {
    const x = this.#pick(this.#scope)
    const all = x.aval.shape.map((_, i) => i)
    if (x.aval.dtype === 'bool') this.#bind(this.#pick(['reduceAnd', 'reduceOr'] as const), { axes: this.#g(() => fc.subarray(all)) }, x)
    else if (all.length > 0 && this.#pick([0, 1, 2]) === 0) this.#bind('argmax', { axis: this.#pick(all), indexDtype: 'int32' }, x)
    else if (all.length > 0 && this.#pick([0, 1, 2]) === 0) this.#bind('cumsum', { axis: this.#pick(all), reverse: this.#pick([true, false]) }, x)
    else this.#bind(this.#pick(['reduceSum', 'reduceMax', 'reduceMin'] as const), { axes: this.#g(() => fc.subarray(all)) }, x)
  }
  #movement(): void {
    const x = this.#pick(this.#scope)
    const { shape } = x.aval
    const axes = shape.map((_, i) => i)
    const makers = [
      () => this.#bind('reshape', { newSizes: [sizeOf(shape)] }, x),
      () => this.#bind('reshape', { newSizes: [1, ...shape] }, x),
      () => this.#bind('transpose', { permutation: this.#g(() => fc.shuffledSubarray(axes, { minLength: axes.length })) }, x),
      () => this.#bind('broadcastInDim', { shape: [2, ...shape], broadcastDimensions: axes.map((i) => i + 1) }, x),
      () => this.#bind('rev', { dimensions: this.#g(() => fc.subarray(axes)) }, x),
      () => this.#bind('pad', { paddingConfig: axes.map(() => this.#pick([[0, 0, 0], [1, 0, 0], [0, 2, 1]] as const)) }, x, this.#literal(x.aval.dtype)),
      () => this.#bind('slice', { startIndices: axes.map((i) => Math.min(1, shape[i]! - 1)), limitIndices: shape, strides: axes.map(() => this.#pick([1, 2])) }, x),
    ]
    if (axes.length > 0) {
      const dimension = this.#pick(axes)
      makers.push(() => this.#bind('concatenate', { dimension }, x, x))
      makers.push(() => this.#bind('sort', { dimension, numKeys: 1 }, x))
    }
    this.#pick(makers)()
  }
  #contraction(): void {
    const x = this.#pick(this.#scope.filter((v) => v.aval.dtype === 'float32' && v.aval.shape.length > 0).concat(this.#scope))
    const last = x.aval.shape.length - 1
    if (last < 0 || x.aval.dtype === 'bool') return
    this.#bind('dotGeneral', { dimensionNumbers: { contracting: [[last], [last]], batch: [[], []] }, preferredElementType: null }, x, x)
  }
  #indexing(): void {
    const x = this.#pick(this.#scope)
    const { shape } = x.aval
    if (shape.length === 0) return
    const starts = shape.map(() => new Literal(this.#pick([-1, 0, 1, 5]), aval([], 'int32')))
    this.#bind('dynamicSlice', { sliceSizes: shape.map((d) => this.#g(() => fc.integer({ min: Math.min(1, d), max: d }))) }, x, ...starts)
  }
  #inner(inputs: readonly Var[], depth: number): Jaxpr {
    return new Builder(this.#g, inputs, this.#dtypes).program(this.#g(() => fc.integer({ min: 0, max: 4 })), depth - 1)
  }
  #call(depth: number): void {
    const operands = this.#g(() => fc.subarray(this.#scope.map((_, i) => i), { minLength: 1, maxLength: Math.min(3, this.#scope.length) })).map((i) => this.#scope[i]!)
    const jaxpr = this.#inner(operands.map((v) => new Var(v.aval)), depth)
    this.#bind('jit', { name: 'inner', jaxpr, device: null }, ...operands)
  }
  /** The carry comes back as it went in; what the body computes becomes ys. */
  #scan(depth: number): void {
    const carry = this.#pick(this.#scope)
    const x = this.#pick(this.#scope.filter((v) => v.aval.shape.length > 0).concat([carry]))
    const length = x.aval.shape[0]
    if (length === undefined) return
    const c = new Var(carry.aval)
    const inner = this.#inner([c, new Var({ ...x.aval, shape: x.aval.shape.slice(1) })], depth)
    const next = inner.outputs.find((o) => o.aval.dtype === c.aval.dtype && sameShape(o.aval.shape, c.aval.shape)) ?? c
    const jaxpr = { ...inner, outputs: [next, ...inner.outputs] }
    this.#bind('scan', { length, reverse: this.#pick([true, false]), numConsts: 0, numCarry: 1, jaxpr }, carry, x)
  }
}
