/**
 * The route of the search: which products, and then the products as they are.
 *
 * They are read when they are shown, as those of a list: no price here is older than the product's own. Between the two
 * reads one can be gone or sold out; it is left out, and the page is shorter.
 */

import { createRoute, OpenAPIHono } from '@hono/zod-openapi'

import { answerComposed, CURRENT_HEADERS, IfNoneMatch, NOT_MODIFIED } from '../http/conditional.ts'
import { invalidRequest, problemResponses, READ_PROBLEMS } from '../http/problem.ts'
import { refuseInvalid } from '../http/validation.ts'
import type { ProductRepository } from '../products/repository.ts'
import { DEFAULT_LIMIT, ProductPage, summaryOf } from '../products/schema.ts'
import { tagsOfShown } from '../products/tags.ts'
import { tagsOfFound, tagsOfQuery } from './cached-repository.ts'
import { decodeCursor, encodeCursor } from './cursor.ts'
import { MOST_FOUND, type SearchRepository } from './repository.ts'
import { SEARCH_EXAMPLE, SearchParams, type SearchQuery } from './schema.ts'

const searchRoute = createRoute({
  method: 'get',
  path: '/search',
  tags: ['products'],
  summary: 'The products that have these words, best first',
  description: `A word in the name counts more than one of the brand, and that more than one of the description; among equals the more popular comes first. A search finds ${MOST_FOUND} products at most: if more have the words, the most popular of them.`,
  request: { query: SearchParams, headers: IfNoneMatch },
  responses: {
    200: {
      description: 'A page, as that of a list. Without a match it is empty.',
      headers: CURRENT_HEADERS,
      content: {
        'application/json': {
          schema: ProductPage,
          examples: { page: { summary: 'GET /search?q=ebonite rollerball', value: SEARCH_EXAMPLE } },
        },
      },
    },
    ...NOT_MODIFIED,
    ...problemResponses(...READ_PROBLEMS),
  },
})

export function searchRoutes(search: SearchRepository, products: Pick<ProductRepository, 'getMany'>): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: refuseInvalid })

  app.openapi(searchRoute, async (c) => {
    const { cursor, limit = DEFAULT_LIMIT, inStock, ...words } = c.req.valid('query')
    const query = { ...words, inStock: inStock === 'true' }
    const begin = placeOf(query, cursor)
    const result = await search.find(query)
    const { ids } = result
    const end = begin + limit
    const page = ids.slice(begin, end)
    const found = await products.getMany(page)
    const items = found
      .filter((product) => product !== undefined)
      .filter((product) => product.inStock || !query.inStock)
    const nextCursor = end < ids.length ? encodeCursor(query, end) : null
    const tags = [...tagsOfQuery(query), ...tagsOfFound(result, query), ...tagsOfShown(page, items)]
    return answerComposed(c, { items: items.map(summaryOf), nextCursor }, tags)
  })

  return app
}

/** How many come before the page. */
function placeOf(query: SearchQuery, cursor: string | undefined): number {
  if (cursor === undefined) return 0
  const place = decodeCursor(query, cursor)
  if (place === undefined) {
    throw invalidRequest([
      { parameter: 'cursor', detail: 'Expected the nextCursor of a page with the same words and the same filters.' },
    ])
  }
  return place
}
