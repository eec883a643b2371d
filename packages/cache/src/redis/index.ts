/**
 * Redis as the shared tier, the lease, the tag store and the bus of a cache.
 *
 * Two connections: one for commands (link.ts) and one that listens (subscription.ts). The steps that must
 * not be interrupted are scripts (scripts.ts); where everything lies is in layout.ts. What many reads ask for in one
 * turn of the event loop is one command of each kind (gather.ts).
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
import { Gather } from '../gather.ts'
import type { Claim, LeaseEnd } from '../lease.ts'
import type { OpenRemote, Remote } from '../remote.ts'
import type { Invalidated, Position, TagReading, TagState } from '../tags.ts'
import type { ScanStep } from '../tier.ts'
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
/** What one command asks for at most: Redis does nothing else while it runs, and its answer is held whole. */
const MOST = Object.freeze({ claims: 64, fills: 16, tagLists: 32 })

/** Probes answered for this long without one echo: the subscription is deaf. */
const DEAF: Millis = millis(2_000)

/** The remote of a cache: `createCache({ name, redis: redis({ url }) })`. Connects in the background and keeps trying. */
export function redis(options: RedisOptions): OpenRemote {
  if (typeof options?.url !== 'string' || !/^rediss?:\/\//.test(options.url))
    throw optionInvalid('url', 'a redis:// or rediss:// URL', 'something else')
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
  readonly #claims: Gather<AskedClaim, Claim>
  readonly #fills: Gather<AskedFill, boolean>
  readonly #mintings: Gather<readonly string[], TagReading>
  readonly #readings: Gather<readonly string[], TagReading>
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
      clock,
      [this.#at.bus, this.#at.own],
      (message) => {
        if (message.type === 'echo') this.#echoedAt = clock.now()
        this.#listener?.message(message)
      },
      () => {
        this.#listener?.resumed()
        this.#probeNow()
      },
      (error) => this.#listener?.trouble(error),
    )
    this.#link = new Link({
      url,
      clock,
      deadline: commandTimeout,
      handshake: async () => {
        await this.#probe()
      },
      onUsable: (usable) => this.#listener?.usable(usable),
      onTrouble: (error) => this.#listener?.trouble(error),
    })
    this.#claims = new Gather(clock, MOST.claims, (asked) => this.#claimAll(asked))
    this.#fills = new Gather(clock, MOST.fills, (asked) => this.#fillAll(asked))
    this.#mintings = new Gather(clock, MOST.tagLists, (lists) => this.#tagsOfAll(lists, true))
    this.#readings = new Gather(clock, MOST.tagLists, (lists) => this.#tagsOfAll(lists, false))
  }

  get usable(): boolean {
    return this.#link.usable
  }

  listen(listener: BusListener): void {
    this.#listener = listener
    this.#probeLater()
  }

  read(keys: readonly string[]): Promise<readonly (Buffer | undefined)[]> {
    return this.#link.read(keys.map(this.#at.entry))
  }

  async scan(pattern: string, cursor: string | undefined, count: number): Promise<ScanStep> {
    const [next, found] = list('scan', await this.#link.scan(cursor ?? '0', this.#at.matching(pattern), count))
    const keys = list('scan', found).map((stored) => this.#at.keyOf(String(stored)))
    return { keys, next: String(next) === '0' ? undefined : String(next) }
  }

  claim(key: string, rejected: Buffer | undefined, duration: Millis): Promise<Claim> {
    return this.#claims.of({ key, rejected, duration, token: this.#unique() })
  }

  async seize(key: string, duration: Millis): Promise<string> {
    const token = this.#unique()
    const late = (): void => void this.release(key, token, { type: 'not-stored' }).catch(() => undefined)
    await this.#link.evaluate(SEIZE, [this.#at.lease(key)], [token, Math.ceil(duration)], late)
    return token
  }

  async replace(key: string, identity: Buffer, bytes: Buffer): Promise<boolean> {
    return (await this.#link.evaluate(REPLACE, [this.#at.entry(key)], [identity, bytes])) === 1
  }

  fill(key: string, token: string, bytes: Buffer, lifetime: Millis, trace?: string): Promise<boolean> {
    return this.#fills.of({ key, token, bytes, lifetime, trace })
  }

  async release(key: string, token: string, end: LeaseEnd): Promise<void> {
    await this.#link.evaluate(RELEASE, [this.#at.lease(key)], [token, this.#at.ownPrefix, ended(key, end)])
  }

  tags(names: readonly string[], mint: boolean): Promise<TagReading> {
    return (mint ? this.#mintings : this.#readings).of(names)
  }

  async invalidate(tags: readonly string[], keys: readonly string[], trace?: string): Promise<Invalidated> {
    // Entries and leases first: whoever hears the message must not find them.
    if (keys.length > 0) await this.#link.delete(keys.flatMap((key) => [this.#at.entry(key), this.#at.lease(key)]))
    const nonce = this.#unique()
    return { ...(await this.#publish(nonce, tags, keys, [], trace)), nonce }
  }

  announce(changed: readonly string[], stale: readonly string[], trace?: string, matching?: string): Promise<Position> {
    return this.#publish(this.#unique(), [], changed, stale, trace, matching)
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
    trace: string | undefined,
    matching?: string,
  ): Promise<Position> {
    const said = [tags, keys, stale].map((names) => JSON.stringify(names))
    const more = JSON.stringify({ matching, trace }).slice(1, -1)
    const args = [...this.#position(), nonce, TAG_LIFETIME, this.#at.bus, ...said, more && `,${more}`]
    return position(
      'invalidate',
      await this.#link.evaluate(INVALIDATE, [this.#at.state, ...tags.map(this.#at.tag)], args),
    )
  }

  async #claimAll(asked: readonly AskedClaim[]): Promise<readonly (Claim | Promise<Claim>)[]> {
    // An answer that comes after we stopped waiting may have granted leases that nobody would use.
    const late = (replies: unknown): void => {
      for (const [i, { key, token }] of asked.entries())
        if (typeOf(list('claim', replies)[i]) === 'granted')
          this.release(key, token, { type: 'not-stored' }).catch(() => undefined)
    }
    const args = asked.flatMap(({ token, duration, rejected }) => [token, Math.ceil(duration), rejected ?? ''])
    const replies = await this.#link.evaluate(CLAIM, this.#slots(asked), [this.#process, ...args], late)
    return list('claim', replies).map((reply, i): Claim | Promise<Claim> => {
      const [, detail] = list('claim', reply)
      switch (typeOf(reply)) {
        case 'granted':
          return { type: 'granted', token: asked[i]?.token ?? '' }
        case 'busy':
          return { type: 'busy', endsIn: millis(Math.max(1, Number(detail))) }
        case 'found':
          return { type: 'found', bytes: detail as Buffer }
        default:
          return failedAlone('claim', detail)
      }
    })
  }

  async #fillAll(asked: readonly AskedFill[]): Promise<readonly (boolean | Promise<boolean>)[]> {
    const args = asked.flatMap(({ key, token, bytes, lifetime, trace }) => [
      token,
      bytes,
      Math.ceil(lifetime),
      ended(key, { type: 'stored', trace }),
    ])
    const replies = await this.#link.evaluate(FILL, this.#slots(asked), [this.#at.ownPrefix, ...args])
    return list('fill', replies).map((reply) => {
      const type = typeOf(reply)
      if (type === 'stored' || type === 'refused') return type === 'stored'
      return failedAlone('fill', list('fill', reply)[1])
    })
  }

  /** All lists as one: a tag that several ask for is the same to all of them. */
  async #tagsOfAll(lists: readonly (readonly string[])[], mint: boolean): Promise<readonly TagReading[]> {
    const names = [...new Set(lists.flat())]
    const keys = [this.#at.state, ...names.map(this.#at.tag)]
    const args = [...this.#position(), mint ? this.#unique() : '', TAG_LIFETIME]
    const [epoch = '', ...words] = list('tags', await this.#link.evaluate(TAGS, keys, args)).map(String)
    const states = new Map(names.map((name, i) => [name, tagState(epoch, words[i] ?? '')]))
    return lists.map((asked) => ({ epoch, states: asked.map((name) => states.get(name)) }))
  }

  /** Entry and lease of each. */
  #slots(asked: readonly { readonly key: string }[]): string[] {
    return asked.flatMap(({ key }) => [this.#at.entry(key), this.#at.lease(key)])
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

interface AskedClaim {
  readonly key: string
  readonly token: string
  readonly rejected: Buffer | undefined
  readonly duration: Millis
}

interface AskedFill {
  readonly key: string
  readonly token: string
  readonly bytes: Buffer
  readonly lifetime: Millis
  readonly trace: string | undefined
}

/** `undefined` for a tag of another epoch: it is as good as missing. */
function tagState(epoch: string, words: string): TagState | undefined {
  const [of, number, nonce] = words.split(' ')
  return of === epoch && nonce ? { nonce, number: Number(number) } : undefined
}

function typeOf(reply: unknown): string {
  return Array.isArray(reply) ? String(reply[0]) : ''
}

/** What one key of several has come to. */
function failedAlone(operation: string, reason: unknown): Promise<never> {
  return Promise.reject(remoteFailed(operation, new Error(String(reason ?? 'an answer of another shape'))))
}

function ended(key: string, end: LeaseEnd): string {
  return JSON.stringify({ type: 'lease-ended', key, end })
}

function position(operation: string, reply: unknown): Position {
  const [epoch = '', number, micros] = list(operation, reply).map(String)
  return { epoch, number: Number(number), time: (Number(micros) / 1_000) as ServerMs }
}

function list(operation: string, reply: unknown): unknown[] {
  if (Array.isArray(reply)) return reply
  throw remoteFailed(operation, new Error('an answer of another shape'))
}
