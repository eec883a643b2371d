/**
 * What tests of this package, and of code that uses it, need to hold time, order and Redis in their hands.
 */

export { GatedLoad } from './gated-load.ts'
export { ManualClock } from './manual-clock.ts'
export { RedisDouble } from './redis-double.ts'
