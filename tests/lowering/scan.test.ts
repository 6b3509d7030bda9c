import { describe, expect, test } from 'vitest'
import { printJaxpr } from '../../src/core/print.ts'
import { printProgram } from '../../src/lowering/kernel-ir/index.ts'
import '../families.ts'
import { lowerText, shapeOf } from './agree.ts'

const scan = (body: string, operands: string, results: string, { length = 5, carry = 1, consts = 0, reverse = false } = {}): string =>
  `${results} = scan[jaxpr=${body} length=${length} numCarry=${carry} numConsts=${consts} reverse=${reverse ? 'True' : 'False'}] ${operands}`

describe('a scan is a loop', () => {
  test('that reads slices and writes slices, forwards and backwards', () => {
    for (const reverse of [false, true]) {
      const body = '{ lambda ; w:f32[3] c:f32[3] x:f32[3]. let d:f32[3] = mul c w e:f32[3] = add d x in (e, d) }'
      const lowered = lowerText(`{ lambda ; w:f32[3] c:f32[3] xs:f32[5,3]. let ${scan(body, 'w c xs', 'o:f32[3] ys:f32[5,3]', { consts: 1, reverse })} in (o, ys) }`)
      expect(shapeOf(lowered)).toBe('scan(loop)')
    }
  })
  test('a carry that is also a result is written twice by one kernel', () => {
    const body = '{ lambda ; c:f32[3] x:f32[3]. let d:f32[3] = add c x in (d, d) }'
    const { program } = lowerText(`{ lambda ; c:f32[3] xs:f32[5,3]. let ${scan(body, 'c xs', 'o:f32[3] ys:f32[5,3]')} in (o, ys) }`)
    expect(printProgram(program)).toMatchInlineSnapshot(`
      "loop 5 carry %0 => %4 .. %5 => %2
        0 loop add [3] map  %4 f32[3], %6 f32[3] -> %5 f32[3], %7 f32[3]  48 B 3 FLOP"
    `)
  })
  test('in a loop', () => {
    const inner = '{ lambda ; w:f32[3] d:f32[3] y:f32[]. let e:f32[3] = mul d y f:f32[3] = add e w in (f, f) }'
    const body = `{ lambda ; w:f32[3] c:f32[3] x:f32[4]. let ${scan(inner, 'w c x', 'o:f32[3] ys:f32[4,3]', { length: 4, consts: 1 })} s:f32[3] = reduceSum[axes=(0,)] ys in (o, s) }`
    const lowered = lowerText(`{ lambda ; w:f32[3] c:f32[3] xs:f32[5,4]. let ${scan(body, 'w c xs', 'o:f32[3] ys:f32[5,3]', { consts: 1 })} in (o, ys) }`)
    expect(shapeOf(lowered)).toBe('scan(scan(loop) loop)')
  })
  test('over a product, its weights read from outside', () => {
    const dot = 'dotGeneral[dimensionNumbers={batch=((), ()) contracting=((1,), (0,))} preferredElementType=None]'
    const body = `{ lambda ; w:f32[16,16] c:f32[12,16] x:f32[12,16]. let d:f32[12,16] = ${dot} c w e:f32[12,16] = add d x f:f32[12,16] = tanh e in (f, f) }`
    const lowered = lowerText(`{ lambda ; w:f32[16,16] c:f32[12,16] xs:f32[5,12,16]. let
      t:f32[16,16] = transpose[permutation=(1, 0)] w
      ${scan(body, 't c xs', 'o:f32[12,16] ys:f32[5,12,16]', { consts: 1 })} in (o, ys) }`)
    expect(shapeOf(lowered)).toBe('scan(contraction)')
  })
})

