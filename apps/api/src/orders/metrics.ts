/** The same orders; each attempt to place one is counted, by what became of it. No customer and no variant is an attribute. */

import { metrics } from '@opentelemetry/api'

import type { OrderRepository } from './repository.ts'

/** Call it after the SDK has started: metrics are those of the provider there is then. */
export function countedOrders(source: OrderRepository): OrderRepository {
  const attempts = metrics
    .getMeter('@shop/api')
    .createCounter('shop.orders.attempts', { unit: '{attempt}', description: 'Attempts to place an order' })
  const count = (outcome: string) => attempts.add(1, { 'shop.orders.outcome': outcome })
  return {
    async place(attempt) {
      try {
        const result = await source.place(attempt)
        count(result.type)
        return result
      } catch (error) {
        count('error')
        throw error
      }
    },
    get: (customerId, id) => source.get(customerId, id),
  }
}
