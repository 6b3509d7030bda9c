/** The types of transformations, checked by the compiler: what an editor shows, and what it refuses. */
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expectTypeOf, test } from 'vitest'
import type { NDArray } from '../../src/core/array.ts'
import type { ArrayLike } from '../../src/core/tree.ts'
import { map, register } from '../../src/core/tree-functions.ts'
import { evalShape, grad, hessian, jacfwd, jacrev, jit, jvp, linearize, linearTranspose, makeJaxpr, type ShapeDtype, valueAndGrad, vjp, vmap } from '../../src/transforms/index.ts'
import { scan } from '../../src/lax/scan.ts'

interface Params {
  readonly w: NDArray
  readonly b: NDArray
}
declare const loss: (params: Params, x: NDArray, y: NDArray) => NDArray
declare const withAux: (params: Params, x: NDArray) => [NDArray, { correct: NDArray; n: number }]
declare const x: NDArray
declare const params: Params

type Step = (params: Params, x: NDArray, y: NDArray) => Params

// Nothing here runs: the compiler is the test.
const typed = (check: () => void): void => void check

describe('composition', () => {
  test('the same type in whatever order, with the name of the user', () => {
    typed(() => {
      expectTypeOf(pipe(loss, grad, jit)).toEqualTypeOf<Step>()
      expectTypeOf(pipe(loss, jit, grad, vmap)).toEqualTypeOf<Step>()
      expectTypeOf(jit(grad(loss))).toEqualTypeOf<Step>()
      expectTypeOf(grad(jit(loss))).toEqualTypeOf<Step>()
      expectTypeOf(jit(grad(loss))(params, x, x)).toEqualTypeOf<Params>()
    })
  })

  test('a generic function stays generic under jit', () => {
    typed(() => {
      const double = <T>(t: T): T => t
      expectTypeOf(jit(double)(params)).toEqualTypeOf<Params>()
    })
  })
})

describe('grad and valueAndGrad', () => {
  test('argnums picks the argument', () => {
    typed(() => {
      expectTypeOf(grad(loss)(params, x, x)).toEqualTypeOf<Params>()
      expectTypeOf(grad(loss, { argnums: 1 })(params, x, x)).toEqualTypeOf<NDArray>()
      expectTypeOf(grad(loss, { argnums: [0, 2] })(params, x, x)).toEqualTypeOf<[Params, NDArray]>()
      // @ts-expect-error there is no fourth argument
      grad(loss, { argnums: 3 })
    })
  })

  test('numbers come back as arrays', () => {
    typed(() => {
      expectTypeOf(grad((v: number) => v * v)(3)).toEqualTypeOf<NDArray>()
      expectTypeOf(grad((p: { a: number; b: NDArray }) => p.b)({ a: 1, b: x })).toEqualTypeOf<{ a: NDArray; b: NDArray }>()
    })
  })

  test('aux is handed through', () => {
    typed(() => {
      expectTypeOf(grad(withAux, { hasAux: true })(params, x)).toEqualTypeOf<[Params, { correct: NDArray; n: NDArray }]>()
      expectTypeOf(valueAndGrad(withAux, { hasAux: true })(params, x)).toEqualTypeOf<[[NDArray, { correct: NDArray; n: NDArray }], Params]>()
      expectTypeOf(valueAndGrad(loss)(params, x, x)).toEqualTypeOf<[NDArray, Params]>()
    })
  })

  test('a result that is no scalar array is refused', () => {
    typed(() => {
      // @ts-expect-error a record is not differentiated
      grad((v: NDArray) => ({ v }))
      // @ts-expect-error unknown option
      grad(loss, { argnum: 1 })
    })
  })
})

test('jvp, vjp, linearize and linearTranspose take the arguments of the function', () => {
  typed(() => {
    const f = (p: Params, v: NDArray): [NDArray, Params] => [v, p]
    expectTypeOf(jvp(f, [params, x], [params, x])).toEqualTypeOf<[out: [NDArray, Params], tangent: [NDArray, Params]]>()
    expectTypeOf(vjp(f, [params, x])).toEqualTypeOf<[out: [NDArray, Params], pullback: (ct: [NDArray, Params]) => [Params, NDArray]]>()
    expectTypeOf(vjp(withAux, [params, x], { hasAux: true })[0]).toEqualTypeOf<NDArray>()
    expectTypeOf(linearize(f, [params, x])[1]).toEqualTypeOf<(p: Params, v: NDArray) => [NDArray, Params]>()
    expectTypeOf(linearTranspose((v: NDArray) => ({ v }), [x])).toEqualTypeOf<(ct: { v: NDArray }) => [NDArray]>()
    // @ts-expect-error tangents are like primals
    jvp(f, [params, x], [x, x])
  })
})

