/** The strategies, on both worlds. */

import { doubleWorld } from './double-world.ts'
import { policiesSuite } from './policies.suite.ts'
import { redisWorld } from './redis-world.ts'

policiesSuite('the double', doubleWorld)
policiesSuite('real Redis', redisWorld)
