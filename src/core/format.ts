/** Arrays as text, the way NumPy 2.4 prints them: aligned columns, shortest digits, long arrays summarised. */
import type { Shape } from './aval.ts'
import { type DType, dtypeInfo } from './dtype.ts'
import { complexCells, floatCells, floatScalar } from './format-float.ts'

/** Above this many elements the middle of long axes is left out. */
const threshold = 1000
const edge = 3
const lineWidth = 75

/**
 * Row-major values (complex numbers as pairs) as text.
 *
 * @example
 * formatArray([1, 2.5], [2], 'float32')   // '[1.  2.5]'
 */
export function formatArray(values: ArrayLike<number>, shape: Shape, dtype: DType): string {
  const complex = dtypeInfo[dtype].kind === 'complex'
  const size = values.length / (complex ? 2 : 1)
  if (size === 0) return '[]'
  const summarise = size > threshold
  const shown = shownPositions(shape, summarise)
  if (shape.length === 0 && dtypeInfo[dtype].kind === 'float') return floatScalar(values[0]!, dtype)
  const texts = complex ? complexCells(shown.map((i): [number, number] => [values[2 * i]!, values[2 * i + 1]!]), dtype) : cells(shown.map((i) => values[i]!), shape, dtype)
  if (shape.length === 0) return texts[0]!.trim()
  let next = 0
  const rank = shape.length
  const build = (axis: number): string => {
    const positions = axisPositions(shape[axis]!, summarise)
    const last = axis === rank - 1
    const items = positions.map((i) => (i === null ? '...' : last ? texts[next++]! : build(axis + 1)))
    return last ? `[${wrap(items, rank)}]` : `[${items.join('\n'.repeat(rank - axis - 1) + ' '.repeat(axis + 1))}]`
  }
  return build(0)
}

/** The texts of numbers, all of one width. */
function cells(values: readonly number[], shape: Shape, dtype: DType): string[] {
  switch (dtypeInfo[dtype].kind) {
    case 'float':
      return floatCells(values, dtype)
    case 'bool':
      return values.map((x) => (x === 0 ? 'False' : shape.length === 0 ? 'True' : ' True'))
    default:
      return aligned(values.map(String))
  }
}

function aligned(texts: readonly string[]): string[] {
  const width = Math.max(...texts.map((t) => t.length))
  return texts.map((t) => t.padStart(width))
}

/** The items of the innermost axis on lines of at most `lineWidth`, brackets of outer axes counted. */
function wrap(items: readonly string[], rank: number): string {
  const indent = ' '.repeat(rank)
  const lines: string[] = []
  let line = indent
  for (const item of items) {
    if (line.length > rank && line.length + item.length > lineWidth - rank) {
      lines.push(line.trimEnd())
      line = indent
    }
    line += `${item} `
  }
  lines.push(line.slice(0, -1))
  return lines.join('\n').slice(rank)
}

/** Positions of an axis; null for what is left out. */
const axisPositions = (n: number, summarise: boolean): (number | null)[] =>
  summarise && n > 2 * edge ? [0, 1, 2, null, n - 3, n - 2, n - 1] : Array.from({ length: n }, (_, i) => i)

/** Flat positions of the elements that are printed, row-major. */
function shownPositions(shape: Shape, summarise: boolean): number[] {
  let positions = [0]
  for (const n of shape) positions = positions.flatMap((p) => axisPositions(n, summarise).flatMap((i) => (i === null ? [] : [p * n + i])))
  return positions
}
