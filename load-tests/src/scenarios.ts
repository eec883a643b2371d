/** Every scenario there is, in the order in which a person is told of them. */

import { browse } from './browse.ts'
import { coldStart } from './cold-start.ts'
import { crawler } from './crawler.ts'
import { soak, spike } from './endurance.ts'
import { faultScenario } from './fault-scenario.ts'
import { FAULTS } from './faults.ts'
import { flashSale } from './flash-sale.ts'
import { ramp } from './ramp.ts'
import { rateLimit } from './rate-limit.ts'
import type { Scenario } from './scenario.ts'
import { stampede } from './stampede.ts'
import { storm } from './storm.ts'

export const SCENARIOS: readonly Scenario[] = Object.freeze([
  flashSale,
  stampede,
  storm,
  browse,
  ramp,
  spike,
  soak,
  coldStart,
  crawler,
  rateLimit,
  ...FAULTS.map(faultScenario),
])
