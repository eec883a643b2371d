/** Redis in a container, where an engine answers and has the image; elsewhere there is nothing to test. */

import { execFileSync } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { join } from 'node:path'

import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import {
  redisImageMissing,
  removeRedisContainer,
  startRedisContainer,
  type TemporaryDirectory,
  temporaryDirectory,
} from '../src/index.ts'
import { markOf } from '../src/processes.ts'
import { dockerAnswers } from '../src/redis-search.mjs'

const hasImage = (await dockerAnswers()) && !(await redisImageMissing())

describe.runIf(hasImage)('a container', () => {
  let directory: TemporaryDirectory
  let dir: string
  beforeAll(async () => {
    directory = await temporaryDirectory('container')
    dir = join(directory.path, 'redis')
  })
  afterAll(async () => {
    await removeRedisContainer(dir)
    await directory.remove()
  })

  async function ping(url: string): Promise<string> {
    const client = new Redis(url, { disableClientInfo: true, maxRetriesPerRequest: 1 })
    try {
      return await client.ping()
    } finally {
      client.disconnect()
    }
  }

  test('answers, takes the place of what an earlier start left, and is gone when it stops', async () => {
    const left = await startRedisContainer({ dir })
    expect(await ping(left.url)).toBe('PONG')
    const second = await startRedisContainer({ dir })
    await left.exited
    expect(await ping(second.url)).toBe('PONG')
    await second.stop()
    await second.exited
    const names = execFileSync('docker', ['ps', '--all', '--format', '{{.Names}}'], { encoding: 'utf8' })
    expect(names).not.toContain(markOf(realpathSync(dir)))
  })

  test('a taken port is told', async () => {
    const other = await startRedisContainer({ dir: join(directory.path, 'redis') })
    const port = Number(new URL(other.url).port)
    const elsewhere = join(directory.path, 'elsewhere')
    await expect(startRedisContainer({ dir: elsewhere, port })).rejects.toMatchObject({ code: 'PORT_TAKEN' })
    await removeRedisContainer(elsewhere)
    await other.stop()
  })

  test('a killed container ends', async () => {
    const server = await startRedisContainer({ dir })
    server.kill('SIGKILL')
    expect(await server.exited).toMatchObject({ code: 137 })
    await server.stop()
  })
})
