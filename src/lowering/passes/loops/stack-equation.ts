/**
 * An equation of a loop's body, done for all iterations at once: values that differ from iteration to iteration have the
 * iteration as their leading axis. Only for what leaves loops: contractions, and what stands between them and a loop's
 * operands or results.
 */
import { evalAvals, isElementwise } from '../../../core/abstract-eval/index.ts'
import type { Shape } from '../../../core/aval.ts'
import { type Atom, type Eqn, eqn, type EqnFor, Var } from '../../../core/jaxpr.ts'
import type { Primitive, PrimitiveParams } from '../../../core/primitives/index.ts'
import { freeAxes } from '../../../core/shapes/index.ts'

/** An operand outside of the loop: `moving` ones have the iteration as leading axis. */
export interface Stacked {
  readonly atom: Atom
  readonly moving: boolean
}

/** Appends equations, and gives the result of the last. */
class Maker {
  readonly equations: Eqn[] = []
  bind<P extends Primitive>(primitive: P, params: PrimitiveParams[P], inputs: readonly Atom[]): Var {
    const outputs = evalAvals(primitive, inputs.map((a) => a.aval), params).map((a) => new Var(a))
    this.equations.push(eqn(primitive, params, inputs, outputs))
    return outputs[0]!
  }
  /** An operand repeated, or a number for each iteration spread, over `shape`: the iteration, then the body's axes. */
  spread(x: Stacked, shape: Shape): Atom {
    const own = x.atom.aval.shape.length
    const broadcastDimensions = x.moving && own === 1 ? [0] : Array.from({ length: own }, (_, i) => i + shape.length - own)
    return this.bind('broadcastInDim', { shape, broadcastDimensions }, [x.atom])
  }
}

const plusOne = (axes: readonly number[]): number[] => axes.map((a) => a + 1)

type Rule<P extends Primitive> = (make: Maker, e: EqnFor<P>, length: number, inputs: readonly Stacked[]) => Atom | null

const reduction: Rule<'reduceSum' | 'reduceMax' | 'reduceMin' | 'reduceProd'> = (make, e, _, [x]) => make.bind(e.primitive, { axes: plusOne(e.params.axes) }, [x!.atom])

export const stackRules: { readonly [P in Primitive]?: Rule<P> } = {
  transpose: (make, e, _, [x]) => make.bind('transpose', { permutation: [0, ...plusOne(e.params.permutation)] }, [x!.atom]),
  reshape: (make, e, length, [x]) => make.bind('reshape', { newSizes: [length, ...e.params.newSizes] }, [x!.atom]),
  broadcastInDim: (make, e, length, [x]) =>
    make.bind('broadcastInDim', { shape: [length, ...e.params.shape], broadcastDimensions: [0, ...plusOne(e.params.broadcastDimensions)] }, [x!.atom]),
  slice: (make, e, length, [x]) =>
    make.bind('slice', { startIndices: [0, ...e.params.startIndices], limitIndices: [length, ...e.params.limitIndices], strides: [1, ...e.params.strides] }, [x!.atom]),
  rev: (make, e, _, [x]) => make.bind('rev', { dimensions: plusOne(e.params.dimensions) }, [x!.atom]),
  pad: (make, e, _, [x, value]) =>
    x!.moving && !value!.moving ? make.bind('pad', { paddingConfig: [[0, 0, 0], ...e.params.paddingConfig] }, [x!.atom, value!.atom]) : null,
  concatenate: (make, e, length, inputs) =>
    make.bind('concatenate', { dimension: e.params.dimension + 1 }, inputs.map((x) => (x.moving ? x.atom : make.spread(x, [length, ...x.atom.aval.shape])))),
  reduceSum: reduction,
  reduceMax: reduction,
  reduceMin: reduction,
  reduceProd: reduction,
  dotGeneral: (make, e, _, [x, y]) => {
    const { dimensionNumbers: { contracting, batch }, preferredElementType } = e.params
    const side = (axes: readonly number[], moving: boolean): number[] => (moving ? plusOne(axes) : [...axes])
    const c = [side(contracting[0], x!.moving), side(contracting[1], y!.moving)] as const
    const b = [side(batch[0], x!.moving), side(batch[1], y!.moving)] as const
    const both = x!.moving && y!.moving
    const dimensionNumbers = { contracting: c, batch: both ? ([[0, ...b[0]], [0, ...b[1]]] as const) : b }
    const out = make.bind('dotGeneral', { dimensionNumbers, preferredElementType }, [x!.atom, y!.atom])
    // On one side only, the iteration is the first free axis of that side: a matrix of all iterations' rows.
    const at = both ? 0 : b[0].length + (x!.moving ? 0 : freeAxes(x!.atom.aval.shape.length, c[0], b[0]).length)
    if (at === 0) return out
    const rest = out.aval.shape.map((_, i) => i).filter((i) => i !== at)
    return make.bind('transpose', { permutation: [at, ...rest] }, [out])
  },
}

const elementwise = (make: Maker, e: Eqn, inputs: readonly Stacked[]): Atom => {
  const shape = inputs.find((x) => x.moving && x.atom.aval.shape.length > 1)?.atom.aval.shape
  const operands = inputs.map((x) => {
    const rank = x.atom.aval.shape.length
    if (rank === 0) return x.atom
    const whole = shape ?? wholeShape(inputs)
    return x.moving && rank === whole.length ? x.atom : make.spread(x, whole)
  })
  return make.bind(e.primitive, e.params, operands)
}
/** Where only numbers move, the body's shape is that of what stands still. */
const wholeShape = (inputs: readonly Stacked[]): Shape => {
  const length = inputs.find((x) => x.moving)!.atom.aval.shape[0]!
  const still = inputs.find((x) => !x.moving && x.atom.aval.shape.length > 0)
  return still === undefined ? [length] : [length, ...still.atom.aval.shape]
}

/** Whether `stackEquation` knows the primitive. */
export const isStackable = (e: Eqn): boolean => isElementwise(e.primitive) || e.primitive in stackRules

/** The equations for all iterations, the last one giving the result; null where there is no such form. At least one input moves. */
export function stackEquation(e: Eqn, length: number, inputs: readonly Stacked[]): { readonly equations: readonly Eqn[]; readonly result: Atom } | null {
  const make = new Maker()
  const result = isElementwise(e.primitive) ? elementwise(make, e, inputs) : apply(make, e as EqnFor<Primitive>, length, inputs)
  return result === null ? null : { equations: make.equations, result }
}
const apply = <P extends Primitive>(make: Maker, e: EqnFor<P>, length: number, inputs: readonly Stacked[]): Atom | null =>
  stackRules[e.primitive]?.(make, e, length, inputs) ?? null
