/**
 * Explains one key: where its entry lives, its instants, its tags when it was loaded and now, and what a read would do.
 * For people; it changes nothing and counts as no read.
 */

import { decodeEntry } from './codec.ts'
import { type Decision, decide, isCurrent } from './decide.ts'
import type { Engine } from './engine.ts'
import type { Policy } from './options.ts'
import { orUndefined } from './remote.ts'

export interface Explained {
  /** The source said that there is no such value. */
  readonly absent: boolean
  /** Milliseconds since its load began. */
  readonly ageMs: number
  /** Milliseconds it stays fresh; negative when stale. */
  readonly ttlMs: number
  readonly expiresInMs: number
  readonly hash: string
  readonly tags: readonly { readonly tag: string; readonly stamped: string; readonly current: string | undefined }[]
  /** What a read that finds it would do. */
  readonly verdict: Decision | 'invalidated' | 'another epoch' | 'expired' | 'no proof' | 'not readable'
}

export interface Explanation {
  readonly key: string
  readonly memory: Explained | undefined
  readonly redis: Explained | undefined
  /** A flight of this process reads the key now. */
  readonly reading: boolean
}

export async function explain(engine: Engine, policy: Policy, key: string): Promise<Explanation> {
  return {
    key,
    memory: inMemory(engine, policy, key),
    redis: await inRedis(engine, policy, key),
    reading: engine.flights.running(key) !== undefined,
  }
}

function inMemory(engine: Engine, policy: Policy, key: string): Explained | undefined {
  const { memory, clock, proof } = engine
  const held = memory.get(key)
  if (!held) return
  const now = clock.now()
  const verdict = (): Explained['verdict'] => {
    if (!isCurrent(held.cells, held.nonces)) return 'invalidated'
    if (!proof.covers(held.loadedHereAt, now, policy.withoutProofFor)) return 'no proof'
    return now < held.expiresAt ? decide(held, now, policy, () => 1) : 'expired'
  }
  return {
    absent: held.absent,
    ageMs: now - held.loadedAt,
    ttlMs: held.staleAt - now,
    expiresInMs: held.expiresAt - now,
    hash: held.hash,
    tags: held.cells.map((cell, i) => ({ tag: cell.tag, stamped: held.nonces[i] ?? '', current: cell.nonce })),
    verdict: verdict(),
  }
}

async function inRedis(engine: Engine, policy: Policy, key: string): Promise<Explained | undefined> {
  const { remote, clock, proof } = engine
  const [bytes] = (remote && (await orUndefined(engine.emit, 'explain', () => remote.read([key])))) ?? []
  if (!remote || !bytes) return
  const entry = decodeEntry(key, bytes)
  if (!entry) return { absent: false, ageMs: 0, ttlMs: 0, expiresInMs: 0, hash: '', tags: [], verdict: 'not readable' }
  const names = entry.stamps.map(({ tag }) => tag)
  const reading = await orUndefined(engine.emit, 'explain', () => remote.tags(names, false))
  const now = proof.toServer(clock.now())
  const tags = entry.stamps.map(({ tag, nonce }, i) => ({ tag, stamped: nonce, current: reading?.states[i]?.nonce }))
  const verdict = (): Explained['verdict'] => {
    if (reading?.epoch !== entry.epoch) return 'another epoch'
    if (tags.some(({ stamped, current }) => stamped !== current)) return 'invalidated'
    return now < entry.expiresAt ? decide(entry, now, policy, () => 1) : 'expired'
  }
  return {
    absent: entry.absent,
    ageMs: now - entry.loadedAt,
    ttlMs: entry.staleAt - now,
    expiresInMs: entry.expiresAt - now,
    hash: entry.hash,
    tags,
    verdict: verdict(),
  }
}
