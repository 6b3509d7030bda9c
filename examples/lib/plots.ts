/** Pictures that one can open: line and scatter plots as SVG, images as a grid in a PNG. */
import { encode } from 'fast-png'
import { parse, type Spec, View } from 'vega'
import { writeFile } from './files.ts'

export interface Series {
  readonly name: string
  readonly x: ArrayLike<number>
  readonly y: ArrayLike<number>
  readonly mark: 'line' | 'points'
}

/** Writes an SVG with one or more series over common axes. */
export async function plot(path: string, title: string, axes: readonly [x: string, y: string], series: readonly Series[]): Promise<void> {
  const values = series.flatMap((s) => Array.from(s.x, (x, i) => ({ x, y: s.y[i]!, series: s.name })))
  const names = series.map((s) => s.name)
  const encodeAt = { x: { scale: 'x', field: 'x' }, y: { scale: 'y', field: 'y' } }
  const spec: Spec = {
    $schema: 'https://vega.github.io/schema/vega/v6.json',
    width: 480,
    height: 300,
    padding: 10,
    background: 'white',
    title: { text: title },
    data: [{ name: 'all', values }],
    scales: [
      { name: 'x', type: 'linear', range: 'width', zero: false, nice: true, domain: { data: 'all', field: 'x' } },
      { name: 'y', type: 'linear', range: 'height', zero: false, nice: true, domain: { data: 'all', field: 'y' } },
      { name: 'color', type: 'ordinal', range: 'category', domain: names },
    ],
    axes: [
      { orient: 'bottom', scale: 'x', title: axes[0] },
      { orient: 'left', scale: 'y', title: axes[1], grid: true },
    ],
    legends: [{ fill: 'color' }],
    marks: series.map((s) => ({
      type: 'group',
      from: { facet: { name: `facet-${s.name}`, data: 'all', groupby: 'series' } },
      marks: [
        {
          type: s.mark === 'line' ? 'line' : 'symbol',
          from: { data: `facet-${s.name}` },
          encode: {
            enter: {
              ...encodeAt,
              opacity: { signal: `datum.series === '${s.name}' ? 1 : 0` },
              stroke: { scale: 'color', field: 'series' },
              fill: s.mark === 'line' ? { value: 'transparent' } : { scale: 'color', field: 'series' },
              size: { value: 20 },
            },
          },
        },
      ],
    })),
  }
  const view = new View(parse(spec), { renderer: 'none' })
  await writeFile(path, await view.toSVG())
  view.finalize()
}

/** Writes grey images [n, height, width] (0 to 255), `columns` a row, each enlarged, as one PNG. */
export async function imageGrid(path: string, images: { readonly pixels: ArrayLike<number>; readonly count: number; readonly height: number; readonly width: number }, columns: number, zoom = 2): Promise<void> {
  const { pixels, count, height, width } = images
  const rows = Math.max(1, Math.ceil(count / columns))
  const [w, h] = [columns * (width * zoom + 2), rows * (height * zoom + 2)]
  const data = new Uint8Array(w * h).fill(128)
  for (let i = 0; i < count; i++) {
    const left = (i % columns) * (width * zoom + 2) + 1
    const top = Math.floor(i / columns) * (height * zoom + 2) + 1
    for (let y = 0; y < height * zoom; y++) {
      for (let x = 0; x < width * zoom; x++) {
        data[(top + y) * w + left + x] = 255 - pixels[(i * height + Math.floor(y / zoom)) * width + Math.floor(x / zoom)]!
      }
    }
  }
  await writeFile(path, encode({ width: w, height: h, data, channels: 1 }))
}
