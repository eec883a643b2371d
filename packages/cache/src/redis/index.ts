/**
 * Redis as the shared tier, the lease, the tag store and the bus of a cache.
 *
 * Two connections: one for commands (link.ts) and one that listens (subscription.ts). The steps that must
 * not be interrupted are scripts (scripts.ts); where everything lies is in layout.ts.
 */

import type { BusListener } from '../bus.ts'
import {
  after,
  between,
  type Cancel,
  type Clock,
  type Millis,
  type Monotonic,
  millis,
  type ServerMs,
} from '../clock.ts'
import { optionInvalid, remoteFailed } from '../errors.ts'
import type { Claim, LeaseEnd } from '../lease.ts'
import type { OpenRemote, Remote } from '../remote.ts'
import type { Invalidated, Position, TagReading, TagState } from '../tags.ts'
import { uniqueWords } from '../unique.ts'
import { type Layout, layout } from './layout.ts'
import { Link } from './link.ts'
import { CLAIM, FILL, INVALIDATE, PROBE, RELEASE, RENEW, REPLACE, SEIZE, TAGS } from './scripts.ts'
import { Subscription } from './subscription.ts'

export { SCRIPTS, type Script } from './scripts.ts'

export interface RedisOptions {
  /** `redis://` or `rediss://`, with user, password and database where needed. */
  readonly url: string
  /**
   * Longest wait for one command, in milliseconds; after it the read goes on without Redis.
   * @default 250
   */
  readonly commandTimeout?: number | undefined
  /**
   * How often this process proves that it hears the bus, in milliseconds. At most a fifth of the cache's `maxStaleness`.
   * @default 100 (less where `maxStaleness` is below 500)
   */
  readonly probeInterval?: number | undefined
}

export const REDIS_DEFAULTS = Object.freeze({ commandTimeout: 250, probeInterval: 100 })

const TAG_LIFETIME: Millis = millis(86_400_000)
/** Probes answered for this long without one echo: the subscription is deaf. */
const DEAF: Millis = millis(2_000)

