/** The type of a forward-mode rule, and forms that many rules have. */
import type { NDArray } from '../../core/array.ts'
import type { Primitive, PrimitiveParams } from '../../core/primitives/index.ts'
import { bind, bind1, type Value } from '../../core/trace.ts'
import { addTangents, instantiate, isZero, type Tangent, through, toShape, Zero } from '../zero.ts'

export type JvpResult = readonly [outs: readonly Value[], tangents: readonly Tangent[]]

/**
 * From values and tangents of the operands (at least one other than zero) to those of the results. Written with
 * primitives, so that rules can be differentiated. What multiplies tangents depends on primals alone: it is computed
 * where those are known, and each equation that a tangent goes through is linear in it.
 */
export type Jvp<P extends Primitive> = (primals: readonly Value[], tangents: readonly Tangent[], params: PrimitiveParams[P]) => JvpResult
export type JvpRules<K extends Primitive = Primitive> = { readonly [P in K]: Jvp<P> }

/** Of primitives that are constant almost everywhere, or whose results carry no tangents. */
export function flat<P extends Primitive>(primitive: P): Jvp<P> {
  return (primals, _, params) => {
    const outs = bind(primitive, primals, params)
    return [outs, outs.map((o) => new Zero(o.aval))]
  }
}

/** Of primitives that are linear in all operands together: tangents go through the same operation. */
export function linear<P extends Primitive>(primitive: P): Jvp<P> {
  return (primals, tangents, params) => [bind(primitive, primals, params), bind(primitive, tangents.map(instantiate), params)]
}

/** Of primitives that are linear in their first `n` operands together; the others have no tangents. */
export function linearInFirst<P extends Primitive>(primitive: P, n: number): Jvp<P> {
  return (primals, tangents, params) => [
    bind(primitive, primals, params),
    bind(primitive, [...tangents.slice(0, n).map(instantiate), ...primals.slice(n)], params),
  ]
}

/** Of products: linear in each of two operands alone. */
export function bilinear<P extends Primitive>(primitive: P): Jvp<P> {
  return ([x, y], [tx, ty], params) => {
    const out = bind1(primitive, [x!, y!], params)
    const left = through(tx!, (t) => bind1(primitive, [t, y!], params))
    const right = through(ty!, (t) => bind1(primitive, [x!, t], params))
    return [[out], [sum(out, left, right)]]
  }
}

/** One operand's part of a tangent. */
export type Part<P extends Primitive> = (t: Value, primals: readonly [x: Value, y: Value, z: Value], out: NDArray, params: PrimitiveParams[P]) => Tangent

/** The sum of a part for each operand whose tangent is not zero. */
export function parts<P extends Primitive>(primitive: P, ...partOf: readonly Part<P>[]): Jvp<P> {
  return (primals, tangents, params) => {
    const out = bind1(primitive, primals, params)
    const operands = [primals[0]!, primals[1] ?? primals[0]!, primals[2] ?? primals[0]!] as const
    const each = tangents.map((t, i) => (isZero(t) ? t : partOf[i]!(t, operands, out, params)))
    return [[out], [sum(out, ...each)]]
  }
}

/** The sum of tangents that have the result's shape, or are scalars that go with any. */
function sum(out: NDArray, ...tangents: readonly Tangent[]): Tangent {
  const total = tangents.reduce((a, b) => addTangents(a, b))
  return isZero(total) ? new Zero(out.aval) : toShape(total, out.shape)
}
