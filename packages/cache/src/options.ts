/**
 * Options: what the caller writes, and the complete, frozen form the code reads.
 *
 * The caller's objects are copied, checked and never kept. A wrong option, and one that is none, throws
 * `CACHE_OPTION_INVALID` where the cache or the resource is declared.
 */

import { type Clock, type Millis, millis, systemClock } from './clock.ts'
import { optionInvalid, optionUnknown } from './errors.ts'
import type { Listener } from './events.ts'
import type { Hooks } from './hooks.ts'
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
  /** Traces and metrics: `otel()` of `@shop/cache/otel`. */
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
   * Most reloads in the background at once; past it a stale value is served and not reloaded this time.
   * @default 64
   */
  readonly reloads?: number | undefined
  /**
   * Most loads waiting for one of those places; past it a read rejects with `CACHE_LOAD_SHED`.
   * @default 1_000
   */
  readonly waiting?: number | undefined
}

export interface ResourceOptions<A, V> {
  /**
   * The resource: first part of its keys, label of its metrics. Letters, digits, `-`, `_`. Declare each once: two of one
   * name and version are one, and each serves what the other has cached.
   */
  readonly name: string
  /** Of the value's shape. Raise it when the shape changes: old entries are then never read. */
  readonly version: number
  /** How long a value is fresh, in milliseconds. There is no default: say it. */
  readonly ttl: number
  /**
   * Share of the ttl by which it is shortened at random, so that what was loaded together does not go stale
   * together. From 0 to 0.5.
   * @default 0.1
   */
  readonly jitter?: number | undefined
  /**
   * How much longer a stale value is served at once, while it is reloaded in the background, in milliseconds.
   * @default 0
   */
  readonly staleFor?: number | undefined
  /**
   * How much longer than its ttl a value is served when the source fails or is slow, in milliseconds. Never one
   * that was invalidated.
   * @default 0
   */
  readonly failSafeFor?: number | undefined
  /**
   * When a fresh value is reloaded before it goes stale: from this share of its ttl on, above 0 and below 1; or
   * `'xfetch'`, at random and the sooner the longer its load took (Vattani, Chierichetti, Lowenstein: Optimal
   * Probabilistic Cache Stampede Prevention, PVLDB 8(8), 2015). One process reloads, nobody waits.
   * @default undefined (never)
   */
  readonly refreshAhead?: number | 'xfetch' | undefined
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
   * How long a reader waits for a load while a value within `failSafeFor` is at hand, in milliseconds. The load
   * goes on and is stored.
   * @default undefined (as long as `loadTimeout`)
   */
  readonly softTimeout?: number | undefined
  /**
   * What this process keeps of a value: parsed, for `get`; or its bytes, for `getBytes`, which then costs a
   * copy and no parsing (`get` parses at each call); or both, at twice the room; or nothing, for what is rarely read twice.
   * @default 'value'
   */
  readonly keep?: 'value' | 'bytes' | 'both' | 'nothing' | undefined
  /**
   * How long a load may take, in milliseconds; also how long another process waits for it.
   * @default 5_000
   */
  readonly loadTimeout?: number | undefined
  /**
   * What a value counts against `memory.maxBytes`, given the value and its bytes as JSON. Where bytes are kept, they count.
   * @default its bytes
   */
  readonly weight?: ((value: NoInfer<V>, bytes: number) => number) | undefined
  /**
   * Whose the value is. That of a tenant or a user has the owner as the first part of its key, carries the owner's tag
   * (`scopeTag`), so that all that is cached of one owner can be invalidated at once, and is private to HTTP.
   * @default 'public'
   */
  readonly scope?: Scope<A> | undefined
  /**
   * What HTTP caches may do with the value (`httpHeaders`).
   * @default undefined (they may not store it)
   */
  readonly http?: HttpOptions | undefined
  /**
   * Of the value's shape, as Standard Schema defines it (zod, valibot, arktype, …): what the source or another process
   * brings is checked, and what comes out is the value. Must be synchronous, and accept its own output. A value that is
   * refused rejects the read with `CACHE_VALUE_INVALID`; in Redis it is as good as absent. Values kept as bytes are
   * checked when they are loaded.
   */
  readonly schema?: Schema<NoInfer<V>> | undefined
  /** The parts that name one value among those of the resource. */
  readonly key: (argument: A) => readonly KeyPart[]
  /** Tags known before the load. */
  readonly tags?: ((argument: A) => readonly string[]) | undefined
  /** Tags computed from the value; added to those of `tags`. Write it below `load`, from which its type is inferred. */
  readonly tagsOf?: ((value: NoInfer<V>, argument: A) => readonly string[]) | undefined
  /**
   * Asks the source. `undefined` means that there is no such value (`null` is a value); anything else must be plain JSON: a `Date`, a `Map`,
   * an instance, `NaN` are refused with `CACHE_VALUE_INVALID`.
   */
  readonly load: (argument: A, context: LoadContext) => Promise<V | undefined>
  /**
   * Asks the source whether a stale value that is at hand still stands; used in place of `load` where there is one.
   * Returns `NOT_MODIFIED`, and the value is fresh again, or what `load` would.
   * @default undefined (`load` is used)
   */
  readonly reload?:
    | ((
        argument: A,
        previous: Previous<NoInfer<V>>,
        context: LoadContext,
      ) => Promise<NoInfer<V> | undefined | NotModified>)
    | undefined
  /** Asks the source for many, in order; used when one `getMany` has several to load. */
  readonly loadMany?:
    | ((arguments_: readonly A[], context: LoadContext) => Promise<readonly (NoInfer<V> | undefined)[]>)
    | undefined
}

