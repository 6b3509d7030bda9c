/** Arrays from what JavaScript holds: numbers, truth values, nested lists, typed arrays. */
import { DeviceArray, isArray, type NDArray } from '../core/array.ts'
import { aval, type Shape, sizeOf } from '../core/aval.ts'
import { encodeNumbers, hostCopy, type TypedArray } from '../core/bytes.ts'
import type { DeviceName } from '../core/device-name.ts'
import { backendOf, putArray, readArray } from '../core/devices.ts'
import { describe } from '../core/describe.ts'
import { type DType, isComplex } from '../core/dtype.ts'
import { ArgumentError, DtypeError, OutOfMemoryError, ShapeError } from '../core/errors.ts'
import * as ops from '../core/ops/index.ts'
import type { ArrayLike } from '../core/tree.ts'

/** What `np.array` takes. */
export type ArrayInput = ArrayLike | TypedArray | Uint8ClampedArray | readonly ArrayInput[]

export interface CreateOptions {
  readonly dtype?: DType
  /** The default device where left out. */
  readonly device?: DeviceName
}

/**
 * An array from a number, a truth value, nested lists of them, a typed array or another array, of which it is a copy: another handle.
 *
 * Plain numbers give float32 whatever their values, truth values bool; a typed array keeps its dtype.
 *
 * @example
 * np.array([[1, 2], [3, 4]])                      // float32[2,2]
 * np.array([1, 2, 3], { dtype: 'int32' })         // int32[3]
 * np.array(Int32Array.of(1, 2, 3))                // the same
 * @throws ShapeError for ragged lists, DtypeError for 64-bit integers.
 */
export function array(value: ArrayInput, options: CreateOptions = {}): NDArray {
  const made = asArray(value, options)
  return made === value ? another('array', made) : made
}

function asArray(value: ArrayInput, options: CreateOptions): NDArray {
  return ops.within('array', () => {
    ops.checkOptions('array', options, ['dtype', 'device'])
    const { device } = options
    if (device !== undefined) backendOf(device, 'array')
    const dtype = options.dtype === undefined ? undefined : ops.checkDtype('array', options.dtype)
    if (isArray(value)) return placedOn('array', dtype === undefined ? value : ops.convert(value, dtype), device)
    if (dtype === 'key') throw new DtypeError('array', 'keys are not made of numbers; use random.key or random.wrapKeyData')
    if (typeof value === 'number' || typeof value === 'boolean') {
      const own = typeof value === 'boolean' ? 'bool' : 'float32'
      return put([Number(value)], [], dtype ?? own, device, dtype === undefined && own === 'float32')
    }
    if (ArrayBuffer.isView(value)) return fromTyped(value, dtype, device)
    if (Array.isArray(value)) return fromLists(value as readonly ArrayInput[], dtype, device)
    throw new ArgumentError('array', `got ${describe(value)}; takes numbers, booleans, nested lists of them, typed arrays and arrays`)
  })
}

/** As `array`; an array that has the dtype already is given back itself. */
export const asarray = (value: ArrayInput, options: CreateOptions = {}): NDArray => ops.within('asarray', () => asArray(value, options))

/** An array on a device; itself where it is there already. */
function placedOn(operation: string, x: NDArray, device: DeviceName | undefined): NDArray {
  if (device === undefined || x.device === device) return x
  if (x.trace !== null) throw new ArgumentError(operation, `device '${device}' cannot be chosen for a traced value; move arrays before the transformed function is called`)
  return putArray(readArray(x.concrete(operation), operation), x.aval, device)
}

function put(values: ArrayLikeOfNumbers, shape: Shape, dtype: DType, device: DeviceName | undefined, weakType = false): NDArray {
  const parts = isComplex(dtype) ? Array.from(values).flatMap((re) => [re, 0]) : values
  return putArray(encodeNumbers(parts, dtype), aval(shape, dtype, weakType), device)
}
type ArrayLikeOfNumbers = { readonly length: number; readonly [i: number]: number } & Iterable<number>

const dtypeOfView: Readonly<Record<string, DType>> = {
  Float32Array: 'float32',
  Float64Array: 'float64',
  Int8Array: 'int8',
  Int16Array: 'int16',
  Int32Array: 'int32',
  Uint8Array: 'uint8',
  Uint8ClampedArray: 'uint8',
  Uint16Array: 'uint16',
  Uint32Array: 'uint32',
  Float16Array: 'float16',
}

/** The dtype of a typed array's elements. Subclasses (Node's Buffer) count as what they extend. */
function viewDtype(view: ArrayBufferView): DType {
  const tag = (view as { readonly [Symbol.toStringTag]?: string })[Symbol.toStringTag] ?? ''
  const dtype = dtypeOfView[tag]
  if (dtype !== undefined) return dtype
  if (tag.startsWith('Big')) throw new DtypeError('array', `got a ${tag}; there are no 64-bit integers, convert to an Int32Array or a Float64Array first`)
  throw new ArgumentError('array', `got a ${tag || 'DataView'}; takes typed arrays of numbers`)
}

