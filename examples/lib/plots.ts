/** Line and scatter plots as SVG files, which every browser opens. */
import { parse, type Spec, View } from 'vega'
import { writeFile } from './files.ts'

export interface Series {
  readonly name: string
  readonly x: ArrayLike<number>
  readonly y: ArrayLike<number>
  readonly mark: 'line' | 'points'
}

/** Writes one or more series over common axes. */
export async function plot(path: string, title: string, [xTitle, yTitle]: readonly [x: string, y: string], series: readonly Series[]): Promise<void> {
  const whole = series.every((s) => Array.from(s.x).every(Number.isInteger))
  const over = (field: 'x' | 'y'): { fields: { data: string; field: string }[] } => ({ fields: series.map((s) => ({ data: s.name, field })) })
  const spec: Spec = {
    width: 480,
    height: 300,
    padding: 10,
    background: 'white',
    title: { text: title },
    data: series.map((s) => ({ name: s.name, values: Array.from(s.x, (x, i) => ({ x, y: s.y[i]! })) })),
    scales: [
      { name: 'x', type: 'linear', range: 'width', zero: false, nice: true, domain: over('x') },
      { name: 'y', type: 'linear', range: 'height', zero: false, nice: true, domain: over('y') },
      { name: 'color', type: 'ordinal', range: 'category', domain: series.map((s) => s.name) },
    ],
    axes: [
      { orient: 'bottom', scale: 'x', title: xTitle, ...(whole ? { tickMinStep: 1, format: 'd' } : {}) },
      { orient: 'left', scale: 'y', title: yTitle, grid: true },
    ],
    legends: [{ fill: 'color' }],
    marks: series.flatMap((s) => [...(s.mark === 'line' ? [line(s)] : []), ...(s.mark === 'points' || s.x.length < 30 ? [points(s)] : [])]), // a line through few points shows them
  }
  const view = new View(parse(spec), { renderer: 'none' })
  await writeFile(path, await view.toSVG())
  view.finalize()
}

type Mark = NonNullable<Spec['marks']>[number]
const place = { x: { scale: 'x', field: 'x' }, y: { scale: 'y', field: 'y' } }
const line = (s: Series): Mark => ({
  type: 'line',
  from: { data: s.name },
  encode: { enter: { ...place, stroke: { scale: 'color', value: s.name }, strokeWidth: { value: 2 } } },
})
const points = (s: Series): Mark => ({
  type: 'symbol',
  from: { data: s.name },
  encode: { enter: { ...place, fill: { scale: 'color', value: s.name }, size: { value: 20 } } },
})
