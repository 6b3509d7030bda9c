/** What a jaxpr is lowered to computes what the reference device makes of it equation by equation. */
import fc from 'fast-check'
import { afterAll, expect } from 'vitest'
import { interpret } from '../../src/backends/cpu/interpret.ts'
import type { HostArray } from '../../src/backends/cpu/host-array.ts'
import { WasmBackend } from '../../src/backends/wasm/index.ts'
import { checkJaxpr } from '../../src/core/check.ts'
import type { Jaxpr } from '../../src/core/jaxpr.ts'
import { lowerToProgram } from '../../src/lowering/index.ts'
import { checkProgram } from '../../src/lowering/kernel-ir/index.ts'
import { interpretProgram } from '../lowering/interpret.ts'
import { aimedAtAny } from './aimed.ts'
import { law, type Run } from './law.ts'
import { expectWithinSpread, spreads } from './rounding.ts'
import { jaxprs } from './traced.ts'

/** Some of them such as the passes change most. */
const lowered = fc.oneof({ weight: 4, arbitrary: jaxprs }, { weight: 1, arbitrary: aimedAtAny })
const seeds = fc.nat(0xffff)

function expectReference(jaxpr: Jaxpr, inputs: readonly HostArray[], ways: readonly (() => readonly Uint8Array[])[], run: Run): void {
  const wanted = interpret(jaxpr, inputs)
  const spread = spreads(jaxpr, inputs)
  for (const way of ways) {
    const got = way().map((bytes, i): HostArray => ({ aval: wanted[i]!.aval, bytes }))
    if (!expectWithinSpread(got, wanted, spread)) return run.discard()
  }
}

law('kernels, interpreted, with operands given away or not', fc.tuple(lowered, seeds), ([{ jaxpr, inputs }, seed], run) => {
  const { optimized, program, plan } = lowerToProgram(jaxpr)
  checkJaxpr(optimized)
  checkProgram(program)
  const given = inputs(seed)
  const ways = [false, true].map((donate) => () => interpretProgram(program, plan, given.map((x) => x.bytes), donate))
  expectReference(jaxpr, given, ways, run)
})

const wasm = new WasmBackend()
// `npm run test:full` runs the laws once more where whatever can be shared is: then threads have to take part.
afterAll(() => {
  if (process.env['PULLBACK_SHARE_ABOVE'] === '0' && wasm.threads() > 1) expect(wasm.launches()).toBeGreaterThan(0)
})

law('WebAssembly', fc.tuple(lowered, seeds), ([{ jaxpr, inputs }, seed], run) => {
  const given = inputs(seed)
  expectReference(jaxpr, given, [() => wasm.compile(jaxpr).call(given.map((x) => wasm.put(x.bytes.slice()))).map((s) => s.read())], run)
})

law('WebAssembly, of NaN, infinities, -0 and the limits of integers', fc.tuple(lowered, seeds), ([{ jaxpr, corners }, seed], run) => {
  const given = corners(seed)
  expectReference(jaxpr, given, [() => wasm.compile(jaxpr).call(given.map((x) => wasm.put(x.bytes.slice()))).map((s) => s.read())], run)
})
