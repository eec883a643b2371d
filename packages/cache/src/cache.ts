/**
 * The cache: puts the parts together, declares resources, passes on what the bus says.
 */

import { Bulkhead } from './bulkhead.ts'
import { Cells } from './cells.ts'
import { between, type Cancel, millis } from './clock.ts'
import { Drops } from './drops.ts'
import type { Answer, Engine } from './engine.ts'
import { closed } from './errors.ts'
import type { CacheEvent } from './events.ts'
import { Flights } from './flight.ts'
import type { Hooks, Watched } from './hooks.ts'
import { Invalidator, PendingInvalidations } from './invalidate.ts'
import { Lookups } from './lookup.ts'
import { MemoryTier } from './memory-tier.ts'
import { isObserved, noteRead } from './observe.ts'
import { type CacheOptions, DEFAULTS, LIMITS, type ResourceOptions, resolveCacheOptions } from './options.ts'
import { formatPosition } from './position.ts'
import { Proof } from './proof.ts'
import { type Declared, Resource } from './resource.ts'
import { count, countRead, type Health, noOwnStats, noReads, type ResourceStats, type Stats, sumOf } from './stats.ts'
import { type SweepOptions, type Swept, sweep } from './sweep.ts'
import { checkTags } from './tag-names.ts'
import { chance, uniqueWords } from './unique.ts'
import { Waiters } from './waiters.ts'

