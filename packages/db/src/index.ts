/** `@shop/db`: the schema of the shop, the way to its database, its migrations and its seed. */

export * from './aggregates.ts'
export { type ConnectOptions, connect, type Database, isAbandonedTypeQuery, type Sql } from './connect.ts'
export type { QueryHook } from './hook.ts'
export { migrate } from './migrate.ts'
export {
  ANY_CHANGE,
  claimOutbox,
  claimPurges,
  type EdgeNote,
  markRelayed,
  OUTBOX_KEPT_MS,
  type OutboxClaim,
  type OutboxLag,
  type OutboxRow,
  type OwnTags,
  outboxLag,
  ownTags,
  type PurgeClaim,
  type PurgeLimits,
  type PurgeRow,
  pruneOutbox,
  reopenOutbox,
  tellEdge,
  traceOutbox,
  WIDE_TAGS,
} from './outbox.ts'
export * from './schema.ts'
export {
  SeedError,
  type SeedErrorCode,
  type SeedOptions,
  type SeedProgress,
  type SeedResult,
  type SeedSize,
  seed,
} from './seed/index.ts'
export {
  REFRESH_DEFAULTS,
  type Refresh,
  type RefreshOptions,
  refreshView,
  VIEWS,
  type View,
  type ViewAge,
  type ViewName,
  viewAges,
} from './views.ts'
