/** The protocol, on both worlds. */

import { doubleWorld } from './double-world.ts'
import { protocolSuite } from './protocol.suite.ts'
import { redisWorld } from './redis-world.ts'

protocolSuite('the double', doubleWorld)
protocolSuite('real Redis', redisWorld)
