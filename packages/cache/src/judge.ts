/**
 * Judges whether an entry from Redis may be believed.
 *
 * With proof, tags are compared with this process's cells and Redis is not asked again: an L2 hit is one GET.
 * A cell that disagrees is confirmed in Redis before a good entry is thrown away, because a tag that
 * Redis evicted and minted anew may not have reached this process yet. Without proof, every tag and the
 * epoch are read from Redis after the entry, and must match then.
 */

import type { Cell } from './cells.ts'
import { decodeEntry } from './codec.ts'
import type { Engine } from './engine.ts'
import type { Entry } from './entry.ts'
import type { Rejection } from './events.ts'
import type { Remote } from './remote.ts'

export type Found =
  | { readonly type: 'entry'; readonly entry: Entry; readonly cells: readonly Cell[]; readonly bytes: Buffer }
  /** `bytes` are those that were there and are not believed: a claim counts them as absent. */
  | { readonly type: 'none'; readonly bytes?: Buffer }

/**
 * With `strict`, this process's own knowledge of tags does not count, however young its proof. A promise only where Redis
 * has to be asked.
 */
export function judge(
  engine: Engine,
  remote: Remote,
  resource: string,
  key: string,
  bytes: Buffer | undefined,
  strict: boolean,
): Found | Promise<Found> {
  if (!bytes) return ABSENT
  const entry = decodeEntry(key, bytes)
  if (!entry) return refuse(engine, resource, key, 'foreign', bytes)
  // Cells before any question to Redis: a message that overtakes the answer then finds its cell.
  const cells = entry.stamps.map(({ tag }) => engine.cells.acquire(tag))
  const { proof, clock, pending } = engine
  const now = clock.now()
  if (proof.toServer(now) >= entry.expiresAt) return refuse(engine, resource, key, 'expired', bytes)
  if (pending.has(key, entry.stamps)) return refuse(engine, resource, key, 'pending', bytes)
  if (!strict && proof.holds(now) && entry.epoch === proof.epoch && isStampedAs(entry, cells))
    return { type: 'entry', entry, cells, bytes }
  return confirm(engine, remote, entry, cells).then((rejection) =>
    rejection ? refuse(engine, resource, key, rejection, bytes) : { type: 'entry', entry, cells, bytes },
  )
}

const ABSENT: Found = Object.freeze({ type: 'none' })

function refuse(engine: Engine, resource: string, key: string, reason: Rejection, bytes: Buffer): Found {
  engine.emit({ type: 'rejected', resource, key, reason })
  return { type: 'none', bytes }
}

function isStampedAs({ stamps }: Entry, states: readonly ({ readonly nonce: string } | undefined)[]): boolean {
  for (let i = 0; i < stamps.length; i++) if (stamps[i]?.nonce !== states[i]?.nonce) return false
  return true
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
  return isStampedAs(entry, states) ? undefined : 'tag'
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
