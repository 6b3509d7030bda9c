/** Functions that cannot be transformed: what is said of them, word for word. */
import { describe, expect, test } from 'vitest'
import { grad, jit, jvp, lax, lower, makeJaxpr, np, parseJaxpr, tree, vmap } from '../../src/index.ts'
import { refused, thrownBy } from './refused.ts'

const x = np.array([1, 2, 3])
const one = np.array(1)
const m = np.ones([2, 3])

test('the value of a traced array is not known', () => {
  expect(refused(() => jit((v: np.NDArray) => (v.item() > 0 ? v : v.neg()))(one))).toMatchInlineSnapshot(`"ConcretizationError item: needs the value of Traced<float32[]>, which is not known while jit traces the function. Use np.where or lax.select for choices that depend on values, pass sizes and flags as static arguments, or move this out of the traced function."`)
  // @ts-expect-error an array is no number
  expect(refused(() => jit((v: np.NDArray) => (v > 0 ? v : v.neg()))(one))).toMatchInlineSnapshot(`"ConcretizationError Number: needs the value of Traced<float32[]>, which is not known while jit traces the function. Use np.where or lax.select for choices that depend on values, pass sizes and flags as static arguments, or move this out of the traced function."`)
  expect(refused(() => lax.scan((c: np.NDArray, y: np.NDArray) => [c.item() > 0 ? c : y, y] as const, one, x))).toMatchInlineSnapshot(`"ConcretizationError item: needs the value of Traced<float32[]>, which is not known while scan traces the function. Use np.where or lax.select for choices that depend on values, pass sizes and flags as static arguments, or move this out of the traced function."`)
  expect(refused(() => vmap((v: np.NDArray) => v.mul(Number(v.js())))(x))).toMatchInlineSnapshot(`"ConcretizationError js: needs the value of Traced<float32[]>, which is not known while vmap traces the function. Use np.where or lax.select for choices that depend on values, pass sizes and flags as static arguments, or move this out of the traced function."`)
  expect(refused(() => makeJaxpr((v: np.NDArray) => v.dataSync())(x))).toMatchInlineSnapshot(`"ConcretizationError dataSync: needs the value of Traced<float32[3]>, which is not known while makeJaxpr traces the function. Use np.where or lax.select for choices that depend on values, pass sizes and flags as static arguments, or move this out of the traced function."`)
  expect(refused(() => jit((v: np.NDArray) => v.slice(v.greater(1)))(x))).toMatchInlineSnapshot(`"ConcretizationError slice: needs the value of Traced<bool[3]>, which is not known while jit traces the function. Use np.where or lax.select for choices that depend on values, pass sizes and flags as static arguments, or move this out of the traced function."`)
  expect(refused(() => jit(grad((v: np.NDArray) => (v.item() > 0 ? v : v.neg())))(one))).toMatchInlineSnapshot(`"ConcretizationError item: needs the value of Traced<float32[]>, which is not known while jit traces the function. Use np.where or lax.select for choices that depend on values, pass sizes and flags as static arguments, or move this out of the traced function."`)
  expect(grad((v: np.NDArray) => (v.item() > 0 ? v : v.neg()))(one).item()).toBe(1)
})