/** What `reload` returns to say that the previous value still stands. */
export const NOT_MODIFIED: unique symbol = Symbol('not modified')
export type NotModified = typeof NOT_MODIFIED

export interface LoadContext {
  /** Aborted when `loadTimeout` is over and nobody waits for the result any more. */
  readonly signal: AbortSignal
}

export interface Previous<V> {
  readonly value: V
  /** Of its bytes. */
  readonly hash: string
}

export type Scope<A> =
  | 'public'
  | { readonly tenant: (argument: A) => KeyPart }
  | { readonly user: (argument: A) => KeyPart }

/** All in milliseconds, written in whole seconds. */
export interface HttpOptions {
  /** For every cache (RFC 9111 section 5.2.2.1). */
  readonly maxAge: number
  /**
   * For shared caches that serve one site, such as a CDN (RFC 9213). Only for what is public.
   * @default maxAge
   */
  readonly sharedMaxAge?: number | undefined
  /**
   * How much longer it may be served while it is fetched anew (RFC 5861 section 3).
   * @default 0
   */
  readonly staleWhileRevalidate?: number | undefined
  /**
   * How much longer it may be served when fetching fails (RFC 5861 section 4).
   * @default 0
   */
  readonly staleIfError?: number | undefined
}

/** Standard Schema, version 1: https://standardschema.dev */
export interface Schema<V> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<V> | Promise<SchemaResult<V>>
  }
}

export type SchemaResult<V> =
  | { readonly value: V; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string; readonly path?: readonly unknown[] | undefined }[] }

