/** The process of the API. */

import { SCRIPTS } from '@shop/cache/redis'
import { isAbandonedTypeQuery } from '@shop/db'
import { runProcess } from '@shop/process'

import { createApp } from './app.ts'
import { readConfig } from './config.ts'
import { openDeps } from './deps.ts'
import { COUNT } from './limits/rate-limits.ts'

/** Connections that may wait to be accepted: a sale begins with thousands at once. */
const BACKLOG = 4096

/** The longest that a client may then take to send the body. */
const BODY_TIMEOUT_MS = 20_000

await runProcess({
  readConfig,
  scripts: [...SCRIPTS, COUNT],
  isHarmless: isAbandonedTypeQuery,
  async open(config, log, { lifecycle, metrics }) {
    const deps = await openDeps(config, log, lifecycle)
    return {
      fetch: createApp({ ...deps.app, metrics }).fetch,
      ...(deps.answerEarly && { answerEarly: deps.answerEarly }),
      serverOptions: {
        headersTimeout: config.headersTimeoutMs,
        requestTimeout: config.headersTimeoutMs + BODY_TIMEOUT_MS,
      },
      backlog: BACKLOG,
      about: { cache: config.cache, redis: config.redisUrl !== undefined },
      listening: () => void deps.warmer?.start(),
      close: () => deps.close(),
    }
  },
})
