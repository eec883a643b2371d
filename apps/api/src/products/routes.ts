/** The routes of products: schema in, one call of the repository, schema out. */

import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import {
  acceptedTags,
  answerComposed,
  answerStored,
  CURRENT_HEADERS,
  ETAG_HEADER,
  IfMatch,
  IfNoneMatch,
  NOT_MODIFIED,
} from '../http/conditional.ts'
import { ADMIN_SCHEME } from '../http/docs.ts'
import {
  currencyMismatch,
  invalidRequest,
  type ProblemError,
  problemResponses,
  productNotFound,
  READ_PROBLEMS,
  unknownCategory,
  unknownSku,
  versionMismatch,
  WRITE_PROBLEMS,
} from '../http/problem.ts'
import { refuseInvalid } from '../http/validation.ts'
import { decodeCursor, encodeCursor } from './cursor.ts'
import type { ProductRepository, WriteRefusal, WriteResult } from './repository.ts'
import { entityTagOf } from './representation.ts'
import {
  BATCH_EXAMPLE,
  DEFAULT_LIMIT,
  PAGE_EXAMPLE,
  PriceChange,
  Product,
  ProductBatch,
  ProductChange,
  ProductListQuery,
  ProductPage,
  ProductParams,
  type ProductQuery,
} from './schema.ts'
import { tagsOfPage, tagsOfQuery, tagsOfShown } from './tags.ts'

const NoQuery = z.strictObject({})

/** What a write answers may be kept like what a read does. */
const REVALIDATE = { 'Cache-Control': 'public, no-cache' } as const

const listRoute = createRoute({
  method: 'get',
  path: '/products',
  tags: ['products'],
  summary: 'A page of products, or the products with these ids',
  description:
    'Without `ids`: a page of summaries, filtered and sorted, with a cursor for the next one. With `ids`: up to 100 whole products in that order, and in `missing` the ids that no product has.',
  request: { query: ProductListQuery, headers: IfNoneMatch },
  responses: {
    200: {
      description: 'A page (`nextCursor`), or with `ids` a batch (`missing`).',
      headers: CURRENT_HEADERS,
      content: {
        'application/json': {
          schema: z.union([ProductPage, ProductBatch]),
          examples: {
            page: { summary: 'GET /products?sort=price', value: PAGE_EXAMPLE },
            batch: { summary: 'GET /products?ids=42,4711', value: BATCH_EXAMPLE },
          },
        },
      },
    },
    ...NOT_MODIFIED,
    ...problemResponses(...READ_PROBLEMS),
  },
})

const getRoute = createRoute({
  method: 'get',
  path: '/products/{id}',
  tags: ['products'],
  summary: 'One product',
  request: { params: ProductParams, query: NoQuery, headers: IfNoneMatch },
  responses: {
    200: {
      description: 'The product as it is.',
      headers: CURRENT_HEADERS,
      content: { 'application/json': { schema: Product } },
    },
    ...NOT_MODIFIED,
    ...problemResponses(...READ_PROBLEMS, 'not-found'),
  },
})

const updateRoute = createRoute({
  method: 'patch',
  path: '/products/{id}',
  tags: ['products'],
  summary: 'Change some fields of a product',
  security: [{ [ADMIN_SCHEME]: [] }],
  request: {
    params: ProductParams,
    query: NoQuery,
    headers: IfMatch,
    body: { required: true, content: { 'application/json': { schema: ProductChange } } },
  },
  responses: {
    200: {
      description:
        'The product after the change. This process shows it at once, every other within CACHE_MAX_STALENESS_MS (500 ms).',
      headers: ETAG_HEADER,
      content: { 'application/json': { schema: Product } },
    },
    ...problemResponses(...WRITE_PROBLEMS, 'not-found', 'version-mismatch', 'unknown-reference'),
  },
})

