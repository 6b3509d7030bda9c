/** All first and second derivatives: jacfwd, jacrev, hessian. */
import { type Aval, sizeOf } from '../core/aval.ts'
import { Literal } from '../core/jaxpr.ts'
import { checkOptions } from '../core/ops/checks.ts'
import type { Value } from '../core/trace.ts'
import { type Out, type Structure, unflatten } from '../core/tree.ts'
import { add, convert, eq, iota, reshape, sliceAxis } from './build.ts'
import { differentiate, resultOf, selectArguments } from './differentiate.ts'
import { type Argnums, asArray, build, flattenValues, named, normalArgnums, requireFunction, requireInexact } from './functions.ts'
import { jvpFlat } from './jvp/index.ts'
import type { Args, ArgnumsOf, GradAt, Jacobian } from './types.ts'
import { batchedAt, batchFlat } from './vmap/index.ts'
import { instantiate } from './zero.ts'

interface JacobianOptions<A extends Args, N, H> {
  /** Which arguments to differentiate with respect to; default 0. */
  readonly argnums?: N & ArgnumsOf<A>
  /** The function returns `[value, aux]`, and `[derivatives, aux]` is what comes back. */
  readonly hasAux?: H
}
type WithAux<R, H, J> = H extends true ? (R extends readonly [unknown, infer X] ? [derivatives: J, aux: Out<X>] : never) : J
type ValueOf<R, H> = H extends true ? (R extends readonly [infer V, unknown] ? V : never) : R
const jacobianOptions = ['argnums', 'hasAux']

/** For each array: one row for every element of all of them together, 1 where the row is that element's. */
function standardBasis(avals: readonly Aval[]): Value[] {
  const total = avals.reduce((n, a) => n + sizeOf(a.shape), 0)
  let offset = 0
  return avals.map((a) => {
    const size = sizeOf(a.shape)
    const at = [total, size]
    const column = iota('int32', at, 1)
    const row = iota('int32', at, 0)
    const hits = eq(row, offset === 0 ? column : add(column, offset))
    offset += size
    return reshape(convert(hits, a.dtype, a.weakType), [total, ...a.shape])
  })
}

/** Rows, one for every element of all arrays together, cut into one block for each array, with its shape. */
function blocks(x: Value, axis: number, avals: readonly Aval[]): Value[] {
  const { shape } = x.aval
  let at = 0
  return avals.map((a) => {
    const size = sizeOf(a.shape)
    const part = sliceAxis(x, axis, at, at + size)
    at += size
    return reshape(part, [...shape.slice(0, axis), ...a.shape, ...shape.slice(axis + 1)])
  })
}

/** One of equal rows. */
const unbatched = (x: Value, dim: number | null): Value => (dim === null ? x : reshape(sliceAxis(x, dim, 0, 1), x.aval.shape.filter((_, i) => i !== dim)))

/** A tree for each leaf of the outer one. */
const nest = (outer: Structure, inner: Structure, leaves: readonly (readonly Value[])[], pick: (tree: unknown) => unknown): unknown =>
  unflatten(outer, leaves.map((row) => pick(unflatten(inner, row.map(asArray)))))

/**
 * The Jacobian by forward mode, one pass for every input element: best for few inputs. For each leaf of the result a
 * tree like the argument, of shape `[...result's, ...argument's]`.
 *
 * @example
 * jacfwd((x: np.NDArray) => np.sin(x))(np.array([0, 1]))   // [[1, 0], [0, 0.5403]]
 */
export function jacfwd<A extends Args, R, const N extends number | readonly number[] = 0, const H extends boolean = false>(
  f: (...a: A) => R,
  options: JacobianOptions<A, N, H> = {},
): (...a: A) => WithAux<R, H, Jacobian<ValueOf<R, H>, GradAt<A, N>>> {
  requireFunction('jacfwd', f)
  checkOptions('jacfwd', options, jacobianOptions)
  const jacobian = (...args: A): unknown => {
    const hasAux = options.hasAux === true
    const { primals, call, pick } = pointOf('jacfwd', args, options.argnums ?? 0)
    const avals = primals.values.map((v) => v.aval)
    const total = avals.reduce((n, a) => n + sizeOf(a.shape), 0)
    let structure: Structure | null = null
    let auxStructure: Structure | null = null
    let outAvals: readonly Aval[] = []
    const columns = batchFlat(
      (tangents) => {
        const { outs, tangents: columns, aux } = jvpFlat(
          (values) => {
            const { out, aux } = resultOf('jacfwd', f, call(values), hasAux)
            structure = out.structure
            auxStructure = aux?.structure ?? null
            return { outs: out.values, aux: aux?.values ?? [] }
          },
          primals.values,
          tangents,
          'jacfwd',
        )
        outAvals = outs.map((o) => o.aval)
        return [...columns.map(instantiate), ...aux]
      },
      { size: total, axisName: null },
      standardBasis(avals),
      avals.map(() => 0),
    )
    // The axis of input elements goes last: derivatives stand behind the result's axes.
    const n = outAvals.length
    const rows = columns.outs.slice(0, n).map((c, i) => blocks(batchedAt(c, columns.dims[i]!, total, outAvals[i]!.shape.length), outAvals[i]!.shape.length, avals))
    if (structure === null) return null
    const derivatives = nest(structure, primals.structure, rows, pick)
    // Aux does not depend on the direction: it is the same in every row.
    return auxStructure === null ? derivatives : [derivatives, build(auxStructure, columns.outs.slice(n).map((x, i) => unbatched(x, columns.dims[n + i]!)))]
  }
  return named(jacobian, f) as (...a: A) => WithAux<R, H, Jacobian<ValueOf<R, H>, GradAt<A, N>>>
}

