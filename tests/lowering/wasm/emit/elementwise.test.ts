import { describe, expect, test } from 'vitest'
import { elementwiseCpu } from '../../../../src/backends/cpu/elementwise.ts'
import { aval, type Aval } from '../../../../src/core/aval.ts'
import { evalAvals } from '../../../../src/core/abstract-eval/index.ts'
import { decodeNumbers, encodeNumbers } from '../../../../src/core/bytes.ts'
import { type DType, dtypeInfo, dtypes, isFloating } from '../../../../src/core/dtype.ts'
import { PullbackError } from '../../../../src/core/errors.ts'
import type { ApplicablePrimitive, Node } from '../../../../src/lowering/kernel-ir/index.ts'
import { affine, apply, kernelProgram, load, loop, map, run } from './harness.ts'

// The vector code of every elementwise primitive and dtype against the reference device, at corners and in between.
const n = 23
const corners = [0, -0, 1, -1, 0.5, -2.5, 3, 100, 127, -128, 200, 255, 1e-3, -7, 31, 32, 70000, -40000, 2147483647, -2147483648, 4294967295, Infinity, -Infinity, NaN, 1e-40, 3e38, 65504, 2.718, -0.3]

const values = (dtype: DType, shift: number): Uint8Array => {
  const xs = Array.from({ length: n }, (_, i) => corners[(i * 5 + shift) % corners.length]!)
  return encodeNumbers(dtypeInfo[dtype].kind === 'float' ? xs : xs.map((x) => (Number.isFinite(x) ? x : 3)), dtype)
}

/** Units in the last place that the library's functions may be off; arithmetic is exact. */
const inexact = new Set<ApplicablePrimitive>(['exp', 'exp2', 'log', 'log1p', 'expm1', 'sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'sinh', 'cosh', 'tanh', 'asinh', 'acosh', 'atanh', 'logistic', 'rsqrt', 'cbrt', 'erf', 'erfc', 'erfInv', 'lgamma', 'digamma', 'pow', 'atan2', 'integerPow'])
const epsilon: Partial<Record<DType, number>> = { float32: 2 ** -23, float64: 2 ** -52, float16: 2 ** -10, bfloat16: 2 ** -7 }

function check(primitive: ApplicablePrimitive, params: object, inputs: readonly DType[]): number {
  const node = { ...apply(primitive, inputs.map((_, i) => i)), params } as Extract<Node, { op: 'apply' }>
  const avals = inputs.map((d) => aval([n], d))
  let outs: Aval[]
  try {
    outs = evalAvals(node.primitive, avals, node.params as never) // the parameters go with the primitive, which is a union here
  } catch (e) {
    if (e instanceof PullbackError) return 0
    throw e
  }
  const { dtype } = outs[0]!
  const operands = inputs.map((d, i) => values(d, 3 * i))
  const nodes: Node[] = [...inputs.map((d, i) => load(i, affine([1]), d)), { ...node, dtype }]
  const kernel = loop([n], [map([], nodes, [{ buffer: inputs.length, index: affine([1]), node: inputs.length }])])
  const [got] = run(kernelProgram(kernel, inputs.map((d) => ({ shape: [n], dtype: d })), [{ shape: [n], dtype }]), operands)
  const rule = elementwiseCpu[node.primitive] as (typeof elementwiseCpu)['neg'] // the operands and parameters go with the primitive
  const [want] = rule(operands.map((bytes, i) => ({ aval: avals[i]!, bytes })), node.params, outs)
  const [a, b] = [decodeNumbers(got!, dtype), decodeNumbers(want!.bytes, dtype)]
  for (let i = 0; i < n; i++) {
    const what = `${primitive}(${operands.map((o, k) => decodeNumbers(o, inputs[k]!)[i]).join(', ')}) of ${inputs.join(', ')}: ${a[i]} for ${b[i]}`
    if (Object.is(a[i], b[i])) continue
    const tolerance = inexact.has(primitive) ? 8 * (epsilon[dtype] ?? 0) : 0
    const near = Math.abs(a[i]! - b[i]!) <= tolerance * Math.abs(b[i]!) + (inexact.has(primitive) ? 2e-38 : 0)
    expect(near, what).toBe(true)
  }
  return 1
}

const special = new Set(['convertElementType', 'selectN', 'round', 'integerPow'])
const one = new Set(['clamp'])
const binary = new Set(['add', 'sub', 'mul', 'div', 'rem', 'pow', 'max', 'min', 'atan2', 'nextafter', 'and', 'or', 'xor', 'shiftLeft', 'shiftRightLogical', 'shiftRightArithmetic', 'eq', 'ne', 'lt', 'le', 'gt', 'ge'])

describe('every elementwise primitive on every dtype', () => {
  const arithmetic = dtypes.filter((d) => dtypeInfo[d].kind !== 'complex' && d !== 'key')
  for (const primitive of Object.keys(elementwiseCpu) as ApplicablePrimitive[]) {
    if (special.has(primitive)) continue
    test(primitive, () => {
      let checked = 0
      for (const d of arithmetic) {
        if (primitive === 'nextafter' && (d === 'float16' || d === 'bfloat16')) continue
        checked += check(primitive, {}, one.has(primitive) ? [d, d, d] : binary.has(primitive) ? [d, d] : [d])
      }
      expect(checked).toBeGreaterThan(0)
    })
  }
  test('round', () => {
    for (const d of arithmetic) for (const roundingMethod of ['awayFromZero', 'toNearestEven']) check('round', { roundingMethod }, [d])
  })
  test('integerPow', () => {
    for (const d of arithmetic) for (const y of [0, 1, 2, 3, 5, -1, -2]) if (y >= 0 || isFloating(d)) check('integerPow', { y }, [d])
  })
  test('convertElementType between all pairs', () => {
    for (const from of arithmetic) for (const to of arithmetic) check('convertElementType', { newDtype: to, weakType: false }, [from])
  })
  test('selectN', () => {
    for (const d of dtypes) {
      if (dtypeInfo[d].kind === 'complex' || d === 'key') continue
      check('selectN', {}, ['bool', d, d])
      check('selectN', {}, ['int32', d, d, d])
    }
  })
})
