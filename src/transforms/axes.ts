/** One axis split in two, or moved into another: how groups and batches enter a convolution's axes. */
import type { Value } from '../core/trace.ts'
import { range, reshape, transpose } from './build.ts'

/** Axis `axis` becomes two, of sizes `outer` and the rest. */
export function splitAxis(x: Value, axis: number, outer: number): Value {
  const { shape } = x.aval
  return reshape(x, [...shape.slice(0, axis), outer, shape[axis]! / outer, ...shape.slice(axis + 1)])
}

/** Axis `from` becomes the outer part of what is axis `to` once `from` is gone. */
export function mergeAxis(x: Value, from: number, to: number): Value {
  const { shape } = x.aval
  const order = range(shape.length).filter((i) => i !== from)
  const merged = order.map((i) => shape[i]!)
  merged[to] = merged[to]! * shape[from]!
  order.splice(to, 0, from)
  return reshape(transpose(x, order), merged)
}
