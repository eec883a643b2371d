/**
 * Brings a database to the newest schema, once.
 *
 * Migrations are the committed SQL files of `migrations/`, applied in one transaction by drizzle's migrator, which
 * remembers what it applied. A session lock is held around it, so that any number of processes may start at the same
 * time: one works, the others wait and then find nothing to do. The lock goes with the connection, so a killed
 * migration leaves none behind.
 */

import { fileURLToPath } from 'node:url'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import { drizzle } from 'drizzle-orm/postgres-js'
import { migrate as migrateWithDrizzle } from 'drizzle-orm/postgres-js/migrator'

import { createClient, type Sql } from './connect.ts'

const migrationsFolder = fileURLToPath(new URL('../migrations', import.meta.url))

/** Any number will do, as long as nothing else in the shop uses it. */
const LOCK = 7_316_001

const LOCK_TIMEOUT_MS = 120_000

async function appliedCount(sql: Sql): Promise<number> {
  const [found] = await sql<{ present: boolean }[]>`
    select to_regclass('drizzle.__drizzle_migrations') is not null as present`
  if (!found?.present) return 0
  const [row] = await sql<{ count: number }[]>`select count(*) from drizzle.__drizzle_migrations`
  return row?.count ?? 0
}

async function lock(sql: Sql, report: (line: string) => void): Promise<void> {
  const [row] = await sql<{ locked: boolean }[]>`select pg_try_advisory_lock(${LOCK}) as locked`
  if (row?.locked) return
  report('another migration is running, waiting for it')
  await sql`select pg_advisory_lock(${LOCK})`
}

/**
 * Applies what is missing and resolves when the schema is the newest. Safe to call from several processes at once.
 * Waits at most two minutes for another migration. Rejects, having changed nothing, if a migration fails.
 */
export async function migrate(url: string, report: (line: string) => void = () => undefined): Promise<void> {
  // One connection, because the lock belongs to it; no statement timeout, because an index may take a while.
  const sql = createClient(url, {
    max: 1,
    applicationName: 'shop-migrate',
    parameters: { statement_timeout: 0, lock_timeout: LOCK_TIMEOUT_MS },
  })
  try {
    await lock(sql, report)
    const before = await appliedCount(sql)
    await migrateWithDrizzle(drizzle(sql), { migrationsFolder })
    const after = await appliedCount(sql)
    const known = readMigrationFiles({ migrationsFolder }).length
    report(after > before ? `applied ${after - before} of ${known} migrations` : `all ${known} migrations are applied`)
    await sql`select pg_advisory_unlock(${LOCK})`
  } finally {
    await sql.end({ timeout: 5 })
  }
}
