/**
 * Drops: which keys an invalidation has named of late, for values that were on their way here meanwhile.
 *
 *     mark = 7    GET k sent ---------------------- reply: old value    k was dropped since 7: not put into memory
 *                       invalidated k, applied: 8
 *
 * The table is bounded. What it no longer knows is one number, the floor: a key that is not in it counts as dropped
 * when any forgotten one was.
 */

const MOST = 10_000

export class Drops {
  readonly #droppedAt = new Map<string, number>()
  #count = 0
  #floor = 0

  /** A point in the order of drops. */
  get mark(): number {
    return this.#count
  }

  note(key: string): void {
    this.#droppedAt.delete(key)
    if (this.#droppedAt.size >= MOST) this.#forgetOldest()
    this.#droppedAt.set(key, ++this.#count)
  }

  /** Every key counts as dropped now. */
  noteAll(): void {
    this.#droppedAt.clear()
    this.#floor = ++this.#count
  }

  /** Whether the key was dropped after the mark. */
  since(mark: number, key: string): boolean {
    return mark < this.#count && mark < (this.#droppedAt.get(key) ?? this.#floor)
  }

  #forgetOldest(): void {
    const [oldest] = this.#droppedAt
    if (!oldest) return
    this.#droppedAt.delete(oldest[0])
    this.#floor = oldest[1]
  }
}
