/**
 * One flight of a read: Redis, then the lease, then the source.
 *
 *     GET k ── believed, fresh ───────────────────────────────────────▶ answer (redis)
 *       │  └── believed, to be reloaded ──▶ answer at once, and go on
 *       │ absent, rejected, stale
 *     claim ── found ── believed ─────────────────────────────────────▶ answer (redis)
 *       │  └── busy: wait for the end of the lease, then claim again
 *       │ granted
 *     load, fenced ───────────────────────────────────────────────────▶ answer (loaded)
 *       └── fails, or is slow: a value within failSafeFor ────────────▶ answer (stale)
 *
 *     Redis not usable, at any step: load without it, bounded by the bulkhead
 */

import type { PreviousOf, Source } from './bring.ts'
import { after, between, type Cancel, type Millis, type Monotonic, millis } from './clock.ts'
import { decide, isFailSafe, isVouched } from './decide.ts'
import type { Answer, Engine } from './engine.ts'
import type { Entry } from './entry.ts'
import { loadFailedElsewhere } from './errors.ts'
import type { TierName } from './events.ts'
import type { Flight } from './flight.ts'
import { content, install, unpack } from './install.ts'
import type { LeaseEnd } from './lease.ts'
import { loadFenced, loadLocal } from './load.ts'
import { type Found, judge } from './lookup.ts'
import type { Held } from './memory-tier.ts'
import type { Policy } from './options.ts'
import { orUndefined, type Remote } from './remote.ts'

/** A lease outlives the deadline of the load it is for by the way there and back. */
const LEASE_MARGIN: Millis = millis(250)

/** One read that memory could not answer, or not for good. */
export class Reading {
  readonly #engine: Engine
  readonly #policy: Policy
  readonly #flight: Flight<Answer>
  readonly #source: Source
  /** This process's own knowledge of tags does not count. */
  readonly #strict: boolean
  /** What may be served if the source fails. */
  #fallback: Answer | undefined
  #previous: PreviousOf

  constructor(engine: Engine, policy: Policy, flight: Flight<Answer>, source: Source, strict: boolean) {
    this.#engine = engine
    this.#policy = policy
    this.#flight = flight
    this.#source = source
    this.#strict = strict
  }

