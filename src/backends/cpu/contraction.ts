/** dotGeneral and convolution as plain loops: floats accumulate in float64, integers modulo 2³². */
import { type Aval, sizeOf } from '../../core/aval.ts'
import { isInteger } from '../../core/dtype.ts'
import type { ContractionParams, ConvParams } from '../../core/primitives/index.ts'
import { freeAxes, rowMajorStrides } from '../../core/shapes/index.ts'
import { type CpuRules, fromNumbers, type HostArray, numbersOf } from './host-array.ts'
import { eachIndex, eachWindow, stridedOffsets } from './walk.ts'

/** Offsets of every index along some axes of an operand. */
function offsetsAlong(x: Aval, axes: readonly number[]): Int32Array {
  const strides = rowMajorStrides(x.shape)
  return stridedOffsets(axes.map((i) => x.shape[i]!), axes.map((i) => strides[i]!))
}

/** acc + x · y in the arithmetic of the result. */
function multiplyAdd(out: Aval): (acc: number, x: number, y: number) => number {
  return isInteger(out.dtype) ? (acc, x, y) => (acc + Math.imul(x, y)) | 0 : (acc, x, y) => acc + x * y
}

export const contractionCpu: CpuRules<keyof ContractionParams> = {
  dotGeneral: ([lhs, rhs], { dimensionNumbers: { contracting, batch } }, [out]) => {
    const [xs, ys] = [numbersOf(lhs!), numbersOf(rhs!)]
    const [l, r] = [lhs!.aval, rhs!.aval]
    const batches = [offsetsAlong(l, batch[0]), offsetsAlong(r, batch[1])] as const
    const free = [
      offsetsAlong(l, freeAxes(l.shape.length, contracting[0], batch[0])),
      offsetsAlong(r, freeAxes(r.shape.length, contracting[1], batch[1])),
    ] as const
    const contracted = [offsetsAlong(l, contracting[0]), offsetsAlong(r, contracting[1])] as const
    const mac = multiplyAdd(out!)
    const values = new Float64Array(sizeOf(out!.shape))
    let i = 0
    for (let b = 0; b < batches[0].length; b++) {
      for (const m of free[0]) {
        for (const n of free[1]) {
          const [x0, y0] = [batches[0][b]! + m, batches[1][b]! + n]
          let acc = 0
          for (let k = 0; k < contracted[0].length; k++) acc = mac(acc, xs[x0 + contracted[0][k]!]!, ys[y0 + contracted[1][k]!]!)
          values[i++] = acc
        }
      }
    }
    return [fromNumbers(out!, values)]
  },
}

/**
 * Each output element: the sum over its window and the input features of its group. Feature groups split input and
 * output features alike; batch groups split the batch and the output features. Padding and the holes of a dilated input are
 * zeros that are multiplied like others, so that an infinite weight makes NaN of them; backends of XLA differ at holes.
 */
export function convolve([lhs, rhs]: readonly HostArray[], p: ConvParams, [out]: readonly Aval[]): HostArray[] {
  const d = p.dimensionNumbers
  const [xs, ys] = [numbersOf(lhs!), numbersOf(rhs!)]
  const [xStrides, yStrides, outStrides] = [rowMajorStrides(lhs!.aval.shape), rowMajorStrides(rhs!.aval.shape), rowMajorStrides(out!.shape)]
  const spatial = d.lhs.slice(2).map((a) => lhs!.aval.shape[a]!)
  const kernel = d.rhs.slice(2).map((a) => rhs!.aval.shape[a]!)
  const batch = lhs!.aval.shape[d.lhs[0]!]! / p.batchGroupCount
  const inFeatures = rhs!.aval.shape[d.rhs[1]!]!
  const outFeatures = rhs!.aval.shape[d.rhs[0]!]!
  // Where each spatial position of lhs, of the kernel and of the result stands in memory.
  const xAt = stridedOffsets(spatial, d.lhs.slice(2).map((a) => xStrides[a]!))
  const yAt = stridedOffsets(kernel, d.rhs.slice(2).map((a) => yStrides[a]!))
  const outAt = stridedOffsets(d.out.slice(2).map((a) => out!.shape[a]!), d.out.slice(2).map((a) => outStrides[a]!))
  const mac = multiplyAdd(out!)
  const values = new Float64Array(sizeOf(out!.shape))
  const window = { windowDimensions: kernel, windowStrides: p.windowStrides, padding: p.padding, baseDilation: p.lhsDilation, windowDilation: p.rhsDilation }
  eachWindow(spatial, window, (position, sources) => {
    eachIndex([batch, outFeatures], ([n, f]) => {
      const featureGroup = Math.floor((f! * p.featureGroupCount) / outFeatures)
      const batchGroup = Math.floor((f! * p.batchGroupCount) / outFeatures)
      const x0 = (batchGroup * batch + n!) * xStrides[d.lhs[0]!]! + featureGroup * inFeatures * xStrides[d.lhs[1]!]!
      const y0 = f! * yStrides[d.rhs[0]!]!
      let acc = 0
      for (let k = 0; k < sources.length; k++) {
        const yk = y0 + yAt[k]!
        const xk = sources[k]! < 0 ? null : x0 + xAt[sources[k]!]!
        for (let c = 0; c < inFeatures; c++) acc = mac(acc, xk === null ? 0 : xs[xk + c * xStrides[d.lhs[1]!]!]!, ys[yk + c * yStrides[d.rhs[1]!]!]!)
      }
      values[n! * outStrides[d.out[0]!]! + f! * outStrides[d.out[1]!]! + outAt[position]!] = acc
    })
  })
  return [fromNumbers(out!, values)]
}
