/** What a wrong use is answered with: a typed error, at the user's own line, with no transformation left behind. */
import { expect } from 'vitest'
import { type ErrorCode, PullbackError } from '../../src/core/errors.ts'
import { isStaging, traceDepth } from '../../src/core/trace.ts'

export const classes: { readonly [C in Exclude<ErrorCode, 'INTERNAL'>]: string } = {
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
  NON_FINITE: 'NonFiniteError',
  CHECK: 'CheckError',
}

/** The error that a call throws. */
export function thrownBy(f: () => unknown): PullbackError {
  try {
    f()
  } catch (e) {
    if (e instanceof PullbackError) return e
    throw e
  }
  throw new Error('nothing was thrown')
}

/** Class, operation and message of the error that a call throws. */
export function refused(f: () => unknown): string {
  const e = thrownBy(f)
  if (e.code === 'INTERNAL') throw e
  expect(e.constructor.name).toBe(classes[e.code])
  expect(e.name).toBe(classes[e.code])
  expect(e.message.startsWith(`${e.operation}: `)).toBe(true)
  expect(firstFrame(e)).toContain('.test.ts')
  expect([traceDepth(), isStaging()]).toEqual([0, false])
  return `${e.name} ${e.message.replaceAll(/\S*\/tests\/(\S+?):\d+:\d+/g, '$1:LINE')}`
}

export function firstFrame(e: Error): string {
  const lines = (e.stack ?? '').split('\n')
  return lines[`${e.name}: ${e.message}`.split('\n').length] ?? ''
}
