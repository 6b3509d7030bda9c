/**
 * A list in order of last use, whose links are in its items.
 *
 * A `Set` would do the same by `delete` and `add`, but it keeps what was deleted in its hash chains until it is next rebuilt: an
 * item that is used a thousand times is found behind a thousand of its own traces.
 */

/** What an item must have: its neighbours. */
export interface Linked<T> {
  older: T | null
  newer: T | null
}

export class Recency<T extends Linked<T>> {
  #oldest: T | null = null
  #newest: T | null = null
  #size = 0

  get size(): number {
    return this.#size
  }

  /** An item that is in no list becomes the newest of this one. */
  add(item: T): void {
    item.older = this.#newest
    item.newer = null
    if (this.#newest === null) this.#oldest = item
    else this.#newest.newer = item
    this.#newest = item
    this.#size++
  }

  /** Takes out an item of this list. */
  delete(item: T): void {
    const { older, newer } = item
    if (older === null) this.#oldest = newer
    else older.newer = newer
    if (newer === null) this.#newest = older
    else newer.older = older
    item.older = item.newer = null
    this.#size--
  }

  /** An item of this list becomes its newest. */
  use(item: T): void {
    if (item === this.#newest) return
    this.delete(item)
    this.add(item)
  }

  /** The oldest first. The item at hand may be deleted. */
  *[Symbol.iterator](): Iterator<T> {
    for (let item = this.#oldest; item !== null; ) {
      const { newer } = item
      yield item
      item = newer
    }
  }
}
