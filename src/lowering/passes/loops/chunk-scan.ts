/** A loop as a loop over chunks of itself, so that what each chunk keeps stays within a budget. */
import type { Aval } from '../../../core/aval.ts'
import { type Eqn, eqn, type Jaxpr, Var } from '../../../core/jaxpr.ts'
import { operandsOf, type Scan } from './loop-body.ts'

/** Chunks of fewer iterations are not worth a loop of their own. */
const leastChunk = 4

/** The most iterations, dividing the loop's, that together keep no more than the budget; null: no chunk is worth it. */
export function chunkLength(length: number, bytesPerIteration: number, budget: number): number | null {
  if (length * bytesPerIteration <= budget) return length
  for (let chunk = Math.min(length - 1, Math.floor(budget / bytesPerIteration)); chunk >= leastChunk; chunk--) if (length % chunk === 0) return chunk
  return null
}

/** `rewrite` takes the loop over one chunk and gives the equations that compute it. */
export function inChunks(e: Scan, chunk: number, rewrite: (inner: Scan) => readonly Eqn[]): Eqn[] {
  const { length, reverse, numConsts, numCarry, jaxpr } = e.params
  const count = length / chunk
  const { consts, carry, xs } = operandsOf(e)
  const equations: Eqn[] = []
  const resized = (from: Var, newSizes: readonly number[], to: Var): void => void equations.push(eqn('reshape', { newSizes }, [from], [to]))
  const bodyOf = (a: Aval): Var => new Var({ ...a, shape: [chunk, ...a.shape.slice(1)] })

  const chunked = xs.map((x) => {
    const shape = [count, chunk, ...x.aval.shape.slice(1)]
    const v = new Var({ ...x.aval, shape })
    equations.push(eqn('reshape', { newSizes: shape }, [x], [v]))
    return v
  })
  const inputs = [...consts, ...carry].map((a) => new Var(a.aval)).concat(xs.map((x) => bodyOf(x.aval)))
  const outputs = e.outputs.map((v, i) => (i < numCarry ? new Var(v.aval) : bodyOf(v.aval)))
  const inner = eqn('scan', { length: chunk, reverse, numConsts, numCarry, jaxpr }, inputs, outputs)
  const body: Jaxpr = { constVars: [], inputs, equations: rewrite(inner as Scan), outputs }
  const stacked = e.outputs.map((v, i) => (i < numCarry ? v : new Var({ ...v.aval, shape: [count, chunk, ...v.aval.shape.slice(1)] })))
  equations.push(eqn('scan', { length: count, reverse, numConsts, numCarry, jaxpr: body }, [...consts, ...carry, ...chunked], stacked))
  e.outputs.forEach((v, i) => i >= numCarry && resized(stacked[i]!, v.aval.shape, v))
  return equations
}

