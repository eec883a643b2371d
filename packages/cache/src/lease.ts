/**
 * The contract of leases: the right of one process to load a key, and the fence of its write.
 *
 *     P1  claim: granted a ----- load (old) ------------------- fill a: refused, a no longer stands
 *     P2                                  invalidate(key): entry and lease gone
 *     P3                                      claim: granted b --- load (new) --- fill b: stored
 *
 * A token is a word that is never used twice: a value is stored only while the token under which it was
 * loaded still stands. A lease ends by itself, so a holder that died is replaced. The idea is that of
 * the leases of Nishtala et al., "Scaling Memcache at Facebook", NSDI 2013, section 3.2.1.
 */

import type { Millis } from './clock.ts'

export type Claim =
  /** There is an entry, and it is not the rejected one. */
  | { readonly type: 'found'; readonly bytes: Buffer }
  /** The caller loads. */
  | { readonly type: 'granted'; readonly token: string }
  /** Another process loads; this one is noted as waiting and will hear of the end (bus.ts), at the latest by `endsIn`. */
  | { readonly type: 'busy'; readonly endsIn: Millis }

/**
 * What the holder tells those who wait. `failed` carries the name of the loader's error, never its message. `trace` is the
 * traceparent of the load, where that is recorded.
 */
export type LeaseEnd = { readonly trace?: string | undefined } & LeaseEnding

type LeaseEnding =
  | { readonly type: 'stored' }
  /** The value came and cannot be shared: too large, absent and not to be kept. Who waits loads for itself. */
  | { readonly type: 'unshared' }
  /** Something was invalidated meanwhile, or the holder gave up. Who waits asks for the lease again. */
  | { readonly type: 'not-stored' }
  | { readonly type: 'failed'; readonly errorName: string }

export interface Leases {
  /**
   * Returns the entry, or grants the lease, or says that another has it, in one step. An entry whose
   * identity equals `rejected` counts as absent. Must end the lease by itself after `duration`.
   */
  claim(key: string, rejected: Buffer | undefined, duration: Millis): Promise<Claim>

  /**
   * Takes the lease, whoever holds it: what its holder loads is not stored any more. The entry stays. For a write,
   * which knows better than any load that began before it. Returns the token. Who waits goes
   * on waiting, for the new holder.
   */
  seize(key: string, duration: Millis): Promise<string>

  /**
   * Stores the bytes for `lifetime` if the token still stands, ends the lease, wakes who waits, and tells them the `trace` if
   * there is one. `false`: refused.
   */
  fill(key: string, token: string, bytes: Buffer, lifetime: Millis, trace?: string): Promise<boolean>

  /** Puts other bytes in place of those with this identity, for as long as those had left. `false`: they are gone. */
  replace(key: string, identity: Buffer, bytes: Buffer): Promise<boolean>

  /** Ends the lease without storing, if the token still stands, and wakes who waits. */
  release(key: string, token: string, end: LeaseEnd): Promise<void>
}
