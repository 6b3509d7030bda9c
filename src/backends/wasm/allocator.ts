/**
 * A range of addresses as blocks: size-binned free lists with coalescing of neighbours. Holds no memory itself.
 *
 * Sizes are multiples of 64 bytes and so are addresses. Freed blocks are handed out again, the most recent first, since
 * fresh pages are costly to touch.
 */

const grain = 64
/** Bins a power of two; a request looks in its own bin for a fit, then takes the first block of any larger bin. */
const steps = 4

export class Allocator {
  readonly #end: number
  /** Everything from here on was never handed out. */
  #top: number
  readonly #startOfFree = new Map<number, number>()
  readonly #endOfFree = new Map<number, number>()
  readonly #bins: Set<number>[] = Array.from({ length: 33 * steps }, () => new Set<number>())

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
    for (let b = binOf(size); b < this.#bins.length; b++) {
      let found: number | null = null
      for (const start of this.#bins[b]!) if (this.#startOfFree.get(start)! >= size) found = start
      if (found === null) continue
      const length = this.#startOfFree.get(found)!
      this.#remove(found, length)
      if (length > size) this.#insert(found + size, length - size)
      return found
    }
    return null
  }

  #insert(start: number, size: number): void {
    this.#startOfFree.set(start, size)
    this.#endOfFree.set(start + size, start)
    this.#bins[binOf(size)]!.add(start)
  }

  #remove(start: number, size: number): void {
    this.#startOfFree.delete(start)
    this.#endOfFree.delete(start + size)
    this.#bins[binOf(size)]!.delete(start)
  }
}

const roundUp = (bytes: number): number => Math.ceil(bytes / grain) * grain

function binOf(size: number): number {
  const power = 31 - Math.clz32(Math.min(size, 0xffffffff))
  return power * steps + Math.floor((size / 2 ** power - 1) * steps)
}
