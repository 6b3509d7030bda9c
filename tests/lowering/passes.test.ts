// What passes do to given programs; that they keep what every program means is tested in tests/laws/passes.test.ts.
import { describe, expect, test } from 'vitest'
import { checkJaxpr } from '../../src/core/check.ts'
import { parseJaxpr } from '../../src/core/parse.ts'
import { printJaxpr } from '../../src/core/print.ts'
import { optimize, passes } from '../../src/lowering/passes/index.ts'
import '../families.ts'

const after = (text: string): string => printJaxpr(optimize(parseJaxpr(text)))
/** A program of one result, by its last operation; inputs x:f32[3], i:i32[3], b:bool[3]. */
const becomes = (operation: string, type = 'f32[3]'): string => after(`{ lambda ; x:f32[3] i:i32[3] b:bool[3]. let y:${type} = ${operation} in (y,) }`)
const isInput = (operation: string, type?: string): boolean => /let {1,2}in/.test(becomes(operation, type))

describe('identities hold for NaN, -0, infinities and integers', () => {
  test('those that do are used', () => {
    for (const operation of ['mul x 1.0:f32[]', 'mul 1.0:f32[] x', 'div x 1.0:f32[]', 'sub x 0.0:f32[]', 'add x -0.0:f32[]', 'max x x', 'stopGradient x', 'integerPow[y=1] x', 'transpose[permutation=(0,)] x', 'reshape[newSizes=(3,)] x', 'selectN b x x']) {
      expect(isInput(operation), operation).toBe(true)
    }
    for (const operation of ['mul i 1:i32[]', 'add i 0:i32[]', 'sub i 0:i32[]']) expect(isInput(operation, 'i32[3]'), operation).toBe(true)
  })
  test('those that do not are not', () => {
    for (const operation of ['mul x 0.0:f32[]', 'add x 0.0:f32[]', 'sub x -0.0:f32[]', 'sub x x', 'div x x', 'pow x 1.0:f32[]']) expect(isInput(operation), operation).toBe(false)
    for (const operation of ['eq x x', 'ge x x']) expect(isInput(operation, 'bool[3]'), operation).toBe(false)
  })
})

