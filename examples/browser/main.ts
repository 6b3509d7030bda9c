/** The page: what is chosen, drawn and asked for goes to the training worker, and what comes back is shown. */
import { makeChart } from './chart.ts'
import { element } from './dom.ts'
import { makePad } from './pad.ts'
import type { Place, Report, Request, Settings } from './protocol.ts'
import { makeReading } from './reading.ts'
import { makeTexts } from './texts.ts'

const worker = new Worker(new URL('./trainer.js', import.meta.url), { type: 'module' })
const ask = (request: Request): void => worker.postMessage(request)

const form = element('settings', HTMLFormElement)
const toggle = element('toggle', HTMLButtonElement)
const [status, waited, busy] = [element('status', HTMLSpanElement), element('waited', HTMLSpanElement), element('busy', HTMLProgressElement)]
const numbers = { step: element('step', HTMLElement), loss: element('loss', HTMLElement), accuracy: element('accuracy', HTMLElement), tested: element('tested', HTMLElement), speed: element('speed', HTMLElement) }

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
const lossChart = makeChart(element('loss-chart', HTMLElement), { name: 'Loss', most: null, show: (value) => String(Number(value.toPrecision(3))) })
const accuracyChart = makeChart(element('accuracy-chart', HTMLElement), { name: 'Accuracy', most: 1, show: (value) => `${Math.round(100 * value)} %` })

const settings = (): Settings => ({
  device: form.querySelector('input[value=webgpu]:checked') === null ? 'wasm' : 'webgpu',
  batch: Number(element('batch', HTMLSelectElement).value),
})

// Training.

let training = false
/** Of the last steps. */
let times: { readonly milliseconds: number; readonly images: number }[] = []

function setTraining(on: boolean): void {
  training = on
  toggle.textContent = on ? 'Stop' : numbers.step.textContent === '0' ? 'Start training' : 'Go on'
  for (const choice of form.querySelectorAll<HTMLInputElement | HTMLSelectElement>('input, select')) choice.disabled = on || choice.dataset['missing'] === ''
}

/** Since when the page waits, by the clock of `performance`; null: it does not. */
let waiting: number | null = null

function say(text: string, kind: 'done' | 'busy' | 'failed' = 'done'): void {
  status.textContent = text
  status.classList.toggle('failed', kind === 'failed')
  busy.classList.toggle('on', kind === 'busy')
  waiting = kind === 'busy' ? performance.now() : null
  waited.textContent = ''
}
// A shader may take half a minute to compile: whoever waits sees that time passes. What is said aloud is said once.
setInterval(() => {
  const seconds = waiting === null ? 0 : Math.floor((performance.now() - waiting) / 1000)
  if (seconds > 1) waited.textContent = `${seconds} s`
}, 1000)

function clear(): void {
  lossChart.clear()
  accuracyChart.clear()
  times = []
  for (const [name, number] of Object.entries(numbers)) number.textContent = name === 'step' ? '0' : '–'
  setTraining(false)
}

/** Everything as at first, on the device that is chosen. */
function startOver(): void {
  clear()
  say('Starting', 'busy')
  ask({ kind: 'reset', settings: settings() })
}

form.addEventListener('submit', (event) => {
  event.preventDefault()
  if (training) {
    say('Stopping', 'busy')
    ask({ kind: 'stop' })
  } else {
    setTraining(true)
    ask({ kind: 'train', settings: settings() })
  }
})
element('reset', HTMLButtonElement).addEventListener('click', startOver)
form.addEventListener('change', (event) => {
  if (event.target instanceof HTMLInputElement) startOver() // another device
  texts.forget()
})

// Reading.

const reading = makeReading()
let drawn: Uint8Array | null = null
/** One question at a time; the drawing may have changed by the time of the answer. */
let [asked, stale] = [false, false]
function readAgain(): void {
  if (drawn === null) return
  stale = asked
  if (asked) return
  asked = true
  ask({ kind: 'read', pixels: drawn })
}
function draw(pixels: Uint8Array | null): void {
  drawn = pixels
  reading.see(pixels)
  readAgain()
}
const pen = element('pen', HTMLParagraphElement)
const pad = makePad(element('pad', HTMLCanvasElement), draw, (text) => (pen.textContent = text))
element('clear', HTMLButtonElement).addEventListener('click', pad.clear)
element('example', HTMLButtonElement).addEventListener('click', () => {
  const { value } = element('digit', HTMLSelectElement)
  ask({ kind: 'example', digit: value === '' ? null : Number(value) })
})

const texts = makeTexts((stage) => ask({ kind: 'text', stage, settings: settings() }))

// What the worker says.

function showPlace({ isolated, threads, gpu }: Place): void {
  const missing = 'refused' in gpu
  const wasm = element('wasm-note', HTMLElement)
  wasm.textContent = isolated ? `${threads} ${threads === 1 ? 'thread' : 'threads'}, SIMD` : '1 thread: the page is not cross-origin isolated (its server sends no COOP and COEP headers)'
  wasm.classList.toggle('warn', !isolated)
  const webgpu = element('webgpu-note', HTMLElement)
  webgpu.textContent = missing ? ['Not here. What was tried:', ...gpu.refused].join('\n') : `${gpu.name}${gpu.software ? ': in software, slower than WebAssembly' : ''}`
  webgpu.classList.toggle('warn', missing)
  const radio = form.querySelector<HTMLInputElement>('input[value=webgpu]')!
  if (missing) radio.dataset['missing'] = ''
  radio.disabled = missing
  say('Ready')
}

function show(report: Report): void {
  switch (report.kind) {
    case 'place':
      return showPlace(report.place)
    case 'status':
      return say(report.text, report.busy ? 'busy' : 'done')
    case 'step': {
      const { step, loss, accuracy, milliseconds, images } = report
      times = [...times.slice(-19), { milliseconds, images }]
      lossChart.add(step, loss)
      accuracyChart.add(step, accuracy)
      numbers.step.textContent = String(step)
      numbers.loss.textContent = loss.toFixed(3)
      numbers.accuracy.textContent = percent(accuracy)
      numbers.speed.textContent = String(Math.round((1000 * times.reduce((sum, t) => sum + t.images, 0)) / times.reduce((sum, t) => sum + t.milliseconds, 0)))
      if (training && waiting !== null && status.textContent !== 'Stopping') say('Training')
      if (step % 20 === 0) readAgain()
      return
    }
    case 'tested':
      accuracyChart.mark(report.step, report.accuracy)
      numbers.tested.textContent = percent(report.accuracy)
      return
    case 'stopped':
      setTraining(false)
      say(`Stopped after ${report.step} ${report.step === 1 ? 'step' : 'steps'}`)
      return readAgain()
    case 'fresh':
      clear() // a last step may have been told of
      say('Ready')
      return readAgain()
    case 'reading':
      asked = false
      if (drawn !== null) reading.tell(report.probabilities, report.step)
      if (stale) readAgain()
      return
    case 'example':
      pad.show(report.pixels)
      return
    case 'text':
      return texts.show(report.stage, report.text)
    case 'failed':
      asked = false
      setTraining(false)
      say(`${report.message.replace(/\.?$/, '.')} ‘Start over’ begins anew.`, 'failed')
  }
}
worker.addEventListener('message', ({ data }: MessageEvent<Report>) => {
  show(data)
})
worker.addEventListener('error', ({ message }) => {
  show({ kind: 'failed', message: message || 'the training worker cannot start' })
})
