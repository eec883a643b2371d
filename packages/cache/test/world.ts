/**
 * The fleet a protocol test runs in: some processes, one Redis, and the faults that befall them.
 *
 * Two worlds keep it: the double and a real server. A test that passes in both shows that the double
 * behaves as Redis does where it matters.
 */

import { expect } from 'vitest'

import type { Cache, CacheEvent, CacheOptions } from '../src/index.ts'

/** The bound in every test: short, so that a test of what happens past it is short. */
export const BOUND = 300

export interface Member {
  readonly cache: Cache
  readonly events: CacheEvent[]
}

export interface World {
  /** One more process, connected and with proof. */
  open(options?: Partial<CacheOptions>): Promise<Member>
  /**
   * Runs `act` while no process hears the bus: what is published meanwhile is lost to all. They hear again soon
   * afterwards, by themselves.
   */
  whileDeaf(act: () => Promise<void>): Promise<void>
  freeze(): Promise<void>
  thaw(): Promise<void>
  /** The server dies with all it holds. */
  kill(): Promise<void>
  /** Keeps what the server holds now for `restart({ snapshot: true })`. */
  save(): Promise<void>
  restart(options: { readonly snapshot: boolean }): Promise<void>
  flushAll(): Promise<void>
  /** Removes the tag's record, as an eviction does. */
  evictTag(tag: string): Promise<void>
  /** Removes the record of epoch and count. */
  evictState(): Promise<void>
  /** Ends the lease of a key, as its time does: nobody is told. */
  endLease(key: string): Promise<void>
  /** Resolves when so many processes have asked for the lease of a key and are noted as waiting for its end. */
  untilWaiting(key: string, processes: number): Promise<void>
  /** Puts the bytes of one key under another, or damages them. */
  tamper(from: string, to: string, change: (bytes: Buffer) => Buffer): Promise<void>
  /** Closes the processes there are, and checks what each has counted. The server stays. */
  closeMembers(): Promise<void>
  close(): Promise<void>
}

/** Closes these processes and forgets them. Then what each has counted must add up: every test ends with this. */
export async function closeAndCheck(members: Member[]): Promise<void> {
  const closing = members.splice(0)
  await Promise.all(closing.map(({ cache }) => cache.close()))
  for (const member of closing) checkCounters(member)
}

/** The equations between counters, and of counters with events. Reads that are still under way are in neither. */
export function checkCounters({ cache, events }: Member): void {
  const stats = cache.stats()
  const { requests, hits, stale, misses, collapsed, errors, memoryHits, redisHits, loads } = stats
  const all = (type: CacheEvent['type']): number => events.filter((event) => event.type === type).length
  const failed = events.filter((event) => event.type === 'load' && event.error !== undefined).length
  expect({ requests, hits }).toEqual({
    requests: hits + stale + misses + collapsed + errors,
    hits: memoryHits + redisHits,
  })
  expect(stats).toMatchObject({
    requests: all('read'),
    loads: all('load'),
    invalidations: all('invalidate'),
    rejected: all('rejected'),
    resets: all('reset'),
    remoteErrors: all('remote-error'),
  })
  // A miss is one load that brought a value. Any other load was begun by a read that something else had answered.
  expect(loads - failed).toBeGreaterThanOrEqual(misses)
  expect(loads).toBeLessThanOrEqual(requests + cache.health().flights)
}

/** Resolves when `fact` holds; rejects after ten seconds, naming it. */
export async function until(name: string, fact: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 10_000
  while (!(await fact())) {
    if (performance.now() > end) throw new Error(`It did not come to pass: ${name}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
