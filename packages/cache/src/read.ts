/**
 * One flight of a read: what a look into Redis showed, then the lease, then the source.
 *
 *     seen ── believed, fresh ────────────────────────────────────────▶ answer (redis)
 *       │  └── believed, to be reloaded ──▶ answer at once, and go on
 *       │ absent, rejected, stale
 *     claim ── found ── believed ─────────────────────────────────────▶ answer (redis)
 *       │  └── busy: wait for the end of the lease, then claim again
 *       │ granted
 *     load, fenced ───────────────────────────────────────────────────▶ answer (loaded)
 *       └── fails, or is slow: a value within failSafeFor ────────────▶ answer (stale)
 *
 *     Redis not usable, at any step: load without it, bounded by the bulkhead
 *
 * The tags that the load needs are asked for together with the lease. If the lease is not granted they were asked for in
 * vain; their cells are then known for the value that another process brings.
 */

import type { PreviousOf, Source } from './bring.ts'
import { capture, type Stamped } from './capture.ts'
import { after, between, type Cancel, type Millis, millis } from './clock.ts'
import { identityOf } from './codec.ts'
import { isFailSafe, isVouched } from './decide.ts'
import { type Answer, type AtHand, type Engine, step } from './engine.ts'
import { loadFailedElsewhere } from './errors.ts'
import type { TierName } from './events.ts'
import type { Flight } from './flight.ts'
import { linksTo, type Operation } from './hooks.ts'
import { payloadOf, unpack } from './install.ts'
import { type Found, judge } from './judge.ts'
import type { Claim, LeaseEnd } from './lease.ts'
import { type Load, loadFenced, loadLocal } from './load.ts'
import { type Look, type Seen, UNSEEN } from './lookup.ts'
import type { Held } from './memory-tier.ts'
import type { Policy } from './options.ts'
import { type Remote, withoutRemote } from './remote.ts'
import { type Weighed, weigh } from './weigh.ts'

/** A lease outlives the deadline of the load it is for by the way there and back. */
export const LEASE_MARGIN: Millis = millis(250)

/** `captured` may come later. */
interface Claimed {
  readonly claim: Claim
  readonly captured: Promise<Stamped | undefined>
}

/** One read that memory could not answer, or not for good. */
export class Reading {
  readonly #engine: Engine
  readonly #policy: Policy
  readonly #flight: Flight<Answer>
  readonly #source: () => Source
  /** This process's own knowledge of tags does not count. */
  readonly #strict: boolean
  /** Of the drops, when the flight began. */
  readonly #mark: number
  /** What is to be loaded anew, however fresh it is. */
  readonly #due: Held | undefined
  /** What may be served if the source fails. */
  #fallback: { readonly answer: Answer; readonly mark: number } | undefined
  #previous: PreviousOf

  /** `source` is asked for only when there is something to load. */
  constructor(
    engine: Engine,
    policy: Policy,
    flight: Flight<Answer>,
    source: () => Source,
    strict: boolean,
    due: Held | undefined,
  ) {
    this.#engine = engine
    this.#policy = policy
    this.#flight = flight
    this.#source = source
    this.#strict = strict
    this.#due = due
    this.#mark = engine.drops.mark
  }

