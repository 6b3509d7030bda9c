/** A sheet to draw on, with a pointer or with keys. */
import { contextOf } from './dom.ts'
import { normalized, side } from './ink.ts'

export interface Pad {
  readonly clear: () => void
  /** Puts an image of 28 by 28 grey values on the sheet. */
  readonly show: (pixels: Uint8Array) => void
}

interface Point {
  readonly x: number
  readonly y: number
}

/** Width of the pen, in points of 28 to a side. */
const pen = 2.2
const arrows: Readonly<Record<string, Point>> = { ArrowLeft: { x: -1, y: 0 }, ArrowRight: { x: 1, y: 0 }, ArrowUp: { x: 0, y: -1 }, ArrowDown: { x: 0, y: 1 } }

/**
 * `changed` is told what the network is to see whenever the drawing changes (null: nothing is drawn); `said` what the pen does, for those who do not see it.
 */
export function makePad(canvas: HTMLCanvasElement, changed: (pixels: Uint8Array | null) => void, said: (text: string) => void): Pad {
  const view = contextOf(canvas)
  const sheet = document.createElement('canvas')
  sheet.width = canvas.width
  sheet.height = canvas.height
  const ink = contextOf(sheet, { willReadFrequently: true })
  const point = canvas.width / side
  ink.strokeStyle = '#fff'
  ink.lineWidth = pen * point
  ink.lineCap = 'round'

  let last: Point | null = null
  /** Where keys draw, in points of 28 to a side; shown while the sheet has the keyboard's focus. */
  let cursor: Point = { x: side / 2, y: side / 4 }
  let [penDown, byKeys, awaited] = [false, false, false]

  function paint(): void {
    view.clearRect(0, 0, canvas.width, canvas.height)
    view.drawImage(sheet, 0, 0)
    if (!byKeys || document.activeElement !== canvas) return
    view.beginPath()
    view.arc(cursor.x * point, cursor.y * point, (pen / 2 + 0.5) * point, 0, 2 * Math.PI)
    view.lineWidth = 4
    view.strokeStyle = penDown ? '#ffb866' : '#8aabff'
    view.stroke()
  }

  function pixels(): Uint8Array | null {
    const { data, width, height } = ink.getImageData(0, 0, sheet.width, sheet.height)
    return normalized({ width, height, at: (x, y) => data[4 * (y * width + x) + 3]! })
  }

  /** Once a frame, however many strokes come in one. */
  function update(): void {
    if (awaited) return
    awaited = true
    requestAnimationFrame(() => {
      awaited = false
      paint()
      changed(pixels())
    })
  }

  /** A line in points of 28 to a side. */
  function draw(from: Point, to: Point): void {
    ink.beginPath()
    ink.moveTo(from.x * point, from.y * point)
    ink.lineTo(to.x * point, to.y * point)
    ink.stroke()
    update()
  }

  function clear(): void {
    ink.clearRect(0, 0, sheet.width, sheet.height)
    penDown = false
    update()
  }

  const placeOf = (event: PointerEvent): Point => {
    const { left, top, width, height } = canvas.getBoundingClientRect()
    return { x: ((event.clientX - left) / width) * side, y: ((event.clientY - top) / height) * side }
  }
  canvas.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return
    canvas.setPointerCapture(event.pointerId)
    byKeys = penDown = false
    last = placeOf(event)
    draw(last, last)
  })
  canvas.addEventListener('pointermove', (event) => {
    if (last === null) return
    for (const each of event.getCoalescedEvents().concat(event)) {
      const next = placeOf(each)
      draw(last, next)
      last = next
    }
  })
  for (const end of ['pointerup', 'pointercancel'] as const) canvas.addEventListener(end, () => (last = null))

  canvas.addEventListener('keydown', (event) => {
    const { key } = event
    const arrow = arrows[key]
    if (arrow !== undefined) {
      const within = (x: number): number => Math.min(side - 1, Math.max(1, x))
      const next = { x: within(cursor.x + arrow.x), y: within(cursor.y + arrow.y) }
      if (penDown) draw(cursor, next)
      cursor = next
    } else if (key === ' ' || key === 'Enter') {
      if (event.repeat) return event.preventDefault()
      penDown = !penDown
      if (penDown) draw(cursor, cursor)
      said(penDown ? 'Pen down' : 'Pen up')
    } else if (key === 'Delete' || key === 'Backspace') {
      clear()
      said('Cleared')
    } else return
    byKeys = true
    event.preventDefault()
    paint()
  })
  canvas.addEventListener('focus', () => {
    byKeys = canvas.matches(':focus-visible')
    paint()
  })
  canvas.addEventListener('blur', () => {
    penDown = false
    paint()
  })

  return {
    clear,
    show: (grey) => {
      clear()
      const small = document.createElement('canvas')
      small.width = small.height = side
      const image = new ImageData(side, side)
      grey.forEach((value, i) => image.data.set([255, 255, 255, value], 4 * i))
      contextOf(small).putImageData(image, 0, 0)
      ink.drawImage(small, 0, 0, sheet.width, sheet.height)
      paint()
    },
  }
}
