/**
 * More arrays alive at once than the heap may hold: `node alive.mjs COUNT [BUDGET IN MiB]`. Each of 4 MiB is looked at in
 * whole, after all were made and after all were used again.
 */
import { debug, np } from 'pullback'
import { WasmBackend } from '../../../src/backends/wasm/index.ts'
import { installBackend } from '../../../src/core/devices.ts'

const [countText = '0', budget] = process.argv.slice(2)
if (budget !== undefined) installBackend(new WasmBackend({ budgetBytes: Number(budget) * 2 ** 20 }))
const count = Number(countText)
const began = performance.now()
const samples: number[] = []

const ramp = np.arange(1024).astype('float32')
const make = (i: number): np.NDArray => ramp.add(np.full([1024, 1], i))
const arrays = Array.from({ length: count }, (_, i) => make(i))
samples.push(process.memoryUsage.rss())

function requireUnharmed(plus: number): void {
  for (const [i, a] of arrays.entries()) {
    const values = a.dataSync()
    for (let k = 0; k < values.length; k++) if (values[k] !== (k % 1024) + i + plus) throw new Error(`element ${k} of array ${i} is ${values[k]}`)
  }
  samples.push(process.memoryUsage.rss())
}

requireUnharmed(0)
const { arrays: alive, bytes } = debug.memory().wasm!
if (alive < count || bytes < count * 2 ** 22) throw new Error(`${alive} arrays of ${bytes} bytes are said to be alive`)
// Each is replaced by what comes of it, in an order that is not that of their making.
for (let k = 0; k < count; k++) {
  const i = (k * 7919) % count
  arrays[i] = arrays[i]!.add(1)
}
requireUnharmed(1)

console.log(JSON.stringify({ seconds: (performance.now() - began) / 1000, samples, peak: process.resourceUsage().maxRSS * 1024, memory: { arrays: alive, bytes } }))
