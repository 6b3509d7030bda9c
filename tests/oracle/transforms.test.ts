// The programs are make_transforms.py's, in this library's words. Some are wrong uses, which the types of the
// transformations would refuse: so they are called through types that say less.
import * as pullback from 'pullback'
import { lax, type NDArray, np, PullbackError, random, type ShapeDtype, tree } from 'pullback'
import { describe, expect, test } from 'vitest'
import { array, differences, type Fixed, load, on, type Tolerance, ways } from './load.ts'

type A = NDArray
type AnyFunction = (...args: never[]) => unknown
type Called = (...args: readonly unknown[]) => unknown
type Option = Readonly<Record<string, unknown>>
type Transform = (f: AnyFunction, options?: Option) => Called
type AtPoint<R> = (f: AnyFunction, primals: readonly unknown[], options?: Option) => R

// Each says less than the function's own type does.
const vmap = pullback.vmap as unknown as (f: AnyFunction, inAxes?: unknown, outAxes?: unknown, options?: Option) => Called
const grad = pullback.grad as unknown as Transform
const valueAndGrad = pullback.valueAndGrad as unknown as Transform
const jacfwd = pullback.jacfwd as unknown as Transform
const jacrev = pullback.jacrev as unknown as Transform
const hessian = pullback.hessian as unknown as Transform
const jit = pullback.jit as unknown as Transform
const jvp = pullback.jvp as unknown as (f: AnyFunction, primals: readonly unknown[], tangents: readonly unknown[], options?: Option) => readonly unknown[]
const vjp = pullback.vjp as unknown as AtPoint<readonly [out: unknown, pullback: Called, aux: unknown]>
const linearize = pullback.linearize as unknown as AtPoint<readonly [out: unknown, fLin: Called, aux: unknown]>
const linearTranspose = pullback.linearTranspose as unknown as AtPoint<Called>
const evalShape = pullback.evalShape as unknown as (f: AnyFunction, ...args: readonly unknown[]) => unknown
const scan = lax.scan as unknown as (f: AnyFunction, init: unknown, xs: unknown, options?: Option) => readonly [carry: unknown, ys: unknown]

interface Params {
  readonly w: A
  readonly b: A
}
interface Case {
  readonly name: string
  readonly args: readonly string[]
  readonly structure?: string
  readonly weak?: readonly boolean[]
  /** Null where JAX refuses. */
  readonly out: readonly Fixed[] | null
}
interface Fixture {
  readonly arrays: Readonly<Record<string, Fixed>>
  readonly cases: readonly Case[]
}

const P = (w: A, b: A): Params => ({ w, b })
const times = (n: number) => (a: A) => a.mul(n)
const same = (a: A): A => a
const sum = (a: A): A => np.sum(a)
const int = (n: number): A => np.array(n, { dtype: 'int32' })
const add = (c: A, r: A): [A, A] => [c.add(r), c.mul(r)]
const vector = (a: A): A => np.stack([a.slice(0).mul(a.slice(1)), np.sin(a.slice(2))])
const two = (a: A, c: A): A => np.outer(a.slice([0, 2]), c).mul(c)
const treeOf = (p: Params): unknown => ({ z: p.w.matmul(np.ones([3])).mul(p.b), y: np.sum(p.b.pow(3)) })

/** How often a function is traced by these calls. */
function traces(options: Option, ...calls: readonly (readonly unknown[])[]): A {
  let count = 0
  const g = jit((...a: readonly [A, ...unknown[]]) => {
    count++
    const last = a.at(-1)
    return typeof last === 'function' ? (last as (x: A) => A)(a[0]) : a[0].mul(2)
  }, options)
  for (const c of calls) g(...c)
  return int(count)
}
const codes: Readonly<Record<string, number>> = { float32: 1, int32: 2, bool: 3, float16: 4 }
/** The tree with `[shape, code of the dtype]` for each type. */
function shapes(types: unknown): unknown {
  if (types === null || typeof types !== 'object') return types
  if (Array.isArray(types)) return types.map(shapes)
  if ('dtype' in types) {
    const { shape, dtype } = types as ShapeDtype
    return [np.array(Int32Array.from(shape)), int(codes[dtype]!)]
  }
  return Object.fromEntries(Object.entries(types).map(([k, v]) => [k, shapes(v)]))
}

