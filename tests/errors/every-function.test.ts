/** Every public function: its right uses work, and a wrong argument is refused by a typed error in the function's own name. */
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { describe as describeValue } from '../../src/core/describe.ts'
import { isStaging, traceDepth } from '../../src/core/trace.ts'
import { debug, defaultDevice, np, PullbackError } from '../../src/index.ts'
import { sized } from '../scale.ts'
import { firstFrame } from './refused.ts'
import { arrayMethods, type Door, doors } from './right-uses.ts'
import { type Place, placesIn, replaced, wrongValues } from './wrong-arguments.ts'

type AnyFunction = (...args: readonly unknown[]) => unknown
const called = ({ functions }: Door, name: string, args: readonly unknown[]): unknown => (functions[name] as AnyFunction)(...args)

const leaveAsFound = (): void => {
  defaultDevice('wasm')
  debug.nans(false)
  debug.infs(false)
  debug.threads(1)
}
afterEach(leaveAsFound)

test('every exported function has a right use', () => {
  const missing = doors.flatMap(({ name, functions, uses, apart = {} }) =>
    Object.keys(functions).flatMap((f) => (typeof functions[f] !== 'function' || f in uses || f in apart ? [] : [`${name}.${f}`])),
  )
  expect(missing).toEqual([])
  const apart = ['at', 'data', 'jsAsync', 'ready', 'item']
  const methods = doors.find((d) => d.name === 'x')!.uses
  expect(arrayMethods().filter((k) => !apart.includes(k) && !(k in methods))).toEqual([])
})

describe.each(doors.map((door) => [door.name === '' ? 'pullback' : door.name, door] as const))('%s', (_, door) => {
  test('right uses work', () => {
    for (const [name, calls] of Object.entries(door.uses)) for (const args of calls) expect(() => called(door, name, args), name).not.toThrow()
  })
})

interface WrongUse {
  readonly door: Door
  readonly name: string
  readonly args: readonly unknown[]
  readonly place: Place
}
/** Data that only `tree.structure` makes: taken as it is. */
const asGiven = (name: string, place: Place): boolean => name === 'unflatten' && place[0] === '0'
const wrongUses: readonly WrongUse[] = doors.flatMap((door) =>
  Object.entries(door.uses).flatMap(([name, calls]) => calls.flatMap((args) => placesIn(args).filter((place) => !asGiven(name, place)).map((place) => ({ door, name, args, place })))),
)

/** Where a user's function is called, its errors are of the operations in it. */
const callsTheirs = new Set(['map', 'mapWithPath', 'reduce', 'reduceWindow', 'scan', 'fromfunction', 'applyAlongAxis', 'piecewise', 'register', 'evalShape', 'jvp', 'vjp', 'linearize', 'linearTranspose', 'applyUpdates', 'devicePut', 'all', 'broadcastPrefix', 'profile'])
/** Functions that others gave: their errors are of what is in them, or in the name of what made them. */
const namedElse = (door: Door, name: string): boolean => callsTheirs.has(name) || door.name === 'given' || name.startsWith('check')

test('a wrong argument works, or is refused by name at the line of the call', () => {
  fc.assert(
    fc.property(fc.nat(wrongUses.length - 1), fc.nat(wrongValues.length - 1), (i, k) => {
      const { door, name, args, place } = wrongUses[i]!
      const [what, make] = wrongValues[k]!
      const text = `${door.name}.${name} with ${what} at [${place.join('][')}]`
      let thrown: unknown = null
      try {
        const out = called(door, name, replaced(args, place, make()))
        if (out instanceof Promise) out.catch(() => undefined)
      } catch (e) {
        thrown = e
      }
      leaveAsFound()
      expect([traceDepth(), isStaging()], text).toEqual([0, false])
      if (thrown === null) return
      // What a user's function throws of what it gets is its own.
      if ((callsTheirs.has(name) || name.startsWith('check')) && !(thrown instanceof PullbackError)) return
      expect(thrown, `${text}: ${thrown instanceof Error ? thrown.stack : describeValue(thrown)}`).toBeInstanceOf(PullbackError)
      const e = thrown as PullbackError
      expect(e.code, `${text}: ${e.message}`).not.toBe('INTERNAL')
      expect(e.message.includes(`${e.operation}: `), `${text}: ${e.message}`).toBe(true)
      expect(firstFrame(e), text).toContain('tests/errors')
      if (!namedElse(door, name)) expect([name, `${door.name}.${name}`, `${door.name}.decode`, 'at', name === 'variance' ? 'var' : name], `${text}: ${e.message}`).toContain(e.operation)
    }),
    { numRuns: sized(300, wrongUses.length * 20), seed: 7 },
  )
  expect(np.ones([2]).add(1).js()).toEqual([2, 2])
})
