/**
 * One flight of a read: Redis, then the lease, then the source.
 *
 *     GET k ── believed ──────────────────────────────────────────────▶ answer (redis)
 *       │ absent, rejected
 *     claim ── found ── believed ─────────────────────────────────────▶ answer (redis)
 *       │  └── busy: wait for the end of the lease, then claim again
 *       │ granted
 *     load, fenced ───────────────────────────────────────────────────▶ answer (loaded)
 *
 *     Redis not usable, at any step: load without it, bounded by the bulkhead
 */

import { after, between, type Millis, millis } from './clock.ts'
import type { Answer, Engine } from './engine.ts'
import { loadFailedElsewhere } from './errors.ts'
import type { Flight } from './flight.ts'
import { install, parseFrozen } from './install.ts'
import { loadFenced, loadLocal, orUndefined, type Source } from './load.ts'
import { type Found, judge } from './lookup.ts'
import type { Policy } from './options.ts'
import type { Remote } from './remote.ts'

/** A lease outlives the deadline of the load it is for by the way there and back. */
const LEASE_MARGIN: Millis = millis(1_000)

export async function readThrough(
  engine: Engine,
  policy: Policy,
  flight: Flight<Answer>,
  source: Source,
): Promise<Answer> {
  const { remote } = engine
  if (remote?.usable) {
    const answer = await orUndefined(engine, 'read', () => throughRedis(engine, remote, policy, flight, source))
    if (answer) return answer
  }
  return loadLocal(engine, policy, flight, source)
}

/** `undefined` when the time in which others may load is over and none has brought a value. */
async function throughRedis(
  engine: Engine,
  remote: Remote,
  policy: Policy,
  flight: Flight<Answer>,
  source: Source,
): Promise<Answer | undefined> {
  const { resource, loadTimeout } = policy
  const lease = millis(loadTimeout + LEASE_MARGIN)
  const giveUpAt = after(engine.clock.now(), lease)
  let waited = false
  let found = await judge(engine, remote, resource, flight.key, await remote.read(flight.key))

  while (found.type === 'none') {
    const waiter = engine.waiters.open(flight.key)
    try {
      const claim = await remote.claim(flight.key, found.rejected, lease)
      if (claim.type === 'granted') return await loadFenced(engine, remote, policy, flight, source, claim.token)
      if (claim.type === 'busy') {
        const left = between(engine.clock.now(), giveUpAt)
        if (left <= 0) return
        waited = true
        const longest = millis(Math.min(claim.endsIn, left))
        const end = await engine.hooks.around({ name: 'wait', resource }, () => waiter.wait(longest))
        if (end?.type === 'failed') throw loadFailedElsewhere(flight.key, end.errorName)
      } else {
        found = await judge(engine, remote, resource, flight.key, claim.bytes)
      }
    } finally {
      waiter.close()
    }
  }
  return fromRedis(engine, flight, found, waited)
}

function fromRedis(
  engine: Engine,
  flight: Flight<Answer>,
  { entry, cells }: Found & { type: 'entry' },
  waited: boolean,
): Answer {
  const value = entry.absent ? undefined : parseFrozen(entry.payload)
  const expiresAt = engine.proof.toMonotonic(entry.expiresAt)
  const clean = install(engine, flight, {
    value,
    loadedAt: engine.proof.toMonotonic(entry.loadedAt),
    expiresAt,
    cells,
    nonces: entry.stamps.map(({ nonce }) => nonce),
    size: entry.payload.length,
  })
  return { value, tier: 'redis', waited, expiresAt, clean: clean && engine.proof.holds(engine.clock.now()) }
}
