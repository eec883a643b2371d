/** The public surface of `@shop/cache`; the contracts among it are for whoever writes an adapter (docs/adapters.md). */

export type { Bus, BusListener, BusMessage } from './bus.ts'
export { type Cache, createCache } from './cache.ts'
export { type Clock, type Millis, type Monotonic, millis, type ServerMs } from './clock.ts'
export { contentHash } from './codec.ts'
export { describeEvent, type LogLine } from './describe.ts'
export { CacheError, type CacheErrorCode } from './errors.ts'
export type {
  CacheEvent,
  Listener,
  ReadEvent,
  ReadOutcome,
  Rejection,
  Stored,
  TierName,
  WaitEnd,
} from './events.ts'
export type { Explained, Explanation } from './explain.ts'
export type { Hooks, Operation, Watched } from './hooks.ts'
export {
  type AnswerHeaders,
  answerHeaders,
  entityTagsOf,
  type HttpHeaders,
  isNotModified,
  surrogateKey,
} from './http.ts'
export type { KeyPart } from './key.ts'
export type { Claim, LeaseEnd, Leases } from './lease.ts'
export { observeReads } from './observe.ts'
export {
  type CacheOptions,
  type HttpOptions,
  type HttpPolicy,
  type LoadContext,
  type LoadOptions,
  type MemoryOptions,
  NOT_MODIFIED,
  type NotModified,
  type Policy,
  type Previous,
  type ResourceOptions,
  type Schema,
  type SchemaResult,
  type Scope,
} from './options.ts'
export type { OpenRemote, Remote } from './remote.ts'
export type { Bytes, Declared, Hit, ReadOptions, Resource, StoredText } from './resource.ts'
export type { Health, ResourceStats, Stats } from './stats.ts'
export type { SweepOptions, Swept } from './sweep.ts'
export { scopeTag } from './tag-names.ts'
export type { Invalidated, Position, TagReading, TagState, TagStore } from './tags.ts'
export type { ScanStep, SharedTier } from './tier.ts'
export type { Warmed, WarmOptions } from './warm.ts'