describe('a tracer that leaks', () => {
  let kept: np.NDArray = x
  const keep = (v: np.NDArray): np.NDArray => {
    kept = v
    return v.sum()
  }

  test('out of jit is refused wherever it is used', () => {
    jit(keep)(x)
    expect(refused(() => np.sin(kept))).toMatchInlineSnapshot(`"TracerLeakError sin: got a tracer Traced<float32[3]> of a jit that has ended: an argument in jit of 'keep', called at errors/tracing.test.ts:LINE. It was kept in a variable outside the function that jit traced; return the value from that function instead."`)
    expect(refused(() => kept.js())).toMatchInlineSnapshot(`"TracerLeakError js: got a tracer Traced<float32[3]> of a jit that has ended: an argument in jit of 'keep', called at errors/tracing.test.ts:LINE. It was kept in a variable outside the function that jit traced; return the value from that function instead."`)
    expect(refused(() => jit((v: np.NDArray) => v.add(kept))(x))).toMatchInlineSnapshot(`"TracerLeakError add: got a tracer Traced<float32[3]> of a jit that has ended: an argument in jit of 'keep', called at errors/tracing.test.ts:LINE. It was kept in a variable outside the function that jit traced; return the value from that function instead."`)
    expect(refused(() => jit(() => kept)())).toMatchInlineSnapshot(`"TracerLeakError jit: got a tracer Traced<float32[3]> of a jit that has ended: an argument in jit of 'keep', called at errors/tracing.test.ts:LINE. It was kept in a variable outside the function that jit traced; return the value from that function instead."`)
    expect(refused(() => grad(keep)(kept))).toMatchInlineSnapshot(`"TracerLeakError sum: got a tracer Traced<float32[3]> of a jit that has ended: an argument in jit of 'keep', called at errors/tracing.test.ts:LINE. It was kept in a variable outside the function that jit traced; return the value from that function instead."`)
    expect(String(kept)).toBe('Traced<float32[3]>')
  })

  test('where it was made is the line of the call that made it', () => {
    const fresh = (): typeof keep => (v) => keep(v)
    const calls: readonly (() => Error)[] = [
      () => [new Error('here'), jit(fresh())(x)][0] as Error,
      () => [new Error('here'), vmap(fresh())(m)][0] as Error,
      () => [new Error('here'), grad(fresh())(x)][0] as Error,
      () => [new Error('here'), lax.scan((c: np.NDArray) => [keep(c), null] as const, one, null, { length: 2 })][0] as Error,
    ]
    for (const call of calls) {
      const [, line] = /tracing\.test\.ts:(\d+)/.exec(call().stack ?? '') ?? []
      expect(thrownBy(() => np.sin(kept)).message).toContain(`tracing.test.ts:${line}:`)
    }
  })

  test('out of other transformations as well', () => {
    vmap(keep)(m)
    expect(refused(() => kept.mul(2))).toMatchInlineSnapshot(`"TracerLeakError mul: got a tracer Traced<float32[3]> of a vmap that has ended: a value in vmap of 'keep', called at errors/tracing.test.ts:LINE. It was kept in a variable outside the function that vmap traced; return the value from that function instead."`)
    grad(keep)(x)
    expect(refused(() => kept.mul(2))).toMatchInlineSnapshot(`"TracerLeakError mul: got a tracer Traced<float32[3]> of a grad that has ended: a value in grad of 'keep', called at errors/tracing.test.ts:LINE. It was kept in a variable outside the function that grad traced; return the value from that function instead."`)
    lax.scan((c: np.NDArray) => [keep(c), null] as const, one, null, { length: 2 })
    expect(refused(() => kept.mul(2))).toMatchInlineSnapshot(`"TracerLeakError mul: got a tracer Traced<float32[]> of a scan that has ended: an argument in scan of 'fn', called at errors/tracing.test.ts:LINE. It was kept in a variable outside the function that scan traced; return the value from that function instead."`)
  })
})

test('a function that returns a Promise or an iterator', async () => {
  // @ts-expect-error a Promise is no tree
  expect(refused(() => grad(async (v: np.NDArray) => v.sum())(x))).toMatchInlineSnapshot(`"TreeError grad: a Promise is no array, number or boolean, nor a list or plain object of them; transformed functions are synchronous: await before the call, not inside"`)
  expect(refused(() => jit((v: np.NDArray) => ({ loss: Promise.resolve(v) }))(x))).toMatchInlineSnapshot(`"TreeError jit: a Promise at ["loss"] is no array, number or boolean, nor a list or plain object of them; transformed functions are synchronous: await before the call, not inside"`)
  // @ts-expect-error a Promise is no pair
  expect(refused(() => lax.scan(async (c: np.NDArray) => [c, null] as const, one, null, { length: 2 }))).toMatchInlineSnapshot(`"TreeError scan: a Promise is no array, number or boolean, nor a list or plain object of them; transformed functions are synchronous: await before the call, not inside"`)
  expect(refused(() => jit(function* (v: np.NDArray) { yield v })(x))).toMatchInlineSnapshot(`"TreeError jit: an iterator is no array, number or boolean, nor a list or plain object of them; collect what it yields in a list"`) // prettier-ignore
  let after: unknown = null
  const late = async (v: np.NDArray): Promise<np.NDArray> => {
    await Promise.resolve()
    try {
      return v.add(1)
    } catch (e) {
      after = e
      throw e
    }
  }
  expect(thrownBy(() => jit(late)(x)).code).toBe('TREE')
  await new Promise((resolve) => setTimeout(resolve, 0))
  expect(String(after)).toMatch(/^TracerLeakError: add: got a tracer Traced<float32\[3\]> of a jit that has ended: an argument in jit of .late., called at .*tracing.test.ts:\d+:\d+\. It was kept/)
})

test('what is no tree, or another one', () => {
  const id = (p: unknown): unknown => p
  expect(refused(() => jit(id)('text'))).toMatchInlineSnapshot(`"TreeError jit: the string "text" at [0] is no array, number or boolean, nor a list or plain object of them"`)
  expect(refused(() => jit(id)({ w: [new Date()] }))).toMatchInlineSnapshot(`"TreeError jit: an object of class Date at [0]["w"][0] is no array, number or boolean, nor a list or plain object of them; register its class with tree.register"`)
  expect(refused(() => jit(id)({ f: id }))).toMatchInlineSnapshot(`"TreeError jit: a function at [0]["f"] is no array, number or boolean, nor a list or plain object of them"`)
  expect(refused(() => jit(id)(Float32Array.of(1)))).toMatchInlineSnapshot(`"TreeError jit: a Float32Array at [0] is no array, number or boolean, nor a list or plain object of them; make it an array with np.array first"`)
  const nameless: unknown = Object.create(Object.create(null) as object)
  expect(refused(() => jit(id)(nameless))).toMatchInlineSnapshot(`"TreeError jit: an object of class unknown at [0] is no array, number or boolean, nor a list or plain object of them; register its class with tree.register"`)
  expect(refused(() => jit(() => 'text')())).toMatchInlineSnapshot(`"TreeError jit: the string "text" is no array, number or boolean, nor a list or plain object of them"`)
  // @ts-expect-error another tree
  expect(refused(() => tree.map((p: np.NDArray) => p, { a: x }, { b: x }))).toMatchInlineSnapshot(`"TreeError tree.map: argument 2 has structure {"b":*} where {"a":*} is needed"`)
  // @ts-expect-error another tree
  expect(refused(() => jvp((p: { a: np.NDArray }) => p.a, [{ a: x }], [{ b: x }]))).toMatchInlineSnapshot(`"TreeError jvp: tangents has structure [{"b":*}], and [{"a":*}] is needed"`)
})

