/**
 * The routes of aggregates: schema in, what was counted, schema out.
 *
 * What was counted names products by their ids only; they are read when they are shown, so none of these answers has a
 * price older than the product's own.
 */

import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'

import { CategoryParams } from '../categories/schema.ts'
import { answerComposed, CURRENT_HEADERS, IfNoneMatch, NOT_MODIFIED } from '../http/conditional.ts'
import { categoryNotFound, problemResponses, productNotFound, READ_PROBLEMS } from '../http/problem.ts'
import { refuseInvalid } from '../http/validation.ts'
import type { ProductRepository } from '../products/repository.ts'
import { DEFAULT_LIMIT, ProductParams, summaryOf } from '../products/schema.ts'
import { tagsOfShown } from '../products/tags.ts'
import type { AggregateRepository } from './repository.ts'
import {
  BestSellers,
  BestSellersQuery,
  CategoryFacets,
  type Period,
  ProductRatings,
  RelatedProducts,
} from './schema.ts'
import { tagsOfBestSellers, tagsOfFacets, tagsOfRatings, tagsOfRelated } from './tags.ts'

const NoQuery = z.strictObject({})

const facetsRoute = createRoute({
  method: 'get',
  path: '/categories/{slug}/facets',
  tags: ['categories'],
  summary: 'What there is in a category and everything below it, by brand, price and rating',
  description: 'Counted every few minutes, and not for each reader: `refreshedAt` says when.',
  request: { params: CategoryParams, query: NoQuery, headers: IfNoneMatch },
  responses: {
    200: {
      description: 'The numbers of the last count. A category that is younger than it has none yet.',
      headers: CURRENT_HEADERS,
      content: { 'application/json': { schema: CategoryFacets } },
    },
    ...NOT_MODIFIED,
    ...problemResponses(...READ_PROBLEMS, 'not-found'),
  },
})

const bestSellersRoute = createRoute({
  method: 'get',
  path: '/best-sellers',
  tags: ['products'],
  summary: 'What sells best',
  description: 'The ranks are those of the last count (`refreshedAt`); the products are as they are.',
  request: { query: BestSellersQuery, headers: IfNoneMatch },
  responses: {
    200: {
      description: 'The ranks, the best first.',
      headers: CURRENT_HEADERS,
      content: { 'application/json': { schema: BestSellers } },
    },
    ...NOT_MODIFIED,
    ...problemResponses(...READ_PROBLEMS),
  },
})

const relatedRoute = createRoute({
  method: 'get',
  path: '/products/{id}/related',
  tags: ['products'],
  summary: 'What was bought together with a product',
  description: 'Which ones is of the last count (`refreshedAt`); the products are as they are.',
  request: { params: ProductParams, query: NoQuery, headers: IfNoneMatch },
  responses: {
    200: {
      description: 'Other products, or none if it was never bought with another.',
      headers: CURRENT_HEADERS,
      content: { 'application/json': { schema: RelatedProducts } },
    },
    ...NOT_MODIFIED,
    ...problemResponses(...READ_PROBLEMS, 'not-found'),
  },
})

const ratingsRoute = createRoute({
  method: 'get',
  path: '/products/{id}/ratings',
  tags: ['products'],
  summary: 'How a product was rated, star by star',
  description: 'Of the last count (`refreshedAt`). The `rating` of the product itself is as it is.',
  request: { params: ProductParams, query: NoQuery, headers: IfNoneMatch },
  responses: {
    200: {
      description: 'The average and the count of each number of stars.',
      headers: CURRENT_HEADERS,
      content: { 'application/json': { schema: ProductRatings } },
    },
    ...NOT_MODIFIED,
    ...problemResponses(...READ_PROBLEMS, 'not-found'),
  },
})

export function aggregateRoutes(
  aggregates: AggregateRepository,
  products: Pick<ProductRepository, 'get' | 'getMany'>,
): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: refuseInvalid })

  app.openapi(facetsRoute, async (c) => {
    const { slug } = c.req.valid('param')
    const facets = await aggregates.facets(slug)
    if (facets === undefined) throw categoryNotFound()
    return answerComposed(c, facets, tagsOfFacets(slug))
  })

  app.openapi(bestSellersRoute, async (c) => {
    const { days, limit = DEFAULT_LIMIT } = c.req.valid('query')
    const period: Period = days === '30' ? 30 : 7
    const { refreshedAt, productIds } = await aggregates.bestSellers(period)
    const ids = productIds.slice(0, limit)
    const found = await products.getMany(ids)
    const items = found.flatMap((product, index) =>
      product === undefined ? [] : [{ rank: index + 1, product: summaryOf(product) }],
    )
    const tags = [
      ...tagsOfBestSellers(),
      ...tagsOfShown(
        ids,
        items.map(({ product }) => product),
      ),
    ]
    return answerComposed(c, { days: period, items, refreshedAt }, tags)
  })

  app.openapi(relatedRoute, async (c) => {
    const productId = await existing(c.req.valid('param').id)
    const { refreshedAt, productIds } = await aggregates.related(productId)
    const found = await products.getMany(productIds)
    const items = found.filter((product) => product !== undefined).map(summaryOf)
    const tags = [...tagsOfRelated(productId), ...tagsOfShown([productId, ...productIds], items)]
    return answerComposed(c, { productId, items, refreshedAt }, tags)
  })

  app.openapi(ratingsRoute, async (c) => {
    const productId = await existing(c.req.valid('param').id)
    const tags = [...tagsOfRatings(productId), ...tagsOfShown([productId], [])]
    return answerComposed(c, await aggregates.ratings(productId), tags)
  })

  /** First and not at the same time: aggregates have an answer for every id, and would keep one for each that is tried. */
  async function existing(productId: number): Promise<number> {
    if ((await products.get(productId)) === undefined) throw productNotFound()
    return productId
  }

  return app
}