test('Jacobians are trees of trees', () => {
  typed(() => {
    expectTypeOf(jacfwd(loss)(params, x, x)).toEqualTypeOf<Params>()
    expectTypeOf(jacrev((p: Params) => ({ y: p.w }))(params)).toEqualTypeOf<{ y: Params }>()
    expectTypeOf(hessian((v: NDArray) => v)(x)).toEqualTypeOf<NDArray>()
    expectTypeOf(hessian(loss)(params, x, x).w.b).toEqualTypeOf<NDArray>()
  })
})

test('vmap takes prefixes of the arguments', () => {
  typed(() => {
    expectTypeOf(vmap(loss, [null, 0, 0])(params, x, x)).toEqualTypeOf<NDArray>()
    expectTypeOf(vmap(loss, [{ w: 0, b: null }, 0, 1])).toEqualTypeOf<(params: Params, x: NDArray, y: NDArray) => NDArray>()
    // @ts-expect-error one axis an argument
    vmap(loss, [0, 0])
    // @ts-expect-error no such leaf
    vmap(loss, [{ w: 0, c: 1 }, 0, 0])
  })
})

test('scan: the carry keeps its type, ys are those of the body', () => {
  typed(() => {
    const sums = scan((c: NDArray, v: NDArray) => [c, { v }], x, x)
    expectTypeOf(sums).toEqualTypeOf<[carry: NDArray, ys: { v: NDArray }]>()
    const pair = scan(([a, b]: [NDArray, NDArray], _: null) => [[b, a], null], [x, x] as [NDArray, NDArray], null, { length: 3 })
    expectTypeOf(pair[0]).toEqualTypeOf<[NDArray, NDArray]>()
    expectTypeOf(scan((c, v) => [c.add(v), c], 0, x)[0]).toEqualTypeOf<NDArray>()
    // @ts-expect-error the carry comes back in another structure
    scan((c: [NDArray, NDArray], v: NDArray) => [c[0], v], [x, x] as [NDArray, NDArray], x)
  })
})

test('evalShape and makeJaxpr', () => {
  typed(() => {
    expectTypeOf(evalShape(loss, params, x, x)).toEqualTypeOf<ShapeDtype>()
    expectTypeOf(evalShape((p: Params) => ({ p }), params)).toEqualTypeOf<{ p: { readonly w: ShapeDtype; readonly b: ShapeDtype } }>()
    expectTypeOf(makeJaxpr(loss)).parameters.toEqualTypeOf<[params: Params, x: NDArray, y: NDArray]>()
    expectTypeOf<ArrayLike>().toEqualTypeOf<NDArray | number | boolean>()
  })
})

test('scan: lists that are written in place are tuples, as in JAX', () => {
  typed(() => {
    const [[h, p], [hs, ps]] = scan(([h, p], [v, { w }]) => [[h.add(v), p], [h.mul(w), p]], [x, params], [x, { w: x }])
    expectTypeOf([h, p] as const).toEqualTypeOf<readonly [NDArray, Params]>()
    expectTypeOf([hs, ps] as const).toEqualTypeOf<readonly [NDArray, Params]>()
    expectTypeOf(scan(([n, c], v) => [[n.add(1), c.add(v)], null], [0, x], x)[0]).toEqualTypeOf<[NDArray, NDArray]>()
    expectTypeOf(scan((c: NDArray[], v: NDArray) => [c.map((a) => a.add(v)), null], [x, x], x)[0]).toEqualTypeOf<[NDArray, NDArray]>()
    // @ts-expect-error one element too few
    scan(([a]: NDArray[], v: NDArray) => [[a ?? v], null], [x, x], x)
    const list: NDArray[] = [x]
    expectTypeOf(scan((c, vs) => [c.map((a, i) => a.add(vs[i] ?? 0)), vs], list, list)).toEqualTypeOf<[carry: NDArray[], ys: NDArray[]]>()
    const generic = <P, Q>(p: P, q: Q): P => scan((c) => [c, null] as never, p, q)[0] as P
    expectTypeOf(generic(params, x)).toEqualTypeOf<Params>()
  })
})

