/** Where a program's time goes, kernel by kernel: `debug.profile`. */
import { now } from '#platform'
import { wasmEngine } from './device-registry.ts'
import { ArgumentError } from './errors.ts'
import { checkFunction } from './ops/checks.ts'
import type { KernelInfo } from './storage.ts'

export interface KernelTime extends KernelInfo {
  /** Times it ran. */
  readonly calls: number
  /** Milliseconds of all of them, on all threads together from start to end. */
  readonly milliseconds: number
  /** What it reached of the ceiling that it is nearer to, both those of all threads: arithmetic, or memory traffic when every buffer is read or written once. */
  readonly share: number
  readonly ceiling: 'peak' | 'stream'
}

export interface Profile<R> {
  /** What the function gave. */
  readonly result: R
  /** Of the whole function, with tracing, compiling and everything else in JavaScript. */
  readonly milliseconds: number
  readonly threads: number
  /** GFLOP/s, and GB/s read and written, of all threads together. */
  readonly peak: number
  readonly stream: number
  /** Kernels, the longest first. */
  readonly kernels: readonly KernelTime[]
  /** A table of them. */
  text(): string
  /** Every run of every kernel as Chrome trace events (JSON), for chrome://tracing or Perfetto. */
  trace(): string
}

interface Run {
  readonly kernel: KernelInfo
  readonly start: number
  readonly duration: number
}

/**
 * Runs a function and tells the time of each kernel that it starts on 'wasm', with its share of what the machine can do at
 * most. Programs get a clock between their kernels, which costs a tenth of a microsecond each, so they are compiled anew;
 * run the function once before, so that what it traces is not in the picture, and twice inside if the engine should have optimised the code.
 *
 * @example
 * const p = debug.profile(() => step(params, batch))
 * console.log(p.text())
 * @throws ArgumentError for a function that returns a promise: its work is not done when it returns.
 */
export function profile<R>(f: () => R): Profile<R> {
  checkFunction('debug.profile', f)
  const engine = wasmEngine('debug.profile')
  const runs: Run[] = []
  const record = (kernel: KernelInfo, start: number, end: number): void => void runs.push({ kernel, start, duration: end - start })
  const start = now()
  engine.profile(record)
  let result: R
  try {
    result = f()
  } finally {
    engine.profile(null)
  }
  const milliseconds = now() - start
  if (result instanceof Promise) throw new ArgumentError('debug.profile', 'got a function that returns a promise; profile what is synchronous inside it')
  const { threads, peak, stream } = engine.ceilings()
  const kernels = summary(runs, peak, stream)
  return {
    result,
    milliseconds,
    threads,
    peak,
    stream,
    kernels,
    text: () => table(kernels, milliseconds),
    trace: () => JSON.stringify({ traceEvents: runs.map(({ kernel, start: at, duration }) => event(kernel, at - start, duration)) }),
  }
}

function summary(runs: readonly Run[], peak: number, stream: number): KernelTime[] {
  const byKernel = new Map<KernelInfo, { calls: number; milliseconds: number }>()
  for (const { kernel, duration } of runs) {
    const sum = byKernel.get(kernel) ?? { calls: 0, milliseconds: 0 }
    byKernel.set(kernel, { calls: sum.calls + 1, milliseconds: sum.milliseconds + duration })
  }
  return [...byKernel]
    .map(([kernel, { calls, milliseconds }]): KernelTime => {
      // The roofline: the ceiling that takes longer is the one that binds.
      const [arithmetic, traffic] = [(kernel.flops * calls) / peak / 1e6, (kernel.bytes * calls) / stream / 1e6]
      const ceiling = arithmetic >= traffic ? 'peak' : 'stream'
      return { ...kernel, calls, milliseconds, ceiling, share: milliseconds > 0 ? Math.max(arithmetic, traffic) / milliseconds : 0 }
    })
    .sort((a, b) => b.milliseconds - a.milliseconds)
}

function table(kernels: readonly KernelTime[], whole: number): string {
  const inside = kernels.reduce((ms, k) => ms + k.milliseconds, 0)
  const rows = kernels.map((k) => [k.milliseconds.toFixed(3), `${k.calls}`, `${(100 * k.share).toFixed(0)}% of ${k.ceiling}`, k.text])
  const all = [['ms', 'calls', 'reached', 'kernel'], ...rows]
  const widths = [0, 1, 2].map((c) => Math.max(...all.map((row) => row[c]!.length)))
  const lines = all.map((row) => [...row.slice(0, 3).map((cell, c) => cell.padStart(widths[c]!)), row[3]].join('  '))
  return [...lines, `${inside.toFixed(3)} ms in ${kernels.length} kernels, ${(whole - inside).toFixed(3)} ms in between`].join('\n')
}

/** Times in microseconds. */
const event = ({ text, flops, bytes }: KernelInfo, start: number, duration: number): object => ({ name: text, cat: 'kernel', ph: 'X', pid: 1, tid: 1, ts: 1000 * start, dur: 1000 * duration, args: { flops, bytes } })
