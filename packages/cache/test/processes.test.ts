/** Races of processes with each other, on both worlds. */

import { redis } from '../src/redis/index.ts'
import { doubleWorld } from './double-world.ts'
import { processesSuite } from './processes.suite.ts'
import { redisWorld } from './redis-world.ts'

processesSuite('the double', doubleWorld, () => ({}))
processesSuite('real Redis', redisWorld, ({ url }) => ({
  redis: redis({ url, commandTimeout: 10_000, probeInterval: 10 }),
}))
