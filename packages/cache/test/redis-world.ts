/** The world of a real Redis server, one for each test, that is really killed, frozen and restarted. */

import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import { type RunningServer, startRedis, temporaryDirectory } from '@shop/local-stack'
import { Redis } from 'ioredis'

import { type CacheEvent, createCache } from '../src/index.ts'
import { redis } from '../src/redis/index.ts'
import { layout } from '../src/redis/layout.ts'
import { BOUND, closeAndCheck, type Member, until, type World } from './world.ts'

/** A deadline that a busy machine does not miss; what tests deadlines gives its own. */
export const PATIENT = 2_000

const NAME = 'test'
const at = layout(NAME, '-')

export async function redisWorld(): Promise<World & { readonly url: string; readonly admin: Redis }> {
  const directory = await temporaryDirectory('cache')
  const dir = join(directory.path, 'redis')
  const saved = join(directory.path, 'saved.rdb')
  let server: RunningServer = await startRedis({ dir })
  const { url } = server
  const port = Number(new URL(url).port)
  const admin = new Redis(url, { retryStrategy: () => 20, maxRetriesPerRequest: 100 })
  admin.on('error', () => undefined)
  await admin.ping()
  const members: Member[] = []
  let up = true

  return {
    url,
    admin,
    async open(options = {}) {
      const events: CacheEvent[] = []
      const cache = createCache({
        name: NAME,
        redis: redis({ url, commandTimeout: PATIENT }),
        maxStaleness: BOUND,
        onEvent: (event) => events.push(event),
        ...options,
      })
      const member = { cache, events }
      members.push(member)
      if (up) await until('ready', () => cache.health().trusted && cache.health().redis === 'up')
      return member
    },
    async whileDeaf(act) {
      // ioredis waits tens of milliseconds before it connects again; what follows at once is not heard.
      await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
      await act()
    },
    async freeze() {
      up = false
      server.kill('SIGSTOP')
    },
    async thaw() {
      if (!up) server.kill('SIGCONT')
      up = true
    },
    async kill() {
      up = false
      server.kill('SIGKILL')
      await until('dead', () => admin.status !== 'ready')
    },
    async save() {
      await admin.save()
      copyFileSync(join(dir, 'dump.rdb'), saved)
    },
    async restart({ snapshot }) {
      await server.stop()
      rmSync(join(dir, 'dump.rdb'), { force: true })
      if (snapshot) copyFileSync(saved, join(dir, 'dump.rdb'))
      server = await startRedis({ dir, port })
      await until('up', () => admin.status === 'ready')
      up = true
    },
    flushAll: async () => void (await admin.flushall()),
    evictTag: async (tag) => void (await admin.del(at.tag(tag))),
    evictState: async () => void (await admin.del(at.state)),
    endLease: async (key) => void (await admin.del(at.lease(key))),
    untilWaiting: (key, processes) =>
      until(`${processes} wait for ${key}`, async () => {
        const fields = await admin.hkeys(at.lease(key))
        return fields.filter((field) => field.startsWith('w')).length === processes
      }),
    async tamper(from, to, change) {
      const bytes = await admin.getBuffer(at.entry(from))
      if (bytes) await admin.set(at.entry(to), change(bytes), 'PX', 60_000)
    },
    closeMembers: () => closeAndCheck(members),
    async close() {
      try {
        await closeAndCheck(members)
      } finally {
        admin.disconnect()
        await server.stop()
        await directory.remove()
      }
    },
  }
}
