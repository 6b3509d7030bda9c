/** lax.scan: a loop that is one equation, whatever its length. */
import { type Aval, aval, sameShape, showType } from '../core/aval.ts'
import { describe } from '../core/describe.ts'
import { isInteger } from '../core/dtype.ts'
import { ArgumentError, DtypeError, ShapeError, TreeError } from '../core/errors.ts'
import { Literal } from '../core/jaxpr.ts'
import { checkFlag, checkInteger, checkOptions } from '../core/ops/checks.ts'
import { bind, type Value } from '../core/trace.ts'
import { type AnyHint, type ArrayLike, flatten, type Out, type Structure, type TreeHint, unflatten } from '../core/tree.ts'
import { bringScans } from '../families/scans.ts'
import { convert } from '../transforms/build.ts'
import { type AnyFunction, apply, type Flat, flattenValues, paths, requireFunction } from '../transforms/functions.ts'
import { closed, outputAvals } from '../transforms/staging/jaxprs.ts'
import { type TracedFunction, traceFunction } from '../transforms/trace-function.ts'

export interface ScanOptions {
  /** Number of iterations; needed where `xs` is null. */
  readonly length?: number
  /** From the last element to the first; `ys` stand where their `xs` stood. */
  readonly reverse?: boolean
  /** Accepted for compatibility with JAX; the compiler decides. */
  readonly unroll?: number | boolean
}

type None = null | undefined
/** What the body may return as the carry: the structure of the initial one, with numbers for arrays where it likes. */
export type CarryLike<T> = T extends ArrayLike ? ArrayLike : T extends None ? T : T extends object ? { readonly [K in keyof T]: CarryLike<T[K]> } : T
/** The same for a carry of type C: a list of any length is taken for a tuple, whose length is then seen when it is traced. */
type CarryFor<T, C> = C extends readonly unknown[] ? (number extends C['length'] ? (T extends readonly unknown[] ? readonly CarryLike<T[number]>[] : CarryLike<T>) : CarryLike<T>) : CarryLike<T>

/**
 * Carries a state through a loop and stacks what each iteration gives:
 * `f(carry, x) -> [carry, y]`, with `x` a slice of `xs` along its leading axis.
 *
 * The carry keeps its structure, shapes and dtypes; one that starts from a plain number takes the dtype that the body
 * returns.
 *
 * @example
 * const [total, sums] = lax.scan((c: np.NDArray, x: np.NDArray) => [c.add(x), c.add(x)], np.array(0), np.array([1, 2, 3]))
 * // total 6, sums [1, 3, 6]
 * @throws TreeError, ShapeError or DtypeError listing the leaves of the carry that changed.
 */
export function scan<I extends AnyHint, X extends AnyHint, C extends TreeHint, Y extends TreeHint>(
  f: (carry: Out<I>, x: Out<X>) => readonly [carry: C & NoInfer<CarryFor<I, C>>, y: Y],
  init: I,
  xs: X,
  options: ScanOptions = {},
): [carry: Out<I>, ys: Out<Y>] {
  requireFunction('scan', f)
  checkOptions('scan', options, ['length', 'reverse', 'unroll'])
  const { unroll = 1 } = options
  if (typeof unroll !== 'boolean') checkInteger('scan', 'unroll', unroll, 0)
  const start = flattenValues(init, 'scan')
  const slices = slicesOf(xs, options.length)
  const { body, carry } = traceBody(f, start, slices)
  const { jaxpr, operands } = closed(body)
  const values = start.values.map((v, i) => asType(v, carry[i]!))
  bringScans()
  const outs = bind('scan', [...operands, ...values, ...slices.values], {
    length: slices.length,
    reverse: checkFlag('scan', 'reverse', options.reverse ?? false),
    numConsts: operands.length,
    numCarry: carry.length,
    jaxpr,
  })
  const [, yStructure] = body.parts
  const end = unflatten(start.structure, outs.slice(0, carry.length))
  // The body's own types were checked by the signature; the loop keeps them.
  return [end as Out<I>, unflatten(yStructure, outs.slice(carry.length)) as Out<Y>]
}

interface Slices extends Flat {
  readonly length: number
  readonly avals: readonly Aval[]
}

