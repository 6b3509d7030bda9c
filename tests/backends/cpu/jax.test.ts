/** Elementwise primitives against JAX, on all pairs of corners: tests/oracle/elementwise.json says by which version. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { decodeNumbers, encodeNumbers } from '../../../src/core/bytes.ts'
import type { DType } from '../../../src/core/dtype.ts'
import { isFloating } from '../../../src/core/dtype.ts'
import type { BinaryParams, NoParams, UnaryParams } from '../../../src/core/primitives/index.ts'
import { apply, array, type Plain } from './apply.ts'

interface Given {
  readonly dtype: DType
  readonly shape?: readonly number[]
  readonly data: readonly (number | string | boolean)[]
}
type ByDtype<T> = Readonly<Partial<Record<DType, T>>>
interface Fixture {
  readonly unaryInputs: ByDtype<Given>
  readonly binaryInputs: ByDtype<readonly [Given, Given]>
  readonly unary: Readonly<Record<string, ByDtype<Given>>>
  readonly binary: Readonly<Record<string, ByDtype<Given>>>
  readonly convert: ByDtype<{ readonly x: Given; readonly to: ByDtype<Given> }>
  /** Operands, then the result. */
  readonly clamp: readonly Given[]
  readonly selectN: readonly Given[]
}
const fixture = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'oracle', 'elementwise.json'), 'utf8')) as Fixture

const plain = (g: Given): Plain => array(g.dtype, g.data.map(Number), g.shape ?? [g.data.length])

const unaryNames: Readonly<Record<string, keyof UnaryParams>> = { bitwiseNot: 'not' }
const binaryNames: Readonly<Record<string, keyof BinaryParams>> = { bitwiseAnd: 'and', bitwiseOr: 'or', bitwiseXor: 'xor' }

function unary(name: string, x: Plain): readonly number[] {
  if (name.startsWith('integerPow')) return apply('integerPow', { y: Number(name.slice('integerPow'.length)) }, x)
  if (name === 'round' || name === 'roundEven') return apply('round', { roundingMethod: name === 'round' ? 'awayFromZero' : 'toNearestEven' }, x)
  return apply((unaryNames[name] ?? name) as 'neg', {} as NoParams, x)
}

/** What JAX computes by formulas of its own, accurate to some units in the last place of float32 or float64. */
const exact = /^(neg|sign|floor|ceil|abs|square|round|isFinite|bitwise|populationCount|clz|sqrt|add|sub|mul|div|rem|max|min|nextafter|shift|eq|ne|lt|le|gt|ge)/

function compare(got: readonly number[], want: Given, inputs: readonly Plain[], isExact: boolean): void {
  const tolerance = isExact || !isFloating(want.dtype) ? 0 : want.dtype === 'float64' ? 1e-11 : 1e-5
  // The file has the shortest decimals that name a value of the dtype.
  const wanted = decodeNumbers(encodeNumbers(want.data.map(Number), want.dtype), want.dtype)
  const faults = got.flatMap((g, i) => {
    const w = wanted[i]!
    const near = Object.is(g, w) || Math.abs(g - w) <= tolerance * Math.max(1, Math.abs(w))
    return near ? [] : [`${inputs.map((x) => x.values[i]).join(', ')}: got ${g}, JAX ${w}`]
  })
  expect(faults).toEqual([])
}

describe('unary', () => {
  for (const [name, byDtype] of Object.entries(fixture.unary)) {
    for (const [dtype, want] of Object.entries(byDtype)) {
      test(`${name} ${dtype}`, () => {
        const x = plain(fixture.unaryInputs[dtype as DType]!)
        compare(unary(name, x), want, [x], exact.test(name))
      })
    }
  }
})

describe('binary', () => {
  for (const [name, byDtype] of Object.entries(fixture.binary)) {
    for (const [dtype, want] of Object.entries(byDtype)) {
      test(`${name} ${dtype}`, () => {
        const [x, y] = fixture.binaryInputs[dtype as DType]!
        const inputs = [plain(x), plain(y)] as const
        compare(apply(binaryNames[name] ?? (name as keyof BinaryParams), {} as NoParams, ...inputs), want, inputs, exact.test(name))
      })
    }
  }
})

describe('convertElementType', () => {
  for (const [from, { x, to }] of Object.entries(fixture.convert)) {
    for (const [newDtype, want] of Object.entries(to)) {
      test(`${from} to ${newDtype}`, () => {
        compare(apply('convertElementType', { newDtype: newDtype as DType, weakType: false }, plain(x)), want, [plain(x)], true)
      })
    }
  }
})

test.each(['clamp', 'selectN'] as const)('%s', (name) => {
  const inputs = fixture[name].slice(0, -1).map(plain)
  compare(apply(name, {}, ...inputs), fixture[name].at(-1)!, inputs, true)
})
