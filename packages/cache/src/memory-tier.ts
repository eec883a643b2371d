/**
 * L1: entries in this process's memory, bounded in bytes.
 *
 * It keeps values parsed and frozen, or their bytes, with pointers to the cells of their tags. It does not decide:
 * whether a held value may be served depends on the proof and on the cells at that instant (`decide.ts`).
 */

import { LRUCache } from 'lru-cache'

import type { Cell } from './cells.ts'
import type { Monotonic } from './clock.ts'
import { valueInvalid } from './errors.ts'
import type { Policy } from './options.ts'

export interface Held {
  /** The resource it is of. */
  readonly resource: string
  /** The source said that there is no such value. */
  readonly absent: boolean
  /** Parsed and frozen; unless its bytes are kept instead. */
  readonly value: unknown
  /**
   * As it is in Redis; only where the policy keeps bytes. As Latin-1 text, a character for each byte: a small Buffer would
   * keep alive the slab that it shares with others, which no one counts, and could be written to by whoever gets it.
   */
  readonly payload: string | undefined
  readonly hash: string
  readonly loadedAt: Monotonic
  /**
   * The instant, by our own clock, from which the value is surely no older than its load. `-Infinity` for one that came from
   * Redis: its `loadedAt` was converted from the server's time, which is good enough for a ttl and not for a proof.
   */
  readonly loadedHereAt: Monotonic
  readonly staleAt: Monotonic
  readonly expiresAt: Monotonic
  readonly loadMs: number
  /** Cells of the tags, and the nonce each had when the load began, in the same order. */
  readonly cells: readonly Cell[]
  readonly nonces: readonly string[]
  /** The count of changes of all cells when these were last found to be current; -1 before. */
  currentAt: number
  /** About, in bytes. */
  readonly size: number
  /** The value as a promise that every hit returns, made by the first. Not where bytes are kept. */
  settled: Promise<unknown> | undefined
  /** What `Resource.hit` has made of the bytes. */
  prepared: unknown
}

/** What an entry costs beside its payload: objects, map slots, list links. */
const OVERHEAD = 200

/** Of each tag: its place among the cells, its nonce. */
const TAG_OVERHEAD = 40

export class MemoryTier {
  readonly #entries: LRUCache<string, Held>
  readonly #entriesOf = new Map<string, number>()
  readonly maxBytes: number
  #evictions = 0

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
    this.#entries = new LRUCache({
      maxSize: maxBytes,
      onInsert: ({ resource }, _key, reason) => {
        if (reason !== 'update') this.#entriesOf.set(resource, (this.#entriesOf.get(resource) ?? 0) + 1)
      },
      dispose: ({ resource }, _key, reason) => {
        if (reason === 'evict') this.#evictions++
        // Also for an entry that another takes the place of, which is told by onInsert as well.
        this.#entriesOf.set(resource, (this.#entriesOf.get(resource) ?? 0) - 1)
      },
      sizeCalculation: (held, key) => held.size + key.length + OVERHEAD + TAG_OVERHEAD * held.cells.length,
    })
  }

  get entries(): number {
    return this.#entries.size
  }

  /** Of each resource that has, or had, any. */
  get entriesOf(): ReadonlyMap<string, number> {
    return this.#entriesOf
  }

  /** Entries that left for want of room. */
  get evictions(): number {
    return this.#evictions
  }

  get bytes(): number {
    return this.#entries.calculatedSize
  }

  keys(): Iterable<string> {
    return this.#entries.keys()
  }

  get(key: string): Held | undefined {
    return this.#entries.get(key)
  }

  set(key: string, held: Held): void {
    this.#entries.set(key, held)
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }
}

/** What the value counts in memory. Throws `CACHE_VALUE_INVALID` for a weight that is none. */
export function sizeOf({ weight, keep }: Policy, key: string, value: unknown, bytes: number): number {
  if (value === undefined || keep === 'bytes') return bytes
  const beside = keep === 'both' ? bytes : 0
  if (!weight) return beside + bytes
  const size = weight(value as never, bytes)
  if (Number.isFinite(size) && size >= 0) return beside + Math.ceil(size)
  throw valueInvalid(key, `its weight is ${size}`)
}
