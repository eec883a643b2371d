/** DATABASE_URL may point to what belongs to another project: nothing of it is changed or removed. */

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'

import { connect, type Sql } from '@shop/db'
import { type RunningServer, startPostgres, type TemporaryDirectory, temporaryDirectory } from '@shop/local-stack'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'

import { cleanEnvironment } from '../clean-environment.ts'
import { root } from '../command.ts'
import { processesOfShop, type Shop, startShop } from './shop.ts'

let directory: TemporaryDirectory
let server: RunningServer
let data: string
const shops: Shop[] = []

beforeAll(async () => {
  directory = await temporaryDirectory('foreign')
  data = join(realpathSync(directory.path), 'shop')
  server = await startPostgres({ dir: join(directory.path, 'theirs') })
})
afterEach(async () => {
  for (const { npm, ended } of shops.splice(0)) {
    if (npm.exitCode === null && npm.signalCode === null) npm.kill('SIGTERM')
    await ended
  }
})
afterAll(async () => {
  await server?.stop()
  await directory?.remove()
})

function start(env: NodeJS.ProcessEnv): Shop {
  const shop = startShop(data, ['--no-redis'], env)
  shops.push(shop)
  return shop
}

async function withDatabase<T>(url: string, use: (sql: Sql) => Promise<T>): Promise<T> {
  const { sql, close } = connect({ url })
  try {
    return await use(sql)
  } finally {
    await close()
  }
}

/** A database of its own in the one server. */
async function database(name: string, ...statements: string[]): Promise<string> {
  await withDatabase(server.url, (sql) => sql.unsafe(`create database ${name}`))
  const url = new URL(server.url)
  url.pathname = `/${name}`
  await withDatabase(url.href, async (sql) => {
    for (const statement of statements) await sql.unsafe(statement)
  })
  return url.href
}

function relations(url: string): Promise<string[]> {
  return withDatabase(url, async (sql) => {
    const rows = await sql<{ name: string }[]>`
      select schemaname || '.' || tablename as name from pg_tables
      where schemaname not in ('pg_catalog', 'information_schema') order by 1`
    return rows.map(({ name }) => name)
  })
}

test.each([
  ['tables', 'theirs_tables', ['create table invoices (id int)'], ['public.invoices']],
  ['a table named as one of ours', 'theirs_products', ['create table products (id int)'], ['public.products']],
  [
    'migrations by the same migrator',
    'theirs_migrated',
    [
      'create schema drizzle',
      'create table drizzle.__drizzle_migrations (id int, hash text, created_at bigint)',
      "insert into drizzle.__drizzle_migrations values (1, 'x', 1)",
    ],
    ['drizzle.__drizzle_migrations'],
  ],
])('a database that has %s of somebody else is refused and not touched', async (_what, name, statements, expected) => {
  const url = await database(name, ...statements)
  const shop = start({ DATABASE_URL: url })
  expect(await shop.ended).toBe(1)
  expect(shop.said()).toContain(`/${name}, where DATABASE_URL points`)
  expect(shop.said()).toContain('Unset DATABASE_URL')
  expect(shop.said()).not.toContain(new URL(url).password)
  expect(await relations(url)).toEqual(expected)
  expect(processesOfShop(data)).toEqual([])
})

test('a migration that fails is named, with its cause and without its statement', async () => {
  const url = await database('clash', 'create schema drizzle', 'create type products as (a int)')
  const shop = start({ DATABASE_URL: url })
  expect(await shop.ended).toBe(1)
  expect(shop.said()).toMatch(/The migration 0000_tables failed and was undone: .*already exists/)
  expect(shop.said()).not.toMatch(/CREATE TABLE|params/)
})

test('an empty database is taken, taken again, said at the stop, and kept by reset', async () => {
  const url = await database('ours', 'create extension pg_stat_statements')
  const env = { ...cleanEnvironment(process.env), SHOP_DATA: data, DATABASE_URL: url }
  for (const _time of [1, 2]) {
    const shop = start({ DATABASE_URL: url, CACHE: 'off' })
    await shop.ready()
    expect(shop.said()).toContain('off (CACHE=off)')
    expect(shop.said()).not.toContain('Cache-Status')
    shop.interrupt()
    expect(await shop.ended).toBe(0)
    expect(shop.said()).toContain('The data stays where DATABASE_URL points')
  }
  const seed = spawnSync(process.execPath, ['scripts/seed.ts', '--size', 'demo'], { cwd: root, env, encoding: 'utf8' })
  expect(seed.status).toBe(1)
  expect(seed.stdout).toContain('drop and create it (dropdb ours && createdb ours)')
  expect(seed.stdout).not.toContain('npm run reset')

  mkdirSync(join(data, 'postgres'), { recursive: true })
  const reset = spawnSync(process.execPath, ['scripts/reset.ts', '--yes'], { cwd: root, env, encoding: 'utf8' })
  expect(reset.status).toBe(1)
  expect(reset.stdout).toContain('/ours, where DATABASE_URL points')
  expect(existsSync(join(data, 'postgres'))).toBe(true)
})

test.each(['scripts/reset.ts', 'scripts/doctor.mjs'])('%s has a help', (script) => {
  expect(execFileSync(process.execPath, [script, '--help'], { cwd: root, encoding: 'utf8' })).toMatch(/^npm run /)
})
