/**
 * What a cache needs of Redis, in one place: the four contracts, kept by one connection.
 *
 * Every method rejects with a `CACHE_REMOTE_*` error in finite time when it cannot do its work.
 */

import type { Bus } from './bus.ts'
import type { Clock, Millis } from './clock.ts'
import { CacheError } from './errors.ts'
import type { CacheEvent } from './events.ts'
import type { Leases } from './lease.ts'
import type { TagStore } from './tags.ts'
import type { SharedTier } from './tier.ts'

export interface Remote extends SharedTier, Leases, TagStore, Bus {
  /** Whether it is worth sending a command now. */
  readonly usable: boolean
  /** Ends the connections. Leases still held end by themselves. */
  close(): Promise<void>
}

/** Trouble with Redis never fails a read: it is an event, and the read goes on without. */
export async function orUndefined<R>(
  emit: (event: CacheEvent) => void,
  operation: string,
  act: () => Promise<R>,
): Promise<R | undefined> {
  try {
    return await act()
  } catch (error) {
    return withoutRemote(emit, operation, error)
  }
}

/** Reports trouble with Redis, and throws what is none. */
export function withoutRemote(emit: (event: CacheEvent) => void, operation: string, error: unknown): undefined {
  if (!(error instanceof CacheError && error.code.startsWith('CACHE_REMOTE_'))) throw error
  emit({ type: 'remote-error', operation, error })
}

/**
 * Opens the connection for a cache of this name. Must not block: it connects in the background. `bound` is the cache's
 * `maxStaleness`: probes that come no more often than that prove nothing in time.
 */
export type OpenRemote = (name: string, clock: Clock, bound: Millis) => Remote
