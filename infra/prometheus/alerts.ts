/** Every alert of the shop, by what it is about. `node infra/make.ts` writes them for Prometheus. */

import type { AlertGroup } from './alert.ts'
import { cacheAlerts } from './alerts-cache.ts'
import { serverAlerts } from './alerts-servers.ts'
import { shopAlerts } from './alerts-shop.ts'
import { workerAlerts } from './alerts-worker.ts'

export const ALERT_GROUPS: readonly AlertGroup[] = [shopAlerts, cacheAlerts, workerAlerts, serverAlerts]