function slicesOf(xs: unknown, asked: number | undefined): Slices {
  const { values, structure } = flattenValues(xs, 'scan')
  const sizes = values.map((v, i) => {
    const n = v.aval.shape[0]
    if (n === undefined) throw new ShapeError('scan', `xs${paths(structure)[i]} is ${showType(v.aval)}, which has no leading axis to go along; pass null and a length for a loop without inputs`)
    return n
  })
  const length = asked ?? sizes[0]
  if (length === undefined) throw new ArgumentError('scan', 'xs holds no arrays, so the number of iterations is not known; pass length')
  if (!Number.isInteger(length) || length < 0) throw new ArgumentError('scan', `got length ${describe(length)}; takes an integer of at least 0`)
  if (sizes.some((n) => n !== length)) {
    const each = values.map((v, i) => `xs${paths(structure)[i]} ${showType(v.aval)}`)
    throw new ShapeError('scan', `leading axes differ: ${asked === undefined ? '' : `length is ${asked}, `}${each.join(', ')}; all must be ${length}`)
  }
  return { values, structure, length, avals: values.map((v) => aval(v.aval.shape.slice(1), v.aval.dtype, v.aval.weakType)) }
}

interface Body extends TracedFunction {
  readonly parts: readonly [carry: Structure, y: Structure]
}

/** A type that has not settled after so many traces changes each time. */
const maxTraces = 4

/** Traces the body until a carry that started weak has the dtype that the body gives it; within the body it stays weak where that is its own. */
function traceBody(f: AnyFunction, start: Flat, slices: Slices): { readonly body: Body; readonly carry: readonly Aval[] } {
  let carry: readonly Aval[] = start.values.map((v) => v.aval)
  for (let traces = 1; ; traces++) {
    const body = traceOnce(f, start.structure, carry, slices)
    const given = outputAvals(body.jaxpr).slice(0, carry.length)
    const next = carry.map((a, i) => (a.weakType && a.dtype !== given[i]!.dtype ? { ...given[i]!, shape: a.shape } : a))
    if (traces === maxTraces || next.every((a, i) => a.dtype === carry[i]!.dtype)) {
      requireKept(start.structure, carry, given)
      return { body, carry }
    }
    carry = next
  }
}

function traceOnce(f: AnyFunction, carryStructure: Structure, carry: readonly Aval[], slices: Slices): Body {
  const [, structure] = flatten([unflatten(carryStructure, carry.map(() => 0)), unflatten(slices.structure, slices.values.map(() => 0))], 'scan')
  let parts: readonly [Structure, Structure] | null = null
  const traced = traceFunction(
    'scan',
    (args) => {
      const result: unknown = apply(f, args as unknown[])
      if (!Array.isArray(result) || result.length !== 2) {
        const [, given] = flatten(result, 'scan')
        throw new TreeError('scan', `the body returned ${given.key}; it returns a pair [carry, y], with y null where there is nothing to stack`)
      }
      const [, next] = flatten(result[0], 'scan')
      const [, y] = flatten(result[1], 'scan')
      if (next.key !== carryStructure.key) throw new TreeError('scan', `the body returned a carry of structure ${next.key}, and it got ${carryStructure.key}; they must be equal`)
      parts = [next, y]
      return result as readonly unknown[]
    },
    structure,
    [...carry, ...slices.avals],
    false,
  )
  const found = parts as readonly [Structure, Structure] | null
  if (found === null) throw new TreeError('scan', 'the body returned nothing')
  return { ...traced, parts: found }
}

function requireKept(structure: Structure, got: readonly Aval[], given: readonly Aval[]): void {
  const changed = paths(structure).flatMap((p, i) => {
    const [a, b] = [got[i]!, given[i]!]
    return a.dtype === b.dtype && sameShape(a.shape, b.shape) ? [] : [`carry${p} is ${showType(a)} and comes back as ${showType(b)}`]
  })
  if (changed.length === 0) return
  const message = `the body must return the carry in the types it got: ${changed.join('; ')}`
  if (got.every((a, i) => sameShape(a.shape, given[i]!.shape))) throw new DtypeError('scan', `${message}; convert with astype`)
  throw new ShapeError('scan', message)
}

function asType(v: Value, { dtype, weakType }: Aval): Value {
  if (!(v instanceof Literal)) return convert(v, dtype, weakType)
  const value = dtype === 'bool' ? Boolean(v.value) : isInteger(dtype) ? Math.trunc(Number(v.value)) : v.value
  return new Literal(value, aval([], dtype, weakType))
}
