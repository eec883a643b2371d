/** A user in plain JavaScript, with memory only. */

import assert from 'node:assert/strict'

import { CacheError, createCache } from '@shop/cache'

const prices = new Map([['LAMP-01', 1999]])
let loads = 0

const cache = createCache({ name: 'shop' })
const price = cache.resource({
  name: 'price',
  version: 1,
  ttl: 60_000,
  key: (sku) => [sku],
  tags: (sku) => [`price:${sku}`],
  load: async (sku) => {
    loads++
    return prices.get(sku)
  },
})

assert.equal(await price.get('LAMP-01'), 1999)
assert.equal(await price.get('LAMP-01'), 1999)
assert.equal(loads, 1)
prices.set('LAMP-01', 1499)
assert.equal(await cache.invalidateTags(['price:LAMP-01']), true)
assert.deepEqual(await price.getMany(['LAMP-01', 'LAMP-02']), [1499, undefined])
assert.equal(cache.stats().memoryHits, 1)

// What the compiler would have refused.
assert.throws(
  () => cache.resource({ name: 'price', version: 1 }),
  (error) => error instanceof CacheError && error.code === 'CACHE_OPTION_INVALID',
)
await assert.rejects(price.get({ sku: 'LAMP-01' }), { code: 'CACHE_KEY_INVALID' })
await cache.close()
