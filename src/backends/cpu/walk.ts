/** Walks over index spaces: which flat element of an operand each element of a result reads. */
import { type Aval, type Shape, sizeOf } from '../../core/aval.ts'
import { dtypeInfo } from '../../core/dtype.ts'
import { dilatedSize, rowMajorStrides, type WindowAxes, windowShape } from '../../core/shapes/index.ts'
import type { HostArray } from './host-array.ts'

/** Of every index of `shape` in row-major order: `offset` plus the index times `strides`. */
export function stridedOffsets(shape: Shape, strides: readonly number[], offset = 0): Int32Array {
  const out = new Int32Array(sizeOf(shape))
  eachIndex(shape, (index, i) => {
    let at = offset
    for (let k = 0; k < index.length; k++) at += index[k]! * strides[k]!
    out[i] = at
  })
  return out
}

/** Calls `visit` with every index of `shape` in row-major order; the array `index` is reused. */
export function eachIndex(shape: Shape, visit: (index: readonly number[], flat: number) => void): void {
  const size = sizeOf(shape)
  const index = new Array<number>(shape.length).fill(0)
  for (let flat = 0; flat < size; flat++) {
    visit(index, flat)
    for (let k = shape.length - 1; k >= 0; k--) {
      index[k]!++
      if (index[k]! < shape[k]!) break
      index[k] = 0
    }
  }
}

/** The units in which elements of a width are moved: never looked into. */
function units(a: { readonly bytes: Uint8Array }, elementBytes: number): Uint8Array | Uint16Array | Uint32Array {
  const { buffer, byteOffset, byteLength } = a.bytes
  if (elementBytes % 4 === 0) return new Uint32Array(buffer, byteOffset, byteLength / 4)
  if (elementBytes === 2) return new Uint16Array(buffer, byteOffset, byteLength / 2)
  return a.bytes
}

/**
 * Element i of the result is element `sources[i]` of `x`, or where that is negative the scalar `filler` (zero bytes
 * when there is none).
 */
export function moveElements(x: HostArray, out: Aval, sources: Int32Array, filler?: HostArray): HostArray {
  const width = dtypeInfo[x.aval.dtype].bytes
  const lanes = width < 4 ? 1 : width / 4
  const result = { aval: out, bytes: new Uint8Array(sources.length * width) }
  const from = units(x, width)
  const to = units(result, width)
  const other = filler === undefined ? null : units(filler, width)
  for (let i = 0; i < sources.length; i++) {
    const s = sources[i]!
    for (let l = 0; l < lanes; l++) {
      if (s >= 0) to[i * lanes + l] = from[s * lanes + l]!
      else if (other !== null) to[i * lanes + l] = other[l]!
    }
  }
  return result
}

/** A copy of `x` in which element `targets[i]` is element i of `update`; negative targets are dropped, later ones win. */
export function replaceElements(x: HostArray, update: HostArray, targets: Int32Array): HostArray {
  const width = dtypeInfo[x.aval.dtype].bytes
  const lanes = width < 4 ? 1 : width / 4
  const result = { aval: x.aval, bytes: x.bytes.slice() }
  const from = units(update, width)
  const to = units(result, width)
  for (let i = 0; i < targets.length; i++) {
    const t = targets[i]!
    if (t < 0) continue
    for (let l = 0; l < lanes; l++) to[t * lanes + l] = from[i * lanes + l]!
  }
  return result
}

/**
 * Calls `visit` for every window over an array of `shape` with the flat positions it covers in window order, -1 where
 * it covers padding or a hole of the base dilation. The array `sources` is reused.
 */
export function eachWindow(shape: Shape, w: WindowAxes, visit: (flat: number, sources: Int32Array) => void): void {
  const strides = rowMajorStrides(shape)
  const tables = shape.map((size, i) => axisTable(size, strides[i]!, w, i))
  const sources = new Int32Array(sizeOf(w.windowDimensions))
  eachIndex(windowShape(shape, w), (index, flat) => {
    eachIndex(w.windowDimensions, (k, at) => {
      let source = 0
      for (let i = 0; i < k.length && source >= 0; i++) {
        const offset = tables[i]![index[i]! * w.windowDimensions[i]! + k[i]!]!
        source = offset < 0 ? -1 : source + offset
      }
      sources[at] = source
    })
    visit(flat, sources)
  })
}

/** For each window and each place in it along one axis: the offset of the element there, or -1. */
function axisTable(size: number, stride: number, w: WindowAxes, axis: number): Int32Array {
  const places = w.windowDimensions[axis]!
  const base = w.baseDilation?.[axis] ?? 1
  const [low, high] = w.padding[axis]!
  const reach = dilatedSize(size, base) + low + high
  const count = Math.max(0, Math.floor((reach - dilatedSize(places, w.windowDilation?.[axis] ?? 1)) / w.windowStrides[axis]!) + 1)
  const table = new Int32Array(count * places)
  for (let o = 0; o < count; o++) {
    for (let k = 0; k < places; k++) {
      const at = o * w.windowStrides[axis]! + k * (w.windowDilation?.[axis] ?? 1) - low
      const inside = at >= 0 && at % base === 0 && at / base < size
      table[o * places + k] = inside ? (at / base) * stride : -1
    }
  }
  return table
}
