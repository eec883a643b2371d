/**
 * A resource: one kind of cached value, declared once with its key, its tags, its lifetime and its loader.
 */

import type { Source } from './bring.ts'
import type { Aborting } from './bulkhead.ts'
import { between, type Monotonic } from './clock.ts'
import { decodeEntry, encodeEntry, identityOf } from './codec.ts'
import { Deadlines } from './deadline.ts'
import { decide, isVouched, mayAnswerEarly } from './decide.ts'
import { type Answer, type AtHand, type Engine, step } from './engine.ts'
import { CacheError, keyInvalid, optionInvalid } from './errors.ts'
import type { ReadEvent, ReadOutcome } from './events.ts'
import { type Explanation, explain } from './explain.ts'
import { Flight, type Work } from './flight.ts'
import { Gather } from './gather.ts'
import { linksTo, type Operation } from './hooks.ts'
import { type HttpHeaders, headersOf } from './http.ts'
import { payloadOf, tagsOf, unpack } from './install.ts'
import type { Invalidator } from './invalidate.ts'
import { type KeyPart, keyOf } from './key.ts'
import { type Look, type Lookups, UNSEEN } from './lookup.ts'
import type { Held } from './memory-tier.ts'
import { type LoadContext, type Policy, type Previous, type ResourceOptions, resolvePolicy } from './options.ts'
import { parsePosition } from './position.ts'
import { Reading } from './read.ts'
import { orUndefined } from './remote.ts'
import type { ResourceStats } from './stats.ts'
import { checkTags, listOfTags, scopeTag } from './tag-names.ts'
import type { Noted } from './tags.ts'
import { type Warmed, type WarmOptions, warm } from './warm.ts'
import { writeThrough } from './write.ts'

/** The most keys one `getMany` takes. */
const MOST_KEYS = 10_000

export interface ReadOptions {
  /**
   * What `Cache.position()` of another process returned after a write there: this read sees that write, whatever this
   * process has heard of.
   * @default undefined (what this process may serve)
   */
  readonly after?: string | undefined
}

/** A value as it is stored. */
export interface Bytes {
  readonly bytes: Buffer
  /** Of the bytes: equal hashes mean equal bytes. Fit for an ETag. */
  readonly hash: string
  /** Whose invalidation ends it, for an edge that has to be told too. None: it was invalidated while it was loaded. */
  readonly tags: readonly string[]
}

/** A value as it is stored, without a copy: a character for each byte, as `response.end(latin1, 'latin1')` sends them. */
export interface StoredText extends Omit<Bytes, 'bytes'> {
  readonly latin1: string
}

/** What memory answered at once. */
export interface Hit<P> {
  /** What `prepare` has made of the bytes. */
  readonly prepared: P
  /** Until it is stale, in milliseconds; negative when it is. */
  readonly ttlMs: number
}

/** What can be done with a resource whatever its arguments and values are: for whoever shows or administers the cache. */
export type Declared = Pick<
  Resource<never, unknown>,
  'name' | 'policy' | 'httpHeaders' | 'explainKey' | 'invalidateKey' | 'clear'
>

export class Resource<A, V> {
  readonly #engine: Engine
  readonly #invalidator: Invalidator
  readonly #options: ResourceOptions<A, V>
  readonly #policy: Policy
  readonly #keyOf: ReturnType<typeof keyOf>
  /** Every entry of the resource carries it, so that all can be invalidated at once. */
  readonly #ownTag: string
  readonly #lookups: Lookups | undefined
  /** Whose a value is; `undefined` where it is everyone's. */
  readonly #owner: ((argument: A) => KeyPart) | undefined
  readonly #deadlines: Deadlines
  readonly #early: boolean
  readonly #reads: ResourceStats

