/**
 * The contract of the bus, and the messages on it.
 *
 * It delivers at most once and in order. What it may lose is found out by counting: every invalidation has
 * the next number, and the echo of a probe carries the number of the latest (proof.ts).
 */

import type { Millis, Monotonic, ServerMs } from './clock.ts'
import type { CacheError } from './errors.ts'
import type { LeaseEnd } from './lease.ts'

export type BusMessage =
  | {
      readonly type: 'invalidated'
      readonly epoch: string
      readonly number: number
      readonly nonce: string
      readonly tags: readonly string[]
      /** Entries that are gone, or others than before. */
      readonly keys: readonly string[]
      /** Entries that may still be served, while they are reloaded. */
      readonly stale: readonly string[]
      /** A pattern (pattern.ts): entries whose keys match are gone as well. */
      readonly matching?: string | undefined
      /** Traceparent of what invalidated, where that is recorded. */
      readonly trace?: string | undefined
    }
  /** The echo of this process's own probe. */
  | { readonly type: 'echo'; readonly epoch: string; readonly number: number; readonly sentAt: Monotonic }
  /** A lease this process waited for has ended. */
  | { readonly type: 'lease-ended'; readonly key: string; readonly end: LeaseEnd }

export interface BusListener {
  /** A message, in the order of publishing. */
  message(message: BusMessage): void
  /** It delivers again, after a start or an interruption: what was published before is lost. */
  resumed(): void
  /** A probe was answered: where Redis is. Comes before `usable(true)`. */
  answered(epoch: string, number: number): void
  /** The server's time, as measured by a probe's round trip, and by how much that may be wrong. */
  serverTime(time: ServerMs, at: Monotonic, uncertainty: Millis): void
  /** Commands can be sent, or cannot. */
  usable(usable: boolean): void
  /** Why it does not become usable, for people. May be told again at each attempt. */
  trouble(error: CacheError): void
}

export interface Bus {
  /** Starts delivering, and probing at a steady interval. Called once, in the turn of the event loop that opened it. */
  listen(listener: BusListener): void
}