const jacobians = (jac: Transform) => ({
  'of a vector': jac(vector),
  'argnums 1': jac(two, { argnums: 1 }),
  'argnums list': jac(two, { argnums: [1, 0] }),
  'argnums list of one': jac(two, { argnums: [0] }),
  'argnums -1': jac(two, { argnums: -1 }),
  'of a scalar result': jac((a: A) => np.sum(a.pow(2))),
  'of a scalar argument': jac((a: A) => np.stack([a, a.mul(a)])),
  'of a matrix': jac((a: A) => a.matmul(a.T)),
  'of trees': (m: A, v: A) => jac(treeOf)(P(m, v)),
  'of trees and argnums': (m: A, v: A, x: A) => jac((p: Params, c: A) => [p.w.matmul(c), p.b], { argnums: [0, 1] })(P(m, v), x),
  hasAux: jac((a: A) => [a.pow(2), { sum: a.sum(), n: null }], { hasAux: true }),
  'hasAux of a constant': jac((a: A, j: A) => [a.pow(2), j], { hasAux: true }),
  'of integers': jac((j: A) => j.mul(2)),
  'of an integer result': jac((a: A) => a.astype('int32')),
  'beside an integer result': jac((a: A) => [a, a.astype('int32')]),
  'of float16': jac((a: A) => a.astype('float16').mul(2)),
  'of a number': () => jac((a: A) => a.pow(2))(3),
  'of a constant': jac(() => np.ones([2])),
  'under jit': jit(jac(vector)),
  'of a scan': (x: A, l: A) => jac((a: A) => scan((c: A, r: A) => [np.tanh(c.add(r)), c.sum()], a, l))(x),
  'of no elements': jac(times(2)),
  'of null results': jac((a: A) => [a.mul(2), null]),
})

