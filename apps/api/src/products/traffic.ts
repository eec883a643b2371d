/**
 * Traffic: how often each product is opened, so that a process that starts knows what will be asked for.
 *
 * A read costs an increment in a map. Every ten seconds what was counted most is added to `product_traffic`, in one
 * statement; the rest goes on being counted. What a process has not yet written is lost when it crashes: at most the
 * reads of ten seconds, of what is asked for all the time anyway.
 *
 * The map is bounded. When it overflows all counts are halved, and what falls below one is forgotten, so what is seldom
 * read makes room and what is often read stays, in its order. Halving is the reset of TinyLFU (Einziger, Friedman,
 * Manes, ACM Transactions on Storage 13(4), 2017), forgetting the rare that of lossy counting (Manku, Motwani, VLDB 2002).
 *
 * Only products that exist are counted, or whoever asks for made-up ids would fill the map; and only those asked for one
 * by one: what a list shows is chosen by the list, and counting it would keep it on top for ever.
 */

import type { Sql } from '@shop/db'

import type { Log } from '../http/request-log.ts'
import type { CachedProducts } from './cached-repository.ts'
import type { ProductRepository } from './repository.ts'

const MOST_COUNTED = 10_000
const MOST_WRITTEN = 1_000
const WRITE_EVERY_MS = 10_000

export type Count = readonly [id: number, reads: number]

export class ReadCounts {
  readonly #most: number
  readonly #reads = new Map<number, number>()

  /** @param most How many ids it holds at most. */
  constructor(most = MOST_COUNTED) {
    this.#most = most
  }

  get size(): number {
    return this.#reads.size
  }

  add(id: number, reads = 1): void {
    this.#reads.set(id, (this.#reads.get(id) ?? 0) + reads)
    while (this.#reads.size > this.#most) this.#halve()
  }

  /** Takes out what was read most, most first. */
  take(most: number): readonly Count[] {
    const taken = [...this.#reads].toSorted(([, a], [, b]) => b - a).slice(0, most)
    for (const [id] of taken) this.#reads.delete(id)
    return taken
  }

  #halve(): void {
    for (const [id, reads] of this.#reads) {
      if (reads >= 2) this.#reads.set(id, reads / 2)
      else this.#reads.delete(id)
    }
  }
}

/** The same products; each that is opened is counted. */
export function countedProducts(source: ProductRepository, counts: ReadCounts): ProductRepository {
  const counted = <V>(id: number, found: V | undefined): V | undefined => {
    if (found !== undefined) counts.add(id)
    return found
  }
  return {
    get: async (id) => counted(id, await source.get(id)),
    represent: async (id) => counted(id, await source.represent(id)),
    list: (query) => source.list(query),
    getMany: (ids) => source.getMany(ids),
    update: (id, change, options) => source.update(id, change, options),
    setPrice: (id, price, options) => source.setPrice(id, price, options),
  }
}

/** The same hits, counted as well. */
export function countedHits({ hit }: Pick<CachedProducts, 'hit'>, counts: ReadCounts): CachedProducts['hit'] {
  return (id, prepare) => {
    const found = hit(id, prepare)
    if (found !== undefined) counts.add(id)
    return found
  }
}

export interface Traffic {
  /** Writes what is left, and ends. */
  stop(): Promise<void>
}

export interface TrafficOptions {
  readonly sql: Sql
  readonly counts: ReadCounts
  readonly log: Log
}

export function startTraffic({ sql, counts, log }: TrafficOptions): Traffic {
  let writing = Promise.resolve()
  const write = () => {
    writing = writing
      .then(() => writeTraffic(sql, counts))
      .catch((error: unknown) => {
        log.debug({ err: error }, 'traffic not written: it is added to what is counted next')
      })
    return writing
  }
  const timer = setInterval(write, WRITE_EVERY_MS).unref()
  return {
    stop() {
      clearInterval(timer)
      return write()
    },
  }
}

/** Adds what was counted most to the traffic of the shop. What could not be written is counted on. */
export async function writeTraffic(sql: Sql, counts: ReadCounts): Promise<void> {
  const taken = counts.take(MOST_WRITTEN)
  if (taken.length === 0) return
  try {
    // In the order of the ids, as the worker halves them: whoever locks rows in one order never waits in a ring. A product
    // that is gone by now is left out.
    await sql`
      insert into product_traffic (product_id, reads, counted_at)
        select id, counted.reads, now()
          from unnest(${taken.map(([id]) => id)}::bigint[], ${taken.map(([, reads]) => reads)}::float8[]) as counted (id, reads)
          join products using (id)
          order by id
        on conflict (product_id) do update set reads = product_traffic.reads + excluded.reads`
  } catch (error) {
    for (const [id, reads] of taken) counts.add(id, reads)
    throw error
  }
}
