/** What is said of a tracer that outlived its transformation: whose it is, what made it, and where. */
import type { NDArray } from './array.ts'
import { TracerLeakError, userFrame } from './errors.ts'

/** Frames to look through for the user's: the library's own between a call and a trace are fewer. */
const framesKept = 40

/** Here, to be read later: V8 keeps the frames and makes text of them only when it is asked for. */
export function callSite(): Error {
  const v8 = Error as { stackTraceLimit?: number }
  const { stackTraceLimit: limit } = v8
  if (limit === undefined || limit >= framesKept) return new Error('call')
  v8.stackTraceLimit = framesKept
  const e = new Error('call')
  v8.stackTraceLimit = limit
  return e
}

export function leakedTracer(operation: string, tracer: NDArray): TracerLeakError {
  const trace = tracer.trace
  const transformation = trace?.name ?? 'transformation'
  const of = trace?.traced === undefined ? '' : ` of '${trace.traced}'`
  const origin = trace?.originOf?.(tracer) ?? null
  const frame = trace?.entered === undefined ? null : userFrame(trace.entered)
  return new TracerLeakError(
    operation,
    `got a tracer ${tracer.toString()} of a ${transformation} that has ended: ${origin ?? 'a value'} in ${transformation}${of}` +
      `${frame === null ? '' : `, called at ${frame}`}. It was kept in a variable outside the function that ${transformation} traced; return the value from that function instead.`,
  )
}
