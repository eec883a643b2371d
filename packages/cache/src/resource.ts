/**
 * A resource: one kind of cached value, declared once with its key, its tags, its lifetime and its loader.
 */

import { Batch } from './batch.ts'
import type { Source } from './bring.ts'
import { between, type Monotonic } from './clock.ts'
import { decodeEntry, encodeEntry, identityOf } from './codec.ts'
import { decide, isVouched } from './decide.ts'
import type { Answer, Engine } from './engine.ts'
import { keyInvalid, optionInvalid } from './errors.ts'
import type { ReadEvent, ReadOutcome } from './events.ts'
import { type Explanation, explain } from './explain.ts'
import type { Flight } from './flight.ts'
import { unpack } from './install.ts'
import type { Invalidator } from './invalidate.ts'
import { keyOf } from './key.ts'
import type { Held } from './memory-tier.ts'
import { type Policy, type ResourceOptions, resolvePolicy } from './options.ts'
import { parsePosition } from './position.ts'
import { Reading } from './read.ts'
import { orUndefined } from './remote.ts'
import { checkTags } from './tag-names.ts'
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
}

export class Resource<A, V> {
  readonly #engine: Engine
  readonly #invalidator: Invalidator
  readonly #options: ResourceOptions<A, V>
  readonly #policy: Policy
  readonly #keyOf: ReturnType<typeof keyOf>
  /** Every entry of the resource carries it, so that all can be invalidated at once. */
  readonly #ownTag: string
  #reloading = 0

  /** Use `cache.resource()`. */
  constructor(engine: Engine, invalidator: Invalidator, options: ResourceOptions<A, V>) {
    this.#engine = engine
    this.#invalidator = invalidator
    this.#options = { ...options }
    this.#policy = resolvePolicy(options)
    this.#keyOf = keyOf(options.name, options.version)
    this.#ownTag = `~${options.name}`
  }

  get name(): string {
    return this.#policy.resource
  }

