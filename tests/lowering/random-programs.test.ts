import fc from 'fast-check'
import { describe, test } from 'vitest'
import { WasmBackend } from '../../src/backends/wasm/index.ts'
import { interpret } from '../../src/backends/cpu/interpret.ts'
import type { Jaxpr } from '../../src/core/jaxpr.ts'
import { printJaxpr } from '../../src/core/print.ts'
import { arbitraryJaxpr } from '../core/arbitrary-jaxpr.ts'
import { numRuns } from '../scale.ts'
import { expectAgreement, expectClose, someBytes } from './agree.ts'

function always(check: (jaxpr: Jaxpr) => void): void {
  fc.assert(
    fc.property(arbitraryJaxpr(), (jaxpr) => {
      try {
        check(jaxpr)
      } catch (e) {
        throw new Error(`${printJaxpr(jaxpr)}\n${e instanceof Error ? e.stack : String(e)}`)
      }
    }),
    { numRuns },
  )
}

describe('random programs give what the cpu backend gives', () => {
  test('as kernels, interpreted', () => always((jaxpr) => void expectAgreement(jaxpr)))

  test('as WebAssembly', () => {
    const wasm = new WasmBackend()
    always((jaxpr) => {
      const inputs = jaxpr.inputs.map((v, i) => someBytes(v.aval, i))
      const outputs = wasm.compile(jaxpr).call(inputs.map((bytes) => wasm.put(bytes.slice())))
      const expected = interpret(jaxpr, jaxpr.inputs.map((v, i) => ({ aval: v.aval, bytes: inputs[i]! })))
      expected.forEach((want, i) => expectClose(outputs[i]!.read(), want.bytes, want.aval, `output ${i}`))
    })
  })
})
