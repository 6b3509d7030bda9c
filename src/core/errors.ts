/** Every error the library throws: a class by kind, a code, the operation that refused. */

export type ErrorCode =
  | 'SHAPE'
  | 'DTYPE'
  | 'TREE'
  | 'CONCRETIZATION'
  | 'TRACER_LEAK'
  | 'DEVICE'
  | 'OUT_OF_MEMORY'
  | 'DISPOSED'
  | 'FORMAT'
  | 'ARGUMENT'
  | 'INTERNAL'

/** The base of all. `operation` names the function that refused, as the user calls it. */
export class PullbackError extends Error {
  readonly code: ErrorCode
  readonly operation: string
  constructor(code: ErrorCode, operation: string, message: string) {
    super(`${operation}: ${message}`)
    this.name = new.target.name
    this.code = code
    this.operation = operation
    trimStack(this)
  }
}

export class ShapeError extends PullbackError {
  constructor(operation: string, message: string) {
    super('SHAPE', operation, message)
  }
}
export class DtypeError extends PullbackError {
  constructor(operation: string, message: string) {
    super('DTYPE', operation, message)
  }
}
/** A tree that does not match, or holds what is no array, number or boolean. */
export class TreeError extends PullbackError {
  constructor(operation: string, message: string) {
    super('TREE', operation, message)
  }
}
/** A concrete value was asked of a staged or batched tracer. */
export class ConcretizationError extends PullbackError {
  constructor(operation: string, message: string) {
    super('CONCRETIZATION', operation, message)
  }
}
/** A tracer was used after the transformation that made it had ended. */
export class TracerLeakError extends PullbackError {
  constructor(operation: string, message: string) {
    super('TRACER_LEAK', operation, message)
  }
}
export class DeviceError extends PullbackError {
  constructor(operation: string, message: string) {
    super('DEVICE', operation, message)
  }
}
export class OutOfMemoryError extends PullbackError {
  constructor(operation: string, message: string) {
    super('OUT_OF_MEMORY', operation, message)
  }
}
/** A disposed or donated handle was used. */
export class DisposedError extends PullbackError {
  constructor(operation: string, message: string) {
    super('DISPOSED', operation, message)
  }
}
/** Bytes or text from outside that are not what they should be. */
export class FormatError extends PullbackError {
  constructor(operation: string, message: string) {
    super('FORMAT', operation, message)
  }
}
/** An unknown option, or an argument of the wrong kind. */
export class ArgumentError extends PullbackError {
  constructor(operation: string, message: string) {
    super('ARGUMENT', operation, message)
  }
}
/** A fault of the library itself: please report it. */
export class InternalError extends PullbackError {
  constructor(operation: string, message: string) {
    super('INTERNAL', operation, message)
  }
}

// The library's own folder, where the code is not bundled: frames inside it are dropped, so that a stack starts at
// the user's line.
const ownFolder = new URL('..', import.meta.url).href
const ownPath = ownFolder.startsWith('file:') ? decodeURIComponent(new URL(ownFolder).pathname) : ownFolder

function trimStack(e: Error): void {
  if (e.stack === undefined) return
  const lines = e.stack.split('\n')
  const first = lines.findIndex((l) => /^\s+at /.test(l))
  if (first < 0) return
  const frames = lines.slice(first).filter((l) => !l.includes(ownFolder) && !l.includes(ownPath))
  if (frames.length > 0) e.stack = [...lines.slice(0, first), ...frames].join('\n')
}
