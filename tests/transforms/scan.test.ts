/** lax.scan: one equation whatever its length, under every transformation; what it refuses. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { NDArray } from '../../src/core/array.ts'
import { checkJaxpr } from '../../src/core/check.ts'
import { defaultDevice } from '../../src/core/devices.ts'
import { ArgumentError, DtypeError, ShapeError, TreeError } from '../../src/core/errors.ts'
import type { Jaxpr } from '../../src/core/jaxpr.ts'
import { sin, tanh } from '../../src/core/ops/index.ts'
import { traceDepth } from '../../src/core/trace.ts'
import { grad, jit, jvp, makeJaxpr, vmap } from '../../src/transforms/index.ts'
import { scan } from '../../src/lax/scan.ts'
import { array, scalar } from './values.ts'

beforeEach(() => {
  defaultDevice('cpu')
})

/** Equations, those of programs inside parameters too. */
const equations = (jaxpr: Jaxpr): number =>
  jaxpr.equations.reduce((n, e) => n + 1 + (e.primitive === 'scan' || e.primitive === 'jit' ? equations(e.params.jaxpr) : 0), 0)

const zerosOf = (n: number): NDArray => array(new Array<number>(n).fill(0.1))
const rnn = (w: NDArray, xs: NDArray): NDArray => {
  const [h, ys] = scan((c: NDArray, x: NDArray) => [tanh(c.mul(w).add(x)), sin(c)], w, xs)
  return h.add(ys.sum())
}

describe('one equation', () => {
  const programs = {
    value: rnn,
    forward: (w: NDArray, xs: NDArray) => jvp((v: NDArray) => rnn(v, xs), [w], [w])[1],
    gradient: grad(rnn, { argnums: [0, 1] }),
    'gradient of the gradient': grad((w: NDArray, xs: NDArray) => grad(rnn)(w, xs)),
    batch: (w: NDArray, xs: NDArray) => vmap(rnn, [0, null])(array([1, 2]).mul(w), xs),
    'gradient of jit': grad(jit(rnn)),
  }
  test.each(Object.entries(programs))('%s: as many equations at 10 steps as at 10,000', (_, f) => {
    const trace = (n: number): Jaxpr => makeJaxpr(f as (w: NDArray, xs: NDArray) => NDArray)(scalar(0.5), zerosOf(n)).jaxpr
    const short = trace(10)
    expect(equations(checkJaxpr(short))).toBe(equations(checkJaxpr(trace(10_000))))
  })

  test('the gradient is a loop forwards and a loop backwards', () => {
    const program = makeJaxpr(grad((w: NDArray, xs: NDArray) => scan((c: NDArray, x: NDArray) => [c.mul(w).add(x), null], scalar(0), xs)[0]))
    expect(String(program(scalar(0.5), zerosOf(4)))).toMatchInlineSnapshot(`
      "{ lambda ; a:f64[] b:f64[4]. let
          _:f64[] c:f64[4] = scan[
            jaxpr={ lambda ; d:f64[] e:f64[] f:f64[]. let
                g:f64[] = mul e d
                h:f64[] = add g f
              in (h, e) }
            length=4
            numCarry=1
            numConsts=1
            reverse=False
          ] a 0.0:f64[] b
          i:f64[] _:f64[] = scan[
            jaxpr={ lambda ; j:f64[] k:f64[] l:f64[] m:f64[]. let
                n:f64[] = mul m l
                o:f64[] = mul l j
                p:f64[] = add k n
              in (p, o) }
            length=4
            numCarry=2
            numConsts=1
            reverse=True
          ] a 0.0:f64[] 1.0:f64[] c
        in (i,) }"
    `)
  })

  test('what no iteration changes is not stacked', () => {
    const f = (w: NDArray, xs: NDArray): NDArray => scan((c: NDArray, x: NDArray) => [c.mul(sin(w)).add(x), null], scalar(0), xs)[0]
    const forward = makeJaxpr(grad(f))(scalar(0.5), zerosOf(4)).jaxpr.equations.find((e) => e.primitive === 'scan')
    // The carry's final value and its value at each step; sin w and cos w are computed once, outside.
    expect(forward?.outputs.map((v) => v.aval.shape)).toEqual([[], [4]])
  })

  test('inputs of the loop are read where they stand', () => {
    const f = (xs: NDArray): NDArray => scan((c: NDArray, x: NDArray) => [c.add(x.mul(x)), null], scalar(0), xs)[0]
    const forward = makeJaxpr(grad(f))(zerosOf(4)).jaxpr.equations.find((e) => e.primitive === 'scan')
    expect(forward?.outputs.map((v) => v.aval.shape)).toEqual([[]])
  })
})

