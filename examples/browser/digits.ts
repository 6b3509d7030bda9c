/** The digits of MNIST, on the host: a batch is cut out of them for each step. */
import { np } from 'pullback'
import { idx } from 'pullback/data'

const side = 28
const size = side * side

export interface Digits {
  readonly count: number
  readonly labels: Uint8Array
  /** uint8[n, 28, 28] and int32[n]: the images at those places, and what they are. */
  readonly batch: (places: ArrayLike<number>) => { readonly images: np.NDArray; readonly labels: np.NDArray }
  readonly pixels: (place: number) => Uint8Array
}

async function bytesOf(url: string): Promise<Uint8Array> {
  const x = await idx.read(url)
  try {
    return Uint8Array.from(await x.data())
  } finally {
    x.dispose()
  }
}

/** The files `NAME-images.gz` and `NAME-labels.gz` of a folder, in MNIST's own format. */
export async function readDigits(folder: string, name: 'train' | 'test'): Promise<Digits> {
  const [images, labels] = await Promise.all([bytesOf(`${folder}/${name}-images.gz`), bytesOf(`${folder}/${name}-labels.gz`)])
  const pixels = (place: number): Uint8Array => images.slice(place * size, (place + 1) * size)
  return {
    count: labels.length,
    labels,
    pixels,
    batch: (places) => {
      const chosen = Array.from(places)
      const bytes = new Uint8Array(chosen.length * size)
      chosen.forEach((place, i) => bytes.set(images.subarray(place * size, (place + 1) * size), i * size))
      return { images: np.array(bytes).reshape([chosen.length, side, side]), labels: np.array(Int32Array.from(chosen, (place) => labels[place]!)) }
    },
  }
}
