/** What memory answers, against the map beneath it. */

import { context, ROOT_CONTEXT, type SpanContext, TraceFlags, trace } from '@opentelemetry/api'
import { recordSpans } from '@shop/telemetry/testing'
import { LRUCache } from 'lru-cache'

import type { CacheOptions, Resource } from '../../src/index.ts'
import { otel } from '../../src/otel.ts'
import type { Case } from '../case.ts'
import { type Ground, numbers, openGround, PRODUCT_TEXT, type Product, products } from '../ground.ts'
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

async function filledResource(open: Ground['open'], options: Partial<CacheOptions> = {}) {
  const resource = products(await open(options))
  await resource.warm(numbers(KEYS))
  return resource
}

const NOT_KEPT: SpanContext = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: TraceFlags.NONE }

export const MEMORY_CASES: readonly Case[] = [
  atLeast(0.6, {
    name: 'L1 hit, awaited, 3 tags, proof read',
    against: 'awaited lru-cache get',
    async open(stack) {
      const map = filledMap()
      const { open } = await openGround(stack)
      const resource = await filledResource(open)
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
  atLeast(0.75, {
    name: 'L1 hit, awaited, otel() in a request that is not kept',
    against: 'the same without hooks',
    async open(stack) {
      const { open } = await openGround(stack)
      stack.adopt(recordSpans({ sampleRatio: 0 }), (recording) => recording.stop())
      const bare = await filledResource(open)
      const hooked = await filledResource(open, { name: 'hooked', hooks: otel() })
      const hits = (resource: Resource<number, Product>) => () =>
        context.with(trace.setSpanContext(ROOT_CONTEXT, NOT_KEPT), async () => {
          for (let i = 0; i < HITS; i++) await resource.get(i % KEYS)
        })
      return { operations: HITS, alone: true, baseline: hits(bare), candidate: hits(hooked) }
    },
  }),
  atLeast(0.35, {
    name: 'peek, 3 tags, proof read',
    against: 'lru-cache get',
    async open(stack) {
      const map = filledMap()
      const { open } = await openGround(stack)
      const resource = await filledResource(open)
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
