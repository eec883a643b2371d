/** Brings a database to the newest schema and fills it if it is empty. A database of somebody else's stays as it is. */

import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { env } from 'node:process'

import { connect, migrate, SeedError, type SeedSize, seed } from '@shop/db'

import { root } from './command.ts'
import { withoutPassword } from './servers.ts'
import type { Terminal } from './terminal.ts'

const USUAL_SIZE: SeedSize = 'demo'

/**
 * With a size, exactly that seed must be there afterwards. Without one, a database that holds anything stays as it is.
 */
export async function prepareDatabase(url: string, size: SeedSize | undefined, terminal: Terminal): Promise<void> {
  const migrating = terminal.step('migrate')
  if (env.DATABASE_URL) await refuseForeign(url)
  let outcome = ''
  try {
    await migrate(url, (line) => {
      outcome = line
      migrating.progress(line)
    })
  } catch (error) {
    throw migrationFailure(error)
  }
  migrating.done(outcome)
  await fill(url, size, terminal)
}

/**
 * DATABASE_URL may be exported for another project. Its database has tables, or migrations by the same migrator, and not
 * ours; what extensions bring does not count.
 */
async function refuseForeign(url: string): Promise<void> {
  const database = connect({ url, max: 1, applicationName: 'shop-start' })
  const { sql } = database
  try {
    const [found] = await sql<{ ours: boolean; migrated: boolean; tables: string[] }[]>`
      select to_regclass('seed_runs') is not null as ours,
        to_regclass('drizzle.__drizzle_migrations') is not null as migrated,
        array(
          select c.relname::text from pg_class c
          where c.relkind in ('r', 'p', 'v', 'm', 'f')
            and c.relnamespace in (select oid from pg_namespace where nspname in ('public', current_schema()))
            and not exists (
              select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
          order by 1
        ) as tables`
    if (!found || found.ours) return
    const [first] = found.tables
    if (first !== undefined) throw foreign(url, `has tables (${first}${found.tables.length > 1 ? ', …' : ''}) and none`)
    // A migration of ours that failed leaves an empty record.
    const rows = found.migrated ? await sql`select from drizzle.__drizzle_migrations limit 1` : []
    if (rows.length > 0) throw foreign(url, 'has been migrated, but has no tables')
  } finally {
    await database.close()
  }
}

function foreign(url: string, what: string): Error {
  return new Error(
    `The database ${withoutPassword(url)}, where DATABASE_URL points, ${what} of this shop: it belongs to something ` +
      'else, and nothing in it was changed.\n  Unset DATABASE_URL (npm start brings its own database), or let it point ' +
      'to an empty one.',
  )
}

/** The migrator's error is the whole statement; a person wants to know which file, and why. */
function migrationFailure(error: unknown): unknown {
  if (!(error instanceof Error && 'query' in error && error.cause instanceof Error)) return error
  const statement = String(error.query)
  const file = globSync('packages/db/migrations/*.sql', { cwd: root }).find((path) =>
    readFileSync(join(root, path), 'utf8').includes(statement),
  )
  const name = file ? `The migration ${basename(file, '.sql')}` : 'The migration'
  return new Error(`${name} failed and was undone: ${error.cause.message}`)
}

async function fill(url: string, size: SeedSize | undefined, terminal: Terminal): Promise<void> {
  const seeding = terminal.step('seed')
  try {
    const result = await seed(url, {
      size: size ?? USUAL_SIZE,
      report: ({ table, done, total }) =>
        seeding.progress(`${table} ${total === 0 ? 100 : Math.floor((done / total) * 100)} %`),
    })
    const products = (result.counts.products ?? 0).toLocaleString('en')
    seeding.done(`${result.size}, ${products} products${result.seeded ? '' : ', as before'}`)
  } catch (error) {
    const isOther = error instanceof SeedError && error.code !== 'SEED_NOT_MIGRATED'
    if (!isOther) throw error
    if (size !== undefined) throw env.DATABASE_URL ? withOwnCure(error, url) : error
    seeding.done('what is there stays')
  }
}

/** `npm run reset` removes what is in `.shop/`, which is not where this data is. */
function withOwnCure({ message }: SeedError, url: string): Error {
  const [what] = message.split(' Run `npm run reset`')
  return new Error(`${what} It is ${withoutPassword(url)}, where DATABASE_URL points: ${databaseCure(url)}`)
}

/** How somebody else's database becomes empty. */
export function databaseCure(url: string): string {
  const name = decodeURIComponent(URL.parse(url)?.pathname.slice(1) ?? '') || 'shop'
  return `drop and create it (dropdb ${name} && createdb ${name}), or unset DATABASE_URL.`
}
