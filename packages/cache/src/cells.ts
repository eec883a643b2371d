/**
 * Tag cells: what this process knows of each tag, so that a hit compares pointers instead of asking Redis.
 *
 * An entry in memory points at the cells of its tags and remembers their nonces. Applying an invalidation
 * is one store into a cell; every entry with that tag is then no longer current.
 *
 * A cell takes only numbers that are not lower than its own. That settles the race of a reply with the
 * message that overtook it, if the cell is there *before* the request is sent:
 *
 *     acquire(t)   request t ------------------------------- reply: a, 4     4 < 5: not taken
 *                         message: t is b, 5 -> cell (b, 5)
 *
 * Equal numbers may come in any order and are both right: a tag minted twice at one number was not
 * invalidated between (tags.ts).
 *
 * The table is bounded. A cell that leaves it is dead first: it matches no nonce, so entries that still point
 * at it are not served. What the table no longer knows is remembered as one number, the floor: a new cell
 * counts as changed when any forgotten one was.
 */

/** The nonce of a cell that knows nothing, or is dead. No entry has it: nonces are never empty. */
const UNKNOWN = ''

export class Cell {
  /** Written only by `Cells`, as all of these. */
  nonce = UNKNOWN
  number = -1
  /** The process-wide count of changes when this cell last changed. Only grows. */
  changed: number
  dead = false
  /** Asked for since it was last spared. */
  used = false
  /** The nonce is one that Redis gave: neither unknown nor of this process's own making. */
  fromRedis = false
  readonly tag: string

  constructor(tag: string, changed: number) {
    this.tag = tag
    this.changed = changed
  }

  get known(): boolean {
    return this.nonce !== UNKNOWN
  }

  kill(): void {
    this.dead = true
    this.nonce = UNKNOWN
  }
}

/** Of the oldest cells, how many are spared in a row for having been used. */
const MOST_SPARED = 64

export class Cells {
  readonly #cells = new Map<string, Cell>()
  readonly #most: number
  readonly #localNonce: () => string
  /** Counts what was applied; a load notes it to know afterwards what changed meanwhile. */
  #changes = 0
  /** No cell that is missing from the table changed later than this. */
  #floor = 0

  constructor(most: number, localNonce: () => string) {
    this.#most = most
    this.#localNonce = localNonce
  }

  /** Grows with every invalidation that is applied, also of a tag without a cell. */
  get changes(): number {
    return this.#changes
  }

  get size(): number {
    return this.#cells.size
  }

  /** The cell of a tag, made if need be. */
  acquire(tag: string): Cell {
    const known = this.#cells.get(tag)
    if (known) {
      known.used = true
      return known
    }
    if (this.#cells.size >= this.#most) this.#forgetOne()
    const cell = new Cell(tag, this.#floor)
    this.#cells.set(tag, cell)
    return cell
  }

  /** The cell of a tag with a nonce: one of this process's own making while Redis has not been heard. */
  stamp(tag: string): Cell {
    const cell = this.acquire(tag)
    if (!cell.known) {
      cell.nonce = this.#localNonce()
      cell.number = 0
    }
    return cell
  }

  /** Takes what a reply or a message says of a tag, unless something newer is known. */
  offer(cell: Cell, nonce: string, number: number): void {
    if (cell.dead || number < cell.number) return
    cell.number = number
    cell.fromRedis = true
    if (nonce === cell.nonce) return
    cell.nonce = nonce
    cell.changed = ++this.#changes
  }

  /**
   * Applies an invalidation: entries that remember another nonce are no longer current. A cell that knows nothing yet takes
   * the number alone: an own invalidation may have been answered before this message came, and found no cell to change.
   *
   *     own invalidation of t answered: (b, 5), no cell      acquire(t)      message: t is a, 4: it must not vouch for a
   */
  change(tag: string, nonce: string, number: number): void {
    const cell = this.#cells.get(tag)
    if (!cell) this.#floor = ++this.#changes
    else if (cell.fromRedis) this.offer(cell, nonce, number)
    else if (cell.known) this.kill(tag)
    else {
      cell.number = Math.max(cell.number, number)
      cell.changed = ++this.#changes
    }
  }

  /** Applies an invalidation that Redis has not numbered: the cell dies, and so do the entries that point at it. */
  kill(tag: string): void {
    this.#floor = ++this.#changes
    this.#cells.get(tag)?.kill()
    this.#cells.delete(tag)
  }

  /** Forgets everything. */
  clear(): void {
    this.#floor = ++this.#changes
    for (const cell of this.#cells.values()) cell.kill()
    this.#cells.clear()
  }

  #forgetOne(): void {
    let spared = 0
    for (const [tag, cell] of this.#cells) {
      if (cell.used && spared++ < MOST_SPARED) {
        // A second chance: what every entry of a resource carries would else be forgotten first, and all of them with it.
        cell.used = false
        this.#cells.delete(tag)
        this.#cells.set(tag, cell)
        continue
      }
      this.#floor = Math.max(this.#floor, cell.changed)
      cell.kill()
      this.#cells.delete(tag)
      return
    }
  }
}
