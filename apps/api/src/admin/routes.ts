/**
 * The routes of administrators to the cache: look, explain, invalidate, warm.
 *
 * They know the cache only by what was declared in it, so a resource that is declared anywhere can be administered
 * here. Statistics and memory are those of the process that answers; an invalidation is everyone's.
 */

import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { type Cache, CacheError, type Declared, type Swept } from '@shop/cache'
import { type EdgeNote, WIDE_TAGS } from '@shop/db'
import type { MiddlewareHandler } from 'hono'

import { ADMIN_SCHEME } from '../http/docs.ts'
import {
  ADMIN_PROBLEMS,
  cachedResourceNotFound,
  cacheOff,
  invalidRequest,
  problemResponses,
  unavailable,
  unknownCachedResource,
  WRITE_PROBLEMS,
} from '../http/problem.ts'
import type { Log } from '../http/request-log.ts'
import { refuseInvalid } from '../http/validation.ts'
import type { ProductRepository } from '../products/repository.ts'
import { actLog } from './act-log.ts'
import { describeExplanation } from './explanation.ts'
import {
  ExplainedKey,
  Invalidated,
  Invalidation,
  KeyQuery,
  Overview,
  ResourceParams,
  Warmed,
  Warming,
} from './schema.ts'

/** One question to the database, at most. */
const WARM_BATCH = 100

/** About ten million keys of Redis. */
const SWEEP_LIMIT_MS = 240_000

const NoQuery = z.strictObject({})

const NO_STORE = { 'Cache-Control': 'no-store' } as const

const SECURITY = { tags: ['administration'], security: [{ [ADMIN_SCHEME]: [] }] }

const overviewRoute = createRoute({
  ...SECURITY,
  method: 'get',
  path: '/admin/cache',
  summary: 'Statistics and health of the cache in this process, and the declared resources',
  request: { query: NoQuery },
  responses: {
    200: { description: 'As of now.', content: { 'application/json': { schema: Overview } } },
    ...problemResponses(...ADMIN_PROBLEMS, 'cache-off'),
  },
})

const explainRoute = createRoute({
  ...SECURITY,
  method: 'get',
  path: '/admin/cache/{resource}',
  summary: 'Why one key is served, or is not',
  description: 'What memory and Redis have of it, its tags then and now, and what a read would do. Changes nothing.',
  request: { params: ResourceParams, query: KeyQuery },
  responses: {
    200: { description: 'The explanation.', content: { 'application/json': { schema: ExplainedKey } } },
    ...problemResponses(...ADMIN_PROBLEMS, 'not-found', 'cache-off'),
  },
})

const invalidateRoute = createRoute({
  ...SECURITY,
  method: 'post',
  path: '/admin/cache/invalidations',
  summary: 'Invalidate by tags, one key, one resource, a pattern of keys, or everything',
  request: {
    query: NoQuery,
    body: { required: true, content: { 'application/json': { schema: Invalidation } } },
  },
  responses: {
    200: {
      description: 'Redis has it: no process serves what was invalidated any longer than the bound.',
      content: { 'application/json': { schema: Invalidated } },
    },
    202: {
      description: 'Redis does not have it yet. It is applied in this process, and sent until Redis has it.',
      content: { 'application/json': { schema: Invalidated } },
    },
    ...problemResponses(...WRITE_PROBLEMS, 'cache-off', 'unknown-reference'),
  },
})

const warmRoute = createRoute({
  ...SECURITY,
  method: 'post',
  path: '/admin/cache/warm',
  summary: 'Read products, so that they are cached',
  request: { query: NoQuery, body: { required: true, content: { 'application/json': { schema: Warming } } } },
  responses: {
    200: { description: 'They are cached.', content: { 'application/json': { schema: Warmed } } },
    ...problemResponses(...WRITE_PROBLEMS, 'cache-off'),
  },
})

/** Tells the edge of what was invalidated by hand. */
export type TellEdge = (note: Omit<EdgeNote, 'source'>) => Promise<void>

interface AdminRoutesDeps {
  /** Absent: it is switched off, and each of these routes says so. */
  readonly cache?: Cache | undefined
  readonly products: ProductRepository
  readonly log: Log
  readonly tellEdge?: TellEdge | undefined
}

