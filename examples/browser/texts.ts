/** Tabs with the texts of one step: what it is traced to, and what that becomes. */
import type { Stage } from 'pullback'
import { element } from './dom.ts'

interface Tab {
  readonly stage: Stage
  readonly name: string
  readonly about: string
  readonly file: string
}
const tabs: readonly Tab[] = [
  { stage: 'jaxpr', name: 'Jaxpr', about: 'What grad and the optimizer are traced to: a program as plain data.', file: 'step.jaxpr.txt' },
  { stage: 'optimized', name: 'Optimized', about: 'The same after the passes: inlined, merged, simplified.', file: 'step.optimized.txt' },
  { stage: 'kernels', name: 'Kernels', about: 'Equations fused into kernels, with the bytes each moves and the operations it does.', file: 'step.kernels.txt' },
  { stage: 'wgsl', name: 'WGSL', about: 'The kernels as shaders: as they run on this GPU, where there is one.', file: 'step.wgsl' },
  { stage: 'wat', name: 'WAT', about: 'The kernels as a WebAssembly module, with SIMD and threads.', file: 'step.wat' },
]
/** More than this at once keeps a browser busy. */
const fewLines = 600

export interface Texts {
  /** The step is another now (another batch size): ask again. */
  readonly forget: () => void
  readonly show: (stage: Stage, text: string) => void
}

/** `ask` is called for a text that is not there yet; it comes back through `show`. */
export function makeTexts(ask: (stage: Stage) => void): Texts {
  const [list, panel, pre] = [element('tabs', HTMLDivElement), element('text-panel', HTMLDivElement), element('text', HTMLPreElement)]
  const [about, more, save] = [element('code-help', HTMLParagraphElement), element('more', HTMLButtonElement), element('save', HTMLButtonElement)]
  const known = new Map<Stage, string>()
  let selected = tabs[0]!
  let whole = false

  const buttons = tabs.map((tab, i) => {
    const button = document.createElement('button')
    button.type = 'button'
    button.role = 'tab'
    button.id = `tab-${tab.stage}`
    button.textContent = tab.name
    button.setAttribute('aria-controls', panel.id)
    button.addEventListener('click', () => select(tab))
    button.addEventListener('keydown', (event) => {
      const to = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: tabs.length - 1 }[event.key]
      if (to === undefined) return
      event.preventDefault()
      const next = (to + tabs.length) % tabs.length
      select(tabs[next]!)
      buttons[next]!.focus()
    })
    return button
  })
  list.append(...buttons)

  function paint(): void {
    const text = known.get(selected.stage)
    const lines = text?.split('\n') ?? []
    const cut = !whole && lines.length > fewLines
    pre.textContent = text === undefined ? 'Compiling …' : cut ? `${lines.slice(0, fewLines).join('\n')}\n…` : text
    about.textContent = `${selected.about}${text === undefined ? '' : ` ${lines.length.toLocaleString('en')} lines.`}`
    more.hidden = !cut
    more.textContent = `Show all ${lines.length.toLocaleString('en')} lines`
    save.disabled = text === undefined
  }

  function select(tab: Tab): void {
    selected = tab
    whole = false
    tabs.forEach(({ stage }, i) => {
      buttons[i]!.setAttribute('aria-selected', String(stage === tab.stage))
      buttons[i]!.tabIndex = stage === tab.stage ? 0 : -1
    })
    panel.setAttribute('aria-labelledby', `tab-${tab.stage}`)
    panel.scrollTo(0, 0)
    paint()
    if (!known.has(tab.stage)) ask(tab.stage)
  }

  more.addEventListener('click', () => {
    whole = true
    paint()
    panel.focus()
  })
  save.addEventListener('click', () => {
    const link = document.createElement('a')
    link.href = URL.createObjectURL(new Blob([known.get(selected.stage) ?? ''], { type: 'text/plain' }))
    link.download = selected.file
    link.click()
    URL.revokeObjectURL(link.href)
  })
  select(selected)

  return {
    forget: () => {
      known.clear()
      paint()
      ask(selected.stage)
    },
    show: (stage, text) => {
      known.set(stage, text)
      if (stage === selected.stage) paint()
    },
  }
}
