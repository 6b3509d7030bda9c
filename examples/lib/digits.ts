/** Images of digits in a grid, each over `label > guess`, as one PNG. */
import { encode } from 'fast-png'
import { writeFile } from './files.ts'

export interface Digit {
  /** Grey values, row-major: 0 is background, 255 ink. */
  readonly pixels: ArrayLike<number>
  readonly label: number
  readonly guess: number
}

const size = 28
const zoom = 2
const cell = { width: size * zoom + 2, height: size * zoom + 16 }
const paper = 255
const frame = 190

/** 3 by 5 points each: rows from the top, a point a bit, the leftmost the highest. */
const glyphs: Readonly<Record<string, readonly number[]>> = {
  '0': [7, 5, 5, 5, 7],
  '1': [2, 6, 2, 2, 7],
  '2': [7, 1, 7, 4, 7],
  '3': [7, 1, 7, 1, 7],
  '4': [5, 5, 7, 1, 1],
  '5': [7, 4, 7, 1, 7],
  '6': [7, 4, 7, 5, 7],
  '7': [7, 1, 1, 1, 1],
  '8': [7, 5, 7, 5, 7],
  '9': [7, 5, 7, 1, 7],
  '>': [4, 2, 1, 2, 4],
}

/** Writes the grid, `columns` digits a row. */
export async function digitGrid(path: string, digits: readonly Digit[], columns = 8): Promise<void> {
  const width = columns * cell.width
  const height = Math.max(1, Math.ceil(digits.length / columns)) * cell.height
  const data = new Uint8Array(width * height).fill(paper)
  /** A rectangle of `zoom`-fold points, whose greys `at(x, y)` gives. */
  const draw = (left: number, top: number, w: number, h: number, at: (x: number, y: number) => number): void => {
    for (let y = 0; y < h * zoom; y++) {
      for (let x = 0; x < w * zoom; x++) data[(top + y) * width + left + x] = at(Math.floor(x / zoom), Math.floor(y / zoom))
    }
  }
  for (const [i, { pixels, label, guess }] of digits.entries()) {
    const left = (i % columns) * cell.width
    const top = Math.floor(i / columns) * cell.height
    draw(left, top, cell.width / zoom, cell.height / zoom, () => frame)
    draw(left + 1, top + 1, size, size, (x, y) => paper - pixels[y * size + x]!)
    for (const [n, glyph] of [...`${label}>${guess}`].entries()) {
      draw(left + 16 + n * 10, top + size * zoom + 3, 3, 5, (x, y) => ((glyphs[glyph]![y]! >> (2 - x)) & 1 ? 0 : frame))
    }
  }
  await writeFile(path, encode({ width, height, data, channels: 1 }))
}
