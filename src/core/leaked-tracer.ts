/** What is said of a tracer that outlived its transformation. */
import { TracerLeakError } from './errors.ts'

/** A tracer outlived its transformation: what to say of it wherever it is used. */
export function leakedTracer(operation: string, tracer: string, transformation: string): TracerLeakError {
  return new TracerLeakError(
    operation,
    `got a tracer ${tracer} of a ${transformation} that has ended. It was kept in a variable outside the function that ` +
      `${transformation} traced; return the value from that function instead.`,
  )
}
