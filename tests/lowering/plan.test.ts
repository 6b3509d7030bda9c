import { describe, expect, test } from 'vitest'
import { kernelsOf, type LoopStep } from '../../src/lowering/kernel-ir/index.ts'
import { sizeOf } from '../../src/core/aval.ts'
import { encodeNumbers } from '../../src/core/bytes.ts'
import { parseJaxpr } from '../../src/core/parse.ts'
import type { LoweredProgram } from '../../src/lowering/index.ts'
import '../families.ts'
import { expectAgreement, lowerText } from './agree.ts'

const dot = 'dotGeneral[dimensionNumbers={batch=((), ()) contracting=((1,), (0,))} preferredElementType=None]'

/** On small positive numbers: sums of products keep their digits through many layers. */
function lowerPositive(text: string): LoweredProgram {
  const jaxpr = parseJaxpr(text)
  const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => ((i * 7) % 13) / 200)
  return expectAgreement(jaxpr, jaxpr.inputs.map((v) => encodeNumbers(numbers(sizeOf(v.aval.shape)), v.aval.dtype)))
}

describe('memory', () => {
  test('temps whose lives do not meet share a place', () => {
    const layers = 'abcdefgh'.split('').map((v, i) => `${v}:f32[32,32] = ${dot} ${i === 0 ? 'x' : 'abcdefgh'[i - 1]} w`)
    const { plan } = lowerPositive(`{ lambda ; x:f32[32,32] w:f32[32,32]. let ${layers.join(' ')} in (h,) }`)
    expect(plan.arenaBytes).toBe(2 * 32 * 32 * 4)
  })
  test('a result lies over what its kernel is the last to read, at the same element', () => {
    const { program, plan } = lowerPositive(`{ lambda ; x:f32[32,32] w:f32[32,32] v:f32[32,32]. let
      a:f32[32,32] = ${dot} x w
      b:f32[32,32] = ${dot} x v
      c:f32[32,32] = add a b
      d:f32[32,32] = ${dot} c w
      in (d,) }`)
    expect(kernelsOf(program).length).toBe(3)
    expect(plan.arenaBytes).toBe(32 * 32 * 4)
  })
  test('outputs do not lie over inputs that are read elsewhere', () => {
    const { plan } = lowerText(`{ lambda ; x:f32[8] y:f32[8]. let
      s:f32[8] = add x y
      r:f32[8] = rev[dimensions=(0,)] s
      t:f32[8] = mul x 2.0:f32[]
      in (r, t) }`)
    // r reads x and y from the other end
    expect([...plan.donations]).toEqual([])
  })
  test('what is scattered to is made where the result will be', () => {
    const { program } = lowerText(`{ lambda ; i:i32[3,1] u:f32[3,4]. let
      z:f32[9,4] = broadcastInDim[broadcastDimensions=() shape=(9, 4)] 0.0:f32[]
      s:f32[9,4] = scatterAdd[dimensionNumbers={insertedWindowDims=(0,) operandBatchingDims=() scatterDimsToOperandDims=(0,) scatterIndicesBatchingDims=() updateWindowDims=(1,)} mode=clip uniqueIndices=False] z i u
      in (s,) }`)
    const scatter = kernelsOf(program).find((k) => k.kind === 'scatter')
    expect(scatter?.kind === 'scatter' && scatter.operand === scatter.out).toBe(true)
  })
  test('what is scattered to is kept while its updates are read from it', () => {
    const { program } = lowerText(`{ lambda ; x:f32[3] i:i32[3,1]. let
      q:f32[3] = sqrt x
      s:f32[3] = scatterMul[dimensionNumbers={insertedWindowDims=(0,) operandBatchingDims=() scatterDimsToOperandDims=(0,) scatterIndicesBatchingDims=() updateWindowDims=()} mode=clip uniqueIndices=False] q i q
      in (s,) }`)
    const scatter = kernelsOf(program).find((k) => k.kind === 'scatter')
    expect(scatter?.kind === 'scatter' && scatter.operand !== scatter.out).toBe(true)
  })
  test('a carry that is only added to stays in its place; one that is read afterwards does not', () => {
    const body = `{ lambda ; w:f32[32,32] g:f32[32,32] h:f32[32,32] x:f32[32,32]. let
      d:f32[32,32] = mul x h
      s:f32[32,32] = add g d
      m:f32[32,32] = ${dot} h w
      n:f32[32,32] = mul m 0.01:f32[]
      in (s, n) }`
    const { program } = lowerPositive(`{ lambda ; w:f32[32,32] g:f32[32,32] h:f32[32,32] xs:f32[3,32,32]. let
      a:f32[32,32] b:f32[32,32] = scan[jaxpr=${body} length=3 numCarry=2 numConsts=1 reverse=False] w g h xs
      in (a, b) }`)
    const loop = program.steps.find((s): s is LoopStep => s.kind === 'loop')!
    expect(loop.carries.map((c) => c.spare === c.final)).toEqual([true, false])
  })
})
