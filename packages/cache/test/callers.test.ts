/** What many ask for in one turn leaves as one command, and is traced under who asked first. */

import { AsyncLocalStorage } from 'node:async_hooks'
import { tracingChannel } from 'node:diagnostics_channel'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { redisWorld } from './redis-world.ts'

let world: Awaited<ReturnType<typeof redisWorld>>
beforeAll(async () => {
  world = await redisWorld()
})
afterAll(() => world.close())

test('reads of one turn are one command, and each key is in it once', async () => {
  const { cache } = await world.open()
  const greeting = cache.resource({
    name: 'greeting',
    version: 1,
    ttl: 60_000,
    keep: 'nothing',
    key: (who: string) => [who],
    load: async (who) => `Hello ${who}`,
  })
  await greeting.getMany(['Ada', 'Grace'])

  const caller = new AsyncLocalStorage<string>()
  const seen: string[] = []
  const listener = {
    start: (message: object) => {
      const { command, args } = message as { readonly command: string; readonly args: readonly string[] }
      if (command === 'mget') seen.push(`${caller.getStore()}: ${args.length}`)
    },
  }
  const channel = tracingChannel('ioredis:command')
  channel.subscribe(listener as Parameters<typeof channel.subscribe>[0])
  try {
    await Promise.all([
      caller.run('first', () => greeting.get('Ada')),
      caller.run('second', () => greeting.get('Grace')),
      caller.run('third', () => greeting.get('Ada')),
    ])
  } finally {
    channel.unsubscribe(listener as Parameters<typeof channel.subscribe>[0])
  }
  expect(seen).toEqual(['first: 2'])
})
