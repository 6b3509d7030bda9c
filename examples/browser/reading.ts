/** What the network makes of a drawing: what it sees, a sentence, and how likely each digit is. */
import { contextOf, element } from './dom.ts'
import { side } from './ink.ts'

const percent = (share: number): string => `${Math.round(100 * share)} %`

export interface Reading {
  /** Null: nothing is drawn. */
  readonly see: (pixels: Uint8Array | null) => void
  readonly tell: (probabilities: readonly number[], step: number) => void
}

export function makeReading(): Reading {
  const seen = contextOf(element('seen', HTMLCanvasElement))
  // The guess is said aloud, and only when it changes: the network is asked again and again while it learns.
  const [guess, sure] = [element('guess', HTMLSpanElement), element('sure', HTMLSpanElement)]
  function sayGuess(text: string, rest = ''): void {
    if (guess.textContent !== text) guess.textContent = text
    sure.textContent = rest
  }
  const list = element('bars', HTMLOListElement)
  const rows = Array.from({ length: 10 }, (_, digit) => {
    const row = document.createElement('li')
    const [name, track, bar, share] = [document.createElement('span'), document.createElement('span'), document.createElement('i'), document.createElement('span')]
    name.textContent = String(digit)
    track.className = 'track'
    track.append(bar)
    share.className = 'percent'
    row.append(name, track, share)
    list.append(row)
    return (value: number | null, likeliest: boolean): void => {
      bar.style.setProperty('--share', String(value ?? 0))
      share.textContent = value === null ? '–' : percent(value)
      row.classList.toggle('likeliest', likeliest)
    }
  })

  function showAll(values: readonly number[] | null): void {
    const most = values === null ? -1 : values.indexOf(Math.max(...values))
    rows.forEach((show, digit) => show(values?.[digit] ?? null, digit === most))
  }
  showAll(null)

  return {
    see: (pixels) => {
      const image = new ImageData(side, side)
      pixels?.forEach((value, i) => image.data.set([value, value, value, 255], 4 * i))
      seen.putImageData(image, 0, 0)
      if (pixels === null) {
        showAll(null)
        sayGuess('Nothing drawn yet')
      } else if (!sure.textContent) sayGuess('Reading …') // a first answer may take a while
    },
    tell: (probabilities, step) => {
      showAll(probabilities)
      const digit = probabilities.indexOf(Math.max(...probabilities))
      sayGuess(`I read ${digit}`, ` (${percent(probabilities[digit]!)})${step === 0 ? ', but I have not learnt anything yet' : ''}`)
    },
  }
}
