/** The public surface of `@shop/cache`. */

export { type Cache, createCache, type Health } from './cache.ts'
export { CacheError, type CacheErrorCode } from './errors.ts'
export type {
  CacheEvent,
  Hooks,
  Listener,
  Operation,
  ReadEvent,
  ReadOutcome,
  Rejection,
  Stored,
  TierName,
} from './events.ts'
export type { Explained, Explanation } from './explain.ts'
export type { KeyPart } from './key.ts'
export { observeReads } from './observe.ts'
export {
  type CacheOptions,
  type LoadContext,
  type LoadOptions,
  type MemoryOptions,
  NOT_MODIFIED,
  type ResourceOptions,
} from './options.ts'
export type { Bytes, ReadOptions, Resource } from './resource.ts'
export type { Stats } from './stats.ts'
export type { Warmed, WarmOptions } from './warm.ts'
