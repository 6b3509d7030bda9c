/** Which images go through the matrices at a time. */
import { products } from '../../../winograd/matrices.ts'
import type { WinogradPlan } from '../../../winograd/plan.ts'

/** Each chunk has shaders of its own: from so many on, what a convolution gains is not worth their compilation. */
const mostChunks = 8

/** Images that go through the matrices at a time. */
export interface Chunk {
  readonly first: number
  readonly images: number
}
export const all = ({ images }: WinogradPlan): Chunk => ({ first: 0, images })

/** Images in chunks whose matrices have no more than so many bytes, blocks in one piece; null where that cannot be, or would take too many. What is summed together is the same, however many chunks there are. */
export function chunksOf(plan: WinogradPlan, mostBytes: number): readonly Chunk[] | null {
  const { images, groups, channels, columns, blockImages, form } = plan
  const bytes = (elements: number): number => 4 * products * elements
  const together = form === 'results' ? 1 : blockImages
  const each = bytes(tilesOf(plan, { first: 0, images: together }) * Math.max(groups * channels, columns))
  const fixed = form === 'results' ? bytes(channels * columns) : bytes(blocksOf(plan) * channels * columns)
  if (Math.max(each, fixed) > mostBytes) return null
  const most = Math.floor(mostBytes / each) * together
  if (images > mostChunks * most) return null
  return Array.from({ length: Math.ceil(images / most) }, (_, i) => ({ first: i * most, images: Math.min(most, images - i * most) }))
}

export const tilesOf = ({ tileRows, tilesAcross }: WinogradPlan, { images }: Chunk): number => images * tileRows * tilesAcross
export const blocksOf = ({ blocks, blocksOfImage }: WinogradPlan): number => blocks * blocksOfImage