  /** `atHand` is what memory has and could not serve for good; `look` what Redis showed, if it was asked. */
  async run(atHand: AtHand | undefined, look: Look | undefined): Promise<Answer> {
    if (atHand) this.#fallBackOn(atHand, 'memory')
    const cancel = this.#serveFallbackWhenSlow()
    try {
      const { remote } = this.#engine
      const answer = look !== UNSEEN && remote?.usable && (await this.#throughRedis(remote, look))
      return answer || (await loadLocal(this.#engine, this.#load(this.#source())))
    } catch (error) {
      const fallback = this.#usableFallback()
      if (!fallback) throw error
      return fallback
    } finally {
      cancel?.()
    }
  }

  /** `undefined` when Redis fails, and when the time in which others may load is over and none has brought a value. */
  async #throughRedis(remote: Remote, seen: Seen | undefined): Promise<Answer | undefined> {
    try {
      const { found, weighed } = seen ?? (await this.#look(remote))
      const { answer, reload } = this.#kept(found, weighed)
      if (answer && !reload && !this.#isDue(answer.held)) return answer
      if (answer) this.#flight.serve(answer)
      return await this.#byLease(remote, found)
    } catch (error) {
      return withoutRemote(this.#engine.emit, 'read', error)
    }
  }

  async #byLease(remote: Remote, first: Found): Promise<Answer | undefined> {
    const { clock, waiters } = this.#engine
    const { key } = this.#flight
    const source = this.#source()
    const lease = millis(this.#policy.loadTimeout + LEASE_MARGIN)
    const giveUpAt = after(clock.now(), lease)
    let waited = false
    let found = first

    for (;;) {
      const waiter = waiters.open(key)
      try {
        const { claim, captured } = await this.#claim(remote, source, found, lease)
        if (claim.type === 'granted')
          return await loadFenced(this.#engine, remote, this.#load(source), claim.token, captured)
        if (claim.type === 'busy') {
          const left = between(clock.now(), giveUpAt)
          if (left <= 0) return
          waited = true
          if (!(await this.#waitFor(waiter.wait(millis(Math.min(claim.endsIn, left)))))) return
        } else {
          if (clock.now() > giveUpAt) return
          found = await this.#judge(remote, claim.bytes)
          const { answer, reload } = this.#kept(found, this.#weigh(found, waited))
          // What another process has just brought is not reloaded at once, though chance may say so.
          if (answer && (!reload || waited)) return answer
          if (answer) this.#flight.serve(answer)
        }
      } finally {
        waiters.close(key, waiter)
      }
    }
  }

  #claim(remote: Remote, source: Source, { bytes }: Found, lease: Millis): Promise<Claimed> {
    const operation: Operation = { name: 'lease', resource: this.#policy.resource }
    return step(this.#engine, source.alone, operation, async () => {
      const claiming = remote.claim(this.#flight.key, bytes && identityOf(bytes), lease)
      const captured = capture(this.#engine, remote, source.tags)
      const claim = await claiming
      operation.outcome = claim.type
      return { claim, captured }
    })
  }

  #judge(remote: Remote, bytes: Buffer | undefined): Found | Promise<Found> {
    return judge(this.#engine, remote, this.#policy.resource, this.#flight.key, bytes, this.#strict)
  }

  async #look(remote: Remote): Promise<Seen> {
    const [bytes] = await remote.read([this.#flight.key])
    const found = await this.#judge(remote, bytes)
    return { found, weighed: this.#weigh(found, false) }
  }

  #weigh(found: Found, waited: boolean): Weighed {
    return weigh(this.#engine, this.#policy, this.#flight.key, found, this.#mark, this.#flight.superseded, waited)
  }

  /** Keeps what may do if the load fails. */
  #kept(found: Found, weighed: Weighed): Weighed {
    const { atHand } = weighed
    if (atHand && found.type === 'entry') this.#fallBackOn(atHand, 'redis', found.entry.payload)
    return weighed
  }

  /** Whether this is what was to be loaded anew, and not what another process has brought since. */
  #isDue(found: Held): boolean {
    return this.#due !== undefined && found.hash === this.#due.hash && between(this.#due.loadedAt, found.loadedAt) <= 1
  }

  /** Whether it is worth asking for the lease again. */
  async #waitFor(lease: Promise<LeaseEnd | undefined>): Promise<boolean> {
    const { hooks, clock, emit } = this.#engine
    const { resource } = this.#policy
    const operation: Operation = { name: 'wait', resource }
    const startedAt = clock.now()
    const end = await hooks.around(operation, async () => {
      const end = await lease
      operation.outcome = end?.type ?? 'unheard'
      operation.links = linksTo(end?.trace)
      return end
    })
    this.#flight.loadedBy = end?.trace
    const durationMs = between(startedAt, clock.now())
    emit({ type: 'wait', resource, key: this.#flight.key, durationMs, end: end?.type ?? 'unheard' })
    if (end?.type === 'failed') throw loadFailedElsewhere(this.#flight.key, end.errorName)
    return end?.type !== 'unshared'
  }

  #load(source: Source): Load {
    return { policy: this.#policy, flight: this.#flight, source, previous: this.#previous }
  }

  #fallBackOn({ held, mark }: AtHand, tier: TierName, payload?: Buffer): void {
    this.#fallback = { answer: { held, tier, stored: undefined, waited: false, clean: false }, mark }
    if (held.absent) return
    this.#previous = () => ({
      hash: held.hash,
      value: unpack(held),
      payload: payload ?? payloadOf(held),
    })
  }

  /** The fallback, if it may be served at this instant: what was invalidated meanwhile is not served, not even now. */
  #usableFallback(): Answer | undefined {
    const { cells, proof, clock, drops } = this.#engine
    if (!this.#fallback || this.#flight.superseded) return
    const { answer, mark } = this.#fallback
    const now = clock.now()
    if (drops.since(mark, this.#flight.key) || !isFailSafe(answer.held, now, this.#policy)) return
    if (!isVouched(answer.held, cells, proof, now, this.#policy.withoutProofFor)) return
    return { ...answer, clean: proof.holds(now) }
  }

  #serveFallbackWhenSlow(): Cancel | undefined {
    const { softTimeout } = this.#policy
    if (softTimeout === undefined) return
    return this.#engine.clock.timer(softTimeout, () => {
      const fallback = this.#usableFallback()
      if (fallback) this.#flight.serve(fallback)
    })
  }
}
