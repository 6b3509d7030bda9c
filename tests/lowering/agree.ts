/** Checks what lowering makes of a jaxpr against the cpu backend's interpretation of it. */
import { expect } from 'vitest'
import { type Aval, bytesOf, sizeOf } from '../../src/core/aval.ts'
import { decodeNumbers, encodeNumbers } from '../../src/core/bytes.ts'
import { checkJaxpr } from '../../src/core/check.ts'
import { dtypeInfo, isFloating } from '../../src/core/dtype.ts'
import type { Jaxpr } from '../../src/core/jaxpr.ts'
import { parseJaxpr } from '../../src/core/parse.ts'
import { interpret } from '../../src/backends/cpu/interpret.ts'
import { lowerToProgram, type LoweredProgram } from '../../src/lowering/index.ts'
import { emitProgram } from '../../src/lowering/wasm/index.ts'
import { checkProgram } from '../../src/lowering/kernel-ir/index.ts'
import '../families.ts'
import { interpretProgram } from './interpret.ts'
import { runEmitted } from './wasm/emit/harness.ts'

/** Numbers that look random and are the same in every run. */
export function someBytes(a: Aval, seed: number): Uint8Array {
  if (a.dtype === 'key') return encodeNumbers(Array.from({ length: 2 * sizeOf(a.shape) }, (_, i) => (i * 2654435761 + seed) >>> 0), 'key')
  const n = sizeOf(a.shape) * (dtypeInfo[a.dtype].kind === 'complex' ? 2 : 1)
  const values = Array.from({ length: n }, (_, i) => {
    const x = Math.sin((i + 1) * 12.9898 + seed * 78.233) * 43758.5453
    const unit = x - Math.floor(x)
    if (isFloating(a.dtype)) return unit * 4 - 2
    return a.dtype === 'bool' ? Number(unit > 0.5) : Math.floor(unit * 9) - (dtypeInfo[a.dtype].kind === 'uint' ? 0 : 4)
  })
  return encodeNumbers(values, a.dtype)
}

export function expectAgreement(jaxpr: Jaxpr, inputs: readonly Uint8Array[] = jaxpr.inputs.map((v, i) => someBytes(v.aval, i))): LoweredProgram {
  const lowered = lowerToProgram(jaxpr)
  checkJaxpr(lowered.optimized)
  checkProgram(lowered.program)
  const expected = interpret(jaxpr, jaxpr.inputs.map((v, i) => ({ aval: v.aval, bytes: inputs[i]! })))
  for (const donate of [false, true]) {
    const got = interpretProgram(lowered.program, lowered.plan, inputs, donate)
    expected.forEach((want, i) => {
      expect(got[i]!.length, `bytes of output ${i}`).toBe(bytesOf(want.aval))
      expectClose(got[i]!, want.bytes, want.aval, `output ${i}`)
    })
  }
  // ... and what WebAssembly computes.
  for (const donations of [new Map<number, number>(), lowered.plan.donations]) {
    const got = runEmitted(emitProgram(lowered.program, lowered.plan), lowered.program, inputs, 1, donations)
    expected.forEach((want, i) => expectClose(got[i]!, want.bytes, want.aval, `output ${i} in WebAssembly`))
  }
  return lowered
}

export function expectClose(got: Uint8Array, want: Uint8Array, a: Aval, what: string): void {
  if (!isFloating(a.dtype)) {
    expect([...got], what).toEqual([...want])
    return
  }
  const tolerance = a.dtype === 'float64' ? 1e-9 : a.dtype === 'float32' ? 1e-5 : 2e-2
  const [xs, ys] = [decodeNumbers(got, a.dtype), decodeNumbers(want, a.dtype)]
  for (let i = 0; i < ys.length; i++) {
    const [x, y] = [xs[i]!, ys[i]!]
    if (Object.is(x, y) || Math.abs(x - y) <= tolerance * (1 + Math.abs(y))) continue
    expect(x, `${what}, element ${i}`).toBe(y)
  }
}

/** Lowers a program written as text, checks its results, gives what was made. */
export const lowerText = (text: string): LoweredProgram => expectAgreement(parseJaxpr(text))

/** The kinds of a program's kernels, loops as `loop(…)`. */
export function shapeOf(lowered: LoweredProgram): string {
  const walk = (steps: LoweredProgram['program']['steps']): string => steps.map((s) => (s.kind === 'kernel' ? s.kernel.kind : `scan(${walk(s.body)})`)).join(' ')
  return walk(lowered.program.steps)
}
