/** Commands that leave in one pipeline are traced each under its own caller. */

import { AsyncLocalStorage } from 'node:async_hooks'
import { tracingChannel } from 'node:diagnostics_channel'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { Client } from '../src/redis/client.ts'
import { redisWorld } from './redis-world.ts'

let world: Awaited<ReturnType<typeof redisWorld>>
beforeAll(async () => {
  world = await redisWorld()
})
afterAll(() => world.close())

test('two callers of one turn keep their own context', async () => {
  const caller = new AsyncLocalStorage<string>()
  const seen: string[] = []
  const listener = {
    start: (message: object) => {
      const { command } = message as { readonly command: string }
      if (/get|evalsha/i.test(command)) seen.push(`${caller.getStore()} ${command}`)
    },
  }
  const channel = tracingChannel('ioredis:command')
  channel.subscribe(listener as Parameters<typeof channel.subscribe>[0])
  const client = new Client(world.url, { enableAutoPipelining: true })
  try {
    await client.ping()
    await Promise.all([
      caller.run('first', () => client.getBuffer('a')),
      caller.run('second', () => client.get('b')),
      caller.run('third', () => client.get('c')),
    ])
  } finally {
    channel.unsubscribe(listener as Parameters<typeof channel.subscribe>[0])
    client.disconnect()
  }
  expect(seen.map((line) => line.toLowerCase())).toEqual(['first get', 'second get', 'third get'])
})
