/** What an administrator sees of the cache, and what may be asked of it. Times are milliseconds, and say so. */

import { z } from '@hono/zod-openapi'

const MOST_TAGS = 1000
const MOST_PRODUCTS = 1000

const ms = z.number()
const count = z.number().int()

const DeclaredResource = z
  .object({
    name: z.string(),
    version: count.openapi({ description: 'Of the shape of its values; part of each key.' }),
    ttlMs: ms.openapi({ description: 'How long a value is fresh.' }),
    staleForMs: ms.openapi({ description: 'How much longer it is served while it is reloaded.' }),
    failSafeForMs: ms.openapi({ description: 'How much longer it is served when a load fails.' }),
    negativeTtlMs: ms.openapi({ description: 'How long it is believed that there is no such value.' }),
    keep: z.enum(['value', 'bytes', 'both', 'nothing']).openapi({ description: 'What this process keeps of a value.' }),
    scope: z.enum(['public', 'tenant', 'user']),
    http: z
      .record(z.string(), z.string())
      .openapi({ description: 'What HTTP caches are told of a value.', example: { 'Cache-Control': 'no-store' } }),
  })
  .openapi('CachedResource')

const OVERVIEW_EXAMPLE = {
  hitRate: 0.9731,
  stats: {
    requests: 41_312,
    hits: 40_201,
    stale: 0,
    misses: 702,
    collapsed: 409,
    errors: 0,
    memoryHits: 38_114,
    redisHits: 2087,
    loads: 702,
    invalidations: 12,
    rejected: 0,
    resets: 1,
    remoteErrors: 0,
  },
  health: {
    redis: 'up' as const,
    trusted: true,
    proofAgeMs: 61,
    entries: 1290,
    bytes: 2_301_441,
    entriesOf: { product: 1282, category: 8 },
    maxBytes: 67_108_864,
    evictions: 0,
    tags: 4107,
    flights: 0,
    loads: 0,
    waitingLoads: 0,
    reloads: 0,
    pendingInvalidations: 0,
  },
  resources: [
    {
      name: 'product',
      version: 1,
      ttlMs: 300_000,
      staleForMs: 0,
      failSafeForMs: 0,
      negativeTtlMs: 10_000,
      keep: 'value' as const,
      scope: 'public' as const,
      http: { 'Cache-Control': 'no-store' },
    },
  ],
}

export const Overview = z
  .object({
    hitRate: z
      .number()
      .nullable()
      .openapi({ description: '`hits` as a share of `requests`; null before the first request.', example: 0.9731 }),
    stats: z.object({
      requests: count.openapi({ description: 'hits + stale + misses + collapsed + errors' }),
      hits: count,
      stale: count,
      misses: count,
      collapsed: count,
      errors: count,
      memoryHits: count.openapi({ description: 'Of `hits`.' }),
      redisHits: count.openapi({ description: 'Of `hits`.' }),
      loads: count,
      invalidations: count,
      rejected: count.openapi({ description: 'Entries of Redis that were not believed.' }),
      resets: count.openapi({ description: 'How often the memory of this process was emptied.' }),
      remoteErrors: count,
    }),
    health: z.object({
      redis: z.enum(['up', 'down', 'off']),
      trusted: z.boolean().openapi({ description: 'Whether this process may serve from its memory.' }),
      proofAgeMs: ms.optional(),
      entries: count.openapi({ description: 'In the memory of this process.' }),
      bytes: count,
      entriesOf: z.record(z.string(), count).openapi({ description: 'Of `entries`, those of each resource.' }),
      maxBytes: count.openapi({ description: 'The most that `bytes` may come to.' }),
      evictions: count.openapi({ description: 'Entries that have left memory for want of room.' }),
      tags: count.openapi({ description: 'That this process keeps track of.' }),
      flights: count,
      loads: count.openapi({ description: 'Running now.' }),
      waitingLoads: count,
      reloads: count.openapi({ description: 'Running in the background.' }),
      pendingInvalidations: count.openapi({ description: 'That Redis has not acknowledged yet.' }),
    }),
    resources: z.array(DeclaredResource),
  })
  .openapi('CacheOverview', { example: OVERVIEW_EXAMPLE })

const VERDICTS = [
  'serve',
  'serve-and-reload',
  'load',
  'invalidated',
  'another epoch',
  'expired',
  'no proof',
  'not readable',
] as const

const ExplainedEntry = z
  .object({
    verdict: z.enum(VERDICTS),
    meaning: z.string(),
    absent: z.boolean().openapi({ description: 'The source said that there is no such value.' }),
    ageMs: ms.openapi({ description: 'Since its load began.' }),
    ttlMs: ms.openapi({ description: 'For which it stays fresh; negative when stale.' }),
    expiresInMs: ms,
    hash: z.string().openapi({ description: 'Of its bytes: equal hashes mean equal values.' }),
    tags: z.array(
      z.object({
        tag: z.string(),
        stamped: z.string().openapi({ description: 'Its nonce when the load began.' }),
        current: z
          .string()
          .nullable()
          .openapi({ description: 'Its nonce at this instant; null when it is not known.' }),
        changed: z.boolean(),
      }),
    ),
  })
  .openapi('ExplainedEntry')

