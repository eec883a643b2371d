/** The real PostgreSQL: what survives a stop, a crash, and the loss of its parent. */

import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { serverAccount } from '../src/account.ts'
import {
  freePort,
  type RunningServer,
  removePostgres,
  startPostgres,
  type TemporaryDirectory,
  temporaryDirectory,
  throwaway,
} from '../src/index.ts'
import { commandOf, markOf, processesOf, until } from '../src/processes.ts'
import { isFrozen } from './frozen.ts'

let directory: TemporaryDirectory
let dir: string
const running: RunningServer[] = []

beforeAll(async () => {
  directory = await temporaryDirectory('postgres')
  dir = join(directory.path, 'shared')
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()))
  expect(ownProcesses()).toEqual([])
})
afterAll(() => directory.remove())

async function start(options: Partial<Parameters<typeof startPostgres>[0]> = {}): Promise<RunningServer> {
  const server = await startPostgres({ dir, settings: throwaway, ...options })
  running.push(server)
  return server
}

function ownProcesses() {
  return existsSync(dir) ? processesOf(['postgres', 'initdb'], markOf(dir)) : []
}

async function query<T>(server: RunningServer, statement: string): Promise<T[]> {
  const sql = postgres(server.url, { max: 1, onnotice: () => undefined })
  try {
    return (await sql.unsafe(statement)) as unknown as T[]
  } finally {
    await sql.end({ timeout: 1 })
  }
}

test('the first start makes a PostgreSQL 18 with the database, the user and the settings of the shop', async () => {
  const server = await start()
  const [row] = await query(
    server,
    `select current_database() as database, current_user as "user", current_setting('server_version_num')::int / 10000 as major,
       current_setting('max_connections') as connections, current_setting('unix_socket_directories') as sockets,
       current_setting('listen_addresses') as addresses, current_setting('shared_preload_libraries') as preloaded,
       (select datlocale from pg_database where datname = current_database()) as locale,
       (select string_agg(w, '' order by w) from unnest(array['b', 'a', 'B', 'ä']) w) as sorted, upper('ä') as upper`,
  )
  expect(row).toEqual({
    database: 'shop',
    user: 'shop',
    major: 18,
    connections: '200',
    sockets: '',
    addresses: '127.0.0.1',
    preloaded: 'pg_stat_statements',
    locale: 'C.UTF-8',
    sorted: 'Babä',
    upper: 'Ä',
  })
  await query(server, 'create extension pg_stat_statements')
  expect(await query(server, 'select count(*)::int as n from pg_stat_statements')).toHaveLength(1)
})

test('the password is asked for, and only its owner can read it', async () => {
  const server = await start()
  const wrong = new URL(server.url)
  wrong.password = 'wrong'
  await expect(query({ ...server, url: wrong.href }, 'select 1')).rejects.toThrow('password authentication failed')
  expect(statSync(join(dir, 'password')).mode & 0o777).toBe(0o600)
})

test('a stop and a start keep the rows and the password', async () => {
  const first = await start()
  await query(first, 'create table kept (n int); insert into kept values (1)')
  await first.stop()
  expect(commandOf(first.pid)).toBeUndefined()

  const second = await start()
  expect(await query(second, 'select n from kept')).toEqual([{ n: 1 }])
  expect(new URL(second.url).password).toBe(new URL(first.url).password)
})

test('stopping twice is not an error', async () => {
  const server = await start()
  await Promise.all([server.stop(), server.stop()])
  await server.stop()
})

test('a stop does not wait for clients', async () => {
  const server = await start()
  const sql = postgres(server.url, { max: 1, fetch_types: false })
  const sleeping = sql`select pg_sleep(60)`.catch((error: unknown) => error)
  await until(() => ownProcesses().some(({ command }) => command.includes('SELECT')), 5_000)
  await server.stop()
  expect(await sleeping).toBeInstanceOf(Error)
  await sql.end({ timeout: 1 })
})

