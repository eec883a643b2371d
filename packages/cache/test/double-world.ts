/** The world of the double: no process but this one. */

import { type CacheEvent, createCache } from '../src/index.ts'
import { RedisDouble } from '../src/testing.ts'
import { BOUND, closeAndCheck, type Member, until, type World } from './world.ts'

export async function doubleWorld(): Promise<World & { readonly double: RedisDouble }> {
  const double = new RedisDouble()
  const members: Member[] = []
  let snapshot: ReturnType<RedisDouble['snapshot']> | undefined
  return {
    double,
    async open(options = {}) {
      const events: CacheEvent[] = []
      const cache = createCache({
        name: 'test',
        redis: double.open,
        maxStaleness: BOUND,
        onEvent: (event) => events.push(event),
        ...options,
      })
      const member = { cache, events }
      members.push(member)
      if (double.state === 'up') await until('ready', () => cache.health().trusted)
      return member
    },
    async whileDeaf(act) {
      for (const process of double.processes) process.cutBus()
      await act()
      for (const process of double.processes) process.hear()
    },
    freeze: async () => double.freeze(),
    thaw: async () => double.thaw(),
    kill: async () => double.kill(),
    async save() {
      snapshot = double.snapshot()
    },
    restart: async (options) => double.restart(options.snapshot ? snapshot : undefined),
    flushAll: async () => double.flushAll(),
    evictTag: async (tag) => double.evictTag(tag),
    evictState: async () => double.evictState(),
    endLease: async (key) => void double.memory.leases.delete(key),
    untilWaiting: (key, processes) =>
      until(`${processes} wait for ${key}`, () => double.memory.leases.get(key)?.waiting.size === processes),
    async tamper(from, to, change) {
      const held = double.memory.entries.get(from)
      if (held) double.memory.entries.set(to, { ...held, bytes: change(Buffer.from(held.bytes)) })
    },
    closeMembers: () => closeAndCheck(members),
    close: () => closeAndCheck(members),
  }
}
