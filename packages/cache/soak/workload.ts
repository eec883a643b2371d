/**
 * What a member does all day: reads and writes at a steady rate, keys by Zipf, each kind of call in its share.
 *
 * The rate does not depend on the answers: while Redis or the source is slow, reads go on being asked for, up to a limit.
 * Every call is noted in the journal with the instants just before it and just after it.
 */

import { setTimeout as pause } from 'node:timers/promises'

import type { Cache, Resource } from '../src/index.ts'
import { type Instant, now } from './instant.ts'
import type { Journal } from './journal.ts'
import { groupTag, isAbsent, KEYS, KINDS, keysOf, nameOf, type Scope, shelfTag, type Value, valueAt } from './kinds.ts'
import { ABSENT, type How } from './messages.ts'
import { createZipf, hash, type Random } from './random.ts'
import { declareResources } from './resources.ts'
import { type SourceClient, SourceDown } from './source-client.ts'

const READS_PER_SECOND = 3_000
const WRITES_PER_SECOND = 40
const READS_OF_THE_TALKED_ABOUT = 0.15
const WRITES_OF_THE_TALKED_ABOUT = 0.4
const TALK_MS = 3_000
const TURN_MS = 5
/** Most calls under way at once; past it none is begun. */
const MOST_UNDER_WAY = 400
/** A member that stood still does not make up for more than this. */
const LONGEST_TURN_MS = 100

/** A position of another member, and its number. */
export interface ForeignPosition {
  readonly number: number
  readonly word: string
}

export class Workload {
  readonly #cache: Cache
  readonly #source: SourceClient
  readonly #journal: Journal
  readonly #random: Random
  readonly #zipf: () => number
  readonly #resources: readonly Resource<number, Value>[]
  #underWay = 0
  #resting = false
  /** The latest that was heard of. */
  foreignPosition: ForeignPosition | undefined

  constructor(cache: Cache, source: SourceClient, journal: Journal, random: Random) {
    this.#cache = cache
    this.#source = source
    this.#journal = journal
    this.#random = random
    this.#zipf = createZipf(random, KEYS)
    this.#resources = declareResources(cache, source)
  }

  /** Until it is told to rest; resolves when nothing is under way any more. */
  async run(): Promise<void> {
    let [reads, writes] = [0, 0]
    let before = now()
    while (!this.#resting) {
      await pause(TURN_MS)
      const at = now()
      const seconds = Math.min(at - before, LONGEST_TURN_MS) / 1_000
      before = at
      reads += seconds * READS_PER_SECOND
      writes += seconds * WRITES_PER_SECOND
      while (reads > 0) reads -= this.#underWay < MOST_UNDER_WAY ? this.#read() : 1
      for (; writes > 0; writes--) if (this.#underWay < MOST_UNDER_WAY) this.#counted(this.#quietly(this.#write()))
    }
    while (this.#underWay > 0) await pause(TURN_MS)
  }

  rest(): void {
    this.#resting = true
  }

  /** Begins one call. Returns how many keys it reads. */
  #read(): number {
    const kind = this.#random.below(KINDS.length)
    const id = this.#draw(kind, READS_OF_THE_TALKED_ABOUT)
    const drawn = this.#random.next()
    if (drawn < 0.05) return this.#getMany(kind)
    if (drawn < 0.15) this.#peek(kind, id)
    else if (drawn < 0.19 && this.foreignPosition) this.#getAfter(kind, id, this.foreignPosition)
    else this.#get(kind, id)
    return 1
  }

  /**
   * A key of this kind, as its number within it. One of each kind is talked about for a while, and all members know which
   * by the clock they share: there, reads and writes of several processes meet.
   */
  #draw(kind: number, share: number): number {
    if (!this.#random.chance(share)) return this.#zipf()
    return hash(kind, Math.floor(now() / TALK_MS)) % KEYS
  }

  #get(kind: number, id: number): void {
    const resource = this.#resource(kind)
    const key = kind * KEYS + id
    const startedAt = now()
    if (KINDS[kind]?.policy.keep === 'bytes' && this.#random.chance(0.5)) {
      const read = resource.getBytes(id).then((bytes) => bytes && (JSON.parse(bytes.bytes.toString()) as Value))
      this.#follow(key, startedAt, 'getBytes', read)
    } else this.#follow(key, startedAt, 'get', resource.get(id))
  }

