/** Loops in which each step compiles another program: `node compiles.mjs HOW STEPS`. Prints what stayed resident, as JSON. */
import { debug, grad, jit, np } from 'pullback'

const [how = '', countText = '0'] = process.argv.slice(2)
const count = Number(countText)
const began = performance.now()
const samples: number[] = []

const sine = jit((x: np.NDArray) => np.sin(x).add(1))
const slope = jit(grad((x: np.NDArray) => np.sum(np.tanh(x).mul(x))))
const x = np.ones([100])

const steps: Readonly<Record<string, (i: number) => np.NDArray>> = {
  // A new shape of an operation, of one function, of its gradient; a new function for the same shape.
  eager: (i) => np.ones([100 + i]).add(1),
  jit: (i) => sine(np.array(new Float32Array(100 + i))),
  'jit(grad)': (i) => slope(np.array(new Float32Array(100 + i))),
  functions: (i) => jit((y: np.NDArray) => np.sin(y).add(i))(x),
}
const step = steps[how]!
for (let i = 0; i < count; i++) {
  step(i)
  if (i % Math.max(1, Math.floor(count / 20)) === 0) samples.push(process.memoryUsage.rss())
}
samples.push(process.memoryUsage.rss())
console.log(JSON.stringify({ seconds: (performance.now() - began) / 1000, samples, peak: process.resourceUsage().maxRSS * 1024, memory: debug.memory().wasm }))
