import { describe, expect, test } from 'vitest'
import { encodeNumbers } from '../../src/core/bytes.ts'
import { parseJaxpr } from '../../src/core/parse.ts'
import { kernelsOf, printProgram } from '../../src/lowering/kernel-ir/index.ts'
import '../families.ts'
import { expectAgreement, lowerText, shapeOf, someBytes } from './agree.ts'

const dot = (l: number, r: number): string => `dotGeneral[dimensionNumbers={batch=((), ()) contracting=((${l},), (${r},))} preferredElementType=None]`

/** How many kernels a program becomes, those in loops counted once; its results are checked. */
const kernels = (text: string): number => kernelsOf(lowerText(text).program).length

describe('what follows a product is its epilogue', () => {
  test('tanh(x @ w + b) is one kernel', () => {
    const { program } = lowerText(`{ lambda ; x:f32[12,20] w:f32[20,16] b:f32[16]. let
      d:f32[12,16] = ${dot(1, 0)} x w
      c:f32[12,16] = broadcastInDim[broadcastDimensions=(1,) shape=(12, 16)] b
      e:f32[12,16] = add d c
      y:f32[12,16] = tanh e
      in (y,) }`)
    expect(printProgram(program)).toMatchInlineSnapshot(`"0 contraction tanh [12]x[16]x[20]  %0 f32[12,20], %1 f32[20,16], %2 f32[16] -> %3 f32[12,16]  3.07 KB 8.06 KFLOP"`)
  })
  test('so is a residual, with several results', () => {
    expect(kernels(`{ lambda ; x:f32[12,16] w:f32[16,16]. let
      d:f32[12,16] = ${dot(1, 0)} x w
      r:f32[12,16] = max d 0.0:f32[]
      m:bool[12,16] = gt r 0.0:f32[]
      y:f32[12,16] = add r x
      in (y, m, d) }`)).toBe(1)
  })
  test('operands are read through transposes, broadcasts and conversions', () => {
    expect(kernels(`{ lambda ; x:u8[20,12] w:f32[16,20] s:f32[20]. let
      t:u8[12,20] = transpose[permutation=(1, 0)] x
      f:f32[12,20] = convertElementType[newDtype=float32 weakType=False] t
      b:f32[16,20] = broadcastInDim[broadcastDimensions=(1,) shape=(16, 20)] s
      v:f32[16,20] = mul w b
      u:f32[20,16] = transpose[permutation=(1, 0)] v
      y:f32[12,16] = ${dot(1, 0)} f u
      in (y,) }`)).toBe(1)
  })
  test('a gradient of weights is computed as it is stored, and the update with it', () => {
    const { program } = lowerText(`{ lambda ; x:f32[12,20] dy:f32[12,16] p:f32[20,16] m:f32[20,16]. let
      g:f32[16,20] = ${dot(0, 0)} dy x
      t:f32[20,16] = transpose[permutation=(1, 0)] g
      a:f32[20,16] = mul m 0.9:f32[]
      b:f32[20,16] = add a t
      c:f32[20,16] = mul b 0.01:f32[]
      q:f32[20,16] = sub p c
      in (q, b) }`)
    expect(printProgram(program)).toMatchInlineSnapshot(`"0 contraction mul_add_sub [20]x[16]x[12]  %0 f32[12,20], %1 f32[12,16], %3 f32[20,16], %2 f32[20,16] -> %5 f32[20,16], %4 f32[20,16]  6.85 KB 8.96 KFLOP"`)
  })
})

