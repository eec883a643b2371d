/**
 * What the cache tells the outside world.
 *
 * One closed union, one event per outcome. Counters, spans, logs and `Cache-Status` are all derived
 * from it, so they cannot disagree. Every read ends in exactly one `read` event, hence
 *
 *     requests = hits + stale + misses + collapsed + errors
 *
 * which the suites check after their scenarios. Events carry keys, for logs; a metric must never use one as a label.
 */

export type TierName = 'memory' | 'redis'

/** How one read ended. */
export type ReadOutcome =
  /** Served from a tier, fresh. */
  | 'hit'
  /** Served from a tier past its ttl, while it is reloaded or because the source failed. */
  | 'stale'
  /** This caller's flight loaded the value. */
  | 'miss'
  /** Joined a flight that another caller of this process had started, or waited for another process to load it. */
  | 'collapsed'
  /** Rejected. */
  | 'error'

/** What became of a loaded value. */
export type Stored =
  /** In Redis under the lease, so every process may use it. */
  | 'shared'
  /** In this process's memory only: there is no Redis, or it did not answer. */
  | 'local'
  /** Answered and forgotten: an invalidation came during the load, or the policy stores no such value. */
  | 'no'

export interface ReadEvent {
  readonly type: 'read'
  readonly resource: string
  readonly key: string
  readonly outcome: ReadOutcome
  /** The tier that answered; absent when the value was loaded by this process, or on an error. */
  readonly tier?: TierName | undefined
  /** Present when this process loaded the value. */
  readonly stored?: Stored | undefined
  /** Milliseconds the value stays fresh from here: negative when it is stale, 0 when it was not stored. */
  readonly ttlMs: number
  /** Milliseconds since the load of the value began; absent on an error. */
  readonly ageMs?: number | undefined
  /** How many tags of the value speak for it; absent on an error. */
  readonly tags?: number | undefined
  readonly error?: unknown
}

export type CacheEvent =
  | ReadEvent
  /** A loader ran to its end, its failure or its deadline. */
  | {
      readonly type: 'load'
      readonly resource: string
      readonly key: string
      readonly durationMs: number
      readonly stored: Stored
      readonly error?: unknown
    }
  /** A flight has waited for another process to load. `end` is how that went; `unheard` when no word came. */
  | {
      readonly type: 'wait'
      readonly resource: string
      readonly key: string
      readonly durationMs: number
      readonly end: WaitEnd
    }
  /** An invalidation was asked for here. `acknowledged` says whether Redis has it; if not, it is retried. */
  | { readonly type: 'invalidate'; readonly tags: number; readonly keys: number; readonly acknowledged: boolean }
  /** An invalidation of some process, this one included, was applied to this one's memory. */
  | { readonly type: 'applied'; readonly tags: number; readonly keys: number }
  /** A reload in the background failed, or was not begun because too many were running. */
  | { readonly type: 'reload-failed'; readonly resource: string; readonly key: string; readonly error: unknown }
  | { readonly type: 'reload-dropped'; readonly resource: string; readonly key: string }
  /** An entry from Redis was not believed. */
  | { readonly type: 'rejected'; readonly resource: string; readonly key: string; readonly reason: Rejection }
  /** This process could no longer vouch for its memory, and emptied it. */
  | { readonly type: 'reset'; readonly reason: 'first' | 'epoch' | 'gap' }
  /** A command to Redis failed; the read or the invalidation went on without it. */
  | { readonly type: 'remote-error'; readonly operation: string; readonly error: unknown }
  /** Redis became usable, or stopped being so. */
  | { readonly type: 'remote-state'; readonly usable: boolean }

export type WaitEnd = 'stored' | 'unshared' | 'not-stored' | 'failed' | 'unheard'

export type Rejection =
  /** Not ours, damaged, or of another wire or schema version. */
  | 'foreign'
  /** Written before Redis lost or forgot something. */
  | 'epoch'
  /** A tag of it was invalidated. */
  | 'tag'
  /** An invalidation of it waits to reach Redis. */
  | 'pending'
  | 'expired'

export type Listener = (event: CacheEvent) => void
