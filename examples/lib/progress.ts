/** Progress for people, on stderr: a bar in a terminal; without one, only the line at the end. */
import cliProgress from 'cli-progress'

export interface Progress {
  /** After a step: how far, and what to show beside it. */
  update(done: number, shown?: string): void
  /** Takes the bar away, and leaves a plain line. */
  finish(line?: string): void
}

export function progress(label: string, total: number, done = 0): Progress {
  const leave = (line?: string): void => {
    if (line !== undefined) console.error(line)
  }
  if (!process.stderr.isTTY) return { update: () => undefined, finish: leave }
  const bar = new cliProgress.SingleBar(
    {
      format: `${label} {bar} {value}/{total}  {shown}  {eta_formatted} left`,
      stream: process.stderr,
      etaBuffer: 50,
      clearOnComplete: true,
      gracefulExit: false, // it would keep Ctrl-C from ending the program
    },
    cliProgress.Presets.shades_classic,
  )
  bar.start(total, done, { shown: '' })
  return {
    update: (n, shown = '') => bar.update(n, { shown }),
    finish(line) {
      bar.stop()
      leave(line)
    },
  }
}
