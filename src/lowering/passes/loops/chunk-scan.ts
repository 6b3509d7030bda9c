/** A loop as a loop over chunks of itself, so that what each chunk keeps stays within a budget. */
import type { Aval } from '../../../core/aval.ts'
import { type Eqn, eqn, type Jaxpr, Var } from '../../../core/jaxpr.ts'
import { operandsOf, type Scan } from './loop-body.ts'

/** Chunks of fewer iterations are not worth a loop of their own. */
const leastChunk = 4

/**
 * How many iterations to take at once, so that they keep no more than the budget; null: no chunk is worth it. One that divides the
 * loop's length spares a second copy of the body, for the rest, and copies of what the loop reads and gives. It is more than
 * a quarter of what the budget allows: smaller ones would leave room to take chunks together.
 */
export function chunkLength(length: number, bytesPerIteration: number, budget: number): number | null {
  if (length * bytesPerIteration <= budget) return length
  const most = Math.floor(budget / bytesPerIteration)
  if (most < leastChunk) return null
  for (let chunk = most; chunk >= leastChunk && 4 * chunk > most; chunk--) if (length % chunk === 0) return chunk
  return Math.ceil(length / Math.ceil(length / most))
}

/** `rewrite` takes the loop over one chunk and gives the equations that compute it. */
type Rewrite = (inner: Scan) => readonly Eqn[]

/** The loop over chunks, then, where they leave some iterations over, the loop over these. */
export function inChunks(e: Scan, chunk: number, rewrite: Rewrite): Eqn[] {
  const { length, reverse, numCarry } = e.params
  const rest = length % chunk
  if (rest === 0) return inEqualChunks(e, chunk, rewrite)
  const { consts, carry, xs } = operandsOf(e)
  const equations: Eqn[] = []
  const part = (from: number, count: number, before: Scan['inputs'], carries: readonly Var[]): Scan => {
    const parts = xs.map((x) => {
      const { shape } = x.aval
      const v = resized(x.aval, count)
      equations.push(eqn('slice', { startIndices: [from, ...shape.slice(1).map(() => 0)], limitIndices: [from + count, ...shape.slice(1)], strides: shape.map(() => 1) }, [x], [v]))
      return v
    })
    return eqn('scan', { ...e.params, length: count }, [...consts, ...before, ...parts], [...carries, ...e.outputs.slice(numCarry).map((y) => resized(y.aval, count))]) as Scan // by its name
  }
  // The loop's own order: backwards the rest is what lies at the front.
  const whole = part(reverse ? rest : 0, length - rest, carry, e.outputs.slice(0, numCarry).map((v) => new Var(v.aval)))
  equations.push(...inEqualChunks(whole, chunk, rewrite))
  const last = part(reverse ? 0 : length - rest, rest, whole.outputs.slice(0, numCarry), e.outputs.slice(0, numCarry))
  equations.push(...rewrite(last))
  const inOrder = reverse ? [last, whole] : [whole, last]
  e.outputs.forEach((v, i) => i >= numCarry && equations.push(eqn('concatenate', { dimension: 0 }, inOrder.map((s) => s.outputs[i]!), [v])))
  return equations
}

/** An array of as many iterations. */
const resized = (a: Aval, iterations: number): Var => new Var({ ...a, shape: [iterations, ...a.shape.slice(1)] })

function inEqualChunks(e: Scan, chunk: number, rewrite: Rewrite): Eqn[] {
  const { length, reverse, numConsts, numCarry, jaxpr } = e.params
  if (length === chunk) return [...rewrite(e)]
  const count = length / chunk
  const { consts, carry, xs } = operandsOf(e)
  const equations: Eqn[] = []
  const chunked = xs.map((x) => {
    const shape = [count, chunk, ...x.aval.shape.slice(1)]
    const v = new Var({ ...x.aval, shape })
    equations.push(eqn('reshape', { newSizes: shape }, [x], [v]))
    return v
  })
  const inputs = [...consts, ...carry].map((a) => new Var(a.aval)).concat(xs.map((x) => resized(x.aval, chunk)))
  const outputs = e.outputs.map((v, i) => (i < numCarry ? new Var(v.aval) : resized(v.aval, chunk)))
  const inner = eqn('scan', { length: chunk, reverse, numConsts, numCarry, jaxpr }, inputs, outputs)
  const body: Jaxpr = { constVars: [], inputs, equations: rewrite(inner as Scan), outputs }
  const stacked = e.outputs.map((v, i) => (i < numCarry ? v : new Var({ ...v.aval, shape: [count, chunk, ...v.aval.shape.slice(1)] })))
  equations.push(eqn('scan', { length: count, reverse, numConsts, numCarry, jaxpr: body }, [...consts, ...carry, ...chunked], stacked))
  e.outputs.forEach((v, i) => i >= numCarry && equations.push(eqn('reshape', { newSizes: v.aval.shape }, [stacked[i]!], [v])))
  return equations
}
