/**
 * A range of addresses as blocks: size-binned free lists with coalescing of neighbours. Holds no memory itself.
 *
 * Sizes are multiples of 64 bytes and so are addresses. Freed blocks are handed out again, the most recent first, since
 * fresh pages are costly to touch.
 */

const grain = 64
/** Bins a power of two. Every block of a larger bin fits; in a request's own bin so many of the newest are looked at. */
const steps = 4
const looks = 8

export class Allocator {
  readonly #end: number
  /** Everything from here on was never handed out. */
  #top: number
  readonly #startOfFree = new Map<number, number>()
  readonly #endOfFree = new Map<number, number>()
  /** Starts of free blocks, the newest last. One that is no block of this bin any more is passed over. */
  readonly #bins: number[][] = Array.from({ length: 33 * steps }, () => [])

  constructor(start: number, end: number) {
    this.#top = roundUp(start)
    this.#end = end
  }

  /** The size that a request really takes. */
  static sizeFor(bytes: number): number {
    return Math.max(grain, roundUp(bytes))
  }

  /** An address for `bytes`, or null when no block is large enough. */
  allocate(bytes: number): number | null {
    const size = Allocator.sizeFor(bytes)
    if (size > this.#end) return null
    const start = this.#fit(size)
    if (start !== null) return start
    if (this.#top + size > this.#end) return null
    const at = this.#top
    this.#top += size
    return at
  }

  free(start: number, bytes: number): void {
    let from = start
    let size = Allocator.sizeFor(bytes)
    const after = this.#startOfFree.get(from + size)
    if (after !== undefined) {
      this.#remove(from + size, after)
      size += after
    }
    const before = this.#endOfFree.get(from)
    if (before !== undefined) {
      const length = from - before
      this.#remove(before, length)
      from = before
      size += length
    }
    if (from + size === this.#top) this.#top = from
    else this.#insert(from, size)
  }

  #fit(size: number): number | null {
    const own = binOf(size)
    for (let b = own; b < this.#bins.length; b++) {
      const start = this.#newest(b, size, b === own ? looks : Infinity)
      if (start !== null) return start
    }
    return this.#newest(own, size, Infinity)
  }

  #newest(b: number, size: number, most: number): number | null {
    const bin = this.#bins[b]!
    for (let i = bin.length - 1, seen = 0; i >= 0 && seen < most; i--, seen++) {
      const start = bin[i]!
      const length = this.#startOfFree.get(start)
      if (length === undefined || binOf(length) !== b) {
        bin.splice(i, 1)
        continue
      }
      if (length < size) continue
      bin.splice(i, 1)
      this.#remove(start, length)
      if (length > size) this.#insert(start + size, length - size)
      return start
    }
    return null
  }

  #insert(start: number, size: number): void {
    this.#startOfFree.set(start, size)
    this.#endOfFree.set(start + size, start)
    const b = binOf(size)
    const bin = this.#bins[b]!
    bin.push(start)
    // What was passed over too seldom would pile up.
    if (bin.length > 64 && bin.length > 2 * this.#startOfFree.size) this.#bins[b] = [...new Set(bin)].filter((at) => binOf(this.#startOfFree.get(at) ?? 0) === b)
  }

  #remove(start: number, size: number): void {
    this.#startOfFree.delete(start)
    this.#endOfFree.delete(start + size)
  }
}

const roundUp = (bytes: number): number => Math.ceil(bytes / grain) * grain

/** Of a multiple of the grain; 0 is in no block's bin. */
function binOf(size: number): number {
  const grains = size / grain
  const power = 31 - Math.clz32(grains)
  return grains === 0 ? -1 : power * steps + Math.floor((grains / 2 ** power - 1) * steps)
}
