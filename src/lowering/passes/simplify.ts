/**
 * Identities that hold for every value: NaN, infinities, −0 and integers that wrap. So `x * 0` and `x + 0.0` stay
 * (NaN, and −0 + 0 = 0), while `x - 0.0` and `x + -0.0` are x.
 */
import { sameShape, sameType, type Shape } from '../../core/aval.ts'
import { isFloating } from '../../core/dtype.ts'
import { type Atom, type Eqn, eqn, type EqnFor, type Jaxpr, type Var } from '../../core/jaxpr.ts'
import type { Primitive } from '../../core/primitives/index.ts'
import { mapPrograms, Renaming, withInputs } from './rebuild.ts'

/** What an equation becomes: its result is an atom that exists, or it is another equation; null: it stays. */
type Rewritten = Atom | { readonly primitive: Primitive; readonly equation: Eqn } | null
type Rule<P extends Primitive> = (e: EqnFor<P>, context: Context) => Rewritten
type Rules = { readonly [P in Primitive]?: Rule<P> }

export function simplify(jaxpr: Jaxpr): Jaxpr {
  const inner = mapPrograms(jaxpr, simplify)
  const context = new Context()
  const names = new Renaming()
  const equations: Eqn[] = []
  for (const original of inner.equations) {
    let e = withInputs(original, names.all(original.inputs))
    let result = rewrite(e, context)
    // What an equation becomes may be simpler still: the transpose of a transpose, one that moves nothing.
    while (result !== null && 'equation' in result) {
      e = result.equation
      result = rewrite(e, context)
    }
    const out = e.outputs[0]
    if (result !== null && out !== undefined) {
      names.set(out, result)
      continue
    }
    context.define(e)
    equations.push(e)
  }
  return { ...inner, equations, outputs: names.all(inner.outputs) }
}

class Context {
  readonly #by = new Map<Var, Eqn>()

  define(e: Eqn): void {
    for (const v of e.outputs) this.#by.set(v, e)
  }
  /** The equation of one primitive that makes an atom. */
  from<P extends Primitive>(primitive: P, a: Atom): EqnFor<P> | null {
    const e = a.kind === 'var' ? this.#by.get(a) : undefined
    return e?.primitive === primitive ? (e as EqnFor<Primitive> as EqnFor<P>) : null
  }
  /** The number that every element of an atom is, if it is written in the program. */
  scalar(a: Atom): number | boolean | null {
    if (a.kind === 'literal') return a.value
    const e = this.#by.get(a)
    return e?.primitive === 'broadcastInDim' || e?.primitive === 'reshape' ? this.scalar(e.inputs[0]!) : null
  }
}

const isZero = (x: number | boolean | null): boolean => x === 0
const isOne = (x: number | boolean | null): boolean => x === 1

function rewrite(e: Eqn, context: Context): Rewritten {
  const apply = <P extends Primitive>(equation: EqnFor<P>): Rewritten => simplifyRules[equation.primitive]?.(equation, context) ?? null
  const result = apply(e as EqnFor<Primitive>)
  // An atom must have the type of what it stands for: scalars do not stand for arrays.
  if (result !== null && !('equation' in result) && !sameType(result.aval, e.outputs[0]!.aval)) return null
  return result
}

/** The same result from another operation. */
const instead = <P extends Primitive>(e: EqnFor<Primitive>, primitive: P, params: EqnFor<P>['params'], ...inputs: readonly Atom[]): Rewritten => ({ primitive, equation: eqn(primitive, params, inputs, e.outputs) })

const float = (e: EqnFor<Primitive>): boolean => isFloating(e.outputs[0]!.aval.dtype)

const identityPermutation = (p: readonly number[]): boolean => p.every((axis, i) => axis === i)

/** Twice the same is once. */
const idempotent = (e: EqnFor<'max' | 'min' | 'and' | 'or'>): Rewritten => (e.inputs[0] === e.inputs[1] ? e.inputs[0]! : null)

const involution =
  <P extends 'neg' | 'not'>(primitive: P): Rule<P> =>
  (e, c) =>
    c.from(primitive, e.inputs[0]!)?.inputs[0] ?? null

const shapeOf = (a: Atom): Shape => a.aval.shape

