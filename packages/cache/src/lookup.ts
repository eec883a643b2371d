/**
 * Judges whether an entry from Redis may be believed.
 *
 * With proof, tags are compared with this process's cells and Redis is not asked again: an L2 hit is one GET.
 * A cell that disagrees is confirmed in Redis before a good entry is thrown away, because a tag that
 * Redis evicted and minted anew may not have reached this process yet. Without proof, every tag and the
 * epoch are read from Redis after the entry, and must match then.
 */

import type { Cell } from './cells.ts'
import { decodeEntry, identityOf } from './codec.ts'
import type { Engine } from './engine.ts'
import type { Entry } from './entry.ts'
import type { Rejection } from './events.ts'
import type { Remote } from './remote.ts'

export type Found =
  | { readonly type: 'entry'; readonly entry: Entry; readonly cells: readonly Cell[]; readonly identity: Buffer }
  /** `identity` is that of the bytes that were there, so that a claim counts them as absent. */
  | { readonly type: 'none'; readonly identity?: Buffer }

/** With `strict`, this process's own knowledge of tags does not count, however young its proof. */
export async function judge(
  engine: Engine,
  remote: Remote,
  resource: string,
  key: string,
  bytes: Buffer | undefined,
  strict: boolean,
): Promise<Found> {
  if (!bytes) return { type: 'none' }
  const entry = decodeEntry(key, bytes)
  // Cells before any question to Redis: a message that overtakes the answer then finds its cell.
  const cells = entry ? entry.stamps.map(({ tag }) => engine.cells.acquire(tag)) : []
  const reason = entry ? await rejection(engine, remote, key, entry, cells, strict) : 'foreign'
  if (entry && !reason) return { type: 'entry', entry, cells, identity: identityOf(bytes) }
  engine.emit({ type: 'rejected', resource, key, reason: reason ?? 'foreign' })
  return { type: 'none', identity: identityOf(bytes) }
}

async function rejection(
  engine: Engine,
  remote: Remote,
  key: string,
  entry: Entry,
  cells: readonly Cell[],
  strict: boolean,
): Promise<Rejection | undefined> {
  const { proof, clock, pending } = engine
  const now = clock.now()
  if (proof.toServer(now) >= entry.expiresAt) return 'expired'
  if (pending.has(key, entry.stamps)) return 'pending'
  const trusted = !strict && proof.holds(now) && entry.epoch === proof.epoch
  if (trusted && entry.stamps.every(({ nonce }, i) => nonce === cells[i]?.nonce)) return
  return confirm(engine, remote, entry, cells)
}

async function confirm(
  engine: Engine,
  remote: Remote,
  entry: Entry,
  cells: readonly Cell[],
): Promise<Rejection | undefined> {
  const { epoch, states } = await remote.tags(
    entry.stamps.map(({ tag }) => tag),
    false,
  )
  learn(engine, epoch, cells, states)
  if (epoch !== entry.epoch) return 'epoch'
  return entry.stamps.every(({ nonce }, i) => nonce === states[i]?.nonce) ? undefined : 'tag'
}

/** Cells learn only within their own epoch: numbers of two epochs cannot be compared. */
export function learn(
  engine: Engine,
  epoch: string,
  cells: readonly Cell[],
  states: readonly ({ readonly nonce: string; readonly number: number } | undefined)[],
): void {
  if (epoch !== engine.proof.epoch) return
  for (const [i, state] of states.entries()) {
    const cell = cells[i]
    if (state && cell) engine.cells.offer(cell, state.nonce, state.number)
  }
}