describe('programs', () => {
  test('what is the same in every iteration leaves the loops around its own at once', () => {
    const text = `{ lambda ; a:f32[3]. let
      b:bool[3,1,1] = scan[
        jaxpr={ lambda ; d:f32[3] x:f32[]. let
          e:bool[3,3] = scan[jaxpr={ lambda ; f:f32[3] g:f32[]. let h:bool[3] = lt f f in (h,) } length=3 numCarry=0 numConsts=1 reverse=True] d d
          i:bool[1,1] = dynamicSlice[sliceSizes=(1, 1)] e -1:i32[] -1:i32[]
        in (i,) }
        length=3 numCarry=0 numConsts=1 reverse=True
      ] a a
      in (b,) }`
    expect(after(text)).not.toContain('scan')
    expect(after(after(text))).toBe(after(text))
  })
  test('nested jits are code, equal equations are one, unread ones are none', () => {
    expect(after(`{ lambda ; x:f32[3]. let
      a:f32[3] = jit[device=None jaxpr={ lambda ; u:f32[3]. let v:f32[3] = sin u w:f32[3] = cos u in (v,) } name=f] x
      b:f32[3] = jit[device=None jaxpr={ lambda ; u:f32[3]. let v:f32[3] = sin u in (v,) } name=g] x
      c:f32[3] = add a b
      in (c,) }`)).toMatchInlineSnapshot(`
        "{ lambda ; a:f32[3]. let
            b:f32[3] = sin a
            c:f32[3] = add b b
          in (c,) }"
      `)
  })
  test('equal equations behind barriers stay apart', () => {
    expect(after(`{ lambda ; x:f32[3]. let
      a:f32[3] = optimizationBarrier x
      b:f32[3] = optimizationBarrier x
      c:f32[3] = sin a
      d:f32[3] = sin b
      e:f32[3] = add c d
      in (e,) }`)).toMatchInlineSnapshot(`
        "{ lambda ; a:f32[3]. let
            b:f32[3] = optimizationBarrier a
            c:f32[3] = optimizationBarrier a
            d:f32[3] = sin b
            e:f32[3] = sin c
            f:f32[3] = add d e
          in (f,) }"
      `)
  })
  test('numbers are folded where every device rounds alike', () => {
    expect(after(`{ lambda ; x:f32[3]. let
      a:f32[] = sub 1.0:f32[] 0.9:f32[]
      b:f32[] = div a 3.0:f32[]
      c:f32[] = exp b
      d:f32[3] = mul x b
      e:f32[3] = mul d c
      in (e,) }`)).toMatchInlineSnapshot(`
        "{ lambda ; a:f32[3]. let
            b:f32[] = exp 0.033333342522382736:f32[]
            c:f32[3] = mul a 0.033333342522382736:f32[]
            d:f32[3] = mul c b
          in (d,) }"
      `)
  })
  test('a number chosen by numbers is folded in the same pass, and what is calculated from it', () => {
    const [fold] = passes.filter((p) => p.name === 'foldConstants')
    const once = fold!.run(parseJaxpr('{ lambda ; x:f32[3]. let a:bool[] = lt 1.0:f32[] 2.0:f32[] b:f32[] = selectN a 5.0:f32[] -3.0:f32[] c:f32[] = abs b d:f32[3] = mul x c in (d,) }'))
    expect(printJaxpr(once)).toContain('mul a 3.0:f32[]')
    expect(once.equations).toHaveLength(1)
  })
  test('chains of moves are one', () => {
    expect(after(`{ lambda ; x:f32[2,3,4]. let
      a:f32[3,4,2] = transpose[permutation=(1, 2, 0)] x
      b:f32[4,2,3] = transpose[permutation=(1, 2, 0)] a
      c:f32[8,3] = reshape[newSizes=(8, 3)] b
      d:f32[24] = reshape[newSizes=(24,)] c
      e:f32[24] = neg d
      f:f32[24] = neg e
      in (f,) }`)).toMatchInlineSnapshot(`
        "{ lambda ; a:f32[2,3,4]. let
            b:f32[4,2,3] = transpose[permutation=(2, 0, 1)] a
            c:f32[24] = reshape[newSizes=(24,)] b
          in (c,) }"
      `)
  })
  test('whether x is positive is asked of max(x, 0)', () => {
    expect(after(`{ lambda ; x:f32[3]. let
      r:f32[3] = max x 0.0:f32[]
      g:bool[3] = gt x 0.0:f32[]
      in (r, g) }`)).toMatchInlineSnapshot(`
        "{ lambda ; a:f32[3]. let
            b:f32[3] = max a 0.0:f32[]
            c:bool[3] = gt b 0.0:f32[]
          in (b, c) }"
      `)
  })
  test('x > 0 ? x : max(x, 0) is max(x, 0)', () => {
    expect(after(`{ lambda ; x:f32[3] t:f32[3]. let
      g:bool[3] = gt x 0.0:f32[]
      m:f32[3] = max x 0.0:f32[]
      s:f32[3] = stopGradient m
      r:f32[3] = selectN g s x
      d:f32[3] = selectN g 0.0:f32[] t
      in (r, d) }`)).toMatchInlineSnapshot(`
        "{ lambda ; a:f32[3] b:f32[3]. let
            c:f32[3] = max a 0.0:f32[]
            d:bool[3] = gt c 0.0:f32[]
            e:f32[3] = selectN d 0.0:f32[] b
          in (c, e) }"
      `)
  })
  test('x > 0 ? x : 0 makes a 0 of NaN, so x <= 0 is asked of x', () => {
    expect(after(`{ lambda ; x:f32[3]. let
      g:bool[3] = gt x 0.0:f32[]
      h:f32[3] = selectN g 0.0:f32[] x
      l:bool[3] = le x 0.0:f32[]
      in (h, l) }`)).toMatchInlineSnapshot(`
        "{ lambda ; a:f32[3]. let
            b:bool[3] = gt a 0.0:f32[]
            c:f32[3] = selectN b 0.0:f32[] a
            d:bool[3] = le a 0.0:f32[]
          in (c, d) }"
      `)
  })
  test('what a scalar was compared with stays a scalar where its rectified form is an array', () => {
    const out = optimize(parseJaxpr(`{ lambda ; x:f32[]. let
      z:f32[3] = broadcastInDim[broadcastDimensions=() shape=(3,)] 0.0:f32[]
      g:bool[] = gt x 0.0:f32[]
      h:f32[3] = max x z
      in (h, g) }`))
    expect(checkJaxpr(out).outputs.map((o) => o.aval.shape)).toEqual([[3], []])
  })
  test.each([
    ['two transposes that cancel', 'transpose[permutation=(1, 0)]', 'f32[3,2]', 'transpose[permutation=(1, 0)]', 'f32[2,3]'],
    ['two reshapes that cancel', 'reshape[newSizes=(6,)]', 'f32[6]', 'reshape[newSizes=(2, 3)]', 'f32[2,3]'],
  ])('%s are nothing, after one pass', (_, first, between, second, type) => {
    const [simplify] = passes.filter((p) => p.name === 'simplify')
    expect(printJaxpr(simplify!.run(parseJaxpr(`{ lambda ; x:f32[2,3]. let y:${between} = ${first} x z:${type} = ${second} y in (z,) }`)))).toMatch(/in \(a,\) }$/)
  })
  test('a question about x that nobody reads any more is not asked again', () => {
    const [rectified] = passes.filter((p) => p.name === 'rectifiedMasks')
    const once = rectified!.run(parseJaxpr(`{ lambda ; x:f32[3]. let l:bool[3] = le x 0.0:f32[] h:f32[3] = max x 0.0:f32[] in (h, l) }`))
    expect(printJaxpr(rectified!.run(once))).toBe(printJaxpr(once))
  })
  test('the transpose of a contraction that was exchanged is the contraction', () => {
    const [canonical] = passes.filter((p) => p.name === 'canonicalContractions')
    const once = canonical!.run(parseJaxpr(`{ lambda ; x:f32[3,4] y:f32[3,2]. let
      d:f32[4,2] = dotGeneral[dimensionNumbers={batch=((), ()) contracting=((0,), (0,))} preferredElementType=None] x y
      e:f32[2,4] = transpose[permutation=(1, 0)] d
      f:f32[4,2] = transpose[permutation=(1, 0)] e
      in (f,) }`))
    expect(once.equations.map((e) => e.primitive)).toEqual(['dotGeneral', 'dotGeneral', 'dotGeneral'])
    expect(printJaxpr(canonical!.run(once))).toBe(printJaxpr(once))
  })
  test('what leaves two loops is one where it is equal, and its moves are one, after one run', () => {
    const body = '{ lambda ; w:f32[4,3] c:f32[3] x:f32[4]. let p:f32[3] = dotGeneral[dimensionNumbers={batch=((), ()) contracting=((0,), (0,))} preferredElementType=None] x w n:f32[3] = add c p t:f32[3] = tanh n in (t, t) }'
    const loop = (name: string, from: string): string => `_:f32[3] ${name}:f32[5,3] = scan[jaxpr=${body} length=5 numCarry=1 numConsts=1 reverse=False] w ${from} xs`
    const once = optimize(parseJaxpr(`{ lambda ; w:f32[4,3] a:f32[3] b:f32[3] xs:f32[5,4]. let ${loop('y', 'a')} ${loop('z', 'b')} in (y, z) }`))
    expect(once.equations.map((e) => e.primitive)).toEqual(['dotGeneral', 'scan', 'scan'])
    expect(printJaxpr(optimize(once))).toBe(printJaxpr(once))
  })
  test('a loop from which everything was hoisted is gone', () => {
    const body = '{ lambda ; c:f32[4] x:f32[]. let s:f32[] = reduceSum[axes=(0,)] c in (c, s) }'
    expect(after(`{ lambda ; a:f32[4] xs:f32[3]. let c:f32[4] s:f32[3] = scan[jaxpr=${body} length=3 numCarry=1 numConsts=0 reverse=False] a xs in (s,) }`)).toMatchInlineSnapshot(`
      "{ lambda ; a:f32[4] b:f32[3]. let
          c:f32[] = reduceSum[axes=(0,)] a
          d:f32[3] = broadcastInDim[broadcastDimensions=() shape=(3,)] c
        in (d,) }"
    `)
  })
})
