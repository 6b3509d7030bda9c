/** grad and valueAndGrad. */
import type { NDArray } from '../core/array.ts'
import { showType } from '../core/aval.ts'
import { DtypeError, ShapeError, TreeError } from '../core/errors.ts'
import { Literal } from '../core/jaxpr.ts'
import { checkOptions } from '../core/ops/checks.ts'
import { type ArrayLike, type Out, unflatten } from '../core/tree.ts'
import { arrayOf, differentiate, type Result, resultOf, selectArguments } from './differentiate.ts'
import { type AnyFunction, type Argnums, asArray, build, flattenValues, named, normalArgnums, requireFunction, requireInexact } from './functions.ts'
import type { Args, GradAt, GradOptions } from './types.ts'
import { hasTangent } from './zero.ts'

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
