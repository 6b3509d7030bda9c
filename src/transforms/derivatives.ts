/** Derivatives as linear functions: jvp, vjp, linearize, linearTranspose; and stopGradient, where they end. */
import { InternalError } from '../core/errors.ts'
import type { Jaxpr } from '../core/jaxpr.ts'
import { checkOptions } from '../core/ops/checks.ts'
import { bind1, type Value } from '../core/trace.ts'
import { type Out, type Structure, unflatten } from '../core/tree.ts'
import { type Abstract, flattenTypes } from './abstract-arguments.ts'
import { arrayOf, differentiate, type Result, resultOf } from './differentiate.ts'
import { build, flattenValues, requireFunction, requireInexact, requireList, valuesLike } from './functions.ts'
import { jvpFlat } from './jvp/index.ts'
import { recordLinear } from './linearize/index.ts'
import { outputAvals } from './staging/jaxprs.ts'
import { backwardPass, Undefined } from './transpose/index.ts'
import type { Args } from './types.ts'
import { hasTangent, type Tangent, Zero } from './zero.ts'

interface AuxOption<H> {
  readonly hasAux?: H
}
type OutOf<R, H> = H extends true ? (R extends readonly [infer V, unknown] ? Out<V> : never) : Out<R>
type AuxOf<R> = R extends readonly [unknown, infer X] ? Out<X> : never

/**
 * Forward mode: the function's value, and its derivative in the direction of `tangents`, which are like `primals`.
 * What stands for an integer is not read, and its derivative is zero.
 *
 * @example
 * jvp((x: np.NDArray) => np.sin(x), [np.array(0)], [np.array(1)])   // [0, 1]
 * @throws TreeError, ShapeError or DtypeError where tangents are not like primals.
 */
export function jvp<A extends Args, R, const H extends boolean = false>(
  f: (...a: A) => R,
  primals: readonly [...A],
  tangents: NoInfer<readonly [...A]>,
  options: AuxOption<H> = {},
): H extends true ? [out: OutOf<R, H>, tangent: OutOf<R, H>, aux: AuxOf<R>] : [out: OutOf<R, H>, tangent: OutOf<R, H>] {
  requireFunction('jvp', f)
  checkOptions('jvp', options, ['hasAux'])
  requireList('jvp', 'primals', primals)
  requireList('jvp', 'tangents', tangents)
  const given = flattenValues([...primals], 'jvp')
  const avals = given.values.map((v) => v.aval)
  const directions = valuesLike('jvp', [...tangents], given.structure, avals, 'tangents').map((t, i): Tangent => (hasTangent(avals[i]!) ? t : new Zero(avals[i]!)))
  let result: Result | null = null
  const { outs, tangents: outTangents, aux } = jvpFlat(
    (values) => {
      result = resultOf('jvp', f, build(given.structure, values) as unknown[], options.hasAux === true)
      return { outs: result.out.values, aux: result.aux?.values ?? [] }
    },
    given.values,
    directions,
  )
  const traced = result as Result | null
  if (traced === null) throw new InternalError('jvp', 'the function was not called')
  const pair = [build(traced.out.structure, outs), unflatten(traced.out.structure, outTangents.map(arrayOf))]
  return (traced.aux === null ? pair : [...pair, build(traced.aux.structure, aux)]) as H extends true
    ? [out: OutOf<R, H>, tangent: OutOf<R, H>, aux: AuxOf<R>]
    : [out: OutOf<R, H>, tangent: OutOf<R, H>]
}

type Cotangents<A extends Args> = { -readonly [K in keyof A]: Out<A[K]> }

/**
 * Reverse mode: the function's value, and the pullback, which takes a cotangent like the value to one cotangent for
 * each argument. The pullback may be called any number of times.
 *
 * @example
 * const [y, pullback] = vjp((x: np.NDArray) => np.sin(x), [np.array([0, 1])])
 * const [ctX] = pullback(np.ones([2]))
 */
export function vjp<A extends Args, R, const H extends boolean = false>(
  f: (...a: A) => R,
  primals: readonly [...A],
  options: AuxOption<H> = {},
): H extends true
  ? [out: OutOf<R, H>, pullback: (ct: OutOf<R, H>) => Cotangents<A>, aux: AuxOf<R>]
  : [out: OutOf<R, H>, pullback: (ct: OutOf<R, H>) => Cotangents<A>] {
  requireFunction('vjp', f)
  checkOptions('vjp', options, ['hasAux'])
  requireList('vjp', 'primals', primals)
  const given = flattenValues([...primals], 'vjp')
  const at = differentiate('vjp', (values) => resultOf('vjp', f, build(given.structure, values) as unknown[], options.hasAux === true), given.values)
  const { structure } = at.result.out
  const pullback = (ct: unknown): unknown => unflatten(given.structure, at.pullback(valuesLike('vjp', ct, structure, at.avals, 'the cotangent')).map(arrayOf))
  const out = build(structure, at.outs)
  return (at.result.aux === null ? [out, pullback] : [out, pullback, at.aux()]) as H extends true
    ? [out: OutOf<R, H>, pullback: (ct: OutOf<R, H>) => Cotangents<A>, aux: AuxOf<R>]
    : [out: OutOf<R, H>, pullback: (ct: OutOf<R, H>) => Cotangents<A>]
}

