/**
 * safetensors files: named arrays and text metadata, as other frameworks read and write them.
 *
 * ```ts
 * import { np } from 'pullback'
 * import { safetensors } from 'pullback/data'
 * const bytes = safetensors.encode({ w: np.ones([2]) }, { metadata: { step: '7' } })
 * console.log(safetensors.decode(bytes)['w']?.js()) // [1, 1]
 * console.log(safetensors.metadata(bytes)) // { step: '7' }
 * ```
 */
import { writeFile } from '#platform'
import { left, right } from '../fp/either.ts'
import { ArgumentError, type DType, DtypeError, FormatError, lax, NDArray, np } from '../index.ts'
import { FileError } from '../platform/types.ts'
import { type Decoded, type Problem, showProblems } from './problem.ts'
import { decodeSafetensorsBytes, encodeSafetensorsBytes, type RawFile, type RawTensor, type SafetensorsDType } from './safetensors-bytes.ts'
import { describe, readSource, requireBytes, requireOptions, type Source, within } from './source.ts'

export interface Tensors {
  readonly [name: string]: NDArray
}

export interface EncodeOptions {
  /** Text beside the tensors. */
  readonly metadata?: { readonly [key: string]: string }
}

type Bits = Float32Array | Float64Array | Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array

/** How a dtype of the format is read: the dtype it becomes, and its bits. There are no 64-bit integers here. */
const reading: { readonly [D in SafetensorsDType]: readonly [dtype: DType, bits: (b: ArrayBuffer) => Bits] } = {
  F64: ['float64', (b) => new Float64Array(b)],
  F32: ['float32', (b) => new Float32Array(b)],
  F16: ['float16', (b) => new Uint16Array(b)],
  BF16: ['bfloat16', (b) => new Uint16Array(b)],
  I64: ['int32', (b) => Int32Array.from(new BigInt64Array(b), Number)],
  I32: ['int32', (b) => new Int32Array(b)],
  I16: ['int16', (b) => new Int16Array(b)],
  I8: ['int8', (b) => new Int8Array(b)],
  U64: ['uint32', (b) => Uint32Array.from(new BigUint64Array(b), Number)],
  U32: ['uint32', (b) => new Uint32Array(b)],
  U16: ['uint16', (b) => new Uint16Array(b)],
  U8: ['uint8', (b) => new Uint8Array(b)],
  BOOL: ['bool', (b) => new Uint8Array(b)],
}

const writing: { readonly [D in DType]?: SafetensorsDType } = {
  float64: 'F64',
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint32: 'U32',
  uint16: 'U16',
  uint8: 'U8',
  bool: 'BOOL',
}

const isHalf = (dtype: DType): dtype is 'float16' | 'bfloat16' => dtype === 'float16' || dtype === 'bfloat16'

function toArray({ dtype, shape, bytes }: RawTensor): NDArray {
  const [to, bits] = reading[dtype]
  const data = bits(new Uint8Array(bytes).buffer) // a copy: aligned, and the file's bytes can go
  // 16-bit floats come as their bits, so that even a NaN keeps them.
  const flat = isHalf(to) ? lax.bitcastConvertType(np.array(data, { dtype: 'uint16' }), to) : np.array(data, { dtype: to })
  return flat.reshape(shape)
}

/** 64-bit integers are read as 32-bit ones; those that do not fit are problems. */
function tooLarge(name: string, { dtype, bytes, offset }: RawTensor): Problem[] {
  if (dtype !== 'I64' && dtype !== 'U64') return []
  const { buffer } = new Uint8Array(bytes)
  const values: ArrayLike<bigint> = dtype === 'I64' ? new BigInt64Array(buffer) : new BigUint64Array(buffer)
  const [low, high] = dtype === 'I64' ? [-(2n ** 31n), 2n ** 31n - 1n] : [0n, 2n ** 32n - 1n]
  const at = Array.from(values).findIndex((x) => x < low || x > high)
  if (at < 0) return []
  return [{ offset: offset + 8 * at, found: `${values[at]} in tensor ${JSON.stringify(name)} of ${dtype}`, expected: `integers from ${low} to ${high}: there are no 64-bit integers here` }]
}

function toTensors({ tensors }: RawFile): Decoded<Record<string, NDArray>> {
  const problems = [...tensors].flatMap(([name, tensor]) => tooLarge(name, tensor))
  return problems.length > 0 ? left(problems) : right(Object.fromEntries([...tensors].map(([name, tensor]) => [name, toArray(tensor)])))
}

