/**
 * From how long on a kernel is worth sharing between two threads: `npm run bench -- --sharing`. Each row is one kernel at growing sizes: what it
 * takes one thread and two (best of many, back to back, so that no worker sleeps), and what the compiler thought it would take one.
 */
import { sizeOf } from '../../src/core/aval.ts'
import { encodeNumbers } from '../../src/core/bytes.ts'
import { parseJaxpr } from '../../src/core/parse.ts'
import { WasmBackend } from '../../src/backends/wasm/index.ts'
import { lowerToProgram } from '../../src/lowering/index.ts'
import { emitProgram } from '../../src/lowering/wasm/index.ts'

const product = (n: number): string =>
  `{ lambda ; a:f32[${n},${n}]. let b:f32[${n},${n}] = dotGeneral[dimensionNumbers={batch=((), ()) contracting=((1,), (0,))} preferredElementType=None] a a in (b,) }`
const kernels: readonly (readonly [string, (n: number) => string, readonly number[]])[] = [
  ['x*x+x', (n) => `{ lambda ; a:f32[${n}]. let b:f32[${n}] = mul a a c:f32[${n}] = add b a in (c,) }`, [16384, 32768, 65536, 131072, 262144]],
  ['x*tanh x, rows of 64', (n) => `{ lambda ; a:f32[${n},64]. let b:f32[${n},64] = tanh a c:f32[${n},64] = mul a b in (c,) }`, [16, 32, 64, 128, 256, 512]],
  ['sum of rows of 256', (n) => `{ lambda ; a:f32[${n},256]. let b:f32[${n}] = reduceSum[axes=(1,)] a in (b,) }`, [32, 64, 128, 256, 512, 1024]],
  ['x·x', product, [24, 32, 48, 64, 96, 128]],
]

for (const [name, text, sizes] of kernels) {
  for (const n of sizes) {
    const jaxpr = parseJaxpr(text(n))
    const times = [1, 2].map((threads) => {
      const backend = new WasmBackend({ threads, shareAbove: 0 })
      const program = backend.compile(jaxpr)
      const x = backend.put(encodeNumbers(Array.from({ length: sizeOf(jaxpr.inputs[0]!.aval.shape) }, (_, i) => Math.sin(i)), 'float32'))
      let best = Infinity
      const calls = 10
      for (const until = performance.now() + 1000; performance.now() < until; ) {
        const start = performance.now()
        for (let i = 0; i < calls; i++) program.call([x])[0]!.release()
        best = Math.min(best, (1000 * (performance.now() - start)) / calls)
      }
      backend.threads(1)
      return best
    })
    const { program, plan } = lowerToProgram(jaxpr)
    const estimate = emitProgram(program, plan).time / 1000
    console.log(`${name.padEnd(20)} ${String(n).padStart(7)}  one ${times[0]!.toFixed(1).padStart(6)} µs  two ${times[1]!.toFixed(1).padStart(6)} µs  estimated ${estimate.toFixed(1).padStart(6)} µs`)
  }
}
process.exit(0)
