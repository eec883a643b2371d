/**
 * The fleet a protocol test runs in: some processes, one Redis, and the faults that befall them.
 *
 * Two worlds keep it: the double and a real server. A test that passes in both shows that the double
 * behaves as Redis does where it matters.
 */

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
  /** Puts the bytes of one key under another, or damages them. */
  tamper(from: string, to: string, change: (bytes: Buffer) => Buffer): Promise<void>
  close(): Promise<void>
}

/** Resolves when `fact` holds; rejects after ten seconds, naming it. */
export async function until(name: string, fact: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 10_000
  while (!(await fact())) {
    if (performance.now() > end) throw new Error(`It did not come to pass: ${name}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