test('a tree that contains itself is told at the line of the call, whatever the depth at which it is found', () => {
  const knot: unknown[] = []
  knot.push(knot)
  const loop: { next?: unknown } = {}
  loop.next = [loop]
  class Ring {}
  tree.register(Ring, (ring) => [ring, null], () => new Ring())
  const id = (p: unknown): unknown => p
  expect(refused(() => jit(id)(knot))).toMatchInlineSnapshot(`"TreeError jit: a tree is more than 1000 levels deep, or contains itself, at [0][0][0][0]…"`)
  expect(refused(() => jvp(id, [knot], [knot]))).toMatchInlineSnapshot(`"TreeError jvp: a tree is more than 1000 levels deep, or contains itself, at [0][0][0][0]…"`)
  expect(refused(() => tree.leaves(loop))).toMatchInlineSnapshot(`"TreeError tree.leaves: a tree is more than 1000 levels deep, or contains itself, at ["next"][0]["next"][0]…"`)
  expect(refused(() => tree.leaves({ a: new Ring() }))).toMatchInlineSnapshot(`"TreeError tree.leaves: a tree is more than 1000 levels deep, or contains itself, at ["a"]…"`)
})

test('bodies of scan', () => {
  expect(refused(() => lax.scan((c: np.NDArray) => [np.concatenate([c, c]), null] as const, x, null, { length: 2 }))).toMatchInlineSnapshot(`"ShapeError scan: the body must return the carry in the types it got: carry is float32[3] and comes back as float32[6]"`)
  expect(refused(() => lax.scan((c: np.NDArray) => [c.astype('int32'), null] as const, x, null, { length: 2 }))).toMatchInlineSnapshot(`"DtypeError scan: the body must return the carry in the types it got: carry is float32[3] and comes back as int32[3]; convert with astype"`)
  // @ts-expect-error another tree
  expect(refused(() => lax.scan((c: np.NDArray) => [{ c }, null] as const, x, null, { length: 2 }))).toMatchInlineSnapshot(`"TreeError scan: the body returned a carry of structure {"c":*}, and it got *; they must be equal"`)
  // @ts-expect-error no pair
  expect(refused(() => lax.scan((c: np.NDArray) => c, x, null, { length: 2 }))).toMatchInlineSnapshot(`"TreeError scan: the body returned *; it returns a pair [carry, y], with y null where there is nothing to stack"`)
  expect(refused(() => lax.scan((c: np.NDArray) => [c, null] as const, x, null))).toMatchInlineSnapshot(`"ArgumentError scan: xs holds no arrays, so the number of iterations is not known; pass length"`)
  expect(refused(() => lax.scan((c: np.NDArray) => [c, null] as const, x, [m, x]))).toMatchInlineSnapshot(`"ShapeError scan: leading axes differ: xs[0] float32[2,3], xs[1] float32[3]; all must be 2"`)
  expect(refused(() => lax.scan((c: np.NDArray) => [c, null] as const, x, 3))).toMatchInlineSnapshot(`"ShapeError scan: xs is float32[], which has no leading axis to go along; pass null and a length for a loop without inputs"`)
})

test('arguments', () => {
  expect(refused(() => jit((v: np.NDArray) => v, { staticArgnums: 3 })(x))).toMatchInlineSnapshot(`"ArgumentError jit: staticArgnums 3 for a call with 1 arguments; takes numbers from 0 to 0"`)
  // @ts-expect-error an array is no function
  expect(refused(() => vmap(x))).toMatchInlineSnapshot(`"ArgumentError vmap: takes a function and got float32[3]"`)
  // @ts-expect-error no such stage
  expect(refused(() => lower((v: np.NDArray) => v)(x).text('ptx'))).toMatchInlineSnapshot(`"ArgumentError lower: there is no text of 'ptx'; the stages are jaxpr, optimized, kernels, wat, wgsl"`)
  expect(refused(() => parseJaxpr('{ lambda ; a:f32[3]. let b:f32[4] = sin a in (b,) }'))).toMatchInlineSnapshot(`"FormatError parseJaxpr: equation 0 (sin): result 0 is float32[4]; the primitive gives float32[3]"`)
})
