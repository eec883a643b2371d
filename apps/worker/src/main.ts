/** The process of the worker: jobs, and a small server for health checks. */

import { SCRIPTS } from '@shop/cache/redis'
import { isAbandonedTypeQuery } from '@shop/db'
import { runProcess } from '@shop/process'

import { readConfig } from './config.ts'
import { openDeps } from './deps.ts'
import { healthApp } from './health.ts'

await runProcess({
  readConfig,
  scripts: SCRIPTS,
  isHarmless: isAbandonedTypeQuery,
  async open(config, log, { lifecycle, metrics }) {
    const deps = await openDeps(config, log)
    return {
      fetch: healthApp({ lifecycle, metrics, ...deps.health }).fetch,
      about: { apis: config.apiUrls.length },
      listening: () => deps.startJobs(),
      // What a job is cut off in, it held by a transaction: another worker takes over.
      close: () => deps.close(),
    }
  },
})