test('after SIGKILL of the postmaster a start has every committed row, though a client kept it busy', async () => {
  const first = await start()
  await query(first, 'create table survived (n int)')
  const sql = postgres(first.url, { max: 1, fetch_types: false })
  const busy = sql`select count(*) from generate_series(1, 100000) a, generate_series(1, 100000) b`.catch(
    () => undefined,
  )
  await until(() => ownProcesses().some(({ command }) => command.includes('SELECT')), 5_000)
  await query(first, 'insert into survived values (1)')
  first.kill('SIGKILL')
  expect(await first.exited).toEqual({ code: null, signal: 'SIGKILL' })

  // The backend does not notice that its postmaster is gone while it computes, and holds the shared memory.
  const second = await start()
  expect(await query(second, 'select n from survived')).toEqual([{ n: 1 }])
  await busy
  await sql.end({ timeout: 1 })
})

test('a pid file whose number belongs to another process by now does not stop a start', async () => {
  const first = await start()
  await first.stop()
  // Of the same account: PostgreSQL takes no other for a server of its own.
  const stranger = spawn('sleep', ['600'], { ...serverAccount() })
  try {
    const lines = [stranger.pid, join(dir, 'data'), 1, 5432, '', '127.0.0.1', '', 'ready']
    writeFileSync(join(dir, 'data', 'postmaster.pid'), `${lines.join('\n')}\n`)
    expect(await query(await start(), 'select 1 as one')).toEqual([{ one: 1 }])
    expect(commandOf(stranger.pid as number)).toContain('sleep')
  } finally {
    stranger.kill()
  }
})

test('a start stops the server that an earlier start of the same directory left', async () => {
  const left = await start()
  const second = await start()
  expect(commandOf(left.pid)).toBeUndefined()
  expect(await query(second, 'select 1 as one')).toEqual([{ one: 1 }])
})

test('a cluster that was never finished is made again', async () => {
  const half = join(directory.path, 'half')
  mkdirSync(join(half, 'data.new', 'base'), { recursive: true })
  const server = await start({ dir: half })
  expect(await query(server, 'select 1 as one')).toEqual([{ one: 1 }])
  expect(readdirSync(half).sort()).toEqual(['data', 'password', 'postgres.log'])
})

test('a named port is used, and if it is taken the error says so', async () => {
  const port = await freePort()
  const server = await start({ port })
  expect(new URL(server.url).port).toBe(String(port))
  await server.stop()

  const listener = createServer().listen(port, '127.0.0.1')
  await expect(start({ port })).rejects.toMatchObject({
    code: 'PORT_TAKEN',
    message: expect.stringContaining(`:${port}`),
  })
  await new Promise((resolve) => listener.close(resolve))
})

test('a server that cannot start says why', async () => {
  await expect(start({ settings: { shared_buffers: 'lots' } })).rejects.toMatchObject({
    code: 'START_FAILED',
    message: expect.stringContaining('invalid value for parameter "shared_buffers"'),
  })
})

test('a frozen server answers again after SIGCONT', async () => {
  const server = await start()
  server.kill('SIGSTOP')
  let answered = false
  const asked = query(server, 'select 1 as one').then((rows) => {
    answered = true
    return rows
  })
  expect(await until(() => isFrozen(server.pid), 5_000)).toBe(true)
  expect(answered).toBe(false)
  server.kill('SIGCONT')
  expect(await asked).toEqual([{ one: 1 }])
})

test('a frozen server is stopped in order too', async () => {
  const server = await start()
  server.kill('SIGSTOP')
  await server.stop()
  expect(await server.exited).toEqual({ code: 0, signal: null })
})

test('removing takes the running server and all its files', async () => {
  const gone = join(directory.path, 'gone')
  const server = await start({ dir: gone })
  await removePostgres(gone)
  expect(commandOf(server.pid)).toBeUndefined()
  expect(existsSync(gone)).toBe(false)
  await removePostgres(gone)
})
