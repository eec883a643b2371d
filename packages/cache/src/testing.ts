/**
 * What tests of this package, and of code that uses it, need to hold time, order and Redis in their hands; and, for who
 * writes an adapter for another store, the contracts and the suites that hold it to them.
 */

export { busConformance } from './bus-conformance.ts'
export type { AdapterUnderTest, ConformanceCase, Levers } from './conformance.ts'
export type { ConformanceTime } from './conformance-fleet.ts'
export { GatedLoad } from './gated-load.ts'
export { leaseConformance } from './lease-conformance.ts'
export { ManualClock } from './manual-clock.ts'
export { RedisDouble } from './redis-double.ts'
export { tagsConformance } from './tags-conformance.ts'
export { tierConformance } from './tier-conformance.ts'
