/** A line that grows while one looks at it, as SVG: each value faint, their moving average strong, and marks. */

const svg = 'http://www.w3.org/2000/svg'

export interface Chart {
  /** A value at a step; steps come in order. */
  readonly add: (step: number, value: number) => void
  readonly mark: (step: number, value: number) => void
  readonly clear: () => void
}

export interface ChartOptions {
  readonly name: string
  /** The top of the scale; null: what the values need. */
  readonly most: number | null
  readonly show: (value: number) => string
}

interface Point {
  readonly step: number
  readonly value: number
}

const margin = { left: 36, right: 8, top: 8, bottom: 22 }
/** Of the moving average, in steps. */
const memory = 10

/** 1, 2 or 5 times a power of ten: the least such that `count` of them reach `span`. */
function tick(span: number, count: number): number {
  const power = 10 ** Math.floor(Math.log10(span / count))
  return power * ([1, 2, 5, 10].find((m) => m * power * count >= span) ?? 10)
}

function node(name: string, attributes: Readonly<Record<string, string | number>>, text = ''): SVGElement {
  const made = document.createElementNS(svg, name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value))
  made.textContent = text
  return made
}

/** At most so many points: neighbours as their mean. */
function thinned(points: readonly Point[], most: number): readonly Point[] {
  const each = Math.ceil(points.length / most)
  if (each <= 1) return points
  return Array.from({ length: Math.ceil(points.length / each) }, (_, i) => {
    const group = points.slice(i * each, (i + 1) * each)
    return { step: group[group.length - 1]!.step, value: group.reduce((sum, { value }) => sum + value, 0) / group.length }
  })
}

export function makeChart(figure: HTMLElement, { name, most, show }: ChartOptions): Chart {
  const root = node('svg', { class: 'chart', role: 'img', 'aria-label': `${name}: no step taken yet` })
  figure.append(root)
  let points: Point[] = []
  let smooth: Point[] = []
  let marks: Point[] = []
  let awaited = false

  function paint(): void {
    const { clientWidth: width, clientHeight: height } = root
    const last = points[points.length - 1]?.step ?? 0
    const right = Math.max(50, last)
    const top = most ?? Math.max(points.length === 0 ? 2 : 0.5, ...thinned(points, 200).map(({ value }) => value)) * 1.05
    const x = (step: number): number => margin.left + (step / right) * (width - margin.left - margin.right)
    const y = (value: number): number => height - margin.bottom - (Math.min(value, top) / top) * (height - margin.top - margin.bottom)
    const parts: SVGElement[] = []
    for (let value = 0, by = tick(top, 4); value <= top; value += by) {
      parts.push(node('line', { class: 'grid', x1: margin.left, x2: width - margin.right, y1: y(value), y2: y(value) }))
      parts.push(node('text', { x: margin.left - 6, y: y(value) + 4, 'text-anchor': 'end' }, show(value)))
    }
    parts.push(node('text', { x: 0, y: height - 6 }, 'step'))
    for (let step = 0, by = tick(right, 5); step <= right; step += by) parts.push(node('text', { x: x(step), y: height - 6, 'text-anchor': 'middle' }, String(step)))
    const path = (of: readonly Point[]): string => thinned(of, width / 2).map(({ step, value }, i) => `${i === 0 ? 'M' : 'L'}${x(step).toFixed(1)},${y(value).toFixed(1)}`).join('')
    parts.push(node('path', { class: 'each', d: path(points) }), node('path', { class: 'smooth', d: path(smooth) }))
    for (const { step, value } of thinned(marks, 60)) parts.push(node('circle', { class: 'mark', cx: x(step), cy: y(value), r: 4 }))
    root.replaceChildren(...parts)
    const now = smooth[smooth.length - 1]
    if (now !== undefined) root.setAttribute('aria-label', `${name}: ${show(now.value)} after ${now.step} steps`)
  }

  function update(): void {
    if (awaited) return
    awaited = true
    requestAnimationFrame(() => {
      awaited = false
      paint()
    })
  }
  new ResizeObserver(update).observe(root)

  return {
    add: (step, value) => {
      const before = smooth[smooth.length - 1]?.value ?? value
      points.push({ step, value })
      smooth.push({ step, value: before + (value - before) / Math.min(points.length, memory) })
      update()
    },
    mark: (step, value) => {
      marks.push({ step, value })
      update()
    },
    clear: () => {
      points = []
      smooth = []
      marks = []
      root.setAttribute('aria-label', `${name}: no step taken yet`)
      update()
    },
  }
}