interface Branch {
  readonly w: NDArray
  readonly children: readonly Branch[]
}
type Nest = null | NDArray | readonly Nest[] | { readonly [name: string]: Nest }
declare const branch: Branch
declare const nest: Nest

describe('trees of types that hold themselves', () => {
  test('map, jit and grad end, without a word from the user', () => {
    typed(() => {
      expectTypeOf(map((a) => a.neg(), branch)).toEqualTypeOf<Branch>()
      expectTypeOf(map((a) => a.size, branch).children[0]!.children[0]!.w).toEqualTypeOf<number>()
      expectTypeOf(map((a) => a.neg(), nest)).toEqualTypeOf<Nest>()
      expectTypeOf(jit((t: Nest) => t)(nest)).toEqualTypeOf<Nest>()
      expectTypeOf(grad((t: Branch) => t.w)(branch)).toEqualTypeOf<Branch>()
    })
  })
  test('lists of any length and of a fixed one keep what they are', () => {
    typed(() => {
      expectTypeOf(map((a) => a.size, null as unknown as [NDArray, readonly NDArray[], NDArray[]])).toEqualTypeOf<[number, readonly number[], number[]]>()
      expectTypeOf(map((a) => a.size, null as unknown as readonly [NDArray, ...NDArray[]])).toEqualTypeOf<readonly [number, ...number[]]>()
      expectTypeOf(map((a) => a.size, null as unknown as [w: NDArray, b?: NDArray])).toEqualTypeOf<[w: number, b?: number]>()
    })
  })
})

class Quaternion {
  readonly re: NDArray
  readonly im: NDArray
  constructor(re: NDArray, im: NDArray) {
    this.re = re
    this.im = im
  }
  mul(other: Quaternion): Quaternion {
    return other
  }
}
class Attention {
  readonly w: NDArray
  readonly heads: number
  readonly parts: Attention[]
  #calls = 0
  private readonly name: string
  constructor(w: NDArray, heads: number, name: string) {
    this.w = w
    this.heads = heads
    this.parts = []
    this.name = name
  }
  get label(): string {
    return `${this.name}${this.#calls}`
  }
}
declare const quaternion: Quaternion
declare const attention: Attention

describe('registered classes', () => {
  test('come back as they are, with their methods and private parts, wherever they stand', () => {
    typed(() => {
      expectTypeOf(jit((q: Quaternion) => q.mul(q))(quaternion)).toEqualTypeOf<Quaternion>()
      expectTypeOf(grad((a: Attention) => a.w)(attention)).toEqualTypeOf<Attention>()
      expectTypeOf(map((p, g) => p.sub(g), attention, attention)).toEqualTypeOf<Attention>()
      expectTypeOf(valueAndGrad((p: { a: Attention; q: Quaternion; n: number }) => p.a.w)({ a: attention, q: quaternion, n: 1 })[1]).toEqualTypeOf<{ a: Attention; q: Quaternion; n: NDArray }>()
      expectTypeOf(vmap((q: Quaternion, n: number) => [[q], n] as const)(quaternion, 1)).toEqualTypeOf<readonly [readonly [Quaternion], NDArray]>()
      expectTypeOf(scan((q: Quaternion, v: NDArray) => [q.mul(q), { q, v }], quaternion, x)).toEqualTypeOf<[carry: Quaternion, ys: { q: Quaternion; v: NDArray }]>()
      expectTypeOf(evalShape((a: Attention) => a, attention).w).toEqualTypeOf<ShapeDtype>()
    })
  })
  test('children are told apart where they are put together again', () => {
    typed(() => {
      register(Quaternion, (q) => [[q.re, q.im], null], (_aux, [re, im]) => new Quaternion(re, im))
      register(Quaternion, (q) => [{ re: q.re, rest: [q.im, [q.re]] }, null], (_aux, { re, rest: [im] }) => new Quaternion(re, im))
      register(Attention, (a) => [a.w, a.heads], (heads, w) => new Attention(w, heads as number, ''))
      register(Attention, (a) => [[...a.parts], null], (_aux, parts: Attention[]) => parts[0]!)
      register<Attention, unknown>(Attention, (a) => [a.w, null], () => attention)
    })
  })
})
