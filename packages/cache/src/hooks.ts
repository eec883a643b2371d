/**
 * Hooks: how tracing and metrics take part in what the cache does.
 *
 * `around` is the only place where a hook runs something of the cache. The context of a trace travels as the text of the
 * W3C header `traceparent`, which this package carries and never reads.
 *
 *     P1   invalidate ── propagate() ──▶ on the bus, with the message ──▶   P2   apply, child of it
 *     P1   load ──────── propagate() ──▶ with the end of the lease ──────▶  P2   wait, links to it
 *     P1   get, stale ── propagate() ──▶ here ──────────────────────────▶   P1   reload, links to it
 */

import type { Listener } from './events.ts'
import type { Health, ResourceStats, Stats } from './stats.ts'

/** An operation worth a span. What is optional may be set until the operation ends, and is read then; `parent` at its start. */
export interface Operation {
  readonly name: /** One read that memory did not answer. */
    | 'get'
    /** Those of many reads that memory did not answer; their steps are not told one by one. */
    | 'getMany'
    /** The question to Redis that a read begins with. */
    | 'lookup'
    /** The question to Redis for the right to load. */
    | 'lease'
    /** Waiting for another load: of this process, or of another one. */
    | 'wait'
    | 'load'
    /** Storing in Redis what was loaded, with the reading of the tags that only the value names. */
    | 'store'
    /** A flight of its own, that nobody waits for: ahead of staleness, or past it. */
    | 'reload'
    /** A write through the cache. */
    | 'update'
    | 'warm'
    | 'invalidate'
    /** An invalidation of all keys that match a pattern. */
    | 'invalidateMatching'
    /** An invalidation from the bus is applied to this process's memory. */
    | 'apply'
  /** The resource concerned; absent where there is none, or more than one. */
  readonly resource?: string
  /** Traceparent of the operation, of another process as a rule, that this one is part of. */
  readonly parent?: string | undefined
  /** Traceparents of operations that this one waited for, or was caused by. */
  links?: readonly string[]
  /** How it went, in a word. */
  outcome?: string | undefined
}

/** The links of an operation to one that may not be recorded. */
export function linksTo(trace: string | undefined): readonly string[] {
  return trace === undefined ? NONE : [trace]
}

const NONE: readonly string[] = Object.freeze([])

export interface Hooks {
  /** For spans: `run` must be called exactly once, before this returns, and its result returned. */
  around<T>(operation: Operation, run: () => Promise<T>): Promise<T>
  /** As `onEvent` of the cache. */
  onEvent?: Listener
  /**
   * The traceparent of what runs now, if it is recorded; else `undefined`, and nothing travels.
   * @default nothing is propagated
   */
  propagate?(): string | undefined
  /**
   * Whether `onEvent` has any use now for the event of a fresh value served from memory. Where it has none, the event is not
   * even made; the value is counted all the same (`watch`).
   * @default it has
   */
  isRecording?(): boolean
  /** Called when a cache opens, with what it counts. What it returns is called when the cache closes. */
  watch?(cache: Watched): () => void
}

/** What a cache counts, as plain numbers, to be read when they are wanted. */
export interface Watched {
  readonly name: string
  stats(): Readonly<Stats>
  /** By the name of the resource. */
  resourceStats(): ReadonlyMap<string, Readonly<ResourceStats>>
  health(): Health
}
