/** The real Redis: a cache that forgets, keeps to its memory, and leaves nothing behind. */

import { readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'

import {
  freePort,
  type RunningServer,
  startRedis,
  stopRedis,
  type TemporaryDirectory,
  temporaryDirectory,
} from '../src/index.ts'
import { commandOf, markOf, processesOf, until } from '../src/processes.ts'
import { isFrozen } from './frozen.ts'

let directory: TemporaryDirectory
let dir: string
const running: RunningServer[] = []

beforeAll(async () => {
  directory = await temporaryDirectory('redis')
  dir = join(directory.path, 'redis')
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await Promise.all(running.splice(0).map((server) => server.stop()))
  expect(processesOf(['redis-server', 'valkey-server'], markOf(dir))).toEqual([])
})
afterAll(() => directory.remove())

async function start(options: Partial<Parameters<typeof startRedis>[0]> = {}): Promise<RunningServer> {
  const server = await startRedis({ dir, ...options })
  running.push(server)
  return server
}

async function withClient<T>(server: RunningServer, use: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(server.url, { disableClientInfo: true, maxRetriesPerRequest: 1 })
  try {
    return await use(client)
  } finally {
    client.disconnect()
  }
}

test('it is a cache: bounded memory, least frequently used goes first, no file but the log', async () => {
  const server = await start()
  const settings = await withClient(server, async (client) => {
    await client.set('k', 'v')
    const read = async (name: string) => ((await client.config('GET', name)) as Record<string, string> | string[]) ?? []
    const value = async (name: string) => Object.values(await read(name)).at(-1)
    return [await value('maxmemory'), await value('maxmemory-policy'), await value('save'), await value('appendonly')]
  })
  expect(settings).toEqual([String(256 * 1024 * 1024), 'allkeys-lfu', '', 'no'])
  await server.stop()
  expect(readdirSync(dir)).toEqual(['redis.log'])
  const next = await start()
  expect(await withClient(next, (client) => client.get('k'))).toBeNull()
})

test('arguments of the caller win', async () => {
  const server = await start({ args: ['--maxmemory', '8mb'] })
  const info = await withClient(server, (client) => client.info('memory'))
  expect(info).toContain(`maxmemory:${8 * 1024 * 1024}`)
})

test('a start stops what an earlier start of the same directory left', async () => {
  const left = await start()
  const second = await start()
  expect(commandOf(left.pid)).toBeUndefined()
  expect(await withClient(second, (client) => client.ping())).toBe('PONG')
})

test('a leftover that is frozen is stopped in order too', async () => {
  const left = await start()
  left.kill('SIGSTOP')
  expect(await until(() => isFrozen(left.pid), 5_000)).toBe(true)
  await stopRedis(dir)
  expect(await left.exited).toEqual({ code: 0, signal: null })
})

test('a named port is used, and if it is taken the error says so', async () => {
  const port = await freePort()
  const server = await start({ port })
  expect(server.url).toBe(`redis://127.0.0.1:${port}`)
  await server.stop()

  const listener = createServer().listen(port, '127.0.0.1')
  await expect(start({ port })).rejects.toMatchObject({
    code: 'PORT_TAKEN',
    message: expect.stringContaining(`:${port}`),
  })
  await new Promise((resolve) => listener.close(resolve))
})

test('another Redis on the port is not taken for the own one', async () => {
  const other = await startRedis({ dir: join(directory.path, 'other') })
  running.push(other)
  await expect(start({ port: Number(new URL(other.url).port) })).rejects.toMatchObject({ code: 'PORT_TAKEN' })
})

test('SIGKILL ends it, and the end is told', async () => {
  const server = await start()
  server.kill('SIGKILL')
  expect(await server.exited).toEqual({ code: null, signal: 'SIGKILL' })
  server.kill('SIGKILL')
  await server.stop()
})

test('frozen it does not answer, after SIGCONT it does', async () => {
  const server = await start()
  await withClient(server, async (client) => {
    await client.ping()
    server.kill('SIGSTOP')
    expect(await until(() => isFrozen(server.pid), 5_000)).toBe(true)
    let answered = false
    const asked = client.ping().then((answer) => {
      answered = true
      return answer
    })
    await new Promise((resolve) => setImmediate(resolve))
    expect(answered).toBe(false)
    server.kill('SIGCONT')
    expect(await asked).toBe('PONG')
  })
})

test('a server that refuses its arguments says why', async () => {
  await expect(start({ args: ['--maxmemory', 'lots'] })).rejects.toMatchObject({
    code: 'START_FAILED',
    message: expect.stringContaining('maxmemory'),
  })
})

test('without a Redis on the PATH the error says how to get one', async () => {
  vi.stubEnv('PATH', '/nowhere')
  await expect(start()).rejects.toMatchObject({
    code: 'REDIS_MISSING',
    message: expect.stringContaining('Install it with: '),
  })
})