  #getAfter(kind: number, id: number, { number, word }: ForeignPosition): void {
    const startedAt = now()
    const read = this.#resource(kind).get(id, { after: word })
    this.#follow(kind * KEYS + id, startedAt, 'get after', read, number)
  }

  #getMany(kind: number): number {
    const ids = [...new Set(Array.from({ length: 2 + this.#random.below(15) }, this.#zipf))]
    const keys = ids.map((id) => kind * KEYS + id)
    const startedAt = now()
    this.#counted(
      this.#resource(kind)
        .getMany(ids)
        .then(
          (values) => {
            for (const [i, key] of keys.entries()) this.#saw(key, values[i], startedAt, 'getMany')
          },
          (error: unknown) => this.#journal.failed(keys[0] as number, startedAt, 'getMany', error),
        ),
    )
    return ids.length
  }

  #peek(kind: number, id: number): void {
    const startedAt = now()
    const value = this.#resource(kind).peek(id)
    // Nothing at hand says nothing.
    if (value) this.#saw(kind * KEYS + id, value, startedAt, 'peek')
  }

  #follow(key: number, startedAt: Instant, how: How, read: Promise<Value | undefined>, position?: number): void {
    this.#counted(
      read.then(
        (value) => this.#saw(key, value, startedAt, how, position),
        (error: unknown) => this.#journal.failed(key, startedAt, how, error),
      ),
    )
  }

  #saw(key: number, value: Value | undefined, startedAt: Instant, how: How, position?: number): void {
    this.#journal.read(key, value?.version ?? ABSENT, startedAt, how, position)
    if (
      value &&
      (value.key !== key || isAbsent(key, value.version) || value.text !== valueAt(key, value.version)?.text)
    )
      this.#journal.complain(`${how} of ${nameOf(key)} brought something else: ${JSON.stringify(value).slice(0, 100)}`)
  }

  #write(): Promise<unknown> {
    const kind = this.#random.below(KINDS.length)
    const key = kind * KEYS + this.#draw(kind, WRITES_OF_THE_TALKED_ABOUT)
    const drawn = this.#random.next()
    if (drawn < 0.08) return this.#resource(kind).expire(key % KEYS)
    if (drawn < 0.085) return this.#clear(kind)
    switch (this.#random.pick(KINDS[kind]?.written ?? [])) {
      case 'through':
        return this.#update(kind, key)
      case 'by shelf':
        return this.#writeShelf(key)
      case 'by value':
        return this.#writeByValue(key)
      default:
        return this.#writeByKey(kind, key)
    }
  }

  async #writeByKey(kind: number, key: number): Promise<void> {
    await this.#commit([key])
    await this.#invalidate({ type: 'key', key }, () => this.#resource(kind).invalidate(key % KEYS))
  }

  async #writeByValue(key: number): Promise<void> {
    const [version = 0] = await this.#commit([key])
    const versions = [version - 1, version]
    const tags = versions.map((one) => groupTag(key, one))
    await this.#invalidate({ type: 'groups', key, versions }, () => this.#cache.invalidateTags(tags))
  }

  async #writeShelf(key: number): Promise<void> {
    const scope: Scope = { type: 'shelf', key }
    await this.#commit(keysOf(scope))
    await this.#invalidate(scope, () => this.#cache.invalidateTags([shelfTag(key)]))
  }

  async #clear(kind: number): Promise<void> {
    const first = kind * KEYS
    await this.#commit(Array.from({ length: 10 }, () => first + this.#zipf()))
    await this.#invalidate({ type: 'kind', key: first }, () => this.#resource(kind).clear())
  }

  /** A write whose answer was lost has happened all the same, and is invalidated like any other. */
  async #commit(keys: readonly number[]): Promise<readonly number[]> {
    try {
      return await this.#source.commit(keys)
    } catch (error) {
      if (error instanceof SourceDown) return []
      throw error
    }
  }

  async #update(kind: number, key: number): Promise<void> {
    let askedAt = now()
    // Until the source has said which version it is, the write may be any.
    let scope: Scope = { type: 'key', key }
    try {
      await this.#resource(kind).update(key % KEYS, async () => {
        try {
          const [version = 0] = await this.#source.commit([key])
          scope = { type: 'older', key, than: version }
          return valueAt(key, version)
        } finally {
          askedAt = now()
        }
      })
    } catch (error) {
      // The write has happened all the same, and the cache has invalidated the key.
      if (!(error instanceof SourceDown)) throw error
    }
    // `update` does not say whether Redis knows. It does if nothing waits to be told to it.
    const acknowledged = this.#cache.health().pendingInvalidations === 0
    this.#journal.told({ scope, askedAt, toldAt: now(), acknowledged })
  }

  async #invalidate(scope: Scope, act: () => Promise<boolean>): Promise<void> {
    const askedAt = now()
    const acknowledged = await act()
    this.#journal.told({ scope, askedAt, toldAt: now(), acknowledged })
  }

  async #quietly(write: Promise<unknown>): Promise<void> {
    try {
      await write
    } catch (error) {
      this.#journal.complain(`a write was rejected: ${error instanceof Error ? error.stack : error}`)
    }
  }

  #counted(call: Promise<void>): void {
    this.#underWay++
    void call.finally(() => this.#underWay--)
  }

  #resource(kind: number): Resource<number, Value> {
    return this.#resources[kind] as Resource<number, Value>
  }
}