/** The tensors of a file's bytes by name, or everything that is wrong with them. */
export function tryDecode(bytes: Uint8Array): Decoded<Record<string, NDArray>> {
  requireBytes('safetensors.decode', bytes)
  const raw = decodeSafetensorsBytes(bytes)
  return raw._tag === 'Left' ? raw : toTensors(raw.right)
}

/**
 * The tensors of a file's bytes, by name. I64 and U64 become int32 and uint32 where every value fits.
 * @throws FormatError with every problem: what was found at which byte, and what was expected.
 */
export const decode = (bytes: Uint8Array): Record<string, NDArray> => decodeFor('safetensors.decode', bytes)

function decodeFor(operation: string, bytes: Uint8Array): Record<string, NDArray> {
  const read = tryDecode(bytes)
  if (read._tag === 'Left') throw new FormatError(operation, showProblems(read.left))
  return read.right
}

/**
 * The text metadata of a file's bytes.
 * @throws FormatError as `decode` does.
 */
export function metadata(bytes: Uint8Array): Record<string, string> {
  requireBytes('safetensors.metadata', bytes)
  const raw = decodeSafetensorsBytes(bytes)
  if (raw._tag === 'Left') throw new FormatError('safetensors.metadata', showProblems(raw.left))
  return Object.fromEntries(raw.right.metadata)
}

function toRaw(name: string, x: NDArray): Omit<RawTensor, 'offset'> {
  const dtype = writing[x.dtype]
  if (dtype === undefined) {
    const way = x.dtype === 'key' ? 'Store random.keyData(key).' : `Store lax.bitcastConvertType(x, '${x.dtype === 'complex64' ? 'float32' : 'float64'}'), its parts in pairs.`
    throw new DtypeError('safetensors.encode', `got ${JSON.stringify(name)} of ${x.dtype}; the format holds ${Object.keys(writing).join(', ')}. ${way}`)
  }
  const data = within('safetensors.encode', () => (isHalf(x.dtype) ? lax.bitcastConvertType(x, 'uint16') : x).dataSync())
  return { dtype, shape: x.shape, bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) }
}

/**
 * The bytes of a file with these tensors. Equal tensors give equal bytes, in whatever order they are named.
 * @throws DtypeError for complex arrays and keys, which the format does not have; ArgumentError for the name `__metadata__`.
 */
export function encode(tensors: Tensors, options: EncodeOptions = {}): Uint8Array {
  requireOptions('safetensors.encode', options, ['metadata'])
  const given: unknown = tensors
  if (typeof given !== 'object' || given === null) throw new ArgumentError('safetensors.encode', `got ${describe(given)}; it takes an object of arrays`)
  const metadata = Object.entries(options.metadata ?? {})
  const wrong = metadata.find(([, text]) => typeof text !== 'string')
  if (wrong !== undefined) throw new ArgumentError('safetensors.encode', `metadata ${JSON.stringify(wrong[0])} is a ${typeof wrong[1]}; it takes text`)
  const raw = Object.entries(tensors).map(([name, x]) => {
    if (!(x instanceof NDArray)) throw new ArgumentError('safetensors.encode', `got ${describe(x)} as ${JSON.stringify(name)}; it takes an object of arrays`)
    if (name === '__metadata__') throw new ArgumentError('safetensors.encode', `got an array called ${name}, a name that the format keeps for itself; takes any other`)
    return [name, toRaw(name, x)] as const
  })
  return encodeSafetensorsBytes(new Map(raw), new Map(metadata))
}

/**
 * The tensors of a whole file.
 * @throws FormatError when the file cannot be read, or is no safetensors file.
 */
export async function read(source: Source): Promise<Record<string, NDArray>> {
  return decodeFor('safetensors.read', await readSource('safetensors.read', source))
}

/**
 * Writes a file, which appears whole or not at all.
 * @throws FormatError when it cannot be written, and what `encode` throws.
 */
export async function write(path: string, tensors: Tensors, options: EncodeOptions = {}): Promise<void> {
  if (typeof path !== 'string') throw new ArgumentError('safetensors.write', `the path is of type ${typeof path}; takes text`)
  try {
    await writeFile(path, within('safetensors.write', () => encode(tensors, options)))
  } catch (e) {
    if (e instanceof FileError) throw new FormatError('safetensors.write', e.message)
    throw e
  }
}

