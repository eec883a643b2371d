/**
 * The rate limits of the shop: counted in Redis, so that they hold for all processes together.
 *
 *     shop:rate:customer:42     string    requests of customer 42 in this window; expires with it
 *     shop:rate:admin:admin     string    those of the administrator
 *
 * Windows are fixed: one begins with the first request after the one before has ended, so between two of them a principal
 * may get twice the quota within a moment. Whoever is beyond it is remembered here until the window ends, so that refusing
 * costs Redis nothing.
 *
 * Without Redis each process counts alone, and a principal may get its quota of each: a limit is not worth an error. A
 * Redis that stands still is as good as none, which its connection finds out by itself:
 *
 *     ready ── a command waits its time, then counts here ── silent for twice that: closed ── connects; not ready, counts here
 *       ▲                                                                                              │
 *       └──────────────────────────── Redis has answered the greeting ─────────────────────────────────┘
 */

import { createHash } from 'node:crypto'
import { Redis } from 'ioredis'
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'

import type { RateLimit } from '../http/rate-limit.ts'
import type { Log } from '../http/request-log.ts'

const WINDOW_S = 10

/** The step of the library, under a name that traces show. KEYS the count. ARGV how many to add, seconds of a window. */
const COUNT_LUA = `
local count = redis.call('INCRBY', KEYS[1], ARGV[1])
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
return {count, redis.call('PTTL', KEYS[1])}
`

/** For the names of spans. */
export const COUNT = { name: 'count', sha: createHash('sha1').update(COUNT_LUA).digest('hex') } as const

export interface RateLimits {
  /** Absent: as many as they like. */
  readonly customer?: RateLimit | undefined
  readonly admin?: RateLimit | undefined
}

export interface OpenRateLimits extends RateLimits {
  /** Whether this process counts with the others at the moment. */
  readonly shared: boolean
  close(): void
}

interface RateLimitsOptions {
  /** Requests in a window; 0: there is no limit. */
  readonly customer: number
  readonly admin: number
  /**
   * How long a window lasts, in seconds.
   * @default 10
   */
  readonly windowS?: number | undefined
  /** Absent: this process counts alone. */
  readonly redisUrl: string | undefined
  readonly log: Log
  readonly commandTimeoutMs: number
}

export function openRateLimits({
  customer,
  admin,
  windowS = WINDOW_S,
  redisUrl,
  commandTimeoutMs,
  log,
}: RateLimitsOptions): OpenRateLimits {
  const isNeeded = redisUrl !== undefined && customer + admin > 0
  const redis = isNeeded ? connectTo(redisUrl, log, commandTimeoutMs) : undefined
  return {
    customer: limitOf('customer', customer, windowS, redis),
    admin: limitOf('admin', admin, windowS, redis),
    get shared() {
      return redis?.status === 'ready'
    },
    close: () => redis?.disconnect(),
  }
}

function limitOf(
  kind: RateLimit['kind'],
  quota: number,
  windowS: number,
  redis: Redis | undefined,
): RateLimit | undefined {
  if (quota === 0) return undefined
  const options = { keyPrefix: `shop:rate:${kind}`, points: quota, duration: windowS }
  const alone = new RateLimiterMemory(options)
  const counts =
    redis === undefined
      ? alone
      : new RateLimiterRedis({
          ...options,
          storeClient: redis,
          rejectIfRedisNotReady: true,
          customIncrTtlLuaScript: COUNT_LUA,
          insuranceLimiter: alone,
          inMemoryBlockOnConsumed: quota + 1,
        })
  return {
    kind,
    quota,
    windowS,
    async take(principal) {
      try {
        return { granted: true, ...leftOf(await counts.consume(principal)) }
      } catch (refusal) {
        if (refusal instanceof RateLimiterRes) return { granted: false, ...leftOf(refusal) }
        throw refusal
      }
    },
  }
}

function leftOf({ remainingPoints, msBeforeNext }: RateLimiterRes): { left: number; resetMs: number } {
  return { left: remainingPoints, resetMs: msBeforeNext }
}

/** A connection of its own, since that of the cache is the cache's. Nothing waits in a queue. */
function connectTo(url: string, log: Log, commandTimeout: number): Redis {
  const redis = new Redis(url, {
    commandTimeout,
    // Twice that, because this process may be the one that was busy.
    socketTimeout: 2 * commandTimeout,
    connectTimeout: 2_000,
    disconnectTimeout: 500,
    keepAlive: 10_000,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    enableReadyCheck: true,
    maxLoadingRetryTime: 1_000,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 5), 1_000),
    reconnectOnError: null,
    disableClientInfo: true,
  })
  let isLost = false
  redis.on('error', () => undefined) // 'reconnecting' follows.
  redis.on('reconnecting', () => {
    if (!isLost) log.warn({}, 'rate limits are counted by this process alone')
    isLost = true
  })
  redis.on('ready', () => {
    if (isLost) log.info({}, 'rate limits are counted with the other processes again')
    isLost = false
  })
  return redis
}
