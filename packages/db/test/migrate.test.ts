/** Migrations: once, by one, whoever else starts. */

import { fileURLToPath } from 'node:url'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import postgres from 'postgres'
import { expect, test } from 'vitest'

import { migrate } from '../src/index.ts'
import { createDatabase } from './database.ts'

const migrationsFolder = fileURLToPath(new URL('../migrations', import.meta.url))
const known = readMigrationFiles({ migrationsFolder }).length

test('five at once apply every migration once, and a later one finds nothing to do', async () => {
  const url = await createDatabase({ migrated: false })
  const lines: string[] = []
  await Promise.all(Array.from({ length: 5 }, () => migrate(url, (line) => lines.push(line))))
  expect(lines.filter((line) => line.startsWith('applied'))).toEqual([`applied ${known} of ${known} migrations`])
  expect(lines).toContain('another migration is running, waiting for it')

  const sql = postgres(url, { max: 1 })
  const [row] = await sql<{ count: number }[]>`select count(*)::int as count from drizzle.__drizzle_migrations`
  await sql.end()
  expect(row?.count).toBe(known)

  const later: string[] = []
  await migrate(url, (line) => later.push(line))
  expect(later).toEqual([`all ${known} migrations are applied`])
})

test('a migration that fails leaves nothing behind, and the lock is free again', async () => {
  const url = await createDatabase({ migrated: false })
  const sql = postgres(url, { max: 1 })
  await sql`create function products_derive(ids bigint[]) returns void language sql as 'select'`
  await expect(migrate(url)).rejects.toThrow()
  const tables = await sql`select tablename from pg_tables where schemaname = 'public'`
  expect([...tables]).toEqual([])
  await sql`drop function products_derive(bigint[])`
  await migrate(url)
  await sql.end()
})

test('the extensions are there', async () => {
  const sql = postgres(await createDatabase(), { max: 1 })
  const rows = await sql`select extname from pg_extension where extname like 'pg\\_%' order by 1`
  await sql.end()
  expect(rows.map(({ extname }) => extname)).toEqual(['pg_stat_statements', 'pg_trgm'])
})
