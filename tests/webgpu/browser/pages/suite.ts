/** Runs the files of `files.ts`, and holds threads against one. */
import '../../../setup.ts'
import fc from 'fast-check'
import { WasmBackend } from '../../../../src/backends/wasm/index.ts'
import { installBackend } from '../../../../src/core/devices.ts'
import { defaultDevice } from '../../../../src/index.ts'
import type { Jaxpr } from '../../../../src/core/jaxpr.ts'
import { parseJaxpr } from '../../../../src/core/parse.ts'
import { arbitraryJaxpr } from '../../../core/arbitrary-jaxpr.ts'
import { held } from '../../../laws/law.ts'
import { jaxprs } from '../../../laws/traced.ts'
import { someBytes } from '../../../lowering/agree.ts'
import { files } from './files.ts'
import { offer, turn } from './offer.ts'
import { type Outcome, runFile } from './vitest.ts'

/** Everything that can be shared is, however small. The second is the page's own device. */
const backends = [1, 2, 4].map((threads) => new WasmBackend({ threads, shareAbove: 0 }))
installBackend(backends[1]!)

const resultsOn = (backend: WasmBackend, jaxpr: Jaxpr, inputs: readonly Uint8Array[]): Uint8Array[] =>
  backend.compile(jaxpr).call(inputs.map((bytes) => backend.put(bytes.slice()))).map((s) => s.read())

function requireSameBits(jaxpr: Jaxpr, inputs: readonly Uint8Array[]): void {
  const [alone, ...shared] = backends.map((backend) => resultsOn(backend, jaxpr, inputs).map(String))
  shared.forEach((results, i) => results.forEach((bytes, output) => {
    if (bytes !== alone![output]) throw new Error(`output ${output} with ${backends[1 + i]!.threads()} threads`)
  }))
}

export interface Functions {
  readonly startWorkers: () => Promise<void>
  readonly launches: () => readonly number[]
  readonly threads: () => readonly number[]
  readonly run: (file: string) => Promise<Outcome & { readonly launched: number }>
  readonly sameBits: (programs: number) => void
}

const functions: Functions = {
  /** Workers come up when the event loop turns. */
  startWorkers: async () => {
    const sum = parseJaxpr('{ lambda ; a:f32[300000]. let b:f32[] = reduceSum[axes=(0,)] a in (b,) }')
    const input = new Uint8Array(4 * 300_000)
    while (backends.some((backend) => backend.threads() > 1 && backend.launches() === 0)) {
      requireSameBits(sum, [input])
      await turn(10)
    }
  },
  launches: () => backends.map((backend) => backend.launches()),
  threads: () => backends.map((backend) => backend.threads()),
  /** `launched`: so many programs ran on the threads of the page's own device. */
  run: async (name) => {
    const { device, load } = files[name]!
    held.device = device
    defaultDevice(device)
    const before = backends[1]!.launches()
    return { ...(await runFile(load)), launched: backends[1]!.launches() - before }
  },
  sameBits: (programs) => {
    fc.assert(fc.property(jaxprs, fc.nat(0xffff), ({ jaxpr, inputs }, seed) => requireSameBits(jaxpr, inputs(seed).map((x) => x.bytes))), { numRuns: programs })
    const shapes = [[40, 33], [3, 700], [33], [2, 20, 64], [1000]]
    fc.assert(fc.property(arbitraryJaxpr({ shapes, elements: 20_000, equations: 8 }), (jaxpr) => requireSameBits(jaxpr, jaxpr.inputs.map((v, i) => someBytes(v.aval, i)))), { numRuns: programs })
  },
}

offer(functions)
