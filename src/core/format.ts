/** Arrays as text, the way NumPy prints them: aligned columns, shortest digits, long arrays summarised. */
import type { Shape } from './aval.ts'
import { type DType, dtypeInfo } from './dtype.ts'

const precision = 8
const threshold = 1000
const edge = 3
const lineWidth = 75

/** `[1. 2. 3.]`, nested by axis; complex as `1.+2.j`. */
export function formatArray(values: ArrayLike<number>, shape: Shape, dtype: DType): string {
  const { kind } = dtypeInfo[dtype]
  const parts = kind === 'complex' ? 2 : 1
  const size = values.length / parts
  if (size === 0) return shape.length === 1 ? '[]' : `[], shape=(${shape.join(', ')})`
  const shown = shownPositions(shape, size > threshold)
  const format = kind === 'complex' ? complexFormat(values, shown, dtype) : scalarFormat(shown.map((i) => values[i]!), dtype)
  const cells = new Map(shown.map((i) => [i, format(i, values)]))
  const width = Math.max(...[...cells.values()].map((c) => c.length))
  if (shape.length === 0) return cells.get(0)!.trim()
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1))
  const build = (axis: number, offset: number): string => {
    const positions = axisPositions(shape[axis]!, size > threshold)
    const last = axis === shape.length - 1
    const items = positions.map((i) => (i === null ? '...' : last ? cells.get(offset + i)!.padStart(width) : build(axis + 1, offset + i * strides[axis]!)))
    if (!last) return `[${items.join(`\n${'\n'.repeat(shape.length - axis - 2)}${' '.repeat(axis + 1)}`)}]`
    return `[${wrap(items, axis + 1)}]`
  }
  return build(0, 0)
}

function wrap(items: readonly string[], indent: number): string {
  const lines: string[] = []
  let line = ''
  for (const item of items) {
    if (line !== '' && indent + line.length + 1 + item.length > lineWidth) {
      lines.push(line)
      line = item
    } else line = line === '' ? item : `${line} ${item}`
  }
  return [...lines, line].join(`\n${' '.repeat(indent)}`)
}

const axisPositions = (n: number, summarise: boolean): (number | null)[] =>
  summarise && n > 2 * edge ? [0, 1, 2, null, n - 3, n - 2, n - 1] : Array.from({ length: n }, (_, i) => i)

function shownPositions(shape: Shape, summarise: boolean): number[] {
  let positions = [0]
  for (const n of shape) positions = positions.flatMap((p) => axisPositions(n, summarise).flatMap((i) => (i === null ? [] : [p * n + i])))
  return positions
}

type Format = (i: number, values: ArrayLike<number>) => string

function scalarFormat(sample: readonly number[], dtype: DType): Format {
  const { kind } = dtypeInfo[dtype]
  if (kind === 'bool') return (i, values) => (values[i] === 0 ? 'False' : 'True')
  if (kind !== 'float') return (i, values) => String(values[i])
  const text = floatFormat(sample, dtype)
  return (i, values) => text(values[i]!)
}

function complexFormat(values: ArrayLike<number>, shown: readonly number[], dtype: DType): Format {
  const text = floatFormat(shown.flatMap((i) => [values[2 * i]!, values[2 * i + 1]!]), dtype)
  return (i, all) => {
    const im = text(all[2 * i + 1]!)
    return `${text(all[2 * i]!)}${im.startsWith('-') ? '' : '+'}${im}j`
  }
}

/** One notation for all: fixed, or with exponents where magnitudes are far apart, as NumPy decides. */
function floatFormat(sample: readonly number[], dtype: DType): (x: number) => string {
  const finite = sample.filter((x) => Number.isFinite(x) && x !== 0).map(Math.abs)
  const [most, least] = [Math.max(...finite), Math.min(...finite)]
  const scientific = finite.length > 0 && (most >= 1e8 || least < 1e-4 || most / least > 1e3)
  const digits = finite.map((x) => shortest(x, dtype, scientific))
  const decimals = Math.max(0, ...digits.map((d) => (/\.(\d*)/.exec(d)?.[1] ?? '').length))
  return (x) => {
    if (Number.isNaN(x)) return 'nan'
    if (!Number.isFinite(x)) return x > 0 ? 'inf' : '-inf'
    const sign = x < 0 || Object.is(x, -0) ? '-' : ''
    if (scientific) {
      const [mantissa, exponent] = Math.abs(x).toExponential(decimals).split('e')
      return `${sign}${mantissa!.includes('.') ? mantissa! : `${mantissa!}.`}e${exponent!.startsWith('-') ? '-' : '+'}${exponent!.slice(1).padStart(2, '0')}`
    }
    const fixed = shortest(Math.abs(x), dtype, false)
    const [whole, fraction = ''] = fixed.split('.')
    return `${sign}${whole!}.${fraction.padEnd(decimals)}`
  }
}

/** The fewest digits that tell the value from its neighbours in its dtype, at most eight after the point. */
function shortest(x: number, dtype: DType, scientific: boolean): string {
  const same = (text: string): boolean => (dtype === 'float64' || dtype === 'complex128' ? Number(text) === x : Math.fround(Number(text)) === Math.fround(x))
  for (let d = 0; d < precision; d++) {
    const text = scientific ? x.toExponential(d) : x.toFixed(d)
    if (same(text)) return text
  }
  return scientific ? x.toExponential(precision) : x.toFixed(precision).replace(/0+$/, '')
}
