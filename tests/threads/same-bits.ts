/** Programs on one thread, on two and on four: every result has the same bits. */
import { evalShape, makeJaxpr, np, vjp } from 'pullback'
import { afterAll, expect, test } from 'vitest'
import { interpret } from '../../src/backends/cpu/interpret.ts'
import { WasmBackend } from '../../src/backends/wasm/index.ts'
import { decodeNumbers, encodeNumbers } from '../../src/core/bytes.ts'
import type { Jaxpr } from '../../src/core/jaxpr.ts'
import '../families.ts'
import { expectClose, someBytes } from '../lowering/agree.ts'

/** Everything that can be shared is. */
export const backends: readonly WasmBackend[] = [1, 2, 4].map((threads) => new WasmBackend({ threads, shareAbove: 0 }))
afterAll(() => {
  for (const backend of backends) backend.threads(1)
})

const someInputs = (jaxpr: Jaxpr): Uint8Array[] => jaxpr.inputs.map((v, i) => someBytes(v.aval, i))

export function expectSameBits(jaxpr: Jaxpr, inputs: readonly Uint8Array[] = someInputs(jaxpr)): void {
  const results = backends.map((backend) => {
    const program = backend.compile(jaxpr)
    // the second call meets whatever the first left in scratch memory
    const [first, second] = [0, 1].map(() => program.call(inputs.map((bytes) => backend.put(bytes.slice()))).map((s) => s.read()))
    second!.forEach((bytes, i) => expect(Buffer.compare(bytes, first![i]!), `output ${i} of a second call`).toBe(0))
    return first!
  })
  for (const [b, outputs] of results.entries()) {
    outputs.forEach((bytes, i) => expect(Buffer.compare(bytes, results[0]![i]!), `output ${i} with ${backends[b]!.threads()} threads`).toBe(0))
  }
}

/** ... and all threads take part in every call. */
export function expectSharedBits(jaxpr: Jaxpr, inputs?: readonly Uint8Array[]): void {
  const before = backends.map((b) => b.launches())
  expectSameBits(jaxpr, inputs)
  expect(backends.map((b, i) => b.launches() - before[i]!), 'launches').toEqual([0, 2, 2])
}

/** They are also right, on whole numbers, whose sums are exact in any order. */
export function expectRight(jaxpr: Jaxpr, given: readonly Uint8Array[] = someInputs(jaxpr)): void {
  const inputs = jaxpr.inputs.map((v, i) => encodeNumbers(decodeNumbers(given[i]!, v.aval.dtype).map(Math.round), v.aval.dtype))
  const outputs = backends[1]!.compile(jaxpr).call(inputs.map((bytes) => backends[1]!.put(bytes.slice())))
  interpret(jaxpr, jaxpr.inputs.map((v, i) => ({ aval: v.aval, bytes: inputs[i]! }))).forEach((want, i) => expectClose(outputs[i]!.read(), want.bytes, want.aval, `output ${i}`))
}

/** The program of a function of float32 arrays. */
export function traced(f: (...xs: np.NDArray[]) => np.NDArray | readonly np.NDArray[], ...shapes: readonly (readonly number[])[]): Jaxpr {
  const { jaxpr, consts } = makeJaxpr(f)(...shapes.map((shape) => np.zeros(shape)))
  expect(consts).toEqual([])
  return jaxpr
}

/** The value of a function of float32 arrays, and what a cotangent pulls back to. */
export function withGradients(f: (...xs: np.NDArray[]) => np.NDArray, ...shapes: readonly (readonly number[])[]): Jaxpr {
  const { shape } = evalShape(f, ...shapes.map((s) => np.zeros(s)))
  return traced((ct, ...xs) => {
    const [y, pullback] = vjp(f, xs)
    return [y, ...pullback(ct)]
  }, shape, ...shapes)
}

/** To be called last in a file. */
export const allThreadsAreLeft = (): void =>
  test('no worker refused anything: all threads are there at the end', () => {
    expect(backends.map((b) => b.threads())).toEqual([1, 2, 4])
  })
