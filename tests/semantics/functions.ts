/** Every function of np, lax and nn by name, for tests that sweep over all of them. */
import { devicePut, lax, NDArray, nn, np } from 'pullback'
import { doors } from '../errors/right-uses.ts'
import type { Way } from '../oracle/load.ts'

export type AnyFunction = (...args: readonly unknown[]) => unknown
const modules = { np, lax, nn } as unknown as Readonly<Record<string, Readonly<Record<string, unknown>>>>

export const functions: readonly (readonly [name: string, f: AnyFunction])[] = Object.entries(modules).flatMap(([module, members]) =>
  Object.entries(members).flatMap(([name, f]): [string, AnyFunction][] => (typeof f === 'function' && f !== NDArray ? [[`${module}.${name}`, f as AnyFunction]] : [])),
)

/** All that can be told of an array, so that equal texts mean equal arrays. */
export interface Described {
  readonly dtype: string
  readonly weak: boolean
  readonly shape: readonly number[]
  /** As text, which tells -0 from 0. */
  readonly data: readonly string[]
}
export const described = (x: NDArray): Described => ({ dtype: x.dtype, weak: x.aval.weakType, shape: x.shape, data: [...x.dataSync()].map((v) => (Object.is(v, -0) ? '-0' : String(v))) })

const isRecord = (x: unknown): x is Readonly<Record<string, unknown>> => typeof x === 'object' && x !== null && [Object.prototype, null].includes(Object.getPrototypeOf(x) as object | null)

/** The arrays of a result, in lists and records at any depth, or null where something else is in it, or nothing. */
export function arraysOf(result: unknown): NDArray[] | null {
  if (result instanceof NDArray) return result.dtype === 'key' ? null : [result]
  if (!Array.isArray(result) && !isRecord(result)) return null
  const parts = Object.values(result).map(arraysOf)
  return parts.length > 0 && parts.every((p) => p !== null) ? parts.flat() : null
}

/** Arguments with others in the place of their arrays, at any depth. */
export function replaceArrays(given: unknown, by: (x: NDArray) => unknown): unknown {
  if (given instanceof NDArray) return by(given)
  if (Array.isArray(given)) return given.map((g) => replaceArrays(g, by))
  return isRecord(given) ? Object.fromEntries(Object.entries(given).map(([k, v]) => [k, replaceArrays(v, by)])) : given
}

/** Right uses of a function, on a way's device. */
export function rightUses(name: string, { device }: Way): readonly (readonly unknown[])[] {
  const [module, member] = name.split('.')
  const calls = doors.find((d) => d.name === module)?.uses[member!] ?? []
  const here = (x: unknown): unknown => (isRecord(x) && 'device' in x ? { ...x, device } : x)
  return calls.map((args) => args.map((a) => here(replaceArrays(a, (x) => devicePut(x, device)))))
}
