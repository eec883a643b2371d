/**
 * The parts one cache is made of, for the operations that work on them together.
 */

import type { Bulkhead } from './bulkhead.ts'
import type { Cells } from './cells.ts'
import type { Clock, Monotonic } from './clock.ts'
import type { Drops } from './drops.ts'
import type { Stamp } from './entry.ts'
import type { CacheEvent, Stored, TierName } from './events.ts'
import type { Flights } from './flight.ts'
import type { Hooks, Operation } from './hooks.ts'
import type { Held, MemoryTier } from './memory-tier.ts'
import type { ResolvedCacheOptions } from './options.ts'
import type { Proof } from './proof.ts'
import type { Remote } from './remote.ts'
import type { ResourceStats } from './stats.ts'
import type { Waiters } from './waiters.ts'

/** What a flight brings to those who joined it. */
export interface Answer {
  readonly held: Held
  /** Where it was found; `undefined` when this process loaded it. */
  readonly tier: TierName | undefined
  readonly stored: Stored | undefined
  /** Another process loaded it while this one waited. */
  readonly waited: boolean
  /**
   * Nothing was invalidated since the value was loaded, as far as this process has proof. Without it, only those
   * who joined within the bound of the flight's start may have the answer; who came later asks again.
   */
  readonly clean: boolean
}

/** A value that may do if a load fails. */
export interface AtHand {
  readonly held: Held
  /** Of the drops, when it was current: once its key has been dropped since, it is not served. */
  readonly mark: number
}

/** Invalidations that have not reached Redis yet (invalidate.ts). */
export interface Pending {
  /** Grows with every one that is added. */
  readonly turn: number
  /** Whether one concerns this entry; of those added after the turn `since`, when it is given. */
  has(key: string, stamps: readonly Stamp[], since?: number): boolean
}

export interface Engine {
  readonly options: ResolvedCacheOptions
  readonly clock: Clock
  /** Absent: this cache has no Redis. */
  readonly remote: Remote | undefined
  readonly proof: Proof
  readonly cells: Cells
  readonly memory: MemoryTier
  readonly drops: Drops
  readonly flights: Flights<Answer>
  readonly waiters: Waiters
  readonly bulkhead: Bulkhead
  /** A number from 0 to 1, neither included. */
  readonly chance: () => number
  readonly pending: Pending
  /** Those in the background, of all resources. */
  readonly reloads: { running: number }
  readonly hooks: Hooks
  /** How many invalidations this process has asked for. A flight that began before the latest is not joined. */
  ownInvalidations: number
  emit(event: CacheEvent): void
  /** The counters of a resource's reads. */
  readsOf(resource: string): ResourceStats
  /** Counts a value served from memory among `reads`, and emits its `read` event if anyone hears it. */
  servedFromMemory(reads: ResourceStats, resource: string, key: string, held: Held, now: Monotonic): void
}

/** Runs one step of a read as an operation of its own, or as a part of the one around it. */
export function step<R>({ hooks }: Engine, isOwn: boolean, operation: Operation, run: () => Promise<R>): Promise<R> {
  return isOwn ? hooks.around(operation, run) : run()
}