const setPriceRoute = createRoute({
  method: 'put',
  path: '/products/{id}/price',
  tags: ['products'],
  summary: 'Set the price of a product, or of one of its variants',
  description:
    'Without `sku` every variant of the product gets this price; with it only that one. A price before a reduction (`compareAt`) stays while it is above the new price and is removed otherwise. The currency of a product cannot be changed.',
  security: [{ [ADMIN_SCHEME]: [] }],
  request: {
    params: ProductParams,
    query: NoQuery,
    headers: IfMatch,
    body: { required: true, content: { 'application/json': { schema: PriceChange } } },
  },
  responses: {
    200: {
      description:
        'The product after the change. This process shows the new price at once, every other within CACHE_MAX_STALENESS_MS (500 ms).',
      headers: ETAG_HEADER,
      content: { 'application/json': { schema: Product } },
    },
    ...problemResponses(...WRITE_PROBLEMS, 'not-found', 'version-mismatch', 'unknown-reference', 'currency-mismatch'),
  },
})

export function productRoutes(products: ProductRepository, requireAdmin: MiddlewareHandler): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: refuseInvalid })

  app.openapi(listRoute, async (c) => {
    const { ids, cursor, ...filters } = c.req.valid('query')
    if (ids !== undefined) {
      const found = await products.getMany(ids)
      const items = found.filter((product) => product !== undefined)
      const missing = ids.filter((_, index) => found[index] === undefined)
      return answerComposed(c, { items, missing }, tagsOfShown(ids, items))
    }
    const query = toQuery(filters, cursor)
    const { items, next, ahead } = await products.list(query)
    const shown = tagsOfShown(
      items.map(({ id }) => id),
      items,
    )
    const tags = [...tagsOfQuery(query), ...tagsOfPage({ ahead }, query), ...shown]
    return answerComposed(c, { items, nextCursor: next === null ? null : encodeCursor(query, next) }, tags)
  })

  app.openapi(getRoute, async (c) => {
    const found = await products.represent(c.req.valid('param').id)
    if (found === undefined) throw productNotFound()
    return answerStored(c, found)
  })

  app.openapi({ ...updateRoute, middleware: requireAdmin }, async (c) => {
    const product = written(
      await products.update(c.req.valid('param').id, c.req.valid('json'), {
        ifMatch: acceptedTags(c.req.valid('header')['If-Match']),
      }),
    )
    return c.json(product, 200, { ...REVALIDATE, ETag: entityTagOf(product) })
  })

  app.openapi({ ...setPriceRoute, middleware: requireAdmin }, async (c) => {
    const product = written(
      await products.setPrice(c.req.valid('param').id, c.req.valid('json'), {
        ifMatch: acceptedTags(c.req.valid('header')['If-Match']),
      }),
    )
    return c.json(product, 200, { ...REVALIDATE, ETag: entityTagOf(product) })
  })

  return app
}

type ListFilters = Omit<z.infer<typeof ProductListQuery>, 'ids' | 'cursor'>

function toQuery({ inStock, sort, limit, ...filters }: ListFilters, cursor: string | undefined): ProductQuery {
  const query = { ...filters, inStock: inStock === 'true', sort: sort ?? 'popular', limit: limit ?? DEFAULT_LIMIT }
  if (cursor === undefined) return query
  const after = decodeCursor(query, cursor)
  if (after === undefined) {
    throw invalidRequest([
      { parameter: 'cursor', detail: 'Expected the nextCursor of a page with the same filters and the same sort.' },
    ])
  }
  return { ...query, after }
}

function written(result: WriteResult): Product {
  if (result.type === 'written') return result.product
  throw refusalProblem(result)
}

function refusalProblem(refusal: WriteRefusal): ProblemError {
  switch (refusal.type) {
    case 'not-found':
      return productNotFound()
    case 'version-mismatch':
      return versionMismatch(refusal.entityTag)
    case 'currency-mismatch':
      return currencyMismatch(refusal.currency)
    case 'unknown-sku':
      return unknownSku()
    case 'unknown-category':
      return unknownCategory()
  }
}
