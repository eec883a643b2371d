/**
 * What the worker tells the outside world: one closed union, one event per outcome. The log (describe.ts) and the metrics
 * (metrics.ts) are functions of it, so they cannot disagree.
 */

/** Instants after an invalidation at which the audit looks, in milliseconds. */
export type AuditAge = 1_000 | 10_000 | 60_000

/** What served a value that differs; `source` when the API says that it has just loaded it. */
export type AuditTier = 'memory' | 'redis' | 'source'

/** What of a product an API shows otherwise than Postgres has it. */
export interface Difference {
  readonly product: number
  readonly fields: readonly string[]
  readonly tier: AuditTier
  /** The address of the API. */
  readonly api: string
  /** When the change was written that should have been seen. */
  readonly since: Date
  readonly age: AuditAge
}

export type WorkerEvent =
  /** Redis has acknowledged the tags of these rows, and they are marked. `lagMs` is how long the oldest of them had waited. */
  | {
      readonly type: 'relayed'
      readonly rows: number
      readonly tags: number
      readonly lagMs: number
      readonly durationMs: number
    }
  /** Rows stay open: Redis has not acknowledged, or Postgres did not answer. `failures` counts those in a row. */
  | {
      readonly type: 'relay-failed'
      readonly cause: 'redis' | 'postgres'
      readonly failures: number
      readonly error: unknown
    }
  /** Redis lost what it knew: rows of the last hour are relayed again. */
  | { readonly type: 'reopened'; readonly rows: number }
  /**
   * The edge has dropped what carries the tags of these rows: of `rows` for the first time, of `again` for the second.
   * `lagMs` is how long the oldest of the first had waited since it was written; absent when there are none.
   */
  | {
      readonly type: 'purged'
      readonly rows: number
      readonly again: number
      readonly tags: number
      readonly lagMs: number | undefined
      readonly durationMs: number
    }
  /** The edge has not said that it is done, or Postgres did not answer: the rows stay due. */
  | {
      readonly type: 'purge-failed'
      readonly cause: 'edge' | 'postgres'
      readonly failures: number
      readonly error: unknown
    }
  /** Rows relayed more than an hour ago are gone. */
  | { readonly type: 'pruned'; readonly rows: number }
  | { readonly type: 'prune-failed'; readonly failures: number; readonly error: unknown }
  /** Traffic that was due is halved, and what fell below one forgotten. */
  | { readonly type: 'traffic-faded'; readonly halved: number; readonly forgotten: number }
  | { readonly type: 'traffic-failed'; readonly failures: number; readonly error: unknown }
  | { readonly type: 'refreshed'; readonly view: string; readonly changed: number; readonly durationMs: number }
  /** The old rows stay and are served. `ageMs`: how old they are; absent when that is not known either. */
  | {
      readonly type: 'refresh-failed'
      readonly view: string
      readonly failures: number
      readonly ageMs: number | undefined
      readonly error: unknown
    }
  /** Hot pages of refreshed views were asked for, so that they are cached again. */
  | { readonly type: 'rewarmed'; readonly pages: number; readonly durationMs: number }
  | { readonly type: 'rewarm-failed'; readonly failures: number; readonly error: unknown }
  /** The schedule of the views could not be read. */
  | { readonly type: 'schedule-failed'; readonly failures: number; readonly error: unknown }
  /** Products compared with Postgres in one API, those that differ told one by one. */
  | { readonly type: 'audited'; readonly age: AuditAge; readonly products: number }
  | { readonly type: 'difference'; readonly difference: Difference }
  | {
      readonly type: 'audit-failed'
      readonly api: string | undefined
      readonly failures: number
      readonly error: unknown
    }

export type Emit = (event: WorkerEvent) => void
