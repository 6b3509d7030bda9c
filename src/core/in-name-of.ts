/** Errors of what a function is composed of, said in the name of the function that was called. */
import { PullbackError } from './errors.ts'

/** What was thrown, said in the name of the function that the user called; what is not the library's stays as it is. */
export function inNameOf(operation: string, e: unknown): unknown {
  return e instanceof PullbackError ? e.inNameOf(operation) : e
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