describe('rows', () => {
  const row = 'broadcastInDim[broadcastDimensions=(0,) shape=(8, 30)]'
  test('softmax is one kernel', () => {
    expect(shapeOf(lowerText(`{ lambda ; x:f32[8,30]. let
      m:f32[8] = reduceMax[axes=(1,)] x
      a:f32[8,30] = ${row} m
      d:f32[8,30] = sub x a
      e:f32[8,30] = exp d
      s:f32[8] = reduceSum[axes=(1,)] e
      b:f32[8,30] = ${row} s
      y:f32[8,30] = div e b
      in (y,) }`))).toBe('loop')
  })
  test('layer norm is one kernel', () => {
    expect(kernels(`{ lambda ; x:f32[8,30] g:f32[30]. let
      s:f32[8] = reduceSum[axes=(1,)] x
      m:f32[8] = div s 30.0:f32[]
      a:f32[8,30] = ${row} m
      d:f32[8,30] = sub x a
      q:f32[8,30] = square d
      v:f32[8] = reduceSum[axes=(1,)] q
      w:f32[8] = div v 30.0:f32[]
      r:f32[8] = rsqrt w
      b:f32[8,30] = ${row} r
      n:f32[8,30] = mul d b
      c:f32[8,30] = broadcastInDim[broadcastDimensions=(1,) shape=(8, 30)] g
      y:f32[8,30] = mul n c
      in (y,) }`)).toBe(1)
  })
  test('a reduction reads through what makes its operand', () => {
    expect(kernels(`{ lambda ; x:f32[8,30]. let
      e:f32[8,30] = exp x
      s:f32[8] = reduceSum[axes=(1,)] e
      b:f32[8,30] = ${row} s
      y:f32[8,30] = div e b
      in (y,) }`)).toBe(1)
  })
  test('two reductions of one array are one kernel', () => {
    expect(kernels(`{ lambda ; x:f32[8,30]. let
      s:f32[8] = reduceSum[axes=(1,)] x
      m:f32[8] = reduceMax[axes=(1,)] x
      in (s, m) }`)).toBe(1)
  })
})

describe('chains', () => {
  test('gelu is one kernel', () => {
    expect(kernels(`{ lambda ; x:f32[40]. let
      a:f32[40] = integerPow[y=3] x
      b:f32[40] = mul a 0.044715:f32[]
      c:f32[40] = add x b
      d:f32[40] = mul c 0.7978846:f32[]
      e:f32[40] = tanh d
      f:f32[40] = add e 1.0:f32[]
      g:f32[40] = mul 0.5:f32[] x
      y:f32[40] = mul g f
      in (y,) }`)).toBe(1)
  })
  test('Adam writes moments and parameters in one, over the old ones', () => {
    const { program, plan } = lowerText(`{ lambda ; p:f32[50] m:f32[50] v:f32[50] g:f32[50]. let
      a:f32[50] = mul m 0.9:f32[]
      b:f32[50] = mul g 0.1:f32[]
      n:f32[50] = add a b
      s:f32[50] = square g
      c:f32[50] = mul v 0.999:f32[]
      d:f32[50] = mul s 0.001:f32[]
      w:f32[50] = add c d
      e:f32[50] = abs w
      r:f32[50] = sqrt e
      t:f32[50] = add r 0.001:f32[]
      u:f32[50] = div n t
      q:f32[50] = sub p u
      in (q, n, w) }`)
    expect(kernelsOf(program).length).toBe(1)
    expect([...plan.donations]).toEqual([[0, 0], [1, 1], [2, 2]])
  })
  test('moves of elements are never kernels of their own', () => {
    expect(kernels(`{ lambda ; x:f32[3,4] y:f32[4]. let
      t:f32[4,3] = transpose[permutation=(1, 0)] x
      r:f32[12] = reshape[newSizes=(12,)] t
      v:f32[12] = rev[dimensions=(0,)] r
      p:f32[16] = pad[paddingConfig=((4, 0, 0),)] v 1.0:f32[]
      b:f32[4,4] = broadcastInDim[broadcastDimensions=(1,) shape=(4, 4)] y
      c:f32[16] = reshape[newSizes=(16,)] b
      z:f32[16] = mul p c
      k:f32[32] = concatenate[dimension=0] z p
      s:f32[8] = slice[limitIndices=(30,) startIndices=(0,) strides=(4,)] k
      in (s,) }`)).toBe(1)
  })
  test('a reshaped result is written once, an input handed on not at all', () => {
    const { program } = lowerText(`{ lambda ; x:f32[3,4]. let
      e:f32[3,4] = exp x
      r:f32[12] = reshape[newSizes=(12,)] e
      y:f32[4,3] = reshape[newSizes=(4, 3)] x
      in (r, e, x, y) }`)
    expect(kernelsOf(program).length).toBe(1)
    expect(program.outputs[0]).toBe(program.outputs[1])
    expect(program.outputs.slice(2)).toEqual([program.inputs[0], program.inputs[0]])
  })
  test('what stands before a barrier is stored', () => {
    expect(kernels(`{ lambda ; x:f32[40]. let
      a:f32[40] = exp x
      b:f32[40] = optimizationBarrier a
      c:f32[20] = slice[limitIndices=(40,) startIndices=(0,) strides=(2,)] b
      in (c,) }`)).toBe(2)
  })
})

