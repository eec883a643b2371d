/**
 * A resource: one kind of cached value, declared once with its key, its tags, its lifetime and its loader.
 */

import { Batch } from './batch.ts'
import { between, type Monotonic } from './clock.ts'
import { mayServe } from './decide.ts'
import type { Answer, Engine } from './engine.ts'
import { keyInvalid } from './errors.ts'
import type { ReadEvent, ReadOutcome } from './events.ts'
import type { Invalidator } from './invalidate.ts'
import { keyOf } from './key.ts'
import type { Source } from './load.ts'
import { type Policy, type ResourceOptions, resolvePolicy } from './options.ts'
import { readThrough } from './read.ts'
import { checkTags } from './tag-names.ts'

/** The most keys one `getMany` takes. */
const MOST_KEYS = 10_000

export class Resource<A, V> {
  readonly #engine: Engine
  readonly #invalidator: Invalidator
  readonly #options: ResourceOptions<A, V>
  readonly #policy: Policy
  readonly #keyOf: ReturnType<typeof keyOf>

  /** Use `cache.resource()`. */
  constructor(engine: Engine, invalidator: Invalidator, options: ResourceOptions<A, V>) {
    this.#engine = engine
    this.#invalidator = invalidator
    this.#options = { ...options }
    this.#policy = resolvePolicy(options)
    this.#keyOf = keyOf(options.name, options.version)
  }

  get name(): string {
    return this.#policy.resource
  }

  /**
   * The value, from memory, Redis or the loader; `undefined` when the source has none. The value is frozen and
   * shared. Rejects with what the loader threw, with `CACHE_LOAD_TIMEOUT`, `CACHE_LOAD_SHED` or `CACHE_LOAD_FAILED`;
   * never because of Redis.
   */
  get(argument: A): Promise<V | undefined> {
    return this.#read(argument, undefined)
  }

  /** The values in the order of the arguments. All keys are read at once; those to load share one `loadMany`. */
  getMany(arguments_: readonly A[]): Promise<(V | undefined)[]> {
    if (arguments_.length > MOST_KEYS) {
      return Promise.reject(keyInvalid(this.name, `${arguments_.length} keys at once; the most is ${MOST_KEYS}`))
    }
    const { loadMany } = this.#options
    const batch = loadMany && new Batch<A, V>(this.#engine.clock, (all, signal) => loadMany(all, { signal }))
    return Promise.all(arguments_.map((argument) => this.#read(argument, batch)))
  }

  /** Makes the value of this argument not current, in every process. See `Cache.invalidateTags` for what is returned. */
  invalidate(argument: A): Promise<boolean> {
    return this.#invalidator.originate([], [this.#keyOf(this.#options.key(argument))])
  }

  async #read(argument: A, batch: Batch<A, V> | undefined): Promise<V | undefined> {
    const { clock, memory, proof } = this.#engine
    const key = this.#keyOf(this.#options.key(argument))
    const now = clock.now()
    const held = memory.get(key)
    if (held && mayServe(held, proof, now, this.#policy.withoutProofFor)) {
      this.#report({ key, outcome: 'hit', tier: 'memory', ttlMs: between(now, held.expiresAt) })
      return held.value as V | undefined
    }
    try {
      const { answer, joined } = await this.#fly(key, now, argument, batch)
      const ttlMs = Math.max(0, between(clock.now(), answer.expiresAt))
      this.#report({ key, outcome: outcomeOf(answer, joined), tier: answer.tier, stored: answer.stored, ttlMs })
      return answer.value as V | undefined
    } catch (error) {
      this.#report({ key, outcome: 'error', ttlMs: 0, error })
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
   */
  async #fly(
    key: string,
    startedAt: Monotonic,
    argument: A,
    batch: Batch<A, V> | undefined,
  ): Promise<{ answer: Answer; joined: boolean }> {
    const { clock, flights, options } = this.#engine
    for (;;) {
      const running = flights.running(key)
      const flight = running ?? flights.start(key, clock.now(), (own) => this.#start(own, argument, batch))
      const answer = await flight.result
      if (answer.clean || between(flight.startedAt, startedAt) <= options.maxStaleness)
        return { answer, joined: running !== undefined }
    }
  }

  #start(flight: Parameters<typeof readThrough>[2], argument: A, batch: Batch<A, V> | undefined): Promise<Answer> {
    const run = (): Promise<Answer> => readThrough(this.#engine, this.#policy, flight, this.#source(argument, batch))
    return this.#engine.hooks.around({ name: 'read', resource: this.name }, run)
  }

  #source(argument: A, batch: Batch<A, V> | undefined): Source {
    const { load, tags, tagsOf } = this.#options
    const known = checkTags(tags?.(argument) ?? [])
    return {
      tags: known,
      load: (signal) => (batch ? batch.load(argument, signal) : load(argument, { signal })),
      tagsOf: (value) => (tagsOf ? tagsOf(value as V, argument).filter((tag) => !known.includes(tag)) : []),
    }
  }

  #report(
    read: Omit<ReadEvent, 'type' | 'resource' | 'tier' | 'stored'> & {
      tier?: ReadEvent['tier'] | undefined
      stored?: ReadEvent['stored'] | undefined
    },
  ): void {
    const { tier, stored, ...rest } = read
    this.#engine.emit({ type: 'read', resource: this.name, ...rest, ...(tier && { tier }), ...(stored && { stored }) })
  }
}

function outcomeOf(answer: Answer, joined: boolean): ReadOutcome {
  if (answer.waited) return 'collapsed'
  if (answer.tier) return 'hit'
  return joined ? 'collapsed' : 'miss'
}
