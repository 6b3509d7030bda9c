/** A cache that keeps what was used last, bounded in count and in what its values cost. */

interface LruLimits {
  readonly count: number
  readonly bytes: number
}

/**
 * @example
 * const programs = new Lru<string, Executable>({ count: 2048, bytes: 64 * 2 ** 20 })
 * programs.set(key, executable, executable.codeBytes)
 */
export class Lru<K, V> {
  readonly #limits: LruLimits
  /** The least recently used first. */
  readonly #items = new Map<K, { readonly value: V; readonly bytes: number }>()
  #bytes = 0
  #newest: K | undefined

  constructor(limits: LruLimits) {
    this.#limits = limits
  }
  get size(): number {
    return this.#items.size
  }
  get bytes(): number {
    return this.#bytes
  }
  get(key: K): V | undefined {
    const item = this.#items.get(key)
    if (item === undefined) return undefined
    if (key !== this.#newest) {
      this.#items.delete(key)
      this.#items.set(key, item)
      this.#newest = key
    }
    return item.value
  }
  /** The least recently used go, past either bound; the new one stays, whatever it costs. */
  set(key: K, value: V, bytes: number): void {
    this.#bytes += bytes - (this.#items.get(key)?.bytes ?? 0)
    this.#items.delete(key)
    this.#items.set(key, { value, bytes })
    this.#newest = key
    for (const [oldest, item] of this.#items) {
      if (oldest === key || (this.#items.size <= this.#limits.count && this.#bytes <= this.#limits.bytes)) return
      this.#items.delete(oldest)
      this.#bytes -= item.bytes
    }
  }
}
