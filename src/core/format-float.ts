/**
 * Floating-point numbers as text, as NumPy's FloatingFormat does it: the fewest digits that tell a value from its
 * neighbours in its dtype, one notation for all, points below each other.
 * Source: numpy/_core/arrayprint.py of NumPy 2.4.
 */
import { bfloat16Bits, float16Bits, float16Value } from './bytes.ts'
import type { DType } from './dtype.ts'

/** Most digits after the point in arrays. */
const precision = 8

interface FloatInfo {
  /** From here on, values are printed with an exponent: 10 to the decimal digits that the dtype holds. */
  readonly large: number
  readonly largeScalar: number
  readonly same: (a: number, b: number) => boolean
  /** To the nearest number of the dtype. */
  readonly round: (x: number) => number
}
const info = (dtype: DType): FloatInfo => {
  switch (dtype) {
    case 'float16':
      return { large: 1e3, largeScalar: 1e3, same: (a, b) => float16Bits(a) === float16Bits(b), round: (x) => float16Value(float16Bits(x)) }
    case 'bfloat16':
      return { large: 1e2, largeScalar: 1e2, same: (a, b) => bfloat16Bits(a) === bfloat16Bits(b), round: (x) => x }
    case 'float64':
    case 'complex128':
      return { large: 1e8, largeScalar: 1e16, same: Object.is, round: (x) => x }
    default:
      return { large: 1e6, largeScalar: 1e6, same: (a, b) => Math.fround(a) === Math.fround(b), round: Math.fround }
  }
}

/** A positive number as digits `d.ddd` times ten to the exponent. */
interface Decimal {
  readonly digits: string
  readonly exponent: number
}

/** The fewest digits that read back as the same value. */
function shortest(x: number, { same }: FloatInfo): Decimal {
  if (x === 0) return { digits: '0', exponent: 0 }
  for (let d = 0; d < 16; d++) {
    if (same(Number(x.toExponential(d)), x)) return rounded(x, d)
  }
  return rounded(x, 16)
}

/** Digits looked at behind a rounded one: more than any value needs to tell itself from a tie. */
const behind = 40
const isTie = (rest: string): boolean => /^50*$/.test(rest)
const isOdd = (digit: string): boolean => Number(digit) % 2 === 1

/** With `most` digits after the first, a tie to the even digit as in NumPy: JavaScript takes the greater. */
function rounded(x: number, most: number): Decimal {
  const { digits, exponent } = parse(x.toExponential(most + behind))
  const kept = digits.slice(0, most + 1)
  return isTie(digits.slice(most + 1)) && !isOdd(kept.at(-1)!) ? { digits: kept, exponent } : parse(x.toExponential(most))
}

/** With `most` digits after the point, likewise. */
function roundedFixed(x: number, most: number): string {
  const long = x.toFixed(most + behind)
  const kept = long.slice(0, -behind)
  return isTie(long.slice(-behind)) && !isOdd(kept.at(-1)!) ? kept : x.toFixed(most)
}

function parse(text: string): Decimal {
  const [mantissa, exponent] = text.split('e') as [string, string]
  return { digits: mantissa.replace('.', ''), exponent: Number(exponent) }
}

/** Whole and fractional digits, at most `most` after the point, without trailing zeros. */
function positional(x: number, f: FloatInfo, most: number): [whole: string, fraction: string] {
  const { digits, exponent } = shortest(x, f)
  const zeros = '0'.repeat(Math.max(0, -exponent))
  const padded = zeros + digits.padEnd(exponent + 1, '0')
  const point = Math.max(0, exponent) + 1
  const fraction = padded.slice(point)
  if (fraction.length <= most) return [padded.slice(0, point), fraction.replace(/0+$/, '')]
  const [whole, cut = ''] = roundedFixed(x, most).split('.') as [string, string?]
  return [whole, cut.replace(/0+$/, '')]
}

