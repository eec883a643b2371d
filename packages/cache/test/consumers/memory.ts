/** A user in strict TypeScript who has installed none of the optional peers. */

import assert from 'node:assert/strict'

import { type CacheEvent, createCache, type Resource } from '@shop/cache'

interface Product {
  readonly id: number
  readonly name: string
}

const events: CacheEvent[] = []
const cache = createCache({ name: 'shop', onEvent: (event) => events.push(event) })
const product: Resource<number, Product> = cache.resource({
  name: 'product',
  version: 1,
  ttl: 60_000,
  key: (id: number) => [id],
  load: async (id) => (id === 1 ? { id, name: 'Lamp' } : undefined),
})

const found: Product | undefined = await product.get(1)
assert.equal(found?.name, 'Lamp')
// @ts-expect-error The key is made of a number.
assert.equal(await product.get('2'), undefined)
assert.deepEqual(
  events.filter((event) => event.type === 'read').map((event) => event.outcome),
  ['miss', 'miss'],
)
await cache.close()
