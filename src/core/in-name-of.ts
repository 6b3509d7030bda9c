/** Errors of what a function is composed of, said in the name of the function that was called. */
import { PullbackError } from './errors.ts'

/** What was thrown, said in the name of the function that the user called; what is not the library's stays as it is. */
export function inNameOf(operation: string, e: unknown): unknown {
  if (!(e instanceof PullbackError) || e.operation === operation || e.code === 'INTERNAL') return e
  // Every class takes the operation and the message; only the base, which nobody throws, takes a code first.
  const Same = e.constructor as new (operation: string, message: string) => PullbackError
  return new Same(operation, e.message.slice(e.operation.length + 2))
}

/**
 * Runs the body of a function that is composed of others, so that their errors are said in its name. Not for bodies that
 * call a user's function: its errors are of the operations in it.
 */
export function within<R>(operation: string, body: () => R): R {
  try {
    return body()
  } catch (e) {
    throw inNameOf(operation, e)
  }
}
