/** The same rate limits; each refusal is counted, by the kind of principal. Who it was is no attribute. */

import { metrics } from '@opentelemetry/api'

import type { RateLimit } from '../http/rate-limit.ts'
import type { RateLimits } from './rate-limits.ts'

/** Call it after the SDK has started: metrics are those of the provider there is then. */
export function countedLimits({ customer, admin }: RateLimits): RateLimits {
  const refusals = metrics.getMeter('@shop/api').createCounter('shop.rate_limit.refusals', {
    unit: '{request}',
    description: 'Requests beyond the limit of whoever sent them',
  })
  const counted = (limit: RateLimit): RateLimit => ({
    ...limit,
    async take(principal) {
      const taken = await limit.take(principal)
      if (!taken.granted) refusals.add(1, { 'shop.rate_limit.principal': limit.kind })
      return taken
    },
  })
  return { customer: customer && counted(customer), admin: admin && counted(admin) }
}
