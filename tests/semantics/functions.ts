/** Every function of np, lax and nn by name, for tests that sweep over all of them. */
import { lax, NDArray, nn, np } from 'pullback'

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

/** The arrays of a result, or null where it is none. */
export function arraysOf(result: unknown): NDArray[] | null {
  const list: readonly unknown[] = Array.isArray(result) ? result : [result]
  return list.length > 0 && list.every((r) => r instanceof NDArray && r.dtype !== 'key') ? (list as NDArray[]) : null
}
