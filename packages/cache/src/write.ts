/**
 * Write-through: a value goes to the source first, and then into Redis under a token taken before.
 *
 *     this process   seize a --- write, commit --- fill a: stored --- announce: every memory lets go of the old value
 *     a load                claim: busy, waits ................................ finds the new value
 *     a later write                   seize b --- commit --- fill b
 *                                                                fill a: refused, so the entry is invalidated
 *
 * A value in hand is never stored without a fence: of two writes, the one that took the token later wins in
 * Redis only if nothing else was invalidated since; in every other case the entry is gone and loaded anew.
 */

import { type Brought, packed, type Source } from './bring.ts'
import { capture } from './capture.ts'
import { type Millis, millis } from './clock.ts'
import type { Answer, Engine } from './engine.ts'
import { Flight } from './flight.ts'
import type { Invalidator } from './invalidate.ts'
import { keepLocal, release, startLocal, store } from './load.ts'
import type { Policy } from './options.ts'
import { orUndefined } from './remote.ts'

const LEASE_MARGIN: Millis = millis(250)

/** Runs `commit` and caches what it returns. Resolves as `Cache.invalidateTags` does: whether Redis knows. */
export async function writeThrough(
  engine: Engine,
  invalidator: Invalidator,
  policy: Policy,
  key: string,
  source: Source,
  commit: () => Promise<unknown>,
): Promise<boolean> {
  const { remote, clock } = engine
  if (!remote) return writeLocal(engine, invalidator, policy, key, source, commit)
  const lease = millis(policy.loadTimeout + LEASE_MARGIN)
  const token = remote.usable ? await orUndefined(engine.emit, 'seize', () => remote.seize(key, lease)) : undefined
  if (token === undefined) {
    try {
      packed(engine, policy, key, source, await commit(), undefined, clock.now(), millis(0)) // Refused as with Redis.
    } catch (error) {
      await invalidator.originate([], [key])
      throw error
    }
    return invalidator.originate([], [key])
  }
  const { noted } = engine.proof
  const { turn } = engine.pending
  const before = await capture(engine, remote, source.tags)
  // Not in the slot of the key: who reads meanwhile may have the old value, until the write is acknowledged.
  const flight = new Flight<Answer>(key, clock.now(), engine.ownInvalidations, false)
  flight.loadedBy = engine.hooks.propagate?.()
  const loadedAt = clock.now()
  let brought: Brought
  try {
    brought = packed(engine, policy, key, source, await commit(), undefined, loadedAt, millis(0))
  } catch (error) {
    // Not as a failure: that a write was refused says nothing of the source of those who wait for this lease.
    release(engine, remote, flight, token, { type: 'not-stored' })
    // The write may have happened all the same: its answer may be what was lost, or cannot be cached.
    await invalidator.originate([], [key])
    throw error
  }
  const load = { policy, flight, source }
  const filled = before && (await store(engine, remote, load, brought, { before, noted, turn }, token))
  return filled ? invalidator.announce([key]) : invalidator.originate([], [key])
}

/**
 * Without Redis, for the one process there is. Of writes that overlap none is kept: which came later is not known.
 *
 *     write 1   mark --- commit ------------------------------ dropped since the mark: not kept, and dropped again
 *     write 2        mark --- commit --- dropped, kept
 */
async function writeLocal(
  engine: Engine,
  invalidator: Invalidator,
  policy: Policy,
  key: string,
  source: Source,
  commit: () => Promise<unknown>,
): Promise<boolean> {
  const { drops, clock } = engine
  const { mark } = drops
  const start = startLocal(engine, source.tags)
  const loadedAt = clock.now()
  let brought: Brought
  try {
    brought = packed(engine, policy, key, source, await commit(), undefined, loadedAt, millis(0))
  } catch (error) {
    await invalidator.originate([], [key])
    throw error
  }
  const overtaken = drops.since(mark, key)
  const acknowledged = invalidator.originateHere(key)
  keepLocal(engine, policy, key, brought, start, overtaken)
  return acknowledged
}