/** Past this a timer of Node fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1

const NO_HOOKS: Hooks = { around: (_operation, run) => run() }

export class Cache implements Watched {
  readonly #engine: Engine
  readonly #invalidator: Invalidator
  readonly #lookups: Lookups | undefined
  readonly #pending = new PendingInvalidations()
  readonly #stats = noOwnStats()
  readonly #reads = new Map<string, ResourceStats>()
  readonly #unwatch: () => void
  readonly #resources = new Map<string, Declared>()
  /** The trouble that was told last. */
  #told = ''
  #closed = false
  #watchers: (() => void)[] = []

  /** Use `createCache()`. */
  constructor(options: CacheOptions) {
    const resolved = resolveCacheOptions(options)
    const { clock } = resolved
    const remote = options.redis?.(resolved.name, clock, resolved.maxStaleness)
    const { onEvent, hooks = NO_HOOKS } = options
    const listeners = [onEvent, hooks.onEvent].filter((listener) => listener !== undefined)
    /** Whether the event of a fresh value from memory would be heard: on the path that has to be fast it is not made in vain. */
    const isHeard = (): boolean => {
      if (onEvent || isObserved()) return true
      return hooks.onEvent !== undefined && (hooks.isRecording?.() ?? true)
    }
    this.#engine = {
      options: resolved,
      clock,
      remote,
      proof: new Proof(remote === undefined, resolved.maxStaleness, clock.now(), clock.wall()),
      cells: new Cells(resolved.maxTags, uniqueWords()),
      memory: new MemoryTier(resolved.maxBytes),
      drops: new Drops(),
      flights: new Flights<Answer>(),
      waiters: new Waiters(clock),
      bulkhead: new Bulkhead(resolved.concurrent, resolved.waiting),
      chance,
      pending: this.#pending,
      reloads: { running: 0 },
      hooks,
      ownInvalidations: 0,
      readsOf: (resource) => this.#readsOf(resource),
      emit: (event) => this.#emit(event, listeners),
      servedFromMemory: (reads, resource, key, held, now) => {
        const isFresh = now < held.staleAt
        if (isFresh && !isHeard()) {
          reads.memoryHits++
          return
        }
        const [ttlMs, ageMs, tags] = [between(now, held.staleAt), between(held.loadedAt, now), held.cells.length]
        const outcome = isFresh ? 'hit' : 'stale'
        this.#emit({ type: 'read', resource, key, outcome, tier: 'memory', ttlMs, ageMs, tags }, listeners)
      },
    }
    this.#invalidator = new Invalidator(this.#engine, this.#pending)
    this.#lookups = remote && new Lookups(this.#engine, remote)
    remote?.listen({
      message: (message) => {
        this.#invalidator.receive(message)
        this.#tellWatchers()
      },
      // The word some wait for may have been among what was lost.
      resumed: () => this.#engine.waiters.wakeAll(),
      answered: (epoch, number) => this.#invalidator.answered(epoch, number),
      serverTime: (time, at, uncertainty) => this.#engine.proof.serverTime(time, at, uncertainty),
      usable: (usable) => {
        this.#engine.emit({ type: 'remote-state', usable })
        if (usable) this.#told = ''
        if (usable) void this.#invalidator.flush()
        // The word they wait for may never come.
        else this.#engine.waiters.wakeAll()
        this.#tellWatchers()
      },
      trouble: (error) => {
        // It is tried about once a second: what is the same as before is no news.
        if (this.#told === error.message) return
        this.#told = error.message
        this.#engine.emit({ type: 'remote-error', operation: 'connect', error })
      },
    })
    this.#unwatch = hooks.watch?.(this) ?? (() => undefined)
  }

  get name(): string {
    return this.#engine.options.name
  }

  /** Declares a resource. Throws `CACHE_OPTION_INVALID` for a wrong option. */
  resource<A, V>(options: ResourceOptions<A, V>): Resource<A, V> {
    const resource = new Resource(this.#engine, this.#invalidator, this.#lookups, options)
    this.#resources.set(resource.name, resource)
    return resource
  }

  /** What has been declared, by name; of several with one name, the last. */
  get resources(): ReadonlyMap<string, Declared> {
    return this.#resources
  }

  /**
   * Makes every entry with one of these tags not current, in every process. Call it after the write has
   * committed. Resolves `true` once Redis has it: then no read of this process returns an older value, and none
   * of any other later than `maxStaleness` from now. `false`: Redis could not be told; it is applied here, and
   * tried again until Redis has it.
   */
  async invalidateTags(tags: readonly string[]): Promise<boolean> {
    if (this.#closed) throw closed()
    const names = checkTags(tags, LIMITS.tagsPerInvalidation)
    return names.length === 0 || this.#invalidator.originate(names, [])
  }

  /**
   * Makes every entry whose key matches not current, in every process, by going through the keys of Redis: for an operator,
   * and never on the way of a read or a write. `*` stands for any characters, `?` for one; keys are those that `explain`
   * shows, such as `product.1:*`. Resolves when it is done, which takes longer than the longest `loadTimeout`. Then the
   * same holds as for `invalidateTags`. Rejects with `CACHE_KEY_INVALID` for what is no pattern or would match everything
   * (`clear`), and with what Redis answered when it could not be gone through to the end.
   */
  async invalidateMatching(pattern: string, options?: SweepOptions): Promise<Swept> {
    if (this.#closed) throw closed()
    const deadlines = Array.from(this.#resources.values(), ({ policy }) => policy.loadTimeout)
    const longest = millis(deadlines.length === 0 ? DEFAULTS.loadTimeout : Math.max(...deadlines))
    return this.#engine.hooks.around({ name: 'invalidateMatching' }, () =>
      sweep(this.#engine, this.#invalidator, pattern, longest, options),
    )
  }

  /**
   * Waits until this process has Redis and proof of freshness, at most `timeout` milliseconds. Returns whether it
   * has. Reads work either way. Without Redis: `true` at once.
   */
  ready({ timeout }: { readonly timeout: number }): Promise<boolean> {
    if (this.#isReady()) return Promise.resolve(true)
    return new Promise((resolve) => {
      let cancel: Cancel = () => undefined
      const end = (): void => {
        cancel()
        this.#watchers = this.#watchers.filter((watcher) => watcher !== look)
        resolve(this.#isReady())
      }
      const look = (): void => {
        if (this.#isReady()) end()
      }
      cancel = this.#engine.clock.timer(millis(Math.min(timeout, LONGEST_TIMER)), end)
      this.#watchers.push(look)
    })
  }

  /**
   * Where this process is in the count of invalidations, its own included. A read with `after` in another process sees
   * everything up to here. `undefined` while Redis has not been heard.
   */
  position(): string | undefined {
    const { noted } = this.#engine.proof
    return noted && formatPosition(noted)
  }

  stats(): Readonly<Stats> {
    return sumOf(this.#stats, this.#reads.values())
  }

  /** The reads of each resource, by its name. */
  resourceStats(): ReadonlyMap<string, Readonly<ResourceStats>> {
    return this.#reads
  }

  health(): Health {
    const { remote, proof, memory, cells, flights, bulkhead, reloads, clock } = this.#engine
    const now = clock.now()
    const age = proof.age(now)
    return {
      redis: remote ? (remote.usable ? 'up' : 'down') : 'off',
      trusted: proof.holds(now),
      ...(age !== undefined && { proofAgeMs: age }),
      entries: memory.entries,
      entriesOf: Object.fromEntries(memory.entriesOf),
      bytes: memory.bytes,
      maxBytes: memory.maxBytes,
      evictions: memory.evictions,
      tags: cells.size,
      flights: flights.size,
      loads: bulkhead.running,
      waitingLoads: bulkhead.queued,
      reloads: reloads.running,
      pendingInvalidations: this.#pending.size,
    }
  }

  /** Ends the connections. Flights still in the air answer their callers; invalidations that wait for Redis get one more try. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#invalidator.flush()
    this.#invalidator.close()
    this.#engine.waiters.wakeAll()
    await this.#engine.remote?.close()
    this.#tellWatchers()
    this.#unwatch()
  }

  #isReady(): boolean {
    const { remote, proof, clock } = this.#engine
    return proof.holds(clock.now()) && (remote?.usable ?? true)
  }

  #readsOf(resource: string): ResourceStats {
    const known = this.#reads.get(resource)
    if (known) return known
    const reads = noReads()
    this.#reads.set(resource, reads)
    return reads
  }

  #tellWatchers(): void {
    for (const watcher of this.#watchers) watcher()
  }

  #emit(event: CacheEvent, listeners: readonly ((event: CacheEvent) => void)[]): void {
    if (event.type === 'read') {
      countRead(this.#readsOf(event.resource), event)
      noteRead(event)
    } else count(this.#stats, event)
    for (const listener of listeners) {
      try {
        listener(event)
      } catch {
        // A listener watches; what goes wrong in it must not change what a read returns.
      }
    }
  }
}

/** Opens a cache. Does not wait for Redis: see `Cache.ready`. Throws `CACHE_OPTION_INVALID` for a wrong option. */
export function createCache(options: CacheOptions): Cache {
  return new Cache(options)
}
