/** The two adapters of this package with every lever, for the conformance suites. */

import { redis } from '../src/redis/index.ts'
import { layout } from '../src/redis/layout.ts'
import { type AdapterUnderTest, type Levers, ManualClock, type RedisDouble } from '../src/testing.ts'
import { RedisProxy } from './proxy.ts'
import { PATIENT, redisWorld } from './redis-world.ts'

/** Every lever is there. */
export type WholeAdapter = AdapterUnderTest & Levers

export function doubleAdapter(double: RedisDouble): WholeAdapter {
  const clock = new ManualClock()
  const each = (befall: (process: RedisDouble['processes'][number]) => void): void => double.processes.forEach(befall)
  return {
    open: double.open,
    time: { clock, pass: (duration) => clock.advance(duration) },
    loseEverything: async () => double.flushAll(),
    evictTag: async (tag) => double.evictTag(tag),
    async rollBack(act) {
      const before = double.snapshot()
      await act().finally(() => double.restart(before))
    },
    async whileDeaf(act) {
      each((process) => process.cutBus())
      await act().finally(() => each((process) => process.hear()))
    },
    async whileBacklogged(act) {
      each((process) => process.holdMessages())
      await act().finally(() => each((process) => process.deliverMessages()))
    },
    async whileSilent(act) {
      double.freeze()
      await act().finally(() => double.thaw())
    },
    async whileGone(act) {
      double.kill()
      await act().finally(() => double.restart())
    },
  }
}

/** A real server, once it is started, behind a proxy that can keep back what is published. */
export function redisAdapter(): { adapter: WholeAdapter; start(): Promise<void>; close(): Promise<void> } {
  const at = layout('conformance', '-')
  let world: Awaited<ReturnType<typeof redisWorld>>
  let proxy: RedisProxy
  return {
    async start() {
      world = await redisWorld()
      proxy = await RedisProxy.before(world.url)
    },
    async close() {
      await proxy.close()
      await world.close()
    },
    adapter: {
      open: (...given) => redis({ url: proxy.url, commandTimeout: PATIENT })(...given),
      loseEverything: () => world.flushAll(),
      evictTag: async (tag) => void (await world.admin.del(at.tag(tag))),
      async rollBack(act) {
        await world.save()
        await act().finally(() => world.restart({ snapshot: true }))
      },
      whileDeaf: (act) => world.whileDeaf(act),
      async whileBacklogged(act) {
        proxy.hold('bus')
        await act().finally(() => proxy.release('bus'))
      },
      async whileSilent(act) {
        await world.freeze()
        await act().finally(() => world.thaw())
      },
      async whileGone(act) {
        await world.kill()
        await act().finally(() => world.restart({ snapshot: false }))
      },
    },
  }
}