  /**
   * The value, from memory, Redis or the loader; `undefined` when the source has none. The value is frozen and
   * shared. Rejects with what the loader threw, with `CACHE_LOAD_TIMEOUT`, `CACHE_LOAD_SHED` or `CACHE_LOAD_FAILED`;
   * never because of Redis.
   */
  get(argument: A, options?: ReadOptions): Promise<V | undefined> {
    try {
      const read = this.#read(argument, undefined, options?.after)
      // What memory answers is answered without a turn of its own: this is the path that has to be fast.
      if (read instanceof Promise) return read.then(unpack) as Promise<V | undefined>
      if (read.payload !== undefined) return Promise.resolve(unpack(read) as V | undefined)
      read.settled ??= Promise.resolve(read.value)
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
    const { clock, bulkhead } = this.#engine
    // One place for all of them: they are one question to the source.
    const batch =
      loadMany && new Batch<A, V>(clock, (all, signal) => bulkhead.run(async () => loadMany(all, { signal }), signal))
    const held = await Promise.all(arguments_.map((argument) => this.#read(argument, batch, options?.after)))
    return held.map((one) => unpack(one) as V | undefined)
  }

  /** As `get`, the value as it is stored: nothing is parsed or written. For a resource that keeps bytes. */
  async getBytes(argument: A, options?: ReadOptions): Promise<Bytes | undefined> {
    if (this.#policy.keep !== 'bytes') throw optionInvalid('keep', "'bytes' for getBytes", this.#policy.keep)
    const { payload, hash, absent } = await this.#read(argument, undefined, options?.after)
    return payload === undefined || absent ? undefined : { bytes: payload, hash }
  }

  /** What memory may serve at this instant, without waiting for anything; `undefined` also when it is not there. */
  peek(argument: A): V | undefined {
    const { clock, memory, proof, chance } = this.#engine
    const held = memory.get(this.#key(argument))
    const now = clock.now()
    if (!held || !isVouched(held, proof, now, this.#policy.withoutProofFor)) return undefined
    return decide(held, now, this.#policy, chance) === 'load' ? undefined : (unpack(held) as V | undefined)
  }

  /**
   * Writes to the source by `commit`, and caches what it returns; `undefined`: there is no such value any more. After
   * it has resolved, this process reads what was written. Rejects with what `commit` threw. Tags other than the
   * entry's own are the caller's to invalidate.
   */
  async update(argument: A, commit: () => Promise<V | undefined>): Promise<V | undefined> {
    let value: V | undefined
    const key = this.#key(argument)
    await writeThrough(
      this.#engine,
      this.#invalidator,
      this.#policy,
      key,
      this.#source(argument, undefined),
      async () => {
        value = await commit()
        return value
      },
    )
    return value
  }

  /** Caches a value that the source is known to hold now. Returns what `Cache.invalidateTags` does. */
  async set(argument: A, value: V | undefined): Promise<boolean> {
    const source = this.#source(argument, undefined)
    return writeThrough(this.#engine, this.#invalidator, this.#policy, this.#key(argument), source, async () => value)
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
    const bytes = remote?.usable ? await orUndefined(emit, 'expire', () => remote.read(key)) : undefined
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
    return warm(arguments_, async (argument) => this.#read(argument, undefined, undefined), options)
  }

  /** Where the entry lives, its instants, its tags then and now, and why it would or would not be served. */
  explain(argument: A): Promise<Explanation> {
    return explain(this.#engine, this.#policy, this.#key(argument))
  }

  #key(argument: A): string {
    return this.#keyOf(this.#options.key(argument))
  }

  #read(argument: A, batch: Batch<A, V> | undefined, after: string | undefined): Held | Promise<Held> {
    const { clock, memory, proof, chance } = this.#engine
    const key = this.#key(argument)
    const now = clock.now()
    if (after !== undefined && !proof.reached(parsePosition(after))) return this.#readStrictly(key, argument)
    const held = memory.get(key)
    const vouched = held && isVouched(held, proof, now, this.#policy.withoutProofFor)
    // A flight that is under way may have begun before that position was reached.
    if (!vouched && after !== undefined && this.#engine.flights.running(key)) return this.#readStrictly(key, argument)
    if (vouched) {
      const decision = decide(held, now, this.#policy, chance)
      if (decision === 'serve-and-reload') this.#reload(key, argument, held)
      if (decision !== 'load') {
        this.#engine.emitMemoryRead(this.#policy.resource, key, between(now, held.staleAt))
        return held
      }
    }
    return this.#reporting(key, this.#fly(key, now, argument, batch, vouched ? held : undefined))
  }

  /** Past this process's own knowledge, and past flights that began without it. */
  #readStrictly(key: string, argument: A): Promise<Held> {
    const { flights, clock, ownInvalidations } = this.#engine
    const flight = flights.aside(key, clock.now(), ownInvalidations, (own) =>
      this.#start(own, argument, undefined, undefined, true),
    )
    return this.#reporting(
      key,
      flight.result.then((answer) => ({ answer, joined: false })),
    )
  }

  async #reporting(key: string, flown: Promise<{ answer: Answer; joined: boolean }>): Promise<Held> {
    const { clock, emit } = this.#engine
    try {
      const { answer, joined } = await flown
      const { held, tier, stored } = answer
      const now = clock.now()
      const read: ReadEvent = {
        type: 'read',
        resource: this.name,
        key,
        outcome: outcomeOf(answer, joined, now),
        ttlMs: stored === 'no' ? 0 : between(now, held.staleAt),
        ...(tier && { tier }),
        ...(stored && { stored }),
      }
      emit(read)
      return held
    } catch (error) {
      emit({ type: 'read', resource: this.name, key, outcome: 'error', ttlMs: 0, error })
      throw error
    }
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
   * have is not known yet, and whoever reads after a write of its own must see it.
   */
  async #fly(
    key: string,
    startedAt: Monotonic,
    argument: A,
    batch: Batch<A, V> | undefined,
    held: Held | undefined,
  ): Promise<{ answer: Answer; joined: boolean }> {
    const { clock, flights, options } = this.#engine
    for (;;) {
      const { ownInvalidations } = this.#engine
      if (flights.running(key)?.ownInvalidations !== ownInvalidations) flights.supersede(key)
      const running = flights.running(key)
      const work = (own: Flight<Answer>) => this.#start(own, argument, batch, held, false)
      const flight = running ?? flights.start(key, clock.now(), ownInvalidations, work)
      const answer = await flight.result
      if (answer.clean || between(flight.startedAt, startedAt) <= options.maxStaleness)
        return { answer, joined: running !== undefined }
    }
  }

  #start(
    flight: Flight<Answer>,
    argument: A,
    batch: Batch<A, V> | undefined,
    held: Held | undefined,
    strict: boolean,
  ): Promise<Answer> {
    const reading = new Reading(this.#engine, this.#policy, flight, this.#source(argument, batch), strict)
    return this.#engine.hooks.around({ name: 'read', resource: this.name }, () => reading.run(held))
  }

  /** Reloads in the background what is served meanwhile. One of the fleet does; the others wait for it there. */
  #reload(key: string, argument: A, held: Held): void {
    const { flights, clock, emit, options } = this.#engine
    if (flights.running(key)) return
    if (this.#reloading >= options.reloads) {
      emit({ type: 'reload-dropped', resource: this.name, key })
      return
    }
    this.#reloading++
    flights
      .start(key, clock.now(), this.#engine.ownInvalidations, (own) =>
        this.#start(own, argument, undefined, held, false),
      )
      .result.catch((error: unknown) => emit({ type: 'reload-failed', resource: this.name, key, error }))
      .finally(() => this.#reloading--)
  }

  #source(argument: A, batch: Batch<A, V> | undefined): Source {
    const { load, tags, tagsOf } = this.#options
    const known = checkTags([this.#ownTag, ...(tags?.(argument) ?? [])])
    return {
      tags: known,
      load: (signal, previous) => {
        if (batch) return batch.load(argument, signal)
        const context = {
          signal,
          get previous() {
            return previous?.() as { readonly value: V; readonly hash: string } | undefined
          },
        }
        return this.#engine.bulkhead.run(async () => load(argument, context), signal)
      },
      tagsOf: (value) => (tagsOf ? tagsOf(value as V, argument).filter((tag) => !known.includes(tag)) : []),
    }
  }
}

function outcomeOf({ held, tier, waited }: Answer, joined: boolean, now: Monotonic): ReadOutcome {
  if (waited) return 'collapsed'
  if (tier) return now < held.staleAt ? 'hit' : 'stale'
  return joined ? 'collapsed' : 'miss'
}