  /** Use `cache.resource()`. */
  constructor(engine: Engine, invalidator: Invalidator, lookups: Lookups | undefined, options: ResourceOptions<A, V>) {
    this.#engine = engine
    this.#invalidator = invalidator
    this.#options = { ...options }
    this.#policy = resolvePolicy(options)
    this.#keyOf = keyOf(options.name, options.version)
    this.#ownTag = `~${options.name}`
    this.#lookups = lookups
    this.#owner = ownerOf(options.scope)
    this.#deadlines = new Deadlines(engine.clock, this.#policy.loadTimeout)
    this.#early = mayAnswerEarly(this.#policy)
    this.#reads = engine.readsOf(this.#policy.resource)
  }

  get name(): string {
    return this.#policy.resource
  }

  /** What was declared, complete. */
  get policy(): Policy {
    return this.#policy
  }

  /** What HTTP caches may do with a value: `Cache-Control`, and `CDN-Cache-Control` where the two differ. */
  get httpHeaders(): HttpHeaders {
    return headersOf(this.#policy)
  }

  /**
   * The value, from memory, Redis or the loader; `undefined` when the source has none. The value is frozen and
   * shared. Rejects with what the loader threw, with `CACHE_LOAD_TIMEOUT`, `CACHE_LOAD_SHED` or `CACHE_LOAD_FAILED`;
   * never because of Redis.
   */
  get(argument: A, options?: ReadOptions): Promise<V | undefined> {
    try {
      const read = this.#read(argument, ONE, options?.after)
      // What memory answers is answered without a turn of its own: this is the path that has to be fast.
      const { settled } = read as Held
      if (settled) return settled as Promise<V | undefined>
      if (typeof read === 'function') return this.#alone(read).then(unpack) as Promise<V | undefined>
      if (read.payload !== undefined && read.value === undefined) return Promise.resolve(unpack(read) as V | undefined)
      read.settled = Promise.resolve(read.value)
      return read.settled as Promise<V | undefined>
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** The values in the order of the arguments. All keys are read at once; those to load share one `loadMany`. */
  async getMany(arguments_: readonly A[], options?: ReadOptions): Promise<(V | undefined)[]> {
    if (arguments_.length > MOST_KEYS) {
      throw keyInvalid(this.name, `${arguments_.length} keys at once; the most is ${MOST_KEYS}`)
    }
    const { loadMany } = this.#options
    const { clock } = this.#engine
    // One place for all of them: they are one question to the source.
    const batch =
      loadMany && new Gather<Asked<A>, V | undefined>(clock, MOST_KEYS, (asked) => this.#loadAll(loadMany, asked))
    const many: Company<A, V> = { alone: false, batch }
    const reads = arguments_.map((argument) => this.#read(argument, many, options?.after))
    if (reads.every((read) => typeof read !== 'function')) return reads.map((held) => unpack(held) as V | undefined)
    const held = await this.#engine.hooks.around({ name: 'getMany', resource: this.name }, () =>
      Promise.all(reads.map(end)),
    )
    return held.map((one) => unpack(one) as V | undefined)
  }

  /** As `get`, the value as it is stored, in a Buffer of the caller's own: nothing is parsed. For a resource that keeps bytes. */
  async getBytes(argument: A, options?: ReadOptions): Promise<Bytes | undefined> {
    const { keep } = this.#policy
    if (keep !== 'bytes' && keep !== 'both') throw optionInvalid('keep', "'bytes' or 'both' for getBytes", keep)
    const read = this.#read(argument, ONE, options?.after)
    const held = typeof read === 'function' ? await this.#alone(read) : read
    if (held.absent) return undefined
    return { bytes: payloadOf(held), hash: held.hash, tags: tagsOf(held) }
  }

  /**
   * As `getBytes`, when memory has the answer: at once, and counted as the read that it is. `undefined` when something would
   * have to be waited for, or there is no such value; then nothing was begun, and `getBytes` is to be asked.
   *
   * `prepare` makes of the bytes what each answer needs, such as header fields. It is called once for an entry, and what it
   * returns is kept with it, uncounted, so hand in the same function each time. For a resource that keeps bytes.
   */
  hit<P>(argument: A, prepare: (stored: StoredText) => P): Hit<P> | undefined {
    const { clock, memory, cells, proof } = this.#engine
    const key = this.#key(argument)
    const now = clock.now()
    const held = memory.get(key)
    if (!held || held.absent || held.payload === undefined) return undefined
    if (!isVouched(held, cells, proof, now, this.#policy.withoutProofFor)) return undefined
    if (!this.#serves(key, argument, held, now)) return undefined
    const { payload: latin1, hash } = held
    if (held.prepared === undefined) held.prepared = prepare({ latin1, hash, tags: tagsOf(held) })
    return { prepared: held.prepared as P, ttlMs: held.staleAt - now }
  }

  /** What memory may serve at this instant, without waiting for anything; `undefined` also when it is not there. */
  peek(argument: A): V | undefined {
    const { clock, memory, cells, proof, chance } = this.#engine
    const held = memory.get(this.#key(argument))
    const now = clock.now()
    if (!held || !isVouched(held, cells, proof, now, this.#policy.withoutProofFor)) return undefined
    return decide(held, now, this.#policy, chance) === 'load' ? undefined : (unpack(held) as V | undefined)
  }

  /**
   * Writes to the source by `commit`, and caches what it returns; `undefined`: there is no such value any more. After
   * it has resolved, this process reads what was written. Rejects with what `commit` threw. It invalidates
   * no tag: other entries that rest on what was written are the caller's to invalidate.
   */
  async update(argument: A, commit: () => Promise<V | undefined>): Promise<V | undefined> {
    let value: V | undefined
    await this.#write(argument, async () => {
      value = await commit()
      return value
    })
    return value
  }

  /** Caches a value that the source is known to hold now. Returns what `Cache.invalidateTags` does. */
  async set(argument: A, value: V | undefined): Promise<boolean> {
    return this.#write(argument, async () => value)
  }

  /** Makes the value of this argument not current, in every process. See `Cache.invalidateTags` for what is returned. */
  async invalidate(argument: A): Promise<boolean> {
    return this.#invalidator.originate([], [this.#key(argument)])
  }

  /** Makes every value of this resource not current, at the cost of one. */
  clear(): Promise<boolean> {
    return this.#invalidator.originate([this.#ownTag], [])
  }

  /**
   * Makes the value stale: it may be served as the policy serves stale values, and is reloaded. Weaker than `invalidate`:
   * a process that does not hear of it in time serves it as fresh. Resolves whether Redis could be told.
   */
  async expire(argument: A): Promise<boolean> {
    const { remote, proof, clock, emit } = this.#engine
    const key = this.#key(argument)
    const [bytes] = (remote?.usable && (await orUndefined(emit, 'expire', () => remote.read([key])))) || []
    const entry = bytes && decodeEntry(key, bytes)
    const now = proof.toServer(clock.now())
    if (remote && bytes && entry && now < entry.staleAt) {
      const stale = encodeEntry(key, { ...entry, staleAt: now })
      await orUndefined(emit, 'expire', () => remote.replace(key, identityOf(bytes), stale))
    }
    return this.#invalidator.age(key)
  }

  /** Reads many so that they are cached. A value that fails to load is counted, and does not stop the others. */
  warm(arguments_: Iterable<A> | AsyncIterable<A>, options?: WarmOptions): Promise<Warmed> {
    return this.#engine.hooks.around({ name: 'warm', resource: this.name }, () =>
      warm(arguments_, async (argument) => end(this.#read(argument, SEVERAL, undefined)), options),
    )
  }

  /** Where the entry lives, its instants, its tags then and now, and why it would or would not be served. */
  async explain(argument: A): Promise<Explanation> {
    return explain(this.#engine, this.#policy, this.#key(argument))
  }

  /** As `explain`, by the parts of the key (with the owner first, where there is one): for whoever has no argument at hand. */
  async explainKey(parts: readonly KeyPart[]): Promise<Explanation> {
    return explain(this.#engine, this.#policy, this.#keyOf(parts))
  }

  /** As `invalidate`, by the parts of the key. */
  async invalidateKey(parts: readonly KeyPart[]): Promise<boolean> {
    return this.#invalidator.originate([], [this.#keyOf(parts)])
  }

  #key(argument: A): string {
    const parts = this.#options.key(argument)
    return this.#keyOf(this.#owner ? [this.#owner(argument), ...parts] : parts)
  }

  /** Of the resource, and of whose the value is. */
  #ownTags(argument: A): string[] {
    const { scope } = this.#policy
    if (!this.#owner || scope === 'public') return [this.#ownTag]
    return [this.#ownTag, scopeTag(scope, this.#owner(argument))]
  }

  async #write(argument: A, commit: () => Promise<V | undefined>): Promise<boolean> {
    const key = this.#key(argument)
    const source = this.#source(argument, ONE)
    return this.#engine.hooks.around({ name: 'update', resource: this.name }, () =>
      writeThrough(this.#engine, this.#invalidator, this.#policy, key, source, commit),
    )
  }

  #alone(read: () => Promise<Held>): Promise<Held> {
    return this.#engine.hooks.around({ name: 'get', resource: this.name }, read)
  }

  /** The value, if memory may serve it; else what has to be done for it, which begins when it is called. */
  #read(argument: A, company: Company<A, V>, after: string | undefined): Held | (() => Promise<Held>) {
    const { clock, memory, cells, proof, drops } = this.#engine
    const key = this.#key(argument)
    const now = clock.now()
    const position = after === undefined ? undefined : parsePosition(after)
    if (position && !proof.reached(position))
      return () => this.#fly(key, now, argument, company, undefined, undefined, position)
    const held = memory.get(key)
    const vouched = held && isVouched(held, cells, proof, now, this.#policy.withoutProofFor)
    // A flight that is under way may have begun before that position was reached.
    if (!vouched && position && this.#engine.flights.running(key))
      return () => this.#fly(key, now, argument, company, undefined, undefined, position)
    if (vouched && this.#serves(key, argument, held, now)) return held
    const atHand = vouched ? { held, mark: drops.mark } : undefined
    // A reader that may be given something before the load is over must not wait for the look first.
    const lookups = atHand && this.#policy.softTimeout ? undefined : this.#lookups
    if (!lookups?.usable || this.#engine.flights.running(key))
      return () => this.#fly(key, now, argument, company, atHand, undefined, undefined)
    return () => this.#lookUp(lookups, key, now, argument, company, atHand)
  }

  /** Serves what is held, if it may be served now, and has it reloaded when that is due. */
  #serves(key: string, argument: A, held: Held, now: Monotonic): boolean {
    const decision = decide(held, now, this.#policy, this.#engine.chance)
    if (decision === 'load') return false
    if (decision === 'serve-and-reload') this.#reload(key, argument, { held, mark: this.#engine.drops.mark })
    this.#engine.servedFromMemory(this.#reads, this.#policy.resource, key, held, now)
    return true
  }

  /** Redis first; a flight only for what it does not have. */
  async #lookUp(
    lookups: Lookups,
    key: string,
    startedAt: Monotonic,
    argument: A,
    company: Company<A, V>,
    atHand: AtHand | undefined,
  ): Promise<Held> {
    let look: Look
    try {
      look = await step(this.#engine, company.alone, { name: 'lookup', resource: this.name }, () =>
        lookups.of(this.#policy, key),
      )
    } catch (error) {
      this.#reportFailure(key, error)
    }
    const weighed = look === UNSEEN ? undefined : look.weighed
    if (weighed?.answer) {
      if (weighed.reload) this.#reload(key, argument, weighed.atHand)
      return this.#report(key, weighed.answer, false)
    }
    // Someone else of this process may have brought it meanwhile.
    const { memory, cells, proof, clock } = this.#engine
    const now = clock.now()
    const brought = memory.get(key)
    if (brought && brought !== atHand?.held && isVouched(brought, cells, proof, now, this.#policy.withoutProofFor))
      if (this.#serves(key, argument, brought, now)) return brought
    return this.#fly(key, startedAt, argument, company, atHand, look, undefined)
  }

  /**
   * Joins the key's flight or starts one.
   *
   *     flight: load (old) --------------------------------- ends, not clean
   *        joined within the bound ----------------------------- may have it
   *               write, invalidate
   *                   joined later than the bound --------------- asks again
   *
   * The next flight began after every caller that the first one could not serve, so twice is enough.
   *
   * A flight that began before an invalidation of this very process is not joined at all: which tags its value will
   * have is not known yet, and whoever reads after a write of its own must see it. Nor is one that may not see the
   * position that is asked for; it goes on aside, and whoever asks for the same position joins its successor.
   */
  async #fly(
    key: string,
    startedAt: Monotonic,
    argument: A,
    company: Company<A, V>,
    atHand: AtHand | undefined,
    look: Look | undefined,
    position: Noted | undefined,
  ): Promise<Held> {
    const { clock, flights, options } = this.#engine
    // What was seen before the first flight says nothing in the second.
    let seen = look
    try {
      for (;;) {
        const { ownInvalidations } = this.#engine
        let running = flights.running(key)
        if (running && running.ownInvalidations !== ownInvalidations) {
          flights.supersede(key)
          running = undefined
        }
        if (position && !running?.sees(position)) running = undefined
        const flight =
          running ??
          this.#launch(
            new Flight(key, clock.now(), ownInvalidations, this.#early, position),
            this.#work(argument, company, atHand, seen, position !== undefined, undefined),
          )
        const answer = running ? await this.#waitFor(running) : await flight.result
        if (answer.clean || between(flight.startedAt, startedAt) <= options.maxStaleness)
          return this.#report(key, answer, running !== undefined)
        seen = undefined
      }
    } catch (error) {
      this.#reportFailure(key, error)
    }
  }

  /** For the answer of a flight that another caller of this process has started. */
  #waitFor(flight: Flight<Answer>): Promise<Answer> {
    const operation: Operation = { name: 'wait', resource: this.name }
    return this.#engine.hooks.around(operation, async () => {
      try {
        return await flight.result
      } finally {
        operation.links = linksTo(flight.loadedBy)
      }
    })
  }

  #report(key: string, answer: Answer, joined: boolean): Held {
    const { held, tier, stored } = answer
    const now = this.#engine.clock.now()
    const ttlMs = stored === 'no' ? 0 : between(now, held.staleAt)
    const outcome = outcomeOf(answer, joined, now)
    const [ageMs, tags] = [between(held.loadedAt, now), held.cells.length]
    const read: ReadEvent = { type: 'read', resource: this.name, key, outcome, tier, stored, ttlMs, ageMs, tags }
    this.#engine.emit(read)
    return held
  }

  #reportFailure(key: string, error: unknown): never {
    this.#engine.emit({ type: 'read', resource: this.name, key, outcome: 'error', ttlMs: 0, error })
    throw error
  }

  /** What fails after it has answered is nobody's who waits. */
  #launch(flight: Flight<Answer>, work: Work<Answer>): Flight<Answer> {
    const { flights, emit } = this.#engine
    flights.start(flight, work)
    if (this.#early)
      flight.end.catch((error: unknown) => {
        if (flight.served) emit({ type: 'reload-failed', resource: this.name, key: flight.key, error })
      })
    return flight
  }

  /** `due`: what is to be loaded anew, however fresh it is. */
  #work(
    argument: A,
    company: Company<A, V>,
    atHand: AtHand | undefined,
    look: Look | undefined,
    strict: boolean,
    due: Held | undefined,
  ): Work<Answer> {
    const source = (): Source => this.#source(argument, company)
    return (flight) => new Reading(this.#engine, this.#policy, flight, source, strict, due).run(atHand, look)
  }

  /** Reloads in the background what is served meanwhile. One of the fleet does; the others wait for it there. */
  #reload(key: string, argument: A, atHand: AtHand | undefined): void {
    const { flights, clock, emit, options, reloads, ownInvalidations, hooks } = this.#engine
    if (flights.running(key)) return
    if (reloads.running >= options.reloads) {
      emit({ type: 'reload-dropped', resource: this.name, key })
      return
    }
    reloads.running++
    const flight = new Flight<Answer>(key, clock.now(), ownInvalidations, this.#early, undefined)
    const operation: Operation = { name: 'reload', resource: this.name, links: linksTo(hooks.propagate?.()) }
    const work = this.#work(argument, ONE, atHand, undefined, false, atHand?.held)
    flights
      .start(flight, (flight) => hooks.around(operation, () => work(flight)))
      .end.catch((error: unknown) => emit({ type: 'reload-failed', resource: this.name, key, error }))
      .finally(() => reloads.running--)
  }

  async #loadAll(
    loadMany: NonNullable<ResourceOptions<A, V>['loadMany']>,
    asked: readonly Asked<A>[],
  ): Promise<readonly (V | undefined)[]> {
    const arguments_ = asked.map(({ argument }) => argument)
    const [first] = asked
    if (!first) return []
    // The first to be aborted is the first that was asked for: all have the same time.
    const { aborting } = first
    const { hooks, bulkhead } = this.#engine
    const values = await hooks.around({ name: 'load', resource: this.name }, () =>
      bulkhead.run(async () => loadMany(arguments_, contextOf(aborting)), aborting),
    )
    if (Array.isArray(values) && values.length === asked.length) return values
    throw new CacheError(
      'CACHE_LOAD_FAILED',
      `loadMany answered ${Array.isArray(values) ? values.length : 'no array of'} values for ${asked.length} arguments`,
    )
  }

  #source(argument: A, { alone, batch }: Company<A, V>): Source {
    const { load, reload, tags, tagsOf } = this.#options
    const known = checkTags([...this.#ownTags(argument), ...(tags ? listOfTags(tags(argument)) : [])])
    return {
      tags: known,
      deadlines: this.#deadlines,
      alone,
      batched: batch !== undefined,
      load: (aborting, previous) => {
        if (batch) return batch.of({ argument, aborting })
        const act =
          reload && previous
            ? async () => reload(argument, previous() as Previous<V>, contextOf(aborting))
            : async () => load(argument, contextOf(aborting))
        return this.#engine.bulkhead.run(act, aborting)
      },
      tagsOf: (value) => (tagsOf ? listOfTags(tagsOf(value as V, argument)).filter((tag) => !known.includes(tag)) : []),
    }
  }
}

/** The signal is made when it is asked for. */
function contextOf(aborting: Aborting): LoadContext {
  return {
    get signal() {
      return aborting.signal
    },
  }
}

function ownerOf<A>(scope: ResourceOptions<A, unknown>['scope']): ((argument: A) => KeyPart) | undefined {
  if (typeof scope !== 'object') return undefined
  return 'tenant' in scope ? scope.tenant : scope.user
}

/** One of several that are loaded together. */
interface Asked<A> {
  readonly argument: A
  readonly aborting: Aborting
}

/** The loads of one `getMany`: those that are ready in one turn are one question to the source. */
type Batch<A, V> = Gather<Asked<A>, V | undefined>

/** With which others a value is read. */
interface Company<A, V> {
  readonly alone: boolean
  /** Where those to load share one `loadMany`. */
  readonly batch: Batch<A, V> | undefined
}

const ONE = Object.freeze({ alone: true, batch: undefined })
const SEVERAL = Object.freeze({ alone: false, batch: undefined })

async function end(read: Held | (() => Promise<Held>)): Promise<Held> {
  return typeof read === 'function' ? read() : read
}

function outcomeOf({ held, tier, waited }: Answer, joined: boolean, now: Monotonic): ReadOutcome {
  if (waited) return 'collapsed'
  if (tier) return now < held.staleAt ? 'hit' : 'stale'
  return joined ? 'collapsed' : 'miss'
}