const EXPLAINED_EXAMPLE = {
  key: 'product.1:42',
  next: 'The value is loaded from the source.',
  reading: false,
  memory: null,
  redis: {
    verdict: 'invalidated' as const,
    meaning: 'One of its tags has changed since it was loaded: it is never served again.',
    absent: false,
    ageMs: 20,
    ttlMs: 287_403,
    expiresInMs: 287_403,
    hash: '5xk0vWJcLzv2Ew1uhhNaSg',
    tags: [{ tag: 'product:42', stamped: '0SDqB3NesvSC.4', current: '0SDqB3NesvSC.9', changed: true }],
  },
}

export const ExplainedKey = z
  .object({
    key: z.string(),
    next: z.string().openapi({ description: 'What the next read in this process does.' }),
    reading: z.boolean().openapi({ description: 'Whether this process reads it at this instant.' }),
    memory: ExplainedEntry.nullable().openapi({ description: 'Of this process; null when it has none.' }),
    redis: ExplainedEntry.nullable().openapi({ description: 'Null when it has none or does not answer.' }),
  })
  .openapi('ExplainedKey', { example: EXPLAINED_EXAMPLE })

export type ExplainedEntry = z.infer<typeof ExplainedEntry>
export type ExplainedKey = z.infer<typeof ExplainedKey>

export const ResourceParams = z.object({
  resource: z
    .string()
    .regex(/^[\w-]{1,64}$/, 'Expected the name of a cached resource.')
    .openapi({ example: 'product' }),
})

/** One part arrives as text, several as a list. */
export const KeyQuery = z.strictObject({
  key: z
    .union([z.string(), z.array(z.string())], { error: 'Required.' })
    .transform((parts) => [parts].flat())
    .openapi({
      type: 'array',
      items: { type: 'string' },
      description: 'The parts of the key in their order: `key=a&key=b`.',
      example: ['42'],
    }),
})

export const Invalidation = z
  .strictObject({
    tags: z
      .array(z.string())
      .min(1)
      .max(MOST_TAGS)
      .optional()
      .openapi({ description: 'Everything that carries one of these.' }),
    resource: z.string().optional().openapi({ description: 'Everything of this resource, in one step; see `key`.' }),
    key: z
      .array(z.string())
      .min(1)
      .optional()
      .openapi({ description: 'With `resource`: only the entry whose key has these parts.' }),
    all: z.literal(true).optional().openapi({ description: 'Everything of every declared resource.' }),
    pattern: z
      .string()
      .optional()
      .openapi({
        description:
          'Every entry whose key, as an explanation shows it, matches: `*` stands for any characters, `?` for one. ' +
          'Answered when all keys have been gone through twice, which takes longer than the longest load.',
        example: 'product.1:4*',
      }),
  })
  .check(({ value: { tags, resource, key, all, pattern }, issues }) => {
    const refuse = (path: string[], message: string) => issues.push({ code: 'custom', path, message, input: undefined })
    // Not beside an unknown field, which is the better answer.
    if (issues.length > 0) return
    const named = [tags, resource, all, pattern].filter((subject) => subject !== undefined)
    if (key !== undefined && resource === undefined) refuse(['key'], 'Only together with resource.')
    else if (named.length !== 1) refuse([], 'Expected exactly one of tags, resource, all and pattern.')
  })
  .openapi('CacheInvalidation', {
    example: { tags: ['product:42'] },
    oneOf: [{ required: ['tags'] }, { required: ['resource'] }, { required: ['all'] }, { required: ['pattern'] }],
  })

export type Invalidation = z.infer<typeof Invalidation>

export const Invalidated = z
  .object({
    acknowledged: z.boolean().openapi({
      description:
        'Whether Redis has it. False: it is applied in this process, and sent to Redis again until Redis has it.',
    }),
    tags: count,
    keys: count,
    resources: z.array(z.string()).openapi({ description: 'Those invalidated as a whole, or whose key was.' }),
    sweep: z
      .object({
        scanned: count.openapi({ description: 'Keys of Redis that were looked at, about, in all passes.' }),
        matched: count.openapi({ description: 'Of those, the keys that matched.' }),
        passes: count,
        durationMs: ms,
      })
      .optional()
      .openapi({ description: 'Of a pattern: how its keys were found.' }),
  })
  .openapi('CacheInvalidated', { example: { acknowledged: true, tags: 1, keys: 0, resources: [] } })

export const Warming = z
  .strictObject({ products: z.array(z.number().min(1).int()).min(1).max(MOST_PRODUCTS) })
  .openapi('CacheWarming', { example: { products: [1, 2, 42] } })

export const Warmed = z
  .object({
    found: count,
    missing: z.array(z.number().int()).openapi({ description: 'The ids that no product has.' }),
    durationMs: ms,
  })
  .openapi('CacheWarmed', { example: { found: 3, missing: [], durationMs: 4 } })
