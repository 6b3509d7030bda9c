/** Progress for people on stderr: a bar in a terminal, otherwise only the plain lines. */
import cliProgress from 'cli-progress'

export interface Progress {
  /** After a step: how far, and what to show beside it. */
  update(done: number, shown: Readonly<Record<string, string>>): void
  /** Ends the bar and leaves a plain line. */
  finish(line: string): void
}

export function progress(label: string, total: number): Progress {
  if (!process.stderr.isTTY) {
    return {
      update: () => undefined,
      finish: (line) => console.error(line),
    }
  }
  const bar = new cliProgress.SingleBar({ stream: process.stderr, hideCursor: true, clearOnComplete: true, format: `${label} {bar} {value}/{total}  {shown}  {eta_formatted} left` }, cliProgress.Presets.shades_classic)
  bar.start(total, 0, { shown: '' })
  return {
    update(done, shown) {
      const text = Object.entries(shown).map(([name, value]) => `${name} ${value}`).join('  ')
      bar.update(done, { shown: text })
    },
    finish(line) {
      bar.stop()
      console.error(line)
    },
  }
}
