/** Every dashboard. `node infra/make.ts` writes them for Grafana. */

import { cacheDashboard } from './cache.ts'
import type { Dashboard } from './dashboard.ts'
import { flashSaleDashboard } from './flash-sale.ts'
import { serversDashboard } from './servers.ts'
import { shopDashboard } from './shop.ts'

export const DASHBOARDS: readonly Dashboard[] = [shopDashboard, cacheDashboard, serversDashboard, flashSaleDashboard]
