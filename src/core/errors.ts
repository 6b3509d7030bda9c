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
  | 'CHECK'
  | 'NON_FINITE'
  | 'INTERNAL'

// Written out: in an app's minified bundle the classes have other names.
const nameOf: Readonly<Record<ErrorCode, string>> = {
  SHAPE: 'ShapeError',
  DTYPE: 'DtypeError',
  TREE: 'TreeError',
  CONCRETIZATION: 'ConcretizationError',
  TRACER_LEAK: 'TracerLeakError',
  DEVICE: 'DeviceError',
  OUT_OF_MEMORY: 'OutOfMemoryError',
  DISPOSED: 'DisposedError',
  FORMAT: 'FormatError',
  ARGUMENT: 'ArgumentError',
  CHECK: 'CheckError',
  NON_FINITE: 'NonFiniteError',
  INTERNAL: 'InternalError',
}

/** The base of all. `operation` names the function that refused, as the user calls it. */
export class PullbackError extends Error {
  readonly code: ErrorCode
  readonly operation: string
  constructor(code: ErrorCode, operation: string, message: string) {
    super(`${operation}: ${message}`)
    this.name = nameOf[code]
    this.code = code
    this.operation = operation
    trimStack(this)
  }

  /** The same error, said in the name of another function: of the one that was called, by those that are composed of others. */
  inNameOf(operation: string): PullbackError {
    if (this.operation === operation || this.code === 'INTERNAL') return this
    // Every class takes the operation and the message; only the base, which nobody throws, takes a code first.
    const Same = this.constructor as new (operation: string, message: string) => PullbackError
    // A layer of a combinator has the combinator before its own name: then all of it stays.
    const own = `${this.operation}: `
    return new Same(operation, this.message.startsWith(own) ? this.message.slice(own.length) : this.message)
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
/** Two results that should agree do not: what the checks of `pullback/testing` throw. */
export class CheckError extends PullbackError {
  constructor(operation: string, message: string) {
    super('CHECK', operation, message)
  }
}
/** A NaN or an infinity was made while `debug.nans` or `debug.infs` was on. */
export class NonFiniteError extends PullbackError {
  constructor(operation: string, message: string) {
    super('NON_FINITE', operation, message)
  }
}
/** A fault of the library itself: please report it. */
export class InternalError extends PullbackError {
  constructor(operation: string, message: string) {
    super('INTERNAL', operation, message)
  }
}

// The library's own folder: frames inside it are dropped, so that a stack starts at the user's line.
// Not `new URL('..', import.meta.url)`: bundlers take that form for the address of an asset.
// Scripts that are no modules, which is what esbuild makes unless told otherwise, have no address: '' is part of every frame.
const ownFolder = (import.meta.url as string | undefined)?.replace(/[^/]*\/[^/]*$/, '') ?? ''
const ownPath = ownFolder.startsWith('file:') ? decodeURIComponent(new URL(ownFolder).pathname) : ownFolder

/** What V8 adds to `Error`; other engines lack it. */
interface StackControl {
  stackTraceLimit?: number
  /** Leaves out the frames of `above` and of what it called. */
  captureStackTrace?: (e: Error, above: unknown) => void
}
const v8 = Error as StackControl
/** Frames to look through for the user's: transformations in transformations, traced. */
const framesSought = 200

const isFrame = (line: string): boolean => /^\s+at /.test(line) || /@.*:\d+:\d+$/.test(line)
const isOwn = (line: string): boolean => line.includes(ownFolder) || line.includes(ownPath)
/** `at Array.map (<anonymous>)`: an engine's own function, which tells nobody where. */
const isNative = (line: string): boolean => line.includes('(<anonymous>)')
const isRuntime = (line: string): boolean => isNative(line) || line.includes('node:internal')

/** `file:line:column` of the first frame outside the library; null where nothing tells them apart. */
export function userFrame(e: Error): string | null {
  const frame = (e.stack ?? '').split('\n').find((line) => isFrame(line) && !isOwn(line) && !isRuntime(line))
  return frame === undefined ? null : (/([^\s(@]+:\d+:\d+)\)?$/.exec(frame)?.[1] ?? null)
}

function trimStack(e: Error): void {
  const { stackTraceLimit: limit } = v8
  if (typeof limit === 'number' && limit > 0 && v8.captureStackTrace !== undefined) {
    v8.stackTraceLimit = Math.max(limit, framesSought)
    v8.captureStackTrace(e, e.constructor)
    v8.stackTraceLimit = limit
  }
  if (e.stack === undefined) return
  // A message of several lines may have some that look like frames.
  const header = `${e.name}: ${e.message}`
  const head = e.stack.startsWith(header) ? header.split('\n').length : 0
  const lines = e.stack.split('\n')
  const frames = lines.slice(head).filter(isFrame)
  if (frames.length === 0) return
  const outside = frames.filter((line) => !isOwn(line))
  // Where a bundler put library and program into one folder, nothing tells them apart: then all frames stay.
  const kept = outside.every(isRuntime) ? frames : outside.slice(outside.findIndex((line) => !isRuntime(line))).slice(0, limit)
  e.stack = [...lines.slice(0, head), ...kept].join('\n')
}