describe('corners', () => {
  test('no iterations', () => {
    const body = '{ lambda ; c:f32[3] x:f32[3]. let d:f32[3] = add c x in (d, d) }'
    lowerText(`{ lambda ; c:f32[3] xs:f32[0,3]. let ${scan(body, 'c xs', 'o:f32[3] ys:f32[0,3]', { length: 0 })} in (o, ys) }`)
  })
  test('carries that change places', () => {
    const body = '{ lambda ; a:f32[3] b:f32[3]. let in (b, a) }'
    lowerText(`{ lambda ; a:f32[3] b:f32[3]. let ${scan(body, 'a b', 'c:f32[3] d:f32[3]', { carry: 2 })} in (c, d) }`)
  })
  test('keys that the body makes of words, carried and stacked', () => {
    const body = `{ lambda ; a:key<fry>[] x:u32[]. let
      b:u32[2] = bitcastConvertType[newDtype=uint32] a
      c:u32[2] = broadcastInDim[shape=(2,) broadcastDimensions=()] x
      d:u32[2] = add b c
      e:key<fry>[] = bitcastConvertType[newDtype=key] d in (e, e) }`
    lowerText(`{ lambda ; a:key<fry>[] xs:u32[5]. let ${scan(body, 'a xs', 'c:key<fry>[] ys:key<fry>[5]')} in (c, ys) }`)
  })
  test('numbers that the body makes of bytes are not made where what is carried lies: an element is not where its bytes go', () => {
    const body = `{ lambda ; a:f32[4]. let
      b:f32[16] = pad[paddingConfig=((0, 12, 0),)] a 0.0:f32[]
      c:f32[16] = max b 0.0:f32[]
      d:u8[16] = convertElementType[newDtype=uint8 weakType=False] c
      e:u8[4,4] = reshape[newSizes=(4, 4)] d
      f:f32[4] = bitcastConvertType[newDtype=float32] e in (f,) }`
    const { program } = lowerText(`{ lambda ; a:f32[4]. let ${scan(body, 'a', 'c:f32[4]', { length: 2 })} in (c,) }`)
    const [loop] = program.steps
    // Byte w lies over number w / 4, and is made of number w.
    expect(loop?.kind === 'loop' && loop.carries.map((c) => c.spare === c.final)).toEqual([false])
  })
  test('numbers as carries and results', () => {
    const body = '{ lambda ; a:f32[] x:f32[]. let b:f32[] = add x 1.0:f32[] in (b, 2.0:f32[], a) }'
    lowerText(`{ lambda ; xs:f32[5]. let ${scan(body, '0.0:f32[] xs', 'c:f32[] y:f32[5] z:f32[5]')} in (c, y, z) }`)
  })
  test('results that are given: handed on carries, slices and constants', () => {
    const body = '{ lambda ; w:f32[3] k:f32[3] c:f32[3] x:f32[3]. let d:f32[3] = add c k in (k, d, x, w, c) }'
    const { optimized } = lowerText(`{ lambda ; w:f32[3] k:f32[3] c:f32[3] xs:f32[5,3]. let ${scan(body, 'w k c xs', 'a:f32[3] b:f32[3] d:f32[5,3] e:f32[5,3] f:f32[5,3]', { carry: 2, consts: 1 })} in (a, b, d, e, f) }`)
    expect(printJaxpr(optimized)).toMatchInlineSnapshot(`
      "{ lambda ; a:f32[3] b:f32[3] c:f32[3] d:f32[5,3]. let
          e:f32[3] f:f32[5,3] = scan[
            jaxpr={ lambda ; g:f32[3] h:f32[3]. let i:f32[3] = add h g in (i, h) }
            length=5
            numCarry=1
            numConsts=1
            reverse=False
          ] b c
          j:f32[5,3] = broadcastInDim[broadcastDimensions=(1,) shape=(5, 3)] a
        in (b, e, d, j, f) }"
    `)
  })
  test('what nobody reads is not carried', () => {
    const body = '{ lambda ; c:f32[3] d:f32[3] x:f32[3]. let e:f32[3] = add c x f:f32[3] = exp d g:f32[3] = mul f e in (e, g, f) }'
    const { optimized } = lowerText(`{ lambda ; c:f32[3] d:f32[3] xs:f32[5,3]. let ${scan(body, 'c d xs', 'a:f32[3] _:f32[3] _:f32[5,3]', { carry: 2 })} in (a,) }`)
    expect(printJaxpr(optimized)).toMatchInlineSnapshot(`
      "{ lambda ; a:f32[3] b:f32[3] c:f32[5,3]. let
          d:f32[3] = scan[
            jaxpr={ lambda ; e:f32[3] f:f32[3]. let g:f32[3] = add e f in (g,) }
            length=5
            numCarry=1
            numConsts=0
            reverse=False
          ] a c
        in (d,) }"
    `)
  })
  test('empty arrays beside others', () => {
    const body = '{ lambda ; c:f32[0] d:f32[2] x:f32[0]. let e:f32[0] = add c x f:f32[2] = add d 1.0:f32[] in (e, f, x) }'
    lowerText(`{ lambda ; c:f32[0] d:f32[2] xs:f32[5,0]. let ${scan(body, 'c d xs', 'a:f32[0] b:f32[2] ys:f32[5,0]', { carry: 2 })} in (a, b, ys) }`)
  })
  test('an array scattered to in every iteration', () => {
    const body = `{ lambda ; c:f32[6] t:i32[]. let
      u:f32[1] = broadcastInDim[broadcastDimensions=() shape=(1,)] 3.0:f32[]
      d:f32[6] = dynamicUpdateSlice c u t
      n:i32[] = add t 1:i32[]
      in (d, n, d) }`
    lowerText(`{ lambda ; c:f32[6]. let ${scan(body, 'c 0:i32[]', 'a:f32[6] b:i32[] ys:f32[5,6]', { carry: 2 })} in (a, ys) }`)
  })
})