/**
 * The function's value, and its derivative there as a linear function of tangents. What the derivative needs of the
 * value's computation is computed once. With `hasAux` the function returns `[value, aux]`, and aux comes third.
 *
 * @example
 * const [y, fLin] = linearize((x: np.NDArray) => np.sin(x), [np.array(0)])
 * fLin(np.array(1))   // cos 0 = 1
 */
export function linearize<A extends Args, R, const H extends boolean = false>(
  f: (...a: A) => R,
  primals: readonly [...A],
  options: AuxOption<H> = {},
): H extends true ? [out: OutOf<R, H>, fLin: (...tangents: A) => OutOf<R, H>, aux: AuxOf<R>] : [out: OutOf<R, H>, fLin: (...tangents: A) => OutOf<R, H>] {
  requireFunction('linearize', f)
  checkOptions('linearize', options, ['hasAux'])
  requireList('linearize', 'primals', primals)
  const given = flattenValues([...primals], 'linearize')
  const at = differentiate('linearize', (values) => resultOf('linearize', f, build(given.structure, values) as unknown[], options.hasAux === true), given.values)
  const { structure } = at.result.out
  const avals = given.values.map((v) => v.aval)
  const fLin = (...tangents: A): unknown => unflatten(structure, at.pushforward(valuesLike('linearize', [...tangents], given.structure, avals, 'tangents')).map(arrayOf))
  const out = build(structure, at.outs)
  return (at.result.aux === null ? [out, fLin] : [out, fLin, at.aux()]) as H extends true
    ? [out: OutOf<R, H>, fLin: (...tangents: A) => OutOf<R, H>, aux: AuxOf<R>]
    : [out: OutOf<R, H>, fLin: (...tangents: A) => OutOf<R, H>]
}

/**
 * The transpose of a function that is linear: from cotangents of its result to those of its arguments. Of `primals`
 * only types are read.
 *
 * @example
 * const t = linearTranspose((x: np.NDArray) => x.mul(3), [np.zeros([2])])
 * t(np.array([1, 2]))   // [[3, 6]]
 * @throws ArgumentError when the function is not linear.
 */
export function linearTranspose<A extends Args, R>(f: (...a: A) => R, primals: Abstract<readonly [...A]>): (ct: Out<R>) => Cotangents<A> {
  requireFunction('linearTranspose', f)
  requireList('linearTranspose', 'primals', primals)
  const given = flattenTypes([...(primals as readonly unknown[])], 'linearTranspose')
  requireInexact('linearTranspose', given, 'argument ')
  let structure: Structure | null = null
  const { jaxpr, residuals } = recordLinear(
    (values) => {
      const out = resultOf('linearTranspose', f, build(given.structure, values) as unknown[], false).out
      structure = out.structure
      return out.values
    },
    given.values.map((v) => v.aval),
    'linearTranspose',
  )
  const outStructure = structure as Structure | null
  return (ct) => transposeCall(jaxpr, residuals, given.structure, outStructure, ct) as Cotangents<A>
}

function transposeCall(jaxpr: Jaxpr, residuals: readonly Value[], inputs: Structure, outputs: Structure | null, ct: unknown): unknown {
  if (outputs === null) throw new InternalError('linearTranspose', 'the function was not called')
  const cts = valuesLike('linearTranspose', ct, outputs, outputAvals(jaxpr), 'the cotangent')
  return unflatten(inputs, backwardPass(jaxpr, jaxpr.inputs.map((v) => new Undefined(v.aval)), cts, residuals).map(arrayOf))
}

/**
 * The identity, with a derivative of zero; of a tree, leaf by leaf.
 *
 * @example
 * grad((x: np.NDArray) => x.mul(lax.stopGradient(x)))(np.array(3))   // 3
 */
export function stopGradient<T>(x: T): Out<T> {
  const { values, structure } = flattenValues(x, 'stopGradient')
  return unflatten(structure, values.map((v) => bind1('stopGradient', [v], {}))) as Out<T>
}