  /** `held` is what memory has and could not serve for good. */
  async run(held: Held | undefined): Promise<Answer> {
    if (held) this.#fallBackOn(held, 'memory')
    const cancel = this.#serveFallbackWhenSlow()
    try {
      const { remote } = this.#engine
      const answer = remote?.usable && (await orUndefined(this.#engine.emit, 'read', () => this.#throughRedis(remote)))
      return answer || (await loadLocal(this.#engine, this.#load()))
    } catch (error) {
      const fallback = this.#usableFallback()
      if (!fallback) throw error
      return fallback
    } finally {
      cancel()
    }
  }

  /** `undefined` when the time in which others may load is over and none has brought a value. */
  async #throughRedis(remote: Remote): Promise<Answer | undefined> {
    const { clock, waiters } = this.#engine
    const { key } = this.#flight
    const lease = millis(this.#policy.loadTimeout + LEASE_MARGIN)
    const giveUpAt = after(clock.now(), lease)
    let waited = false
    let rejected: Buffer | undefined
    let found = await this.#judge(remote, await remote.read(key))

    for (;;) {
      rejected = found.identity
      if (found.type === 'entry') {
        const { answer, reload } = this.#fromRedis(found, waited)
        // What another process has just brought is not reloaded at once, though chance may say so.
        if (answer && (!reload || waited)) return answer
        if (answer) this.#flight.serve(answer)
      }
      const waiter = waiters.open(key)
      try {
        const claim = await remote.claim(key, rejected, lease)
        if (claim.type === 'granted') return await loadFenced(this.#engine, remote, this.#load(), claim.token)
        if (claim.type === 'busy') {
          const left = between(clock.now(), giveUpAt)
          if (left <= 0) return
          waited = true
          if (!(await this.#waitFor(waiter.wait(millis(Math.min(claim.endsIn, left)))))) return
        } else {
          if (clock.now() > giveUpAt) return
          found = await this.#judge(remote, claim.bytes)
        }
      } finally {
        waiter.close()
      }
    }
  }

  #judge(remote: Remote, bytes: Buffer | undefined): Promise<Found> {
    return judge(this.#engine, remote, this.#policy.resource, this.#flight.key, bytes, this.#strict)
  }

  /** Whether it is worth asking for the lease again. */
  async #waitFor(lease: Promise<LeaseEnd | undefined>): Promise<boolean> {
    const end = await this.#engine.hooks.around({ name: 'wait', resource: this.#policy.resource }, () => lease)
    if (end?.type === 'failed') throw loadFailedElsewhere(this.#flight.key, end.errorName)
    return end?.type !== 'unshared'
  }

  /** An entry that is believed: what it answers, if it may be served, and whether it is to be reloaded. */
  #fromRedis({ entry, cells }: Found & { type: 'entry' }, waited: boolean): { answer?: Answer; reload: boolean } {
    const { proof, clock, chance } = this.#engine
    const value = this.#content(entry)
    if (!value) return { reload: true }
    const held: Held = {
      ...value,
      hash: entry.hash,
      loadedAt: proof.toMonotonic(entry.loadedAt),
      loadedHereAt: Number.NEGATIVE_INFINITY as Monotonic,
      staleAt: proof.toMonotonic(entry.staleAt),
      expiresAt: proof.toMonotonic(entry.expiresAt),
      loadMs: entry.loadMs,
      cells,
      nonces: entry.stamps.map(({ nonce }) => nonce),
      size: entry.payload.length,
    }
    const clean = install(this.#engine, this.#policy, this.#flight, held) && proof.holds(clock.now())
    const decision = decide(entry, proof.toServer(clock.now()), this.#policy, chance)
    if (decision !== 'serve') this.#fallBackOn(held, 'redis', entry.payload)
    if (decision === 'load') return { reload: true }
    return { answer: { held, tier: 'redis', waited, clean }, reload: decision === 'serve-and-reload' }
  }

  /** A checksum is no proof of being JSON: what cannot be parsed is as good as absent. */
  #content(entry: Entry): Pick<Held, 'absent' | 'value' | 'payload'> | undefined {
    try {
      return content(this.#policy, entry.absent, entry.payload)
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
      this.#engine.emit({ type: 'rejected', resource: this.#policy.resource, key: this.#flight.key, reason: 'foreign' })
      return undefined
    }
  }

  #load(): Parameters<typeof loadLocal>[1] {
    return { policy: this.#policy, flight: this.#flight, source: this.#source, previous: this.#previous }
  }

  #fallBackOn(held: Held, tier: TierName, payload = held.payload): void {
    this.#fallback = { held, tier, waited: false, clean: false }
    if (held.absent) return
    this.#previous = () => ({
      hash: held.hash,
      value: unpack(held),
      payload: payload ?? Buffer.from(JSON.stringify(held.value)),
    })
  }

  /** The fallback, if it may be served at this instant: what was invalidated meanwhile is not served, not even now. */
  #usableFallback(): Answer | undefined {
    const { proof, clock } = this.#engine
    const fallback = this.#fallback
    if (!fallback || this.#flight.superseded) return
    const now = clock.now()
    const { held } = fallback
    const usable = isFailSafe(held, now, this.#policy) && isVouched(held, proof, now, this.#policy.withoutProofFor)
    return usable ? { ...fallback, clean: proof.holds(now) } : undefined
  }

  #serveFallbackWhenSlow(): Cancel {
    const { softTimeout } = this.#policy
    if (softTimeout === undefined) return () => undefined
    return this.#engine.clock.timer(softTimeout, () => {
      const fallback = this.#usableFallback()
      if (fallback) this.#flight.serve(fallback)
    })
  }
}