export function adminRoutes(
  { cache, products, log, tellEdge }: AdminRoutesDeps,
  requireAdmin: MiddlewareHandler,
): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: refuseInvalid })
  const act = actLog(log)

  const opened = (): Cache => {
    if (cache) return cache
    throw cacheOff()
  }

  app.openapi({ ...overviewRoute, middleware: requireAdmin }, async (c) => {
    const cache = opened()
    const overview = await act(c, { action: 'overview' }, () => describeCache(cache))
    return c.json(overview, 200, NO_STORE)
  })

  app.openapi({ ...explainRoute, middleware: requireAdmin }, async (c) => {
    const { resources } = opened()
    const declared = resources.get(c.req.valid('param').resource)
    if (!declared) throw cachedResourceNotFound()
    const { key } = c.req.valid('query')
    const explanation = await act(c, { action: 'explain', resources: [declared.name], keys: 1 }, () =>
      declared.explainKey(key).catch((error: unknown) => refuseUnusable(error, { parameter: 'key' })),
    )
    return c.json(describeExplanation(explanation, opened().health().redis), 200, NO_STORE)
  })

  app.openapi({ ...invalidateRoute, middleware: requireAdmin }, async (c) => {
    const { pattern } = c.req.valid('json')
    if (pattern !== undefined) {
      const { acknowledged, invalidated, ...found } = await act(
        c,
        { action: 'invalidate', resources: [], tags: 0, pattern },
        () => sweep(opened(), pattern, c.req.raw.signal),
        ({ acknowledged, invalidated, matched, scanned, passes, durationMs }) => {
          return { acknowledged, keys: invalidated, matched, scanned, passes, duration_ms: durationMs }
        },
      )
      await tellEdge?.({ tags: WIDE_TAGS, relayed: acknowledged })
      const swept = { acknowledged, tags: 0, keys: invalidated, resources: [], sweep: found }
      return c.json(swept, acknowledged ? 200 : 202, NO_STORE)
    }
    const { tags, keys, resources, run } = subjectOf(opened(), c.req.valid('json'))
    const acknowledged = await act(
      c,
      { action: 'invalidate', resources, tags, keys },
      () => run().catch((error: unknown) => refuseUnusable(error, { pointer: keys > 0 ? '/key' : '/tags' })),
      (acknowledged) => ({ acknowledged }),
    )
    // Its answers are known by their tags alone, so for anything else it lets go of all of them.
    await tellEdge?.({ tags: c.req.valid('json').tags ?? WIDE_TAGS, relayed: acknowledged })
    return c.json({ acknowledged, tags, keys, resources }, acknowledged ? 200 : 202, NO_STORE)
  })

  app.openapi({ ...warmRoute, middleware: requireAdmin }, async (c) => {
    opened()
    const ids = [...new Set(c.req.valid('json').products)]
    const warmed = await act(
      c,
      { action: 'warm', resources: ['product'], keys: ids.length },
      () => warm(products, ids),
      ({ found, durationMs }) => ({ found, duration_ms: durationMs }),
    )
    return c.json(warmed, 200, NO_STORE)
  })

  return app
}

function describeCache(cache: Cache): z.infer<typeof Overview> {
  const stats = cache.stats()
  const { proofAgeMs, ...health } = cache.health()
  return {
    hitRate: stats.requests === 0 ? null : Math.round((stats.hits / stats.requests) * 10_000) / 10_000,
    stats,
    health: { ...health, ...(proofAgeMs !== undefined && { proofAgeMs: Math.round(proofAgeMs) }) },
    resources: [...cache.resources.values()].map(({ name, policy, httpHeaders }) => ({
      name,
      version: policy.version,
      ttlMs: policy.ttl,
      staleForMs: policy.staleFor,
      failSafeForMs: policy.failSafeFor,
      negativeTtlMs: policy.negativeTtl,
      keep: policy.keep,
      scope: policy.scope,
      http: { ...httpHeaders },
    })),
  }
}

/**
 * Ends when the client does, and after a limit: an act that nobody waits for has no place in a process that serves. What was
 * invalidated by then stays so.
 */
async function sweep(cache: Cache, pattern: string, gone: AbortSignal): Promise<Swept & { durationMs: number }> {
  const startedAt = performance.now()
  const limit = AbortSignal.timeout(SWEEP_LIMIT_MS)
  try {
    const swept = await cache.invalidateMatching(pattern, { signal: AbortSignal.any([gone, limit]) })
    return { ...swept, durationMs: Math.round(performance.now() - startedAt) }
  } catch (error) {
    if (limit.aborted || (error instanceof CacheError && error.code.startsWith('CACHE_REMOTE_'))) throw unavailable()
    return refuseUnusable(error, { pointer: '/pattern' })
  }
}

/** What an invalidation concerns, and how it is done. */
interface Subject {
  readonly tags: number
  readonly keys: number
  readonly resources: string[]
  run(): Promise<boolean>
}

function subjectOf(cache: Cache, { tags, resource, key }: Invalidation): Subject {
  if (tags) return { tags: tags.length, keys: 0, resources: [], run: () => cache.invalidateTags(tags) }
  if (resource === undefined) return whole([...cache.resources.values()])
  const declared = cache.resources.get(resource)
  if (!declared) throw unknownCachedResource()
  if (!key) return whole([declared])
  return { tags: 0, keys: 1, resources: [declared.name], run: () => declared.invalidateKey(key) }
}

/** Each resource has a tag that all its entries carry, so the number of entries does not matter. */
function whole(resources: readonly Declared[]): Subject {
  return {
    tags: 0,
    keys: 0,
    resources: resources.map(({ name }) => name),
    run: async () => (await Promise.all(resources.map((resource) => resource.clear()))).every(Boolean),
  }
}

/** One batch after the other: warming is never in a hurry, and readers want the connections too. */
async function warm(products: ProductRepository, ids: readonly number[]): Promise<z.infer<typeof Warmed>> {
  const startedAt = performance.now()
  const missing: number[] = []
  for (let at = 0; at < ids.length; at += WARM_BATCH) {
    const batch = ids.slice(at, at + WARM_BATCH)
    const read = await products.getMany(batch)
    missing.push(...batch.filter((_, index) => read[index] === undefined))
  }
  const durationMs = Math.round(performance.now() - startedAt)
  return { found: ids.length - missing.length, missing, durationMs }
}

/** What the cache refuses as a key or a tag is the client's to mend. */
function refuseUnusable(error: unknown, place: { readonly parameter: string } | { readonly pointer: string }): never {
  if (error instanceof CacheError && (error.code === 'CACHE_KEY_INVALID' || error.code === 'CACHE_TAG_INVALID'))
    throw invalidRequest([{ ...place, detail: `${error.message}.` }])
  throw error
}