export const DEFAULTS = Object.freeze({
  maxStaleness: 500,
  maxBytes: 67_108_864,
  maxTags: 100_000,
  concurrent: 32,
  waiting: 1_000,
  jitter: 0.1,
  staleFor: 0,
  failSafeFor: 0,
  negativeTtl: 0,
  withoutProofFor: 0,
  loadTimeout: 5_000,
  reloads: 64,
  staleWhileRevalidate: 0,
  staleIfError: 0,
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
  readonly reloads: number
  readonly clock: Clock
}

/** A declaration, complete and frozen. */
export interface Policy {
  readonly resource: string
  readonly version: number
  readonly ttl: Millis
  readonly jitter: number
  readonly staleFor: Millis
  readonly failSafeFor: Millis
  readonly refreshAhead: number | 'xfetch' | undefined
  readonly softTimeout: Millis | undefined
  readonly keep: 'value' | 'bytes' | 'both' | 'nothing'
  readonly negativeTtl: Millis
  readonly withoutProofFor: Millis
  readonly loadTimeout: Millis
  readonly weight: ((value: never, bytes: number) => number) | undefined
  readonly schema: Schema<unknown> | undefined
  readonly scope: 'public' | 'tenant' | 'user'
  readonly http: HttpPolicy | undefined
}

/** `undefined`: as `maxAge`. */
export interface HttpPolicy {
  readonly maxAge: Millis
  readonly sharedMaxAge: Millis | undefined
  readonly staleWhileRevalidate: Millis
  readonly staleIfError: Millis
}

const CACHE_OPTIONS: readonly (keyof CacheOptions)[] = [
  'name',
  'redis',
  'memory',
  'maxStaleness',
  'loads',
  'onEvent',
  'hooks',
  'clock',
]

const RESOURCE_OPTIONS: readonly (keyof ResourceOptions<never, never>)[] = [
  'name',
  'version',
  'ttl',
  'jitter',
  'staleFor',
  'failSafeFor',
  'refreshAhead',
  'negativeTtl',
  'withoutProofFor',
  'softTimeout',
  'keep',
  'loadTimeout',
  'weight',
  'scope',
  'http',
  'schema',
  'key',
  'tags',
  'tagsOf',
  'load',
  'reload',
  'loadMany',
]

export function resolveCacheOptions(options: CacheOptions): ResolvedCacheOptions {
  known('createCache', options, CACHE_OPTIONS)
  if (options.memory) known('memory', options.memory, ['maxBytes', 'maxTags'])
  if (options.loads) known('loads', options.loads, ['concurrent', 'reloads', 'waiting'])
  callable('redis', options.redis, false, 'what redis({ url }) returns')
  callable('onEvent', options.onEvent)
  if (options.hooks) {
    callable('hooks.around', options.hooks.around, true)
    for (const name of ['onEvent', 'propagate', 'isRecording', 'watch'] as const)
      callable(`hooks.${name}`, options.hooks[name])
  }
  return Object.freeze({
    name: word('name', options.name),
    maxStaleness: millis(whole('maxStaleness', options.maxStaleness ?? DEFAULTS.maxStaleness, 50, 60_000)),
    maxBytes: whole('memory.maxBytes', options.memory?.maxBytes ?? DEFAULTS.maxBytes, 1_024),
    maxTags: whole('memory.maxTags', options.memory?.maxTags ?? DEFAULTS.maxTags, 1),
    concurrent: whole('loads.concurrent', options.loads?.concurrent ?? DEFAULTS.concurrent, 1),
    waiting: whole('loads.waiting', options.loads?.waiting ?? DEFAULTS.waiting, 0),
    reloads: whole('loads.reloads', options.loads?.reloads ?? DEFAULTS.reloads, 0),
    clock: options.clock ?? systemClock,
  })
}

export function resolvePolicy<A, V>(options: ResourceOptions<A, V>): Policy {
  known('resource', options, RESOURCE_OPTIONS)
  for (const name of ['key', 'load'] as const) callable(name, options[name], true)
  for (const name of ['tags', 'tagsOf', 'loadMany', 'reload'] as const) callable(name, options[name])
  return Object.freeze({
    resource: word('name', options.name),
    version: whole('version', options.version, 1),
    ttl: millis(whole('ttl', options.ttl, 1)),
    jitter: share('jitter', options.jitter ?? DEFAULTS.jitter, (value) => value >= 0 && value <= 0.5, 'from 0 to 0.5'),
    staleFor: millis(whole('staleFor', options.staleFor ?? DEFAULTS.staleFor, 0)),
    failSafeFor: millis(whole('failSafeFor', options.failSafeFor ?? DEFAULTS.failSafeFor, 0)),
    refreshAhead: refreshAhead(options.refreshAhead),
    softTimeout: softTimeout(options),
    keep: oneOf('keep', options.keep ?? 'value', ['value', 'bytes', 'both', 'nothing']),
    negativeTtl: millis(whole('negativeTtl', options.negativeTtl ?? DEFAULTS.negativeTtl, 0)),
    withoutProofFor: millis(whole('withoutProofFor', options.withoutProofFor ?? DEFAULTS.withoutProofFor, 0)),
    loadTimeout: millis(whole('loadTimeout', options.loadTimeout ?? DEFAULTS.loadTimeout, 1, 600_000)),
    weight: callable('weight', options.weight),
    schema: schemaOf(options.schema),
    scope: scopeOf(options.scope),
    http: httpPolicy(options),
  })
}

function scopeOf<A>(scope: Scope<A> | undefined): Policy['scope'] {
  if (scope === undefined || scope === 'public') return 'public'
  if (typeof scope === 'object' && scope !== null) {
    if ('tenant' in scope && typeof scope.tenant === 'function') return 'tenant'
    if ('user' in scope && typeof scope.user === 'function') return 'user'
  }
  throw optionInvalid('scope', "'public', or { tenant } or { user } with a function", scope)
}

function schemaOf(schema: Schema<unknown> | undefined): Schema<unknown> | undefined {
  if (schema === undefined || typeof schema?.['~standard']?.validate === 'function') return schema
  throw optionInvalid('schema', 'a Standard Schema', schema)
}

/** A name that is not known is a slip, and what it should have said would silently not be so. */
function known(what: string, options: object, names: readonly string[]): void {
  if (typeof options !== 'object' || options === null)
    throw optionInvalid(`the options of ${what}`, 'an object', options)
  const surplus = Object.keys(options).find((name) => !names.includes(name))
  if (surplus !== undefined) throw optionUnknown(what, surplus, names)
}

function callable<F>(name: string, value: F, needed = false, expected = 'a function'): F {
  if (typeof value === 'function' || (value === undefined && !needed)) return value
  throw optionInvalid(name, expected, value)
}

function oneOf<T extends string>(name: string, value: T, words: readonly T[]): T {
  if (words.includes(value)) return value
  throw optionInvalid(name, `one of ${words.join(', ')}`, value)
}

function httpPolicy<A, V>({ http, scope }: ResourceOptions<A, V>): HttpPolicy | undefined {
  if (!http) return undefined
  const { sharedMaxAge } = http
  if (sharedMaxAge !== undefined && scopeOf(scope) !== 'public')
    throw optionInvalid('http.sharedMaxAge', "used with scope 'public'", sharedMaxAge)
  return Object.freeze({
    maxAge: millis(whole('http.maxAge', http.maxAge, 0)),
    sharedMaxAge: sharedMaxAge === undefined ? undefined : millis(whole('http.sharedMaxAge', sharedMaxAge, 0)),
    staleWhileRevalidate: millis(
      whole('http.staleWhileRevalidate', http.staleWhileRevalidate ?? DEFAULTS.staleWhileRevalidate, 0),
    ),
    staleIfError: millis(whole('http.staleIfError', http.staleIfError ?? DEFAULTS.staleIfError, 0)),
  })
}

function whole(name: string, value: number, least: number, most = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value
  const upTo = most === Number.MAX_SAFE_INTEGER ? 'up' : `to ${most}`
  throw optionInvalid(name, `a whole number from ${least} ${upTo}`, value)
}

function share(name: string, value: number, fits: (value: number) => boolean, expected: string): number {
  if (typeof value === 'number' && fits(value)) return value
  throw optionInvalid(name, expected, value)
}

function refreshAhead(value: number | 'xfetch' | undefined): number | 'xfetch' | undefined {
  if (value === undefined || value === 'xfetch') return value
  return share('refreshAhead', value, (given) => given > 0 && given < 1, "above 0 and below 1, or 'xfetch'")
}

/** A soft deadline without anything to serve at it could silently do nothing: it is refused. */
function softTimeout<A, V>(options: ResourceOptions<A, V>): Millis | undefined {
  const { softTimeout, failSafeFor, loadTimeout = DEFAULTS.loadTimeout } = options
  if (softTimeout === undefined) return undefined
  if (!failSafeFor) throw optionInvalid('softTimeout', 'used with failSafeFor', softTimeout)
  if (softTimeout >= loadTimeout) throw optionInvalid('softTimeout', `below loadTimeout (${loadTimeout})`, softTimeout)
  return millis(whole('softTimeout', softTimeout, 1, 600_000))
}

function word(name: string, value: string): string {
  if (typeof value === 'string' && /^[\w-]{1,64}$/.test(value)) return value
  throw optionInvalid(name, '1 to 64 letters, digits, "-" or "_"', value)
}
