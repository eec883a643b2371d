/** What memory answers, against the map beneath it. */

import { LRUCache } from 'lru-cache'

import type { Case } from '../case.ts'
import { numbers, openGround, PRODUCT_TEXT, type Product, products } from '../ground.ts'
import { atLeast } from '../paired.ts'

const KEYS = 1_000
export const HITS = 100_000

/** The same keys, made at each read as the cache makes its own, and as many values. */
export function filledMap(): LRUCache<string, Product> {
  const map = new LRUCache<string, Product>({ max: 10 * KEYS })
  for (const id of numbers(KEYS)) map.set(`product.1:${id}`, JSON.parse(PRODUCT_TEXT))
  return map
}

export async function awaitedHits(map: LRUCache<string, Product>): Promise<void> {
  for (let i = 0; i < HITS; i++) await map.get(`product.1:${i % KEYS}`)
}

async function filledResource(stack: AsyncDisposableStack) {
  const { open } = await openGround(stack)
  const resource = products(await open())
  await resource.warm(numbers(KEYS))
  return resource
}

export const MEMORY_CASES: readonly Case[] = [
  atLeast(0.6, {
    name: 'L1 hit, awaited, 3 tags, proof read',
    against: 'awaited lru-cache get',
    async open(stack) {
      const map = filledMap()
      const resource = await filledResource(stack)
      return {
        operations: HITS,
        alone: true,
        baseline: () => awaitedHits(map),
        candidate: async () => {
          for (let i = 0; i < HITS; i++) await resource.get(i % KEYS)
        },
      }
    },
  }),
  atLeast(0.35, {
    name: 'peek, 3 tags, proof read',
    against: 'lru-cache get',
    async open(stack) {
      const map = filledMap()
      const resource = await filledResource(stack)
      return {
        operations: HITS,
        alone: true,
        baseline: () => {
          for (let i = 0; i < HITS; i++) map.get(`product.1:${i % KEYS}`)
        },
        candidate: () => {
          for (let i = 0; i < HITS; i++) resource.peek(i % KEYS)
        },
      }
    },
  }),
]
