/**
 * Options: what the caller writes, and the complete, frozen form the code reads.
 *
 * The caller's objects are copied, checked and never kept. A wrong option throws
 * `CACHE_OPTION_INVALID` where the cache or the resource is declared, never at the first read.
 */

import { type Clock, type Millis, millis, systemClock } from './clock.ts'
import { optionInvalid } from './errors.ts'
import type { Hooks, Listener } from './events.ts'
import type { KeyPart } from './key.ts'
import type { OpenRemote } from './remote.ts'

export interface CacheOptions {
  /** Prefix of every Redis key and channel: caches of the same name share entries. Letters, digits, `-`, `_`. */
  readonly name: string
  /** The shared tier: `redis({ url })` of `@shop/cache/redis`. Without it, L1 only: right for one process. */
  readonly redis?: OpenRemote | undefined
  readonly memory?: MemoryOptions | undefined
  /**
   * The bound, in milliseconds: a value is served from this process's memory only if every invalidation
   * acknowledged longer ago than this has been applied here. Between 50 and 60 000.
   * @default 500
   */
  readonly maxStaleness?: number | undefined
  readonly loads?: LoadOptions | undefined
  /** Called for every event, synchronously. What it throws is ignored. */
  readonly onEvent?: Listener | undefined
  /** Tracing: `otel()` of `@shop/cache/otel`. */
  readonly hooks?: Hooks | undefined
  readonly clock?: Clock | undefined
}

export interface MemoryOptions {
  /**
   * Most bytes of payload, keys and bookkeeping in this process's memory, about.
   * @default 67_108_864
   */
  readonly maxBytes?: number | undefined
  /**
   * Most tags this process keeps track of. Past it the oldest is forgotten, and entries with it leave memory.
   * @default 100_000
   */
  readonly maxTags?: number | undefined
}

export interface LoadOptions {
  /**
   * Most loaders running at once in this process.
   * @default 32
   */
  readonly concurrent?: number | undefined
  /**
   * Most loads waiting for one of those places; past it a read rejects with `CACHE_LOAD_SHED`.
   * @default 1_000
   */
  readonly waiting?: number | undefined
}

export interface ResourceOptions<A, V> {
  /** The resource: first part of its keys, label of its metrics. Letters, digits, `-`, `_`. */
  readonly name: string
  /** Of the value's shape. Raise it when the shape changes: old entries are then never read. */
  readonly version: number
  /** How long a value is fresh, in milliseconds. There is no default: say it. */
  readonly ttl: number
  /**
   * How long the source's "there is no such value" is believed, in milliseconds. 0: never stored.
   * @default 0
   */
  readonly negativeTtl?: number | undefined
  /**
   * How much longer than `maxStaleness` a value may be served from memory while Redis cannot be heard, in
   * milliseconds. 0 for what must not be stale, such as prices.
   * @default 0
   */
  readonly withoutProofFor?: number | undefined
  /**
   * How long a load may take, in milliseconds; also how long another process waits for it.
   * @default 5_000
   */
  readonly loadTimeout?: number | undefined
  /** The parts that name one value among those of the resource. */
  readonly key: (argument: A) => readonly KeyPart[]
  /** Tags known before the load. */
  readonly tags?: ((argument: A) => readonly string[]) | undefined
  /** Tags computed from the value; added to those of `tags`. */
  readonly tagsOf?: ((value: V, argument: A) => readonly string[]) | undefined
  /** Asks the source. `undefined` means that there is no such value; anything else must be JSON. */
  readonly load: (argument: A, context: LoadContext) => Promise<V | undefined>
  /** Asks the source for many, in order; used when one `getMany` has several to load. */
  readonly loadMany?:
    | ((arguments_: readonly A[], context: LoadContext) => Promise<readonly (V | undefined)[]>)
    | undefined
}

export interface LoadContext {
  /** Aborted when `loadTimeout` is over and nobody waits for the result any more. */
  readonly signal: AbortSignal
}

export const DEFAULTS = Object.freeze({
  maxStaleness: 500,
  maxBytes: 67_108_864,
  maxTags: 100_000,
  concurrent: 32,
  waiting: 1_000,
  negativeTtl: 0,
  withoutProofFor: 0,
  loadTimeout: 5_000,
})

/** Not options, but limits that an overflow meets with an error or an uncached answer. */
export const LIMITS = Object.freeze({
  valueBytes: 1_048_576,
  tagsPerEntry: 64,
  tagsPerInvalidation: 10_000,
  tagBytes: 256,
})

export interface ResolvedCacheOptions {
  readonly name: string
  readonly maxStaleness: Millis
  readonly maxBytes: number
  readonly maxTags: number
  readonly concurrent: number
  readonly waiting: number
  readonly clock: Clock
}

export interface Policy {
  readonly resource: string
  readonly ttl: Millis
  readonly negativeTtl: Millis
  readonly withoutProofFor: Millis
  readonly loadTimeout: Millis
}

export function resolveCacheOptions(options: CacheOptions): ResolvedCacheOptions {
  return Object.freeze({
    name: word('name', options.name),
    maxStaleness: millis(whole('maxStaleness', options.maxStaleness ?? DEFAULTS.maxStaleness, 50, 60_000)),
    maxBytes: whole('memory.maxBytes', options.memory?.maxBytes ?? DEFAULTS.maxBytes, 1_024),
    maxTags: whole('memory.maxTags', options.memory?.maxTags ?? DEFAULTS.maxTags, 1),
    concurrent: whole('loads.concurrent', options.loads?.concurrent ?? DEFAULTS.concurrent, 1),
    waiting: whole('loads.waiting', options.loads?.waiting ?? DEFAULTS.waiting, 0),
    clock: options.clock ?? systemClock,
  })
}

export function resolvePolicy<A, V>(options: ResourceOptions<A, V>): Policy {
  whole('version', options.version, 1)
  return Object.freeze({
    resource: word('name', options.name),
    ttl: millis(whole('ttl', options.ttl, 1)),
    negativeTtl: millis(whole('negativeTtl', options.negativeTtl ?? DEFAULTS.negativeTtl, 0)),
    withoutProofFor: millis(whole('withoutProofFor', options.withoutProofFor ?? DEFAULTS.withoutProofFor, 0)),
    loadTimeout: millis(whole('loadTimeout', options.loadTimeout ?? DEFAULTS.loadTimeout, 1, 600_000)),
  })
}

function whole(name: string, value: number, least: number, most = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value
  const upTo = most === Number.MAX_SAFE_INTEGER ? 'up' : `to ${most}`
  throw optionInvalid(name, `a whole number from ${least} ${upTo}`, value)
}

function word(name: string, value: string): string {
  if (/^[\w-]{1,64}$/.test(value)) return value
  throw optionInvalid(name, '1 to 64 letters, digits, "-" or "_"', value)
}