const programs: Readonly<Record<string, (...xs: A[]) => unknown>> = {
  // vmap: axes
  'vmap in axis 1': vmap(sum, 1),
  'vmap in axis -1': vmap((a: A) => a.sum(0), -1),
  'vmap in axis -3': vmap((a: A) => a.slice(0), -3),
  'vmap axes of two': vmap((a: A, c: A) => np.dot(a, c), [0, 1]),
  'vmap axes [0, -1]': vmap((a: A, c: A) => np.dot(a, c), [0, -1]),
  'vmap axis out of range': vmap(sum, 2),
  'vmap axis -3 of rank 2': vmap(sum, -3),
  'vmap of a scalar': vmap(same),
  'vmap sizes differ': vmap((a: A, _: A) => a),
  'vmap null': vmap((a: A, c: A) => a.mul(c), [0, null]),
  'vmap null tuple for a tree': (m, v, x) => vmap((p: Params, c: A) => p.w.matmul(c).add(p.b), [null, 0])(P(m, v), np.stack([x, x.mul(2)])),
  'vmap prefix for a subtree': (m, v) => vmap((p: Params) => p.w.sum().add(p.b), [0])(P(m, v)),
  'vmap tree of axes': (m, v) => vmap((p: Params) => p.w.mul(p.b.slice(0)), [{ w: 1, b: null }])(P(m, v)),
  'vmap tree of axes with nested prefix': (m, v, x) => vmap(([p, c]: [Params, A]) => p.w.sum().mul(p.b).add(c.sum()), [[0, null]])([P(m, v), x]),
  'vmap axes missing a key': (m, v) => vmap((p: Params) => p.w, [{ w: 0 }])(P(m, v)),
  'vmap axes too few': vmap((a: A, _: A) => a, [0]),
  'vmap axes too many': vmap(same, [0, 0]),
  'vmap axes in a list': (m, v) => vmap(([a, c]: [A, A]) => a.mul(c), [[0, 0]])([m, v]),
  'vmap no mapped argument': vmap(same, null),
  'vmap axisSize alone': vmap(times(2), null, 0, { axisSize: 2 }),
  'vmap axisSize without arguments': () => vmap(() => np.array(2), 0, 0, { axisSize: 3 })(),
  'vmap axisSize agrees': vmap(times(2), 0, 0, { axisSize: 3 }),
  'vmap axisSize disagrees': vmap(times(2), 0, 0, { axisSize: 4 }),
  'vmap without arguments': () => vmap(() => np.array(2))(),
  'vmap null in a tree': (x) => vmap((t: [A, null]) => t[0].add(1))([x, null]),
  'vmap out axis 1': vmap(times(2), 0, 1),
  'vmap out axis -1': vmap(times(2), 1, -1),
  'vmap out axis -2': vmap(times(2), 2, -2),
  'vmap out axes tuple': vmap((a: A) => [a, a.sum()], 0, [1, 0]),
  'vmap out axes prefix': vmap((a: A) => [a, { p: a.add(1), q: a.mul(2) }], 0, [0, 1]),
  'vmap out axes dict': vmap((a: A) => ({ p: a, q: a.sum() }), 0, { p: 1, q: 0 }),
  'vmap out axis of one that is not mapped': vmap((_: A, b: A) => b, [0, null], 1),
  'vmap out null': vmap((a: A, b: A) => [a, b.mul(2)], [0, null], [0, null]),
  'vmap out null of a mapped one': vmap(same, 0, null),
  'vmap out axis out of range': vmap(sum, 0, 1),
  'vmap out axis -2 of a scalar': vmap(sum, 0, -2),
  'vmap out axes too many': vmap((a: A) => [a, a], 0, [0, 0, 0]),
  'vmap of a size of 0': vmap(sum),
  'vmap unused argument': vmap((a: A, _: A) => a),
  'vmap gives a number': vmap(() => 1.5),
  'vmap gives null and a truth value': vmap(() => [true, null]),
  'vmap takes a number': (x) => vmap((a: A, c: A) => a.mul(c), [0, null])(x, 2.5),
  'vmap of vmap': vmap(vmap((a: A, c: A) => np.dot(a, c), [null, 1]), [0, null]),
  'vmap of vmap out axes': vmap(vmap(times(2), 1, -1), 1, -1),
  'vmap axisName': vmap((a: A) => a.add(1), 0, 0, { axisName: 'batch' }),

  // vmap: operations with mapped and other operands
  'vmap index': (m, i) => vmap((r: A, j: A) => r.slice(j), [null, 0])(m.T, i),
  'vmap index of both': vmap((r: A, j: A) => r.slice(j)),
  'vmap index out of bounds': (q, i) => vmap((r: A, j: A) => r.slice(j))(q, i.mul(3).sub(2)),
  'vmap dynamicSlice': (l, i) => vmap((j: A) => lax.dynamicSlice(l, [j, 0], [3, 2]))(i.mul(2)),
  'vmap dynamicUpdateSlice': (l, i) => vmap((j: A) => lax.dynamicUpdateSlice(l, np.ones([1, 2]), [j, 1]))(i),
  'vmap set': vmap((r: A, j: A) => r.at(j).set(7)),
  'vmap set of a shared array': vmap((a: A, j: A) => a.at(j).add(1), [null, 0]),
  'vmap set of mapped values': vmap((a: A, c: A) => a.at(1).mul(c), [null, 0]),
  'vmap takeAlongAxis': (q, i) => vmap((r: A) => np.takeAlongAxis(r, i, 0), 1, 1)(q),
  'vmap where with a mapped condition': vmap((c: A, a: A) => np.where(c, a, 0), [0, 1]),
  'vmap select of whole arrays': vmap((c: A, a: A, d: A) => lax.select(c, a, d), [0, null, null]),
  'vmap clamp': (x, y) => vmap((a: A, c: A) => lax.clamp(np.array(-1), a.mul(y), c))(x, np.abs(y)),
  'vmap concatenate': vmap((a: A, c: A) => np.concatenate([a, c, a]), [0, null]),
  'vmap pad with a mapped value': vmap((a: A, c: A) => lax.pad(a, c, [[1, 0, 1]])),
  'vmap sort': vmap((a: A) => np.sort(a), 1),
  'vmap argsort and argmax': vmap((a: A) => [np.argsort(a, { axis: 0 }), np.argmax(a, 1)], 1),
  'vmap cumsum': vmap((a: A) => np.cumsum(a, 0), 2, 1),
  'vmap topK': vmap((a: A) => lax.topK(a, 2), 1),
  'vmap einsum': vmap((a: A) => np.einsum('ij,kj->ik', a, a)),
  'vmap tensordot': vmap((a: A, c: A) => np.tensordot(c, a, 1), [2, null], 1),
  'vmap reduceWindow': vmap((a: A) => lax.reduceWindow(a, -Infinity, lax.max, [2, 2], [1, 1], 'VALID')),
  'vmap reshape and transpose': vmap((a: A) => a.reshape([-1, 2]).T, 1, 1),
  'vmap roll and flip': vmap((a: A) => np.roll(a.slice([null, null, -1]), 1), 1, 1),
  'vmap keys': () => vmap((k: A) => random.uniform(k, [2]))(random.split(random.key(3), 3)),
  'vmap permutation': () => vmap((k: A) => random.permutation(k, 5))(random.split(random.key(4), 2)),
  'vmap foldIn': vmap((j: A) => random.bits(random.foldIn(random.key(1), j), [2], { dtype: 'uint32' })),
  'vmap jit': vmap(jit((a: A, c: A) => a.mul(c).sum()), [0, null]),
  'jit vmap': jit(vmap((a: A, c: A) => a.mul(c), [1, 0])),
  'vmap linearize': vmap((a: A) => linearize((c: A) => np.sin(c), [a])[1](np.array(2))),
  'vmap pullback': (x, q) => vmap(vjp((a: A) => np.sin(a), [x])[1])(q),
  'vmap hessian': vmap(hessian((a: A) => np.sum(a.pow(3)))),
  'vmap valueAndGrad': vmap(valueAndGrad((a: A, c: A) => np.tanh(a.matmul(c))), [0, null]),
  'vmap of a division of integers': vmap((j: A) => [np.floorDivide(j, 2), np.mod(j, 2), j.div(2)]),

  // grad and valueAndGrad
  'grad argnums 1': grad((a: A, c: A) => np.sum(a.mul(np.sin(c))), { argnums: 1 }),
  'grad argnums -1': grad((a: A, c: A) => np.sum(a.mul(np.sin(c))), { argnums: -1 }),
  'grad argnums list': grad((a: A, c: A) => np.sum(a.mul(np.sin(c))), { argnums: [1, 0] }),
  'grad argnums list of one': grad((a: A, c: A) => np.sum(a.mul(c)), { argnums: [0] }),
  'grad argnums twice': grad((a: A, c: A) => np.sum(a.mul(c)), { argnums: [0, 0] }),
  'grad argnums out of range': grad(sum, { argnums: 1 }),
  'grad of an integer': grad((a: A) => np.sum(a.mul(1.5))),
  'grad beside an integer': grad((a: A, j: A) => np.sum(a.mul(j))),
  'grad of an integer result': grad((a: A) => np.sum(a.astype('int32'))),
  'grad of a vector': grad(same),
  'grad of shape [1]': grad((a: A) => a.slice([0, 1])),
  'grad of a pair': grad((a: A) => [a.sum(), a.sum()]),
  'grad of a number': () => grad((a: A) => a.pow(2))(3),
  'grad of a constant': grad(() => 3),
  'grad of a tree': (m, v) => grad((p: Params) => np.sum(p.w.matmul(np.ones([3]))).mul(p.b.slice(0)))(P(m, v)),
  'grad of nested trees': (m, v, x) => grad((p: { in: Params; list: [A, A]; none: null }) => np.sum(p.in.w.matmul(p.list[0])).add(p.list[1].mul(p.in.b.sum())))({ in: P(m, v), list: [x, 2], none: null }),
  'grad of float16': grad((a: A) => np.sum(a.mul(a))),
  'grad through float16': grad((a: A) => np.sum(a.astype('float16').mul(2)).astype('float32')),
  'grad hasAux': grad((a: A) => [np.sum(a.pow(2)), { twice: a.mul(2), none: null }], { hasAux: true }),
  'grad hasAux of numbers': grad((a: A) => [np.sum(a.pow(2)), [1.5, true]], { hasAux: true }),
  'grad hasAux without a pair': grad(sum, { hasAux: true }),
  'grad hasAux integer aux': grad((a: A, j: A) => [np.sum(a.mul(j)), j.add(1)], { hasAux: true }),
  'valueAndGrad hasAux': valueAndGrad((a: A, c: A) => [np.sum(a.mul(c)), [a.add(c), c]], { argnums: [0, 1], hasAux: true }),
  'valueAndGrad tree argnums': (m, v, x) => valueAndGrad((p: Params, c: A) => np.sum(p.w.matmul(c).add(p.b).pow(2)), { argnums: [0, 1] })(P(m, v), x),
  'grad of grad with aux': grad((a: A) => (grad((c: A) => [c.pow(3).mul(a), c.mul(a)], { hasAux: true })(a) as A[])[0]),
  'grad of grad, aux differentiated': grad((a: A) => (grad((c: A) => [c.pow(3), c.mul(a)], { hasAux: true })(a) as A[])[1]),
  'jit of valueAndGrad hasAux': jit(valueAndGrad((a: A) => [np.sum(np.sin(a)), int(a.shape[0]!)], { hasAux: true })),
  'grad of jit with aux outside': grad(jit((a: A) => [np.prod(a), a.add(1)]), { hasAux: true }),
  'grad of max of ties': () => grad((a: A) => np.max(a))(np.array([2, 2, 1])),

  // jvp, vjp, linearize, linearTranspose
  'jvp of two': (x, y) => jvp(np.multiply, [x, y], [y, x]),
  'jvp of trees': (m, v) => jvp((p: Params) => ({ z: p.w.sum().mul(p.b), n: null }), [P(m, v)], [P(m.mul(2), v.add(1))]),
  'jvp hasAux': (x, y) => jvp((a: A) => [np.sin(a), a.mul(2)], [x], [y], { hasAux: true }),
  'jvp of numbers': () => jvp((a: A) => a.mul(3), [2], [1]),
  'jvp tangent of another dtype': (x, h) => jvp(np.sin, [x], [h]),
  'jvp tangent of integers': (x, i) => jvp(np.sin, [x], [i]),
  'jvp tangent of another shape': (x, s) => jvp(np.sin, [x], [s]),
  'jvp tangents too few': (x, y) => jvp(np.multiply, [x, y], [y]),
  'jvp of a constant': (x, y) => jvp(() => np.array(4), [x], [y]),
  'jvp of jvp': (s, t) => jvp((a: A) => jvp(np.sin, [a], [t])[1], [s], [t]),
  'vjp of trees': (m, v, x) => vjp((p: Params, c: A) => ({ z: p.w.matmul(c), y: p.b.sum() }), [P(m, v), x])[1]({ z: v, y: np.array(2) }),
  'vjp hasAux': (x, y) => {
    const [out, pullback, aux] = vjp((a: A) => [np.sin(a), { twice: a.mul(2) }], [x], { hasAux: true })
    return [out, pullback(y), aux]
  },
  'vjp cotangent of another dtype': (x, h) => vjp(np.sin, [x])[1](h),
  'vjp cotangent of another shape': (x, m) => vjp(np.sin, [x])[1](m),
  'vjp cotangent of another structure': (x, y) => vjp((a: A) => [a, a.mul(2)], [x])[1](y),
  'vjp twice': (x, y) => {
    const [, pullback] = vjp(np.sin, [x])
    return [pullback(y), pullback(y.mul(2))]
  },
  'vjp of unused': (x, y) => vjp((a: A, _: A) => a.mul(2), [x, y])[1](x),
  'vjp under jit': jit((x: A, y: A) => vjp((a: A) => a.pow(3), [x])[1](y)),
  'grad through a pullback': grad((s: A, t: A) => (vjp(np.sin, [s])[1](t) as A[])[0], { argnums: [0, 1] }),
  'linearize of two': (x, y) => {
    const [out, fLin] = linearize(np.multiply, [x, y])
    return [out, fLin(y, x), fLin(x, x)]
  },
  'linearize of trees': (m, v) => {
    const [out, fLin] = linearize((p: Params) => [p.w.sum().mul(p.b)], [P(m, v)])
    return [out, fLin(P(m, v))]
  },
  'linearize hasAux': (x, y) => {
    const [out, fLin, aux] = linearize((a: A) => [a.pow(2), a.add(1)], [x], { hasAux: true })
    return [out, fLin(y), aux]
  },
  'linearize tangent of another shape': (x, s) => linearize(np.sin, [x])[1](s),
  linearTranspose: (x, y) => linearTranspose((a: A) => a.mul(y), [x])(x),
  'linearTranspose of trees': (m, v, x) => linearTranspose((p: Params) => p.w.matmul(x).add(p.b.mul(2)), [P(m, v)])(v),
  'linearTranspose of two': (x, y) => linearTranspose((a: A, c: A) => [a.add(c), a.sum()], [x, y])([x, np.array(3)]),
  'linearTranspose of what is not linear': (x) => linearTranspose(np.sin, [x])(x),
  'linearTranspose of a scan': (l, x) => linearTranspose((a: A) => scan((c: A, r: A) => [c.mul(0.5).add(r), c], np.zeros([3]), a), [l])([x, l]),

  // jacobians
  ...prefixed('jacfwd', jacobians(jacfwd)),
  ...prefixed('jacrev', jacobians(jacrev)),
  'hessian argnums list': hessian((a: A, c: A) => np.sum(a.pow(2).mul(np.sin(c))), { argnums: [0, 1] }),
  'hessian of trees': (v, x) => hessian((p: Params) => np.sum(p.w.pow(2)).mul(np.sum(p.b.pow(2))))(P(x, v)),
  'hessian hasAux': hessian((a: A) => [np.sum(a.pow(3)), a.mul(2)], { hasAux: true }),
  'hessian of a vector': hessian(vector),
  'hessian of a number': () => hessian((a: A) => a.pow(4))(2),
  'hessian under vmap and jit': jit(vmap(hessian((a: A) => np.prod(a)))),
  'jacfwd of jacrev of trees': (v, x) => jacfwd(jacrev((p: Params) => ({ o: np.sum(p.w).mul(p.b.pow(2)) })))(P(x, v)),
  'jacrev of jacfwd': jacrev(jacfwd(vector)),

  // scan
  scan: (x, l) => scan(add, x, l),
  'scan reverse': (x, l) => scan(add, x, l, { reverse: true }),
  'scan unroll 2': (x, l) => scan(add, x, l, { unroll: 2 }),
  'scan unroll all': (x, l) => scan(add, x, l, { unroll: true }),
  'scan unroll more than there are': (x, l) => scan(add, x, l, { unroll: 9 }),
  'scan unroll 0': (x, l) => scan(add, x, l, { unroll: 0 }),
  'scan unroll -1': (x, l) => scan(add, x, l, { unroll: -1 }),
  'scan of trees': (x, l, v) =>
    scan((c: { a: A; n: A }, r: { p: A; q: A }) => [{ a: c.a.add(r.p), n: c.n.add(1) }, [c.n, { s: r.q.sum() }]], { a: x, n: int(0) }, { p: l, q: l.slice([], [0, 2]).mul(v) }),
  'scan xs null': (x) => scan((c: A, _: null) => [c.mul(2), c.slice(0)], x, null, { length: 3 }),
  'scan xs null without length': (x) => scan((c: A, _: null) => [c, null], x, null),
  'scan ys null': (x, l) => scan((c: A, r: A) => [c.add(r), null], x, l),
  'scan carry null': (l) => scan((_: null, r: A) => [null, r.mul(2)], null, l),
  'scan length agrees': (x, l) => scan(add, x, l, { length: 5 }),
  'scan length disagrees': (x, l) => scan(add, x, l, { length: 4 }),
  'scan lengths differ': (x, l, m) => scan((c: A, r: [A, A]) => [c, r], x, [l, m]),
  'scan of a scalar': (x, s) => scan(add, x, s),
  'scan of nothing': (x, e) => scan(add, x, e),
  'scan length 0': (x) => scan((c: A, _: null) => [c.mul(2), c], x, null, { length: 0 }),
  'scan negative length': (x) => scan((c: A, _: null) => [c.mul(2), c], x, null, { length: -1 }),
  'scan carry changes shape': (x, l) => scan((c: A, _: A) => [c.slice([0, 2]), null], x, l),
  'scan carry changes dtype': (x, l) => scan((c: A, _: A) => [c.astype('float16'), null], x, l),
  'scan carry changes structure': (x, l) => scan((c: A, _: A) => [[c, c], null], x, l),
  'scan body gives no pair': (x, l) => scan((c: A, _: A) => c, x, l),
  'scan weak carry': (x) => scan((c: A, r: A) => [c.add(r), c], 0, x),
  'scan weak carry that stays weak': (x) => scan((c: A, _: A) => [c.mul(2), c], 1, x),
  'scan weak carry becomes float16': (h) => scan((c: A, r: A) => [c.add(r), c], 0, h),
  'scan carry takes a number': (x) => scan((_: A, r: A) => [3, r], np.array(1), x),
  'scan weak ys': (x) => scan((c: A, _: A) => [c, 2], x.slice(0), x),
  'scan of truth values': (b) => scan((c: A, r: A) => [np.bitwiseXor(c, r), np.bitwiseAnd(c, r)], np.array(true), b),
  'scan of integers': (i) => scan((c: A, r: A) => [c.mul(2).add(r), c], int(1), i),
  'scan that ignores xs': (x, l) => scan((c: A, _: A) => [c.mul(2), null], x, l),
  'scan of scans': (x, l) => scan((c: A, r: A) => scan((d: A, e: A) => [d.mul(e).add(1), d], c, r), x.slice(0), l),
  'scan of keys': () =>
    scan((k: A, _: null) => {
      const [next, use] = [...random.split(k)]
      return [next, random.uniform(use!)]
    }, random.key(0), null, { length: 3 })[1],
  'grad of scan': grad((a: A, r: A) => (scan((c: A, e: A) => [np.tanh(c.mul(e)), c], a, r)[1] as A).sum(), { argnums: [0, 1] }),
  'grad of scan of trees': (x, l, v) =>
    grad((p: Params) => (scan((c: { a: A; n: A }, r: A) => [{ a: c.a.mul(r), n: c.n.add(1) }, c.a.mul(p.b.slice(0))], { a: p.w, n: 0 }, l)[1] as A).sum())(P(x, v)),
  'grad of scan reverse': (x, l) => grad((a: A) => (scan((c: A, e: A) => [c.mul(e), c], a, l, { reverse: true })[1] as A).sum())(x),
  'grad of scan closure': grad((s: A, l: A) => scan((c: A, e: A) => [c.mul(s).add(e.sum()), null], 0, l)[0]),
  'vmap of scan xs': (u) => vmap((r: A) => scan((c: A, e: A) => [c.add(e), c], 0, r), 2, [0, 1])(u.slice(0)),
  'vmap of scan init': (x, l) => vmap((a: A) => scan((c: A, e: A) => [c.mul(e.sum()), c], a, l))(x),
  'vmap of scan closure': (x, l) => vmap((a: A) => scan((c: A, e: A) => [c.add(e.mul(a)), null], np.zeros([3]), l)[0], 0, 1)(x),
  'vmap of scan, carry mapped in the body': (x, l) => vmap((a: A) => scan((c: [A, A], _: A) => [[c[0].add(a), c[1]], c[0]], [0, 1], l))(x),
  'jvp of scan with a constant carry': (s, t, l) => jvp((a: A) => scan((c: [A, A], _: A) => [[c[0].mul(a), c[1].add(1)], c[1]], [1, 0], l), [s], [t]),
  'hessian of scan': hessian((a: A) => scan((c: A, e: A) => [c.mul(np.sin(e)), null], 1, a)[0]),
  'linearize of scan': (x, l) => linearize((a: A) => scan((c: A, e: A) => [c.mul(e), c.sum()], a, l), [x])[1](x),

  // jit: what is traced when
  'jit traces once for one type': (x, y) => traces({}, [x], [y], [x.add(y)]),
  'jit traces for shapes and dtypes': (x, m, i) => traces({}, [x], [m], [i], [x]),
  'jit traces numbers once': () => traces({}, [1.5], [2.5]),
  'jit traces weak and strong': (s) => traces({}, [1.5], [s]),
  'jit traces static values': (x) => traces({ staticArgnums: 1 }, [x, 1], [x, 1], [x, 2]),
  'jit traces static texts': (x) => traces({ staticArgnums: [1] }, [x, 'a'], [x, 'a'], [x, 'b']),
  'jit traces static NaN': (x) => traces({ staticArgnums: 1 }, [x, NaN], [x, NaN]),
  'jit traces static null': (x) => traces({ staticArgnums: -1 }, [x, null], [x, null], [x, 0]),
  'jit traces static tuples': (x) => traces({ staticArgnums: 1 }, [x, [1, 2]], [x, [1, 2]], [x, [2, 1]]),
  'jit traces static functions': (x) => traces({ staticArgnums: 1 }, [x, np.sin], [x, np.sin], [x, np.cos]),
  'jit traces structures': (x, y) => traces({}, [x, [y, y]], [x, [y, y]], [x, [y]], [x, null]),
  'jit static out of range': (x) => jit(same, { staticArgnums: 2 })(x),
  'jit static and donated': (x) => jit((a: A, n: number) => a.mul(n), { staticArgnums: 1, donateArgnums: 0 })(x.add(0), 3),
  'jit donates': (x, y) => jit((a: A, c: A) => [a.add(c), c], { donateArgnums: [0] })(x.add(0), y),
  'jit reads what was donated': (x) => {
    const z = x.add(0)
    return [jit((a: A) => a.add(1), { donateArgnums: 0 })(z), z.add(1)]
  },
  'jit gives its arguments': jit((a: A) => [a, [a], { k: a }]),
  'jit gives numbers': jit((a: A) => [1.5, true, null, a]),
  'jit of nothing': () => jit(() => np.arange(3))(),
  'jit of a closure': (x, s) => jit((a: A) => a.mul(s))(x),
  'jit of a number keeps it weak': (h) => (jit(times(2))(1.5) as A).mul(h),
  'jit of jit under grad': grad((a: A) => jit((c: A) => (jit((d: A) => np.sin(d))(c) as A).sum())(a.mul(2))),

  // stopGradient, evalShape
  'stopGradient of a tree': grad((a: A, c: A) => {
    const t = lax.stopGradient({ p: a, q: [c] as [A] })
    return np.sum(t.p.mul(t.q[0]).mul(a))
  }),
  'stopGradient in jvp': (x, y) => jvp((a: A) => a.mul(lax.stopGradient(a)), [x], [y]),
  'stopGradient of integers': (i) => lax.stopGradient(i),
  'stopGradient in scan': grad((a: A) => scan((c: A, e: A) => [lax.stopGradient(c).mul(e), null], 1, a)[0]),
  'stopGradient under vmap and jit': jit(vmap(grad((a: A) => a.mul(lax.stopGradient(a.pow(2)))))),
  'stopGradient of what is already differentiated': grad((s: A) => grad((a: A) => a.mul(lax.stopGradient(a)).mul(s))(s)),
  evalShape: (m, x) => shapes(evalShape((a: A, c: A) => ({ d: a.matmul(c), n: np.argmax(a), z: null, b: a.greater(0) }), m, x)),
  'evalShape of types': () => shapes(evalShape((a: A) => [a.sum(0), a.astype('float16')], { shape: [4, 2], dtype: 'float32' })),
  'evalShape of a scan': (x, l) => shapes(evalShape((a: A, r: A) => scan(add, a, r), x, l)),
  'evalShape of a wrong use': (m, x) => evalShape((a: A, c: A) => c.matmul(a), m, x),
}

