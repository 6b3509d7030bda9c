/** Derivatives as users take them: grad, valueAndGrad, jvp, vjp, linearize, linearTranspose, stopGradient. */
import type { NDArray } from '../core/array.ts'
import { type Aval, showType } from '../core/aval.ts'
import { DtypeError, ShapeError, TreeError } from '../core/errors.ts'
import { type Jaxpr, Literal } from '../core/jaxpr.ts'
import { checkOptions } from '../core/ops/operands.ts'
import { bind1, type Value } from '../core/trace.ts'
import { type ArrayLike, type Out, type Structure, unflatten } from '../core/tree.ts'
import { type AnyFunction, apply, type Argnums, asArray, build, type Flat, flattenValues, normalArgnums, requireFunction, requireInexact, valuesLike } from './functions.ts'
import { linearizeFlat, recordLinear } from './linearize/index.ts'
import { jvpFlat } from './jvp/index.ts'
import { evalJaxpr, outputAvals } from './staging/jaxprs.ts'
import { backwardPass, Undefined } from './transpose/index.ts'
import type { Args, GradAt, GradOptions } from './types.ts'
import { hasTangent, instantiate, type Tangent, Zero } from './zero.ts'

/** A function's result, split into what is differentiated and what is handed through. */
export interface Result {
  readonly out: Flat
  readonly aux: Flat | null
}

/** Calls a function on trees; with `hasAux` it must return a pair. */
export function resultOf(operation: string, f: AnyFunction, args: readonly unknown[], hasAux: boolean): Result {
  const result = apply(f, args)
  if (!hasAux) return { out: flattenValues(result, operation), aux: null }
  if (!Array.isArray(result) || result.length !== 2) throw new TreeError(operation, 'hasAux is set, so the function must return [value, aux]')
  return { out: flattenValues(result[0], operation), aux: flattenValues(result[1], operation) }
}

interface Differentiated {
  readonly result: Result
  /** The result's values, aux's after them, outside of the trace. */
  readonly outs: readonly Value[]
  readonly avals: readonly Aval[]
  readonly aux: () => unknown
  /** Cotangents of the inputs from those of the outputs. */
  readonly pullback: (cotangents: readonly Tangent[]) => Tangent[]
  readonly pushforward: (tangents: readonly Value[]) => Tangent[]
}

/** A function of values, linearized at a point. `check` looks at its result while it is traced. */
export function differentiate(
  operation: string,
  f: (values: readonly Value[]) => Result,
  primals: readonly Value[],
  check: (result: Result) => void = () => undefined,
): Differentiated {
  let result: Result | null = null
  const linear = linearizeFlat(
    (values) => {
      result = f(values)
      check(result)
      return { outs: result.out.values, aux: result.aux?.values ?? [] }
    },
    primals,
    operation,
  )
  const traced = result as Result | null
  if (traced === null) throw new TreeError(operation, 'the function was not called')
  const { jaxpr, residuals, nonzeroOutputs, outs } = linear
  const differentiable = primals.map((p) => hasTangent(p.aval))
  const spread = (ts: readonly Tangent[], flags: readonly boolean[], zero: (i: number) => Tangent): Tangent[] => {
    let next = 0
    return flags.map((b, i) => (b ? ts[next++]! : zero(i)))
  }
  return {
    result: traced,
    outs,
    avals: outs.map((o) => o.aval),
    aux: () => (traced.aux === null ? null : build(traced.aux.structure, linear.aux)),
    pullback: (cotangents) => {
      const given = cotangents.filter((_, i) => nonzeroOutputs[i])
      const cts = backwardPass(jaxpr, jaxpr.inputs.map((v) => new Undefined(v.aval)), given, residuals)
      return spread(cts, differentiable, (i) => new Zero(primals[i]!.aval))
    },
    pushforward: (tangents) => {
      const given = tangents.filter((_, i) => differentiable[i])
      return spread(evalJaxpr(jaxpr, residuals, given), nonzeroOutputs, (i) => new Zero(outs[i]!.aval))
    },
  }
}

/** Zeros of arrays without derivatives are arrays of their own type. */
export const arrayOf = (t: Tangent): NDArray => asArray(instantiate(t))

/** The arguments that are differentiated, as one tree, and the call with those replaced. */
export function selectArguments(args: readonly unknown[], argnums: readonly number[]): { readonly tree: unknown[]; readonly call: (tree: readonly unknown[]) => unknown[] } {
  return {
    tree: argnums.map((n) => args[n]),
    call: (tree) => args.map((a, i) => (argnums.includes(i) ? tree[argnums.indexOf(i)] : a)),
  }
}

function requireScalar(operation: string, { out }: Result): void {
  const [value] = out.values
  if (out.structure.kind !== 'leaf' || value === undefined) {
    throw new TreeError(operation, `the function returned ${out.structure.key}, and a scalar array is needed; for [value, aux] set hasAux, for trees use vjp or jacrev`)
  }
  if (value.aval.shape.length > 0) {
    throw new ShapeError(operation, `the function returned ${showType(value.aval)}, and a scalar is needed; use jacrev or jacfwd for all derivatives, or vjp with a cotangent of that shape`)
  }
  if (!hasTangent(value.aval)) throw new DtypeError(operation, `the function returned ${showType(value.aval)}, and a floating point scalar is needed`)
}

