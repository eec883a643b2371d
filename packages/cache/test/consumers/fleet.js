/** Two processes of a user in plain JavaScript, played in one, that share what they load through Redis. */

import assert from 'node:assert/strict'

import { createCache } from '@shop/cache'
import { redis } from '@shop/cache/redis'

const prices = new Map([['LAMP-01', 1999]])
let loads = 0

function openShop() {
  const cache = createCache({
    name: `consumer-${process.pid}`,
    redis: redis({ url: process.env.REDIS_URL, commandTimeout: 5_000 }),
  })
  const price = cache.resource({
    name: 'price',
    version: 1,
    ttl: 60_000,
    key: (sku) => [sku],
    load: async (sku) => {
      loads++
      return prices.get(sku)
    },
  })
  return { cache, price }
}

const one = openShop()
const other = openShop()
assert.equal(await one.cache.ready({ timeout: 10_000 }), true)
assert.equal(await other.cache.ready({ timeout: 10_000 }), true)

assert.equal(await one.price.get('LAMP-01'), 1999)
assert.equal(await other.price.get('LAMP-01'), 1999)
assert.equal(loads, 1)
assert.equal(other.cache.stats().redisHits, 1)

await one.price.update('LAMP-01', async () => {
  prices.set('LAMP-01', 1499)
  return 1499
})
assert.equal(await other.price.get('LAMP-01', { after: one.cache.position() }), 1499)
assert.equal(loads, 1)
await Promise.all([one.cache.close(), other.cache.close()])
