/** Structural rules: which element of an operand each element of the result is. */
import { sizeOf } from '../../core/aval.ts'
import type { ShapeParams } from '../../core/primitives/index.ts'
import { rowMajorStrides } from '../../core/shapes/index.ts'
import { type CpuRules, fill } from './host-array.ts'
import { eachIndex, moveElements, replaceElements, stridedOffsets } from './walk.ts'

export const shapeCpu: CpuRules<keyof ShapeParams> = {
  reshape: ([x], _, [out]) => [{ aval: out!, bytes: x!.bytes }],
  transpose: ([x], { permutation }, [out]) => {
    const strides = rowMajorStrides(x!.aval.shape)
    return [moveElements(x!, out!, stridedOffsets(out!.shape, permutation.map((p) => strides[p]!)))]
  },
  broadcastInDim: ([x], { broadcastDimensions }, [out]) => {
    const from = rowMajorStrides(x!.aval.shape)
    const strides = out!.shape.map(() => 0)
    for (const [i, d] of broadcastDimensions.entries()) strides[d] = x!.aval.shape[i] === 1 ? 0 : from[i]!
    return [moveElements(x!, out!, stridedOffsets(out!.shape, strides))]
  },
  rev: ([x], { dimensions }, [out]) => {
    const strides = rowMajorStrides(x!.aval.shape)
    let last = 0
    for (const d of dimensions) {
      last += (out!.shape[d]! - 1) * strides[d]!
      strides[d] = -strides[d]!
    }
    return [moveElements(x!, out!, stridedOffsets(out!.shape, strides, last))]
  },
  concatenate: (xs, { dimension }, [out]) => {
    const strides = rowMajorStrides(out!.shape)
    let result = moveElements(xs[0]!, out!, new Int32Array(sizeOf(out!.shape)).fill(-1))
    let start = 0
    for (const x of xs) {
      result = replaceElements(result, x, stridedOffsets(x.aval.shape, strides, start * strides[dimension]!))
      start += x.aval.shape[dimension]!
    }
    return [result]
  },
  pad: ([x, value], { paddingConfig }, [out]) => {
    const strides = rowMajorStrides(x!.aval.shape)
    const sources = new Int32Array(sizeOf(out!.shape))
    eachIndex(out!.shape, (index, i) => {
      let source = 0
      for (let k = 0; k < index.length && source >= 0; k++) {
        const [low, , interior] = paddingConfig[k]!
        const at = (index[k]! - low) / (interior + 1)
        source = Number.isInteger(at) && at >= 0 && at < x!.aval.shape[k]! ? source + at * strides[k]! : -1
      }
      sources[i] = source
    })
    return [moveElements(x!, out!, sources, value)]
  },
  slice: ([x], { startIndices, strides }, [out]) => {
    const from = rowMajorStrides(x!.aval.shape)
    const start = startIndices.reduce((at, s, i) => at + s * from[i]!, 0)
    return [moveElements(x!, out!, stridedOffsets(out!.shape, strides.map((s, i) => s * from[i]!), start))]
  },
  iota: (_, { dimension, shape }, [out]) => {
    const stride = rowMajorStrides(shape)[dimension]!
    return [fill(out!, (i) => Math.floor(i / stride) % shape[dimension]!)]
  },
  // A copy: a slice of a scan may stand where wider elements may not be viewed.
  bitcastConvertType: ([x], _, [out]) => [{ aval: out!, bytes: x!.bytes.slice() }],
  optimizationBarrier: (xs) => [...xs],
}
