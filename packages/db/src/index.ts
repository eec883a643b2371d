/** `@shop/db`: the schema of the shop, the way to its database, its migrations and its seed. */

export { type ConnectOptions, connect, type Database, isAbandonedTypeQuery, type Sql } from './connect.ts'
export type { QueryHook } from './hook.ts'
export { migrate } from './migrate.ts'
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
