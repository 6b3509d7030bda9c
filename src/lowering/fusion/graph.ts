/** Makes values of a region, one definition at a time: what the rules of the primitives write to. */
import type { Shape } from '../../core/aval.ts'
import type { DType } from '../../core/dtype.ts'
import type { Aval } from '../../core/aval.ts'
import { InternalError } from '../../core/errors.ts'
import type { Eqn, Jaxpr, Var } from '../../core/jaxpr.ts'
import type { Primitive, PrimitiveParams } from '../../core/primitives/index.ts'
import { type At, type Def, isLiteral, type MapDef, type Operand, type ReductionAccumulator, type Region, store, Value } from './value.ts'

/** What a primitive is to fusion: from operands to results. `outs` are the types of the results. */
export type LoweringRule<P extends Primitive> = (g: Graph, inputs: readonly Operand[], params: PrimitiveParams[P], outs: readonly Aval[]) => readonly Operand[]
export type LoweringRules<K extends Primitive = Primitive> = { readonly [P in K]: LoweringRule<P> }

export class Graph {
  readonly region: Region
  readonly #next: { id: number }
  readonly #rules: Partial<LoweringRules>
  constructor(rules: Partial<LoweringRules>, depth = 0, next: { id: number } = { id: 0 }) {
    this.region = { values: [], depth }
    this.#rules = rules
    this.#next = next
  }

  /** A graph for the body of a loop of this one. */
  inner(): Graph {
    return new Graph(this.#rules, this.region.depth + 1, this.#next)
  }

  value(shape: Shape, dtype: DType, def: Def): Value {
    const v = new Value(this.#next.id++, shape, dtype, this.region, def)
    this.region.values.push(v)
    return v
  }

  given(a: Aval): Value {
    return this.value(a.shape, a.dtype, { kind: 'given' })
  }

  map(shape: Shape, dtype: DType, flops: number, at: At): Value {
    return this.value(shape, dtype, { kind: 'map', at, flops, structural: false, same: null })
  }

  /** Index maps, guards and literals alone. */
  structural(shape: Shape, dtype: DType, at: At, same: MapDef['same'] = null): Value {
    return this.value(shape, dtype, { kind: 'map', at, flops: 0, structural: true, same })
  }

  reduction(shape: Shape, inner: Shape, accumulator: ReductionAccumulator): Value {
    const dtype = accumulator.position === null ? accumulator.dtype : 'int32'
    return this.value(shape, dtype, { kind: 'reduction', inner, accumulator })
  }

  /** The operand as an array: a scalar of the program becomes a map. */
  array(x: Operand): Value {
    if (!isLiteral(x)) return x
    return this.structural([], x.aval.dtype, (b) => b.literal(x.aval.dtype, x.value))
  }

  /** The operand as an array in memory: some of its elements are read at computed places. */
  inMemory(x: Operand): Value {
    const v = this.array(x)
    store(v)
    return v
  }

  convert(x: Operand, dtype: DType): Operand {
    if (isLiteral(x) || x.dtype === dtype) return x
    return this.map(x.shape, dtype, 1, (b, i) => b.convert(dtype, b.read(x, i)))
  }

  /** Values of a jaxpr's outputs, its inputs being given. */
  run(jaxpr: Jaxpr, inputs: readonly Operand[]): Operand[] {
    const env = new Map<Var, Operand>()
    jaxpr.inputs.forEach((v, i) => env.set(v, inputs[i]!))
    for (const e of jaxpr.equations) {
      const operands = e.inputs.map((a) => (a.kind === 'literal' ? a : env.get(a)!))
      const results = this.#apply(e, operands)
      e.outputs.forEach((v, i) => env.set(v, results[i]!))
    }
    return jaxpr.outputs.map((a) => (a.kind === 'literal' ? a : env.get(a)!))
  }

  #apply<P extends Primitive>(e: Eqn<P>, operands: readonly Operand[]): readonly Operand[] {
    const outs = e.outputs.map((v) => v.aval)
    if (outs.length === 1 && outs[0]!.shape.includes(0)) return [this.structural(outs[0]!.shape, outs[0]!.dtype, (b) => b.literal(outs[0]!.dtype, 0))]
    const rule: LoweringRule<P> | undefined = this.#rules[e.primitive]
    if (rule === undefined) throw new InternalError('fusion', `nobody has brought the rules of ${e.primitive}, as src/families does`)
    return rule(this, operands, e.params, outs)
  }
}
