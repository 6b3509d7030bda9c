/** Programs as text: one line a kernel, for people and for tests that count. */
import { bytesOf, showAval, sizeOf } from '../../core/aval.ts'
import { readsOfKernel, writesOfKernel } from './uses.ts'
import type { BufferId, Expression, Kernel } from './kernel.ts'
import type { Program, Step } from './program.ts'

/**
 * ```
 * 0 contraction tanh          [128] x [10] x [784]       %0 f32[128,784], %1 f32[784,10] -> %3 f32[128,10]   4.0 KB  2.0 MFLOP
 * ```
 * Number, kind, name, space (of contractions: batch, m, n, k), buffers read and written, bytes moved when each is read
 * once, arithmetic. Loops have their steps indented.
 */
export function printProgram(program: Program): string {
  const lines: string[] = []
  let number = 0
  const walk = (steps: readonly Step[], indent: string): void => {
    for (const step of steps) {
      if (step.kind === 'kernel') {
        lines.push(`${indent}${number++} ${printKernel(step.kernel, program)}`)
        continue
      }
      const carries = step.carries.map((c) => `%${c.initial} => %${c.current} .. %${c.next} => %${c.final}`)
      lines.push(`${indent}loop ${step.count}${step.reverse ? ' reverse' : ''}${carries.length > 0 ? ` carry ${carries.join(', ')}` : ''}`)
      walk(step.body, `${indent}  `)
    }
  }
  walk(program.steps, '')
  return lines.join('\n')
}

/** Kernels of a program, those inside loops counted once. */
export function kernelsOf(program: Program): Kernel[] {
  const kernels = (steps: readonly Step[]): Kernel[] => steps.flatMap((s) => (s.kind === 'kernel' ? [s.kernel] : kernels(s.body)))
  return kernels(program.steps)
}

/** What a profile says of a program's kernels, in the order of `kernelsOf`. */
export const describeKernels = (program: Program): { readonly text: string; readonly flops: number; readonly bytes: number }[] =>
  kernelsOf(program).map((k) => ({ text: printKernel(k, program), flops: flopsOf(k), bytes: trafficOf(k, program) }))

const trafficOf = (k: Kernel, program: Program): number => [...new Set([...readsOfKernel(k), ...writesOfKernel(k)])].reduce((n, b) => n + bytesOf(program.buffers[b]!.aval), 0)

function printKernel(k: Kernel, program: Program): string {
  const reads = readsOfKernel(k)
  const writes = writesOfKernel(k)
  const name = (b: BufferId): string => `%${b} ${showAval(program.buffers[b]!.aval)}`
  return `${k.kind} ${k.name === '' ? (k.kind === 'loop' ? 'copy ' : '') : `${k.name} `}${spaceOf(k)}  ${[...reads].map(name).join(', ')} -> ${[...writes].map(name).join(', ')}  ${quantity(trafficOf(k, program), 'B')} ${quantity(flopsOf(k), 'FLOP')}`
}

function spaceOf(k: Kernel): string {
  const s = (xs: readonly number[]): string => `[${xs.join()}]`
  switch (k.kind) {
    case 'loop':
      return [s(k.space), ...k.stages.map((t) => (t.inner.length > 0 ? `${t.kind}${s(t.inner)}` : t.kind))].join(' ')
    case 'contraction':
      return `${k.batch.length > 0 ? `${s(k.batch)} ` : ''}${s(k.m)}x${s(k.n)}x${s(k.k)}`
    case 'scatter':
      return s(k.space)
    case 'sort':
      return `${s([k.outer, k.length, k.inner])}${k.keep < k.length ? ` first ${k.keep}` : ''}`
  }
}

/** Arithmetic, elementwise functions counted as one operation each. */
export function flopsOf(k: Kernel): number {
  const operations = (nodes: Expression): number => nodes.filter((n) => n.op === 'apply' || n.op === 'threefry').length
  switch (k.kind) {
    case 'loop':
      return k.stages.reduce((n, t) => n + sizeOf(k.space) * sizeOf(t.inner) * (operations(t.nodes) + (t.kind === 'map' ? 0 : t.accumulators.length)), 0)
    case 'contraction': {
      const out = sizeOf(k.batch) * sizeOf(k.m) * sizeOf(k.n)
      return 2 * out * sizeOf(k.k) + out * operations(k.epilogue)
    }
    case 'scatter':
      return sizeOf(k.space)
    case 'sort':
      return k.outer * k.inner * k.length * Math.ceil(Math.log2(Math.max(2, k.keep)))
  }
}

/** `12.3 KB`: three digits and a power of a thousand. */
function quantity(n: number, unit: string): string {
  const prefixes = ['', 'K', 'M', 'G', 'T']
  let p = 0
  let x = n
  while (x >= 1000 && p < prefixes.length - 1) {
    x /= 1000
    p++
  }
  return `${p === 0 ? x : x.toPrecision(3)} ${prefixes[p]}${unit}`
}