export const simplifyRules: Rules = {
  neg: involution('neg'),
  not: involution('not'),
  max: idempotent,
  min: idempotent,
  and: idempotent,
  or: idempotent,
  stopGradient: (e) => e.inputs[0]!,
  mul: (e, c) => (isOne(c.scalar(e.inputs[1]!)) ? e.inputs[0]! : isOne(c.scalar(e.inputs[0]!)) ? e.inputs[1]! : null),
  div: (e, c) => (isOne(c.scalar(e.inputs[1]!)) ? e.inputs[0]! : null),
  add: (e, c) => {
    const neutral = (a: Atom): boolean => (float(e) ? Object.is(c.scalar(a), -0) : isZero(c.scalar(a)))
    return neutral(e.inputs[1]!) ? e.inputs[0]! : neutral(e.inputs[0]!) ? e.inputs[1]! : null
  },
  sub: (e, c) => {
    const y = c.scalar(e.inputs[1]!)
    return float(e) ? (Object.is(y, 0) ? e.inputs[0]! : null) : isZero(y) ? e.inputs[0]! : null
  },
  integerPow: (e) => (e.params.y === 1 ? e.inputs[0]! : e.params.y === 2 ? instead(e, 'square', {}, e.inputs[0]!) : null),
  selectN: (e, c) => {
    const [which, ...cases] = e.inputs
    const chosen = c.scalar(which!)
    if (chosen !== null) return cases[Number(chosen)] ?? null
    return cases.every((x) => x === cases[0]) ? cases[0]! : chosenMaximum(e, c)
  },
  convertElementType: (e) => (e.inputs[0]!.aval.dtype === e.params.newDtype ? e.inputs[0]! : null),
  reshape: (e, c) => {
    const [x] = e.inputs
    if (sameShape(shapeOf(x!), e.params.newSizes)) return x!
    const before = c.from('reshape', x!)
    return before === null ? null : instead(e, 'reshape', e.params, before.inputs[0]!)
  },
  transpose: (e, c) => {
    const { permutation } = e.params
    if (identityPermutation(permutation)) return e.inputs[0]!
    const before = c.from('transpose', e.inputs[0]!)
    return before === null ? null : instead(e, 'transpose', { permutation: permutation.map((p) => before.params.permutation[p]!) }, before.inputs[0]!)
  },
  broadcastInDim: (e, c) => {
    const { shape, broadcastDimensions } = e.params
    if (sameShape(shapeOf(e.inputs[0]!), shape) && identityPermutation(broadcastDimensions)) return e.inputs[0]!
    const before = c.from('broadcastInDim', e.inputs[0]!)
    if (before === null) return null
    return instead(e, 'broadcastInDim', { shape, broadcastDimensions: before.params.broadcastDimensions.map((d) => broadcastDimensions[d]!) }, before.inputs[0]!)
  },
  rev: (e) => (e.params.dimensions.length === 0 ? e.inputs[0]! : null),
  slice: (e) => (sameShape(shapeOf(e.inputs[0]!), e.outputs[0]!.aval.shape) ? e.inputs[0]! : null),
  pad: (e) => (e.params.paddingConfig.every((p) => p.every((n) => n === 0)) ? e.inputs[0]! : null),
  concatenate: (e) => (e.inputs.length === 1 ? e.inputs[0]! : null),
  reduceSum: (e) => unreduced(e),
  reduceProd: (e) => unreduced(e),
  reduceMax: (e) => unreduced(e),
  reduceMin: (e) => unreduced(e),
  reduceAnd: (e) => unreduced(e),
  reduceOr: (e) => unreduced(e),
  reduceXor: (e) => unreduced(e),
}

/** x > y ? x : max(x, y) is max(x, y): how a function is written whose derivative at equality is not to be shared. */
function chosenMaximum(e: EqnFor<'selectN'>, c: Context): Rewritten {
  const [which, no, yes] = e.inputs
  const greater = c.from('gt', which!)
  const largest = c.from('max', no!)
  if (greater === null || largest === null || greater.inputs[0] !== yes) return null
  const [x, y] = greater.inputs
  const same = (a: Atom, b: Atom): boolean => a === b || (a.kind === 'literal' && b.kind === 'literal' && Object.is(a.value, b.value))
  const [p, q] = largest.inputs
  return (same(p!, x!) && same(q!, y!)) || (same(p!, y!) && same(q!, x!)) ? no! : null
}

/** Over axes of one element a reduction is a reshape. */
function unreduced(e: EqnFor<'reduceSum' | 'reduceProd' | 'reduceMax' | 'reduceMin' | 'reduceAnd' | 'reduceOr' | 'reduceXor'>): Rewritten {
  const [x] = e.inputs
  if (e.params.axes.length === 0) return x!
  return e.params.axes.every((a) => shapeOf(x!)[a] === 1) ? instead(e, 'reshape', { newSizes: e.outputs[0]!.aval.shape }, x!) : null
}