/** The remote of a cache: `createCache({ name, redis: redis({ url }) })`. Connects in the background and keeps trying. */
export function redis(options: RedisOptions): OpenRemote {
  if (!/^rediss?:\/\//.test(options.url)) throw optionInvalid('url', 'a redis:// or rediss:// URL', 'something else')
  const commandTimeout = limit('commandTimeout', options.commandTimeout ?? REDIS_DEFAULTS.commandTimeout)
  const asked = options.probeInterval === undefined ? undefined : limit('probeInterval', options.probeInterval)
  return (name, clock, bound) => {
    const longest = millis(bound / 5)
    if (asked !== undefined && asked > longest) {
      throw optionInvalid('probeInterval', `at most a fifth of maxStaleness (${bound})`, asked)
    }
    const interval = asked ?? millis(Math.min(REDIS_DEFAULTS.probeInterval, longest))
    return new RedisRemote(options.url, name, clock, commandTimeout, interval)
  }
}

function limit(name: string, value: number): Millis {
  if (Number.isSafeInteger(value) && value >= 5 && value <= 60_000) return millis(value)
  throw optionInvalid(name, 'a whole number from 5 to 60000', value)
}

class RedisRemote implements Remote {
  readonly #clock: Clock
  readonly #probeInterval: Millis
  readonly #unique = uniqueWords()
  readonly #process = uniqueWords()()
  readonly #at: Layout
  readonly #link: Link
  readonly #subscription: Subscription
  #listener: BusListener | undefined
  #nextProbe: Cancel | undefined
  #probing = false
  #echoedAt: Monotonic

  constructor(url: string, name: string, clock: Clock, commandTimeout: Millis, probeInterval: Millis) {
    this.#clock = clock
    this.#probeInterval = probeInterval
    this.#echoedAt = clock.now()
    this.#at = layout(name, this.#process)
    this.#subscription = new Subscription(
      url,
      [this.#at.bus, this.#at.own],
      (message) => {
        if (message.type === 'echo') this.#echoedAt = clock.now()
        this.#listener?.message(message)
      },
      () => {
        this.#listener?.resumed()
        this.#probeNow()
      },
    )
    this.#link = new Link({
      url,
      clock,
      deadline: commandTimeout,
      handshake: async () => {
        await this.#probe()
      },
      onUsable: (usable) => this.#listener?.usable(usable),
    })
  }

  get usable(): boolean {
    return this.#link.usable
  }

  listen(listener: BusListener): void {
    this.#listener = listener
    if (this.usable) listener.usable(true)
    this.#probeLater()
  }

  async read(key: string): Promise<Buffer | undefined> {
    return (await this.#link.read(this.#at.entry(key))) ?? undefined
  }

  async claim(key: string, rejected: Buffer | undefined, duration: Millis): Promise<Claim> {
    const token = this.#unique()
    // An answer that comes after we stopped waiting may have granted a lease that nobody would use.
    const late = (reply: unknown): void => {
      if (this.#claimed(reply, token).type === 'granted')
        this.release(key, token, { type: 'not-stored' }).catch(() => undefined)
    }
    const keys = [this.#at.entry(key), this.#at.lease(key)]
    const reply = await this.#link.evaluate(CLAIM, keys, [token, duration, rejected ?? '', this.#process], late)
    return this.#claimed(reply, token)
  }

  async seize(key: string, duration: Millis): Promise<string> {
    const token = this.#unique()
    const late = (): void => void this.release(key, token, { type: 'not-stored' }).catch(() => undefined)
    await this.#link.evaluate(SEIZE, [this.#at.lease(key)], [token, duration], late)
    return token
  }

  async replace(key: string, identity: Buffer, bytes: Buffer): Promise<boolean> {
    return (await this.#link.evaluate(REPLACE, [this.#at.entry(key)], [identity, bytes])) === 1
  }

  async fill(key: string, token: string, bytes: Buffer, lifetime: Millis): Promise<boolean> {
    const keys = [this.#at.entry(key), this.#at.lease(key)]
    const args = [token, bytes, Math.ceil(lifetime), this.#at.ownPrefix, ended(key, { type: 'stored' })]
    return (await this.#link.evaluate(FILL, keys, args)) === 1
  }

  async release(key: string, token: string, end: LeaseEnd): Promise<void> {
    await this.#link.evaluate(RELEASE, [this.#at.lease(key)], [token, this.#at.ownPrefix, ended(key, end)])
  }

  async tags(names: readonly string[], mint: boolean): Promise<TagReading> {
    const keys = [this.#at.state, ...names.map(this.#at.tag)]
    const args = [...this.#position(), mint ? 1 : 0, this.#unique(), TAG_LIFETIME, this.#at.bus, JSON.stringify(names)]
    const [epoch, ...rest] = texts('tags', await this.#link.evaluate(TAGS, keys, args))
    const states = names.map((_, i): TagState | undefined => {
      const nonce = rest[2 * i]
      return nonce ? { nonce, number: Number(rest[2 * i + 1]) } : undefined
    })
    return { epoch: epoch ?? '', states }
  }

  async invalidate(tags: readonly string[], keys: readonly string[]): Promise<Invalidated> {
    // Entries and leases first: whoever hears the message must not find them.
    if (keys.length > 0) await this.#link.delete(keys.flatMap((key) => [this.#at.entry(key), this.#at.lease(key)]))
    const nonce = this.#unique()
    return { ...(await this.#publish(nonce, tags, keys, [])), nonce }
  }

  announce(changed: readonly string[], stale: readonly string[]): Promise<Position> {
    return this.#publish(this.#unique(), [], changed, stale)
  }

  async renew(): Promise<Position> {
    return position('renew', await this.#link.evaluate(RENEW, [this.#at.state], this.#position()))
  }

  async close(): Promise<void> {
    this.#nextProbe?.()
    this.#listener = undefined
    this.#link.close()
    this.#subscription.close()
  }

  async #publish(
    nonce: string,
    tags: readonly string[],
    keys: readonly string[],
    stale: readonly string[],
  ): Promise<Position> {
    const said = [tags, keys, stale].map((names) => JSON.stringify(names))
    const args = [...this.#position(), nonce, TAG_LIFETIME, this.#at.bus, ...said]
    return position(
      'invalidate',
      await this.#link.evaluate(INVALIDATE, [this.#at.state, ...tags.map(this.#at.tag)], args),
    )
  }

  #claimed(reply: unknown, token: string): Claim {
    const [type, detail] = Array.isArray(reply) ? reply : []
    switch (String(type)) {
      case 'granted':
        return { type: 'granted', token }
      case 'busy':
        return { type: 'busy', endsIn: millis(Math.max(1, Number(detail))) }
      case 'found':
        return { type: 'found', bytes: detail }
      default:
        throw remoteFailed('claim', new Error('an answer of another shape'))
    }
  }

  /** The epoch to begin should there be none, and the server it would be of. */
  #position(): [string, string] {
    return [this.#unique(), this.#link.run ?? '']
  }

  /** One probe, and the next one after it: never two under way. */
  async #probe(): Promise<void> {
    if (this.#probing) return
    this.#probing = true
    try {
      // The instant of sending, before anything else: see proof.ts.
      const sentAt = this.#clock.now()
      const channel = this.#subscription.listening ? this.#at.own : ''
      await this.#link.trial(PROBE, [this.#at.state], [...this.#position(), channel, sentAt], (reply) => {
        const { epoch, number, time } = position('probe', reply)
        const halfWay = millis(between(sentAt, this.#clock.now()) / 2)
        this.#listener?.answered(epoch, number)
        this.#listener?.serverTime(time, after(sentAt, halfWay), halfWay)
      })
      if (between(this.#echoedAt, this.#clock.now()) > DEAF) this.#replaceSubscription()
    } finally {
      this.#probing = false
    }
  }

  #replaceSubscription(): void {
    this.#echoedAt = this.#clock.now()
    this.#subscription.replace()
  }

  #probeLater(): void {
    this.#nextProbe = this.#clock.timer(this.#probeInterval, () => {
      this.#link.replaceIfSilent()
      this.#probeNow()
      this.#probeLater()
    })
  }

  #probeNow(): void {
    this.#probe().catch(() => undefined) // The link has noted it: it is not usable.
  }
}

function ended(key: string, end: LeaseEnd): string {
  return JSON.stringify({ type: 'lease-ended', key, end })
}

function position(operation: string, reply: unknown): Position {
  const [epoch, number, micros] = texts(operation, reply)
  return { epoch: epoch ?? '', number: Number(number), time: (Number(micros) / 1_000) as ServerMs }
}

function texts(operation: string, reply: unknown): string[] {
  if (Array.isArray(reply)) return reply.map(String)
  throw remoteFailed(operation, new Error('an answer of another shape'))
}