/**
 * The Jacobian by reverse mode, one pass for every element of the result: best for few results. The same tree as
 * `jacfwd` gives.
 *
 * @example
 * jacrev((x: np.NDArray) => np.sum(x.mul(x)))(np.array([1, 2]))   // [2, 4]
 */
export function jacrev<A extends Args, R, const N extends number | readonly number[] = 0, const H extends boolean = false>(
  f: (...a: A) => R,
  options: JacobianOptions<A, N, H> = {},
): (...a: A) => WithAux<R, H, Jacobian<ValueOf<R, H>, GradAt<A, N>>> {
  requireFunction('jacrev', f)
  checkOptions('jacrev', options, jacobianOptions)
  const jacobian = (...args: A): unknown => {
    const { primals, call, pick } = pointOf('jacrev', args, options.argnums ?? 0)
    const at = differentiate('jacrev', (values) => resultOf('jacrev', f, call(values), options.hasAux === true), primals.values)
    const withAux = (derivatives: unknown): unknown => (options.hasAux === true ? [derivatives, at.aux()] : derivatives)
    requireInexact('jacrev', { values: [...at.outs], structure: at.result.out.structure }, 'the result')
    const { structure } = at.result.out
    const [first] = at.avals
    // The gradient of a scalar needs no batch.
    if (at.avals.length === 1 && first?.shape.length === 0) {
      return withAux(nest(structure, primals.structure, [at.pullback([new Literal(1, first)]).map(instantiate)], pick))
    }
    const total = at.avals.reduce((n, a) => n + sizeOf(a.shape), 0)
    const pulled = batchFlat((cts) => at.pullback(cts).map(instantiate), { size: total, axisName: null }, standardBasis(at.avals), at.avals.map(() => 0))
    const byInput = pulled.outs.map((ct, i) => blocks(batchedAt(ct, pulled.dims[i]!, total, 0), 0, at.avals))
    const rows = at.avals.map((_, i) => byInput.map((b) => b[i]!))
    return withAux(nest(structure, primals.structure, rows, pick))
  }
  return named(jacobian, f) as (...a: A) => WithAux<R, H, Jacobian<ValueOf<R, H>, GradAt<A, N>>>
}

/**
 * Second derivatives of a function: forward over reverse. For a scalar function of an array of shape `s` an array of
 * shape `[...s, ...s]`; for trees, a tree of trees.
 *
 * @example
 * hessian((x: np.NDArray) => np.sum(x.mul(x).mul(x)))(np.array([1, 2]))   // [[6, 0], [0, 12]]
 */
export function hessian<A extends Args, R, const N extends number | readonly number[] = 0, const H extends boolean = false>(
  f: (...a: A) => R,
  options: JacobianOptions<A, N, H> = {},
): (...a: A) => WithAux<R, H, Jacobian<Jacobian<ValueOf<R, H>, GradAt<A, N>>, GradAt<A, N>>> {
  requireFunction('hessian', f)
  checkOptions('hessian', options, jacobianOptions)
  // The inner function returns [derivatives, aux] where the outer is to, which the conditional types do not show.
  const both = jacfwd<A, unknown, N, H>(jacrev(f, options), options) as (...a: A) => WithAux<R, H, Jacobian<Jacobian<ValueOf<R, H>, GradAt<A, N>>, GradAt<A, N>>>
  return (...args: A) => {
    // Refused in its own name, not in that of a half of it.
    pointOf('hessian', args, options.argnums ?? 0)
    return both(...args)
  }
}

function pointOf(operation: string, args: readonly unknown[], argnums: Argnums): {
  readonly primals: ReturnType<typeof flattenValues>
  readonly call: (values: readonly Value[]) => unknown[]
  readonly pick: (tree: unknown) => unknown
} {
  const selected = selectArguments(args, normalArgnums(operation, 'argnums', argnums, args.length))
  const primals = flattenValues(selected.tree, operation)
  requireInexact(operation, primals, 'argument ')
  return {
    primals,
    call: (values) => selected.call(build(primals.structure, values) as unknown[]),
    pick: (tree) => (typeof argnums === 'number' ? (tree as unknown[])[0] : tree),
  }
}
