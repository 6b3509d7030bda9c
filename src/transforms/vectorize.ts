/** vmap: a function of single elements becomes one of batches. */
import { type Aval, showType } from '../core/aval.ts'
import { ArgumentError, ShapeError } from '../core/errors.ts'
import { checkInteger, checkOptions, normalAxis } from '../core/ops/checks.ts'
import { broadcastPrefix, type Out, type Prefix, type Structure, unflatten } from '../core/tree.ts'
import { apply, asArray, build, type Flat, flattenValues, named, paths, requireFunction } from './functions.ts'
import type { Args } from './types.ts'
import { batchedAt, batchFlat, type Dim } from './vmap/index.ts'

export interface VmapOptions {
  /** What collectives call the mapped axis. */
  readonly axisName?: string
  /** Its size; needed where no argument is mapped. */
  readonly axisSize?: number
}

const isDim = (x: unknown): x is Dim => x === null || typeof x === 'number'

/**
 * Maps a function over an axis of its arguments. `inAxes` says which: one number for all, or one for each argument,
 * where null means not mapped, and a tree of them goes with a tree. `outAxes` says where the results get theirs.
 *
 * @example
 * const dot = (x: np.NDArray, y: np.NDArray) => np.sum(x.mul(y))
 * vmap(dot, [0, null])(np.ones([5, 3]), np.ones([3]))   // 5 numbers
 * @throws ShapeError where sizes of mapped axes differ, TreeError where axes do not go with the arguments.
 */
export function vmap<A extends Args, R>(
  f: (...a: A) => R,
  inAxes: number | { readonly [K in keyof A]: Prefix<A[K], number | null> } = 0,
  outAxes: Prefix<R, number | null> = 0,
  options: VmapOptions = {},
): (...a: A) => Out<R> {
  requireFunction('vmap', f)
  checkOptions('vmap', options, ['axisName', 'axisSize'])
  const batched = (...args: A): unknown => {
    const given = flattenValues([...args], 'vmap')
    const dims = dimsOf(given, inAxes)
    const size = batchSize(given, dims, options.axisSize)
    let structure: Structure | null = null
    const { outs, dims: outDims } = batchFlat(
      (values) => {
        const out = flattenValues(apply(f, build(given.structure, values) as unknown[]), 'vmap')
        structure = out.structure
        return out.values
      },
      { size, axisName: options.axisName ?? null },
      given.values,
      dims,
    )
    const outStructure = structure as Structure | null
    if (outStructure === null) return null
    const wanted = broadcastPrefix('vmap', outAxes, outStructure, isDim, 'outAxes')
    return unflatten(
      outStructure,
      outs.map((o, i) => asArray(placed(o, outDims[i]!, wanted[i]!, size))),
    )
  }
  return named(batched, f) as (...a: A) => Out<R>
}

function dimsOf({ values, structure }: Flat, inAxes: unknown): Dim[] {
  const axes = broadcastPrefix('vmap', inAxes, structure, isDim, 'inAxes')
  return values.map((v, i) => {
    const axis = axes[i]!
    if (axis === null) return null
    const { shape } = v.aval
    if (shape.length === 0) {
      throw new ShapeError('vmap', `argument ${paths(structure)[i]} is ${showType(v.aval)}, which has no axis ${axis} to map over; pass null in inAxes for what is not mapped`)
    }
    return normalAxis('vmap', axis, shape.length)
  })
}

function batchSize({ values, structure }: Flat, dims: readonly Dim[], axisSize: number | undefined): number {
  const sizes = values.map((v, i) => (dims[i] === null ? null : v.aval.shape[dims[i]!]!))
  const mapped = sizes.filter((n): n is number => n !== null)
  if (axisSize !== undefined) checkInteger('vmap', 'axisSize', axisSize, 0)
  const size = axisSize ?? mapped[0]
  if (size === undefined) throw new ArgumentError('vmap', 'no argument is mapped; give inAxes a number for one of them, or pass axisSize')
  if (mapped.some((n) => n !== size)) {
    const each = paths(structure).flatMap((p, i) => (sizes[i] === null ? [] : [`${p} ${showType(values[i]!.aval)} has ${sizes[i]} along axis ${dims[i]}`]))
    const asked = axisSize === undefined ? '' : `axisSize is ${axisSize}, `
    throw new ShapeError('vmap', `sizes of mapped axes differ: ${asked}${each.join(', ')}; they must be equal`)
  }
  return size
}

function placed(x: Parameters<typeof batchedAt>[0], dim: Dim, wanted: Dim, size: number): Parameters<typeof batchedAt>[0] {
  if (wanted === null) {
    if (dim !== null) throw new ArgumentError('vmap', `outAxes is null for a result of type ${showElement(x.aval, dim)} that differs between elements of the batch; give it an axis`)
    return x
  }
  return batchedAt(x, dim, size, normalAxis('vmap', wanted, x.aval.shape.length + (dim === null ? 1 : 0)))
}

const showElement = (a: Aval, dim: number): string => showType({ ...a, shape: a.shape.filter((_, i) => i !== dim) })
