/** What the cases have in common: a Redis of their own on this machine, a bare client, caches, and one kind of value. */

import { join } from 'node:path'

import { type RunningServer, startRedis, temporaryDirectory } from '@shop/local-stack'
import { Redis } from 'ioredis'

import type { Cache } from '../src/cache.ts'
import { type CacheOptions, createCache, type Resource, type ResourceOptions } from '../src/index.ts'
import { redis } from '../src/redis/index.ts'

/** Operations under way at once, where Redis takes part. */
const IN_FLIGHT = 64

export interface Product {
  readonly id: number
  readonly name: string
  readonly text: string
  readonly price: { readonly amount: number; readonly currency: string }
}

/** 0.9 KB of JSON. */
export const PRODUCT: Product = {
  id: 1,
  name: 'Casa Brio Heritage Copper Skillet',
  text: 'x'.repeat(780),
  price: { amount: 1999, currency: 'EUR' },
}
export const PRODUCT_TEXT = JSON.stringify(PRODUCT)

export interface Ground {
  readonly url: string
  readonly server: RunningServer
  /** ioredis as it comes, with auto-pipelining. */
  readonly bare: Redis
  /** A cache, ready to be used. */
  open(options?: Partial<CacheOptions>): Promise<Cache>
}

export async function openGround(stack: AsyncDisposableStack): Promise<Ground> {
  const directory = stack.adopt(await temporaryDirectory('bench'), (made) => made.remove())
  // Room for all that a case stores: what is measured is not eviction.
  const args = ['--maxmemory', '2gb']
  const server = stack.adopt(await startRedis({ dir: join(directory.path, 'redis'), args }), (started) => {
    started.kill('SIGCONT')
    return started.stop()
  })
  const { url } = server
  const bare = stack.adopt(new Redis(url, { enableAutoPipelining: true }), (client) => client.disconnect())
  bare.on('error', () => undefined)
  const open = async (options: Partial<CacheOptions> = {}): Promise<Cache> => {
    // Deadlines and a bound that a busy machine does not miss: what is measured is the work.
    const remote = redis({ url, commandTimeout: 5_000 })
    const cache = createCache({ name: 'bench', redis: remote, maxStaleness: 5_000, ...options })
    stack.defer(() => cache.close())
    if (!(await cache.ready({ timeout: 10_000 }))) throw new Error('the cache did not become ready')
    return cache
  }
  return { url, server, bare, open }
}

/** With three tags: one of its own, one of all, and that of the resource. */
export function products(
  cache: Cache,
  options: Partial<ResourceOptions<number, Product>> = {},
): Resource<number, Product> {
  return cache.resource({
    name: 'product',
    version: 1,
    ttl: 3_600_000,
    key: (id) => [id],
    tags: (id) => [`product:${id}`, 'products'],
    load: async () => PRODUCT,
    ...options,
  })
}

/** 0, 1, 2, … */
export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}

/** So many operations, 64 of them under way at any time. */
export async function flying(count: number, operation: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) await operation(next++)
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
}
