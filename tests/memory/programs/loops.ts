/**
 * Loops that make a new array at each step and free nothing, never giving the event loop a turn:
 * `node loops.mjs NAME HOW STEPS [BUDGET IN MiB]`. Prints what stayed resident, as JSON.
 */
import { debug, grad, jit, lax, np, PullbackError, vmap } from 'pullback'
import { WasmBackend } from '../../../src/backends/wasm/index.ts'
import { installBackend } from '../../../src/core/devices.ts'

type Step = (x: np.NDArray, i: number) => np.NDArray

/** 4 MiB of float32. */
const large = (): np.NDArray => np.zeros([1024, 1024])
/** 800 bytes: more than what stays outside of the heap. */
const small = (): np.NDArray => np.zeros([20, 10])
const tiny = (): np.NDArray => np.zeros([3])

const plusOne = (x: np.NDArray): np.NDArray => x.add(1)
const compiled = jit(plusOne)
const loss = (x: np.NDArray): np.NDArray => np.sum(np.square(x)).mul(0.5)
const slope = grad(jit(loss))
const compiledSlope = jit(grad(loss))
const byRow = vmap(plusOne)

const scanned: Step = (x) => lax.scan((c: np.NDArray) => [c.add(0.5), null], x, null, { length: 2 })[0]

/** Each takes x to x + 1. */
const steps: Readonly<Record<string, Step>> = {
  eager: plusOne,
  jit: (x) => compiled(x),
  'grad(jit)': (x) => slope(x).add(1),
  'jit(grad)': (x) => compiledSlope(x).add(1),
  'eager grad': (x) => grad(loss)(x).add(1),
  vmap: (x) => byRow(x),
  scan: scanned,
  // From JavaScript's memory: brought into the heap by its only use.
  host: (x, i) => np.array(new Float32Array(x.size).fill(i)).add(1),
}

class Stop extends Error {}
const stop = (): never => {
  throw new Stop()
}
const wrong = (x: np.NDArray): np.NDArray => x.add(np.zeros([7]))

/** Work that ends in an error, of the user's or of an operation, after arrays were made. */
const failures: readonly ((x: np.NDArray) => unknown)[] = [
  wrong,
  (x) => grad((y: np.NDArray) => (y.mul(y), stop()))(x),
  (x) => grad((y: np.NDArray) => np.sum(wrong(y.mul(y))))(x),
  (x) => grad((y: np.NDArray) => y.mul(y))(x),
  (x) => jit((y: np.NDArray) => (y.mul(x), stop()))(x),
  (x) => jit((y: np.NDArray) => wrong(y.mul(x)))(x),
  (x) => vmap((y: np.NDArray) => (y.mul(2), stop()))(x),
  (x) => vmap((y: np.NDArray) => wrong(y.mul(y)))(x),
  (x) => lax.scan((c: np.NDArray) => (c.mul(x), stop()), x.mul(2), null, { length: 3 }),
  (x) => lax.scan((c: np.NDArray) => [wrong(c), null], x.mul(2), null, { length: 3 }),
  (x) => grad(jit((y: np.NDArray) => np.sum(vmap((r: np.NDArray) => (r.mul(r), stop()))(y))))(x),
  () => np.zeros([2 ** 31]),
]

function fails(work: (x: np.NDArray) => unknown, x: np.NDArray): void {
  try {
    work(x)
  } catch (e) {
    if (e instanceof Stop || (e instanceof PullbackError && e.code !== 'INTERNAL')) return
    throw e
  }
  throw new Error(`nothing was thrown by ${String(work)}`)
}

const samples: number[] = []
function run(count: number, start: np.NDArray, step: Step): np.NDArray {
  let x = start
  const every = Math.max(1, Math.floor(count / 20))
  for (let i = 0; i < count; i++) {
    x = step(x, i)
    if (i % every === 0) samples.push(process.memoryUsage.rss())
  }
  samples.push(process.memoryUsage.rss())
  return x
}

function requireAll(x: np.NDArray, value: number): void {
  const values = x.dataSync()
  if (!values.every((v) => v === value)) throw new Error(`an element is ${values.find((v) => v !== value)}, and ${value} is expected`)
}

/** The step, after work that ends in an error. */
const amidErrors = (step: Step): Step => (x, i) => {
  fails(failures[i % failures.length]!, x)
  return step(x, i)
}

/** The step, with the last 50 results kept, and each looked at when it leaves. */
function ring(step: Step): Step {
  const kept: { readonly array: np.NDArray; readonly value: number }[] = []
  return (x, i) => {
    const next = step(x, i)
    kept.push({ array: next, value: i + 1 })
    if (kept.length > 50) {
      const { array, value } = kept.shift()!
      if (array.slice(i % array.shape[0]!, 7).item() !== value || (i % 100 === 0 && (requireAll(array, value), false))) throw new Error(`the array of step ${value} has changed`)
    }
    return next
  }
}

const [name = '', how = '', countText = '0', budget] = process.argv.slice(2)
if (budget !== undefined) installBackend(new WasmBackend({ budgetBytes: Number(budget) * 2 ** 20 }))
const count = Number(countText)
const began = performance.now()
const step = steps[name] ?? stop

switch (how) {
  case 'large':
    requireAll(run(count, large(), step), count)
    break
  case 'small':
    requireAll(run(count, small(), step), count)
    break
  case 'tiny':
    requireAll(run(count, tiny(), step), count)
    break
  case 'ring':
    requireAll(run(count, large(), ring(step)), count)
    break
  case 'small ring':
    requireAll(run(count, small(), ring(step)), count)
    break
  case 'errors':
    requireAll(run(count, large(), amidErrors(step)), count)
    break
  case 'small errors':
    requireAll(run(count, small(), amidErrors(step)), count)
    break
  case 'inside':
    // All steps inside of one program.
    requireAll(lax.scan((c: np.NDArray) => [c.add(1), null], large(), null, { length: count })[0], count)
    samples.push(process.memoryUsage.rss())
    break
  default:
    stop()
}

console.log(JSON.stringify({
  seconds: (performance.now() - began) / 1000,
  samples,
  peak: process.resourceUsage().maxRSS * 1024,
  memory: debug.memory().wasm,
}))