function fromTyped(view: ArrayBufferView, dtype: DType | undefined, device: DeviceName | undefined): NDArray {
  const own = viewDtype(view)
  const values = view as TypedArray
  const to = dtype ?? own
  if (to === own && own !== 'float16') {
    return putArray(hostCopy('array', new Uint8Array(values.buffer, values.byteOffset, values.byteLength)), aval([values.length], own), device)
  }
  return put(values, [values.length], to, device)
}

/** NumPy's own limit. */
const deepest = 64

function fromLists(list: readonly ArrayInput[], dtype: DType | undefined, device: DeviceName | undefined): NDArray {
  const shape: number[] = []
  for (let level: ArrayInput | undefined = list; Array.isArray(level); level = (level as readonly ArrayInput[])[0]) {
    if (shape.length === deepest) throw new ShapeError('array', `lists are nested more than ${deepest} deep, or contain themselves`)
    shape.push(level.length)
  }
  const values = hostNumbers('array', sizeOf(shape), () => 0)
  const filled = fill(values, list, shape)
  // Arrays among the lists, perhaps traced: stack them.
  if (filled === 'arrays') {
    const rows = ops.stack(list.map((row) => asArray(row, {})))
    return placedOn('array', dtype === undefined ? rows : ops.convert(rows, dtype), device)
  }
  return put(values, shape, dtype ?? (filled === 'booleans' ? 'bool' : 'float32'), device)
}

/** Writes the leaves in order. Stops at the first array or typed array. */
function fill(values: Float64Array, list: readonly ArrayInput[], shape: Shape): 'numbers' | 'booleans' | 'arrays' {
  let at = 0
  let onlyBooleans = values.length > 0
  const walk = (x: ArrayInput, axis: number, path: readonly number[]): boolean => {
    if (Array.isArray(x)) {
      const items = x as readonly ArrayInput[]
      if (axis >= shape.length || items.length !== shape[axis]) throw ragged(path, `${items.length} elements`, axis < shape.length ? `${shape[axis]!} elements` : 'a number')
      for (const [i, item] of items.entries()) if (!walk(item, axis + 1, [...path, i])) return false
      return true
    }
    if (isArray(x) || ArrayBuffer.isView(x)) return false
    if (typeof x !== 'number' && typeof x !== 'boolean') {
      if (typeof x === 'bigint') throw new DtypeError('array', `got a bigint at ${pathText(path)}; there are no 64-bit integers, use numbers`)
      throw new ArgumentError('array', `got ${describe(x)} at ${pathText(path)}; takes numbers and booleans`)
    }
    if (axis !== shape.length) throw ragged(path, 'a number', `a list of ${shape[axis]!}`)
    if (typeof x === 'number') onlyBooleans = false
    values[at++] = Number(x)
    return true
  }
  if (!walk(list, 0, [])) return 'arrays'
  return onlyBooleans ? 'booleans' : 'numbers'
}

const pathText = (path: readonly number[]): string => (path.length === 0 ? 'the top' : `[${path.join('][')}]`)
const ragged = (path: readonly number[], got: string, expected: string): ShapeError =>
  new ShapeError('array', `nested lists are ragged: ${pathText(path)} has ${got} where its siblings have ${expected}; takes lists of one length at each depth`)
/** Another handle on the same values: to keep when the first is disposed or donated. Arrays are immutable, so no bytes are copied. */
export const copy = (x: ArrayLike): NDArray => another('copy', ops.toArray('copy', x))

/** A traced value is not disposed, so it is as good as a copy. */
function another(operation: string, x: NDArray): NDArray {
  if (x.trace !== null) return x
  const a = x.concrete(operation)
  const storage = a.storage(operation)
  storage.markShared()
  return new DeviceArray(a.aval, storage, a.placed)
}

/** Host values as an array: what the eager functions give back. */
export const fromHost = (values: ArrayLikeOfNumbers, shape: Shape, dtype: DType, device?: DeviceName): NDArray => put(values, shape, dtype, device)

/** Numbers on the host, one for each place. @throws OutOfMemoryError where JavaScript has no list so long. */
export function hostNumbers(operation: string, length: number, value: (i: number) => number): Float64Array {
  let numbers: Float64Array
  try {
    numbers = new Float64Array(length)
  } catch {
    throw new OutOfMemoryError(operation, `an array of ${length} numbers is more than this machine holds`)
  }
  for (let i = 0; i < length; i++) numbers[i] = value(i)
  return numbers
}