function gradientAt(operation: string, f: AnyFunction, args: readonly unknown[], options: { argnums?: Argnums; hasAux?: boolean }): { value: unknown; aux: unknown; grads: unknown } {
  const { argnums = 0, hasAux = false } = options
  const selected = selectArguments(args, normalArgnums(operation, 'argnums', argnums, args.length))
  const primals = flattenValues(selected.tree, operation)
  requireInexact(operation, primals, 'argument ')
  const at = differentiate(
    operation,
    (values) => resultOf(operation, f, selected.call(build(primals.structure, values) as unknown[]), hasAux),
    primals.values,
    (result) => requireScalar(operation, result),
  )
  const one = new Literal(1, at.avals[0]!)
  const grads = unflatten(primals.structure, at.pullback([one]).map(arrayOf)) as unknown[]
  return { value: asArray(at.outs[0]!), aux: at.aux(), grads: typeof argnums === 'number' ? grads[0] : grads }
}

const gradOptions = ['argnums', 'hasAux']

/**
 * The gradient of a scalar function: the same arguments to derivatives, in the shape of the argument (or arguments)
 * that `argnums` names.
 *
 * @example
 * grad((x: np.NDArray) => np.sum(x.mul(x)))(np.array([1, 2]))   // [2, 4]
 * @throws ShapeError where the function gives no scalar, DtypeError for integer arguments.
 */
export function grad<A extends Args, R extends ArrayLike | readonly [ArrayLike, unknown], const N extends number | readonly number[] = 0, const H extends boolean = false>(
  f: (...a: A) => R,
  options: GradOptions<A, N, H> = {},
): (...a: A) => H extends true ? (R extends readonly [ArrayLike, infer X] ? [GradAt<A, N>, Out<X>] : never) : GradAt<A, N> {
  requireFunction('grad', f)
  checkOptions('grad', options, gradOptions)
  const gradient = (...args: A): unknown => {
    const { grads, aux } = gradientAt('grad', f, args, options)
    return options.hasAux === true ? [grads, aux] : grads
  }
  // The tree that was built is the one that the signature computes from the function's type.
  return named(gradient, f) as (...a: A) => H extends true ? (R extends readonly [ArrayLike, infer X] ? [GradAt<A, N>, Out<X>] : never) : GradAt<A, N>
}

/**
 * The value and the gradient, from one evaluation: `[value, grads]`, or `[[value, aux], grads]`.
 *
 * @example
 * valueAndGrad((x: np.NDArray) => np.sum(x.mul(x)))(np.array([1, 2]))   // [5, [2, 4]]
 */
export function valueAndGrad<A extends Args, R extends ArrayLike | readonly [ArrayLike, unknown], const N extends number | readonly number[] = 0, const H extends boolean = false>(
  f: (...a: A) => R,
  options: GradOptions<A, N, H> = {},
): (...a: A) => H extends true ? (R extends readonly [ArrayLike, infer X] ? [value: [NDArray, Out<X>], grads: GradAt<A, N>] : never) : [value: NDArray, grads: GradAt<A, N>] {
  requireFunction('valueAndGrad', f)
  checkOptions('valueAndGrad', options, gradOptions)
  const both = (...args: A): unknown => {
    const { value, aux, grads } = gradientAt('valueAndGrad', f, args, options)
    return [options.hasAux === true ? [value, aux] : value, grads]
  }
  return named(both, f) as (...a: A) => H extends true ? (R extends readonly [ArrayLike, infer X] ? [value: [NDArray, Out<X>], grads: GradAt<A, N>] : never) : [value: NDArray, grads: GradAt<A, N>]
}

/** A transformed function keeps the name of the user's. */
export function named<F extends AnyFunction>(g: F, f: AnyFunction): F {
  Object.defineProperty(g, 'name', { value: f.name })
  return g
}

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
  if (traced === null) throw new TreeError('jvp', 'the function was not called')
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
 * value's computation is computed once.
 *
 * @example
 * const [y, fLin] = linearize((x: np.NDArray) => np.sin(x), [np.array(0)])
 * fLin(np.array(1))   // cos 0 = 1
 */
export function linearize<A extends Args, R>(f: (...a: A) => R, primals: readonly [...A]): [out: Out<R>, fLin: (...tangents: A) => Out<R>] {
  requireFunction('linearize', f)
  const given = flattenValues([...primals], 'linearize')
  const at = differentiate('linearize', (values) => resultOf('linearize', f, build(given.structure, values) as unknown[], false), given.values)
  const { structure } = at.result.out
  const avals = given.values.map((v) => v.aval)
  const fLin = (...tangents: A): Out<R> =>
    unflatten(structure, at.pushforward(valuesLike('linearize', [...tangents], given.structure, avals, 'tangents')).map(arrayOf)) as Out<R>
  return [build(structure, at.outs) as Out<R>, fLin]
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
export function linearTranspose<A extends Args, R>(f: (...a: A) => R, primals: readonly [...A]): (ct: Out<R>) => Cotangents<A> {
  requireFunction('linearTranspose', f)
  const given = flattenValues([...primals], 'linearTranspose')
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
  if (outputs === null) throw new TreeError('linearTranspose', 'the function was not called')
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