describe('values', () => {
  test('carries, stacks, goes backwards, takes a length for xs', () => {
    const cumulative = (c: NDArray, x: NDArray): [NDArray, NDArray] => [c.add(x), c.add(x)]
    const xs = array([1, 2, 3])
    expect(scan(cumulative, scalar(0), xs).map((v) => v.js())).toEqual([6, [1, 3, 6]])
    expect(scan(cumulative, scalar(0), xs, { reverse: true }).map((v) => v.js())).toEqual([6, [6, 5, 3]])
    expect(scan((c: NDArray, _: null) => [c.mul(2), c], scalar(1), null, { length: 3, unroll: 2 }).map((v) => v.js())).toEqual([8, [1, 2, 4]])
  })

  test('no iterations: the carry as it came, and nothing stacked', () => {
    const f = (c: NDArray, xs: NDArray): [NDArray, NDArray] => scan((d: NDArray, x: NDArray) => [d.mul(x), d], c, xs)
    const [c, ys] = f(scalar(3), array([], [0]))
    expect([c.js(), ys.shape]).toEqual([3, [0]])
    expect(grad((v: NDArray) => f(v, array([], [0]))[0])(scalar(3)).js()).toBe(1)
  })

  test('trees, with arrays that no iteration touches', () => {
    const body = (c: { a: NDArray; b: [NDArray] }, x: { u: NDArray; none: null }): [{ a: NDArray; b: [NDArray] }, { y: NDArray }] => [{ a: c.a.add(x.u), b: c.b }, { y: c.b[0] }]
    const [c, ys] = scan(body, { a: scalar(0), b: [scalar(7)] as [NDArray] }, { u: array([1, 2]), none: null })
    expect([c.a.js(), c.b[0].js(), ys.y.js()]).toEqual([3, 7, [7, 7]])
  })

  test('a carry that starts from a number takes the dtype of the body', () => {
    const [f64] = scan((c, x) => [c.add(x), null], 0, array([1, 2]))
    const [i32] = scan((c, x) => [x, c], 5.5, array([1, 2], [2], 'int32'))
    expect([f64.dtype, f64.js(), i32.dtype, i32.js()]).toEqual(['float64', 3, 'int32', 2])
    const [weak] = scan((c, _: null) => [c.mul(2), null], 1, null, { length: 2 })
    expect([weak.dtype, weak.aval.weakType]).toEqual(['float32', true])
  })
})

describe('bad input', () => {
  const x = array([1, 2, 3])
  test('a carry that changes lists the leaves that do', () => {
    const wide = (c: NDArray[], _: NDArray): [NDArray[], null] => [[c[0]!, c[1]!.add(x), c[2]!.astype('float32')], null]
    expect(() => scan(wide, [scalar(0), scalar(1), scalar(2)], x)).toThrow(ShapeError)
    expect(() => scan(wide, [scalar(0), scalar(1), scalar(2)], x)).toThrow(/carry\[1\] is float64\[\] and comes back as float64\[3\]; carry\[2\] is float64\[\] and comes back as float32\[\]/)
    expect(() => scan((c: NDArray, _: NDArray) => [c.astype('float32'), null], scalar(0), x)).toThrow(DtypeError)
    expect(traceDepth()).toBe(0)
  })

  test('other faults are named too', () => {
    // @ts-expect-error no pair
    expect(() => scan((c: NDArray, _: NDArray) => c, scalar(0), x)).toThrow(TreeError)
    // @ts-expect-error another structure
    expect(() => scan((c: NDArray, v: NDArray) => [[c], v], scalar(0), x)).toThrow(/carry of structure \[\*\], and it got \*/)
    expect(() => scan((c: NDArray, _: null) => [c, null], scalar(0), null)).toThrow(ArgumentError)
    expect(() => scan((c: NDArray, _: NDArray) => [c, null], scalar(0), scalar(1))).toThrow(/no leading axis/)
    expect(() => scan((c: NDArray, [a]: [NDArray, NDArray]) => [c, a], scalar(0), [x, array([1, 2])] as [NDArray, NDArray])).toThrow(/leading axes differ/)
    expect(() => scan((c: NDArray, _: NDArray) => [c, null], scalar(0), x, { length: 2 })).toThrow(/length is 2/)
    expect(() => scan((c: NDArray, v: NDArray) => [c.item() > 0 ? c : v, null], scalar(0), x)).toThrow(/not known while scan/)
    // @ts-expect-error unknown option
    expect(() => scan((c: NDArray, v: NDArray) => [c, v], scalar(0), x, { steps: 3 })).toThrow(/known options: length, reverse, unroll/)
    expect(traceDepth()).toBe(0)
  })
})