function prefixed(name: string, of: Readonly<Record<string, (...xs: A[]) => unknown>>): Record<string, (...xs: A[]) => unknown> {
  return Object.fromEntries(Object.entries(of).map(([k, v]) => [`${name} ${k}`, v]))
}

const fixture = load<Fixture>('transforms.json')
const tolerance: Tolerance = { float32: 2e-6, float64: 1e-12, scale: 'array', absolute: 1e-7 }

/** What is wrong, in words; undefined where all is as JAX has it. */
function judged(c: Case): string | undefined {
  const f = programs[c.name]!
  let out: unknown
  try {
    out = f(...c.args.map((a) => array(fixture.arrays[a]!)))
  } catch (e) {
    if (!(e instanceof PullbackError) || e.code === 'INTERNAL') throw e
    return c.out === null ? undefined : `is refused: ${e.message}`
  }
  const { key } = tree.structure(out as A)
  if (c.out === null) return `gives ${key}, and JAX refuses it`
  if (key !== c.structure) return `has structure ${key}, and JAX's is ${c.structure}`
  const leaves = tree.leaves(out as A).map((x) => (typeof x === 'object' ? x : np.array(x)))
  const wrong = leaves.flatMap((x, i) => differences(x, c.out![i]!, tolerance))
  const weak = leaves.map((x) => x.aval.weakType)
  if (weak.join() !== c.weak!.join()) wrong.push(`weak types are ${weak.join()}, JAX's ${c.weak!.join()}`)
  return wrong.length === 0 ? undefined : wrong.join('; ')
}

for (const way of ways.filter((w) => !w.jitted)) {
  describe(`transformations as JAX's, ${way.name}`, () => {
    for (const c of fixture.cases) test(c.name, () => on(way, () => expect(judged(c)).toBeUndefined()))
  })
}
