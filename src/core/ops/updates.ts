/** NumPy's indexing: what `x.at(...)` writes. */
import type { NDArray } from '../array.ts'
import { aval, type Shape, showType, sizeOf } from '../aval.ts'
import { show } from '../describe.ts'
import { ArgumentError, ShapeError } from '../errors.ts'
import { within } from '../in-name-of.ts'
import { Literal } from '../jaxpr.ts'
import type { ScatterParams } from '../primitives/index.ts'
import { bind1 } from '../trace.ts'
import type { ArrayLike } from '../tree.ts'
import { add, convert, max, min, mul, where } from './elementwise.ts'
import { type IndexEntry, parse } from './index-entries.ts'
import { arrayEntries, type AtMode, type AtOptions, indexMode, isWhole, type Pick, pickOf, readRegion, type Region, regionOf, sizesOf, slice } from './indexing.ts'
import { checkOptions } from './checks.ts'
import { checkOperands } from './operands.ts'
import { broadcastTo, flip, pad, reshape, transpose } from './shape.ts'

type ScatterPrimitive = 'scatter' | 'scatterAdd' | 'scatterMul' | 'scatterMin' | 'scatterMax'

/** What each update makes of the old element and the new value. */
const combined: { readonly [P in ScatterPrimitive]: (old: NDArray, value: NDArray) => NDArray } = {
  scatter: (_, value) => value,
  scatterAdd: add,
  scatterMul: mul,
  scatterMin: min,
  scatterMax: max,
}

/** Updates at an index: `x.at(i).set(v)` is a copy of x with other elements there. */
export class At {
  readonly #x: NDArray
  readonly #entries: readonly IndexEntry[]
  constructor(x: NDArray, entries: readonly IndexEntry[]) {
    this.#x = x
    this.#entries = entries
  }
  /** The elements, as `slice`, with a mode for indices out of bounds: without one they are clamped. */
  get(options: AtOptions = {}): NDArray {
    checkAtOptions(options)
    if (options.fillValue !== undefined) checkOperands('at', [options.fillValue])
    return within('at', () => slice(this.#x, this.#entries, options))
  }
  /** The elements replaced; of equal positions the last wins. Indices out of bounds write nothing, unless the mode is 'clip'. */
  set(values: ArrayLike, options?: AtOptions): NDArray {
    return update('scatter', this.#x, this.#entries, values, options)
  }
  /** Values added; those of equal positions all count. */
  add(values: ArrayLike, options?: AtOptions): NDArray {
    return update('scatterAdd', this.#x, this.#entries, values, options)
  }
  mul(values: ArrayLike, options?: AtOptions): NDArray {
    return update('scatterMul', this.#x, this.#entries, values, options)
  }
  min(values: ArrayLike, options?: AtOptions): NDArray {
    return update('scatterMin', this.#x, this.#entries, values, options)
  }
  max(values: ArrayLike, options?: AtOptions): NDArray {
    return update('scatterMax', this.#x, this.#entries, values, options)
  }
}

const modes: readonly AtMode[] = ['clip', 'fill', 'drop', 'promiseInBounds']
function checkAtOptions(options: AtOptions): void {
  checkOptions('at', options, ['mode', 'fillValue'])
  if (options.mode !== undefined && !modes.includes(options.mode)) throw new ArgumentError('at', `got mode ${show(options.mode)}; the modes are ${modes.join(', ')}`)
}

function update(primitive: ScatterPrimitive, x: NDArray, entries: readonly IndexEntry[], values: ArrayLike, options: AtOptions = {}): NDArray {
  checkAtOptions(options)
  const parsed = parse('at', x.shape, entries)
  const region = regionOf(parsed)
  const arrays = arrayEntries(parsed.layout)
  const v = convert(values, x.dtype, false, 'at')
  if (arrays.length === 0) {
    const block = reshape(fitted(x, v, sizesOf(parsed.layout, region.shape)), region.shape)
    return writeRegion(x, region, primitive === 'scatter' ? block : combined[primitive](readRegion(x, region), block))
  }
  const pick = pickOf('at', region.shape, parsed.layout, arrays)
  const block = scattered(primitive, readRegion(x, region), pick, fitted(x, v, pick.shape), options)
  return writeRegion(x, region, block)
}

function fitted(x: NDArray, values: NDArray, shape: Shape): NDArray {
  const fits = values.ndim <= shape.length && values.shape.every((d, i) => d === 1 || d === shape[shape.length - values.ndim + i])
  if (!fits) throw new ShapeError('at', `values of shape [${values.shape.join(',')}] do not broadcast to [${shape.join(',')}], which the index picks of ${showType(x)}`)
  return broadcastTo(values, shape)
}

/** The array with a block in place of its own: in one piece, or spread by strides over what stays. */
function writeRegion(x: NDArray, region: Region, block: NDArray): NDArray {
  if (isWhole(region, x.shape)) return block
  const forward = region.reversed.length === 0 ? block : flip(block, region.reversed)
  if (forward.size === 0) return x
  if (region.strides.every((s) => s === 1)) {
    return bind1('dynamicUpdateSlice', [x, forward, ...region.starts.map((s) => new Literal(s, aval([], 'int32')))], {})
  }
  const spread = (b: NDArray, nothing: ArrayLike): NDArray => pad(b, nothing, x.shape.map((d, i) => [region.starts[i]!, d - region.limits[i]!, region.strides[i]! - 1]))
  const here = spread(broadcastTo(convert(true, 'bool'), forward.shape), false)
  return where(here, spread(forward, x.dtype === 'bool' ? false : 0), x)
}

/** Windows of the block at the positions of index arrays, combined with updates in the order of the result. */
function scattered(primitive: ScatterPrimitive, block: NDArray, { indices, indexShape, axes, rest, order }: Pick, updates: NDArray, { mode = 'drop' }: AtOptions): NDArray {
  if (block.size === 0) return block
  const natural = [...indexShape, ...rest.map((i) => block.shape[i]!)]
  const back = order.map((_, i) => order.indexOf(i))
  const windows = transpose(reshape(updates, order.map((i) => natural[i]!)), back)
  const params: ScatterParams = {
    dimensionNumbers: {
      updateWindowDims: rest.map((_, i) => indexShape.length + i),
      insertedWindowDims: [...axes].sort((a, b) => a - b),
      scatterDimsToOperandDims: axes,
      operandBatchingDims: [],
      scatterIndicesBatchingDims: [],
    },
    mode: indexMode(mode),
    uniqueIndices: sizeOf(indexShape) <= 1,
  }
  return bind1(primitive, [block, indices, windows], params)
}