describe('pooling', () => {
  const window = 'padding=((0, 0), (0, 0)) windowDimensions=(2, 2) windowStrides=(2, 2)'
  const text = `{ lambda ; x:f32[7,8] dy:f32[3,4]. let
      r:f32[7,8] = max x 0.0:f32[]
      y:f32[3,4] = reduceWindowMax[baseDilation=(1, 1) windowDilation=(1, 1) ${window}] r
      dx:f32[7,8] = selectAndScatterAdd[selectPrim=ge ${window}] dy r
      g:bool[7,8] = gt x 0.0:f32[]
      m:f32[7,8] = selectN g 0.0:f32[] dx
      in (y, m) }`
  test('forward pass and offsets of the largest share a kernel; the gradient reads the offsets', () => {
    const { program } = lowerText(text)
    expect(printProgram(program)).toMatchInlineSnapshot(`
      "0 loop max [3,4] reduce[2,2] map  %0 f32[7,8] -> %4 u8[3,4], %2 f32[3,4]  284 B 156 FLOP
      1 loop max [7,8] map  %0 f32[7,8], %4 u8[3,4], %1 f32[3,4] -> %3 f32[7,8]  508 B 280 FLOP"
    `)
  })
  test('the largest is NaN in a window that holds one, whatever the gradient selects there', () => {
    const jaxpr = parseJaxpr(text)
    const x = Array.from({ length: 56 }, (_, i) => (i % 5 === 0 ? NaN : i % 7 === 0 ? Infinity : i))
    expectAgreement(jaxpr, [encodeNumbers(x, 'float32'), someBytes(jaxpr.inputs[1]!.aval, 1)])
  })
  test('of zeros of both signs the largest is 0 and the smallest -0, whichever the gradient selects there', () => {
    for (const [kind, selectPrim] of [['Max', 'ge'], ['Min', 'le']] as const) {
      for (const dtype of ['float32', 'float64', 'float16'] as const) {
        const short = dtype.replace('float', 'f')
        const jaxpr = parseJaxpr(`{ lambda ; x:${short}[7,8] dy:${short}[3,4]. let
            y:${short}[3,4] = reduceWindow${kind}[baseDilation=(1, 1) windowDilation=(1, 1) ${window}] x
            r:${short}[3,4] = atan2 y -1.0:${short}[]
            dx:${short}[7,8] = selectAndScatterAdd[selectPrim=${selectPrim} ${window}] dy x
            in (r, dx) }`)
        const x = Array.from({ length: 56 }, (_, i) => ((i * i + Math.floor(i / 8)) % 3 === 0 ? 0 : -0))
        expectAgreement(jaxpr, [encodeNumbers(x, dtype), someBytes(jaxpr.inputs[1]!.aval, 1)])
      }
    }
  })
})

describe('long programs', () => {
  test('a chain of a thousand is cut into expressions of bearable length', () => {
    const lines = Array.from({ length: 1000 }, (_, i) => `v${i}:f32[5] = ${i % 2 === 0 ? 'add' : 'mul'} ${i === 0 ? 'x' : `v${i - 1}`} ${i % 2 === 0 ? '0.001:f32[]' : '0.999:f32[]'}`)
    const count = kernels(`{ lambda ; x:f32[5]. let ${lines.map((l) => l.replace(/v(\d+)/g, (_, d: string) => `v${[...d].map((c) => String.fromCharCode(97 + Number(c))).join('')}`)).join(' ')} in (v${'jjj'},) }`)
    expect(count).toBeGreaterThan(4)
    expect(count).toBeLessThan(12)
  })
})