/** Digit, fraction and exponent, at most `most` digits after the point, without trailing zeros. */
function scientific(x: number, f: FloatInfo, most: number): [whole: string, fraction: string, exponent: number] {
  const short = shortest(x, f)
  const { digits, exponent } = short.digits.length - 1 <= most ? short : rounded(x, most)
  return [digits[0]!, digits.slice(1).replace(/0+$/, ''), exponent]
}

const isNegative = (x: number): boolean => x < 0 || Object.is(x, -0)
const power = (exponent: number, width: number): string => `e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(width, '0')}`

function special(x: number): string | null {
  if (Number.isNaN(x)) return 'nan'
  return Number.isFinite(x) ? null : x > 0 ? 'inf' : '-inf'
}

/** A scalar: all digits that it needs. */
export function floatScalar(x: number, dtype: DType): string {
  const f = info(dtype)
  const named = special(x)
  if (named !== null) return named
  const a = Math.abs(x)
  const sign = isNegative(x) ? '-' : ''
  if (a !== 0 && (a >= f.largeScalar || a < 1e-4)) {
    const [whole, fraction, exponent] = scientific(a, f, Infinity)
    return `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}${power(exponent, 2)}`
  }
  const [whole, fraction] = positional(a, f, Infinity)
  return `${sign}${whole}.${fraction === '' ? '0' : fraction}`
}

/** The texts of numbers that stand in one array: one notation, one width. */
export function floatCells(values: readonly number[], dtype: DType, signed = false): string[] {
  const f = info(dtype)
  const sizes = values.filter((x) => Number.isFinite(x) && x !== 0).map(Math.abs)
  const [most, least] = [sizes.reduce((a, b) => Math.max(a, b), 0), sizes.reduce((a, b) => Math.min(a, b), Infinity)]
  const withExponent = sizes.length > 0 && (most >= f.large || least < f.round(1e-4) || f.round(most / least) > 1e3)
  const sign = (x: number): string => (isNegative(x) ? '-' : signed ? '+' : '')
  const parts = values.map((x) => {
    if (!Number.isFinite(x)) return null
    const a = Math.abs(x)
    const [whole, fraction, exponent] = withExponent ? scientific(a, f, precision) : [...positional(a, f, precision), 0]
    return { whole: sign(x) + whole, fraction, exponent, a }
  })
  const decimals = Math.max(0, ...parts.map((p) => p?.fraction.length ?? 0))
  // Beside an exponent all have as many digits as the longest, and those are the value's own: 9.9999997e-05, not 1.0000000e-04.
  const cell = (p: NonNullable<(typeof parts)[number]>): string => {
    if (p.fraction.length === decimals || p.a === 0) return `${p.whole}.${p.fraction.padEnd(decimals, '0')}${power(p.exponent, exponents)}`
    const { digits, exponent } = rounded(p.a, decimals)
    return `${p.whole.slice(0, -1)}${digits[0]!}.${digits.slice(1)}${power(exponent, exponents)}`
  }
  const exponents = Math.max(2, ...parts.map((p) => String(Math.abs(p?.exponent ?? 0)).length))
  const texts = parts.map((p, i) => {
    if (p === null) return (signed && !(values[i]! < 0) ? '+' : '') + special(values[i]!)!
    return withExponent ? cell(p) : `${p.whole}.${p.fraction.padEnd(decimals)}`
  })
  const width = Math.max(...texts.map((t) => t.length))
  return texts.map((t) => t.padStart(width))
}

/** Real and imaginary parts, each aligned among themselves: `1.+2.j`. */
export function complexCells(values: readonly (readonly [re: number, im: number])[], dtype: DType): string[] {
  const re = floatCells(values.map((v) => v[0]), dtype)
  const im = floatCells(values.map((v) => v[1]), dtype, true)
  return re.map((r, i) => {
    const digits = im[i]!.trimEnd()
    return `${r}${digits}j${im[i]!.slice(digits.length)}`
  })
}
