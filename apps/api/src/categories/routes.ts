/** The routes of categories: schema in, one call of the repository, schema out. */

import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'

import { answerComposed, CURRENT_HEADERS, IfNoneMatch, NOT_MODIFIED } from '../http/conditional.ts'
import { categoryNotFound, problemResponses, READ_PROBLEMS } from '../http/problem.ts'
import { refuseInvalid } from '../http/validation.ts'
import type { CategoryRepository } from './repository.ts'
import { Category, CategoryParams, CategoryTree } from './schema.ts'
import { CATEGORIES } from './tags.ts'

const NoQuery = z.strictObject({})

const listRoute = createRoute({
  method: 'get',
  path: '/categories',
  tags: ['categories'],
  summary: 'The tree of categories',
  request: { query: NoQuery, headers: IfNoneMatch },
  responses: {
    200: {
      description: 'The whole tree.',
      headers: CURRENT_HEADERS,
      content: { 'application/json': { schema: CategoryTree } },
    },
    ...NOT_MODIFIED,
    ...problemResponses(...READ_PROBLEMS),
  },
})

const getRoute = createRoute({
  method: 'get',
  path: '/categories/{slug}',
  tags: ['categories'],
  summary: 'One category, with what is above it and directly below',
  request: { params: CategoryParams, query: NoQuery, headers: IfNoneMatch },
  responses: {
    200: {
      description: 'The category.',
      headers: CURRENT_HEADERS,
      content: { 'application/json': { schema: Category } },
    },
    ...NOT_MODIFIED,
    ...problemResponses(...READ_PROBLEMS, 'not-found'),
  },
})

export function categoryRoutes(categories: CategoryRepository): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: refuseInvalid })

  app.openapi(listRoute, async (c) => {
    const tree = await categories.list()
    return answerComposed(c, { items: tree }, [CATEGORIES], tree)
  })

  app.openapi(getRoute, async (c) => {
    const category = await categories.get(c.req.valid('param').slug)
    if (category === undefined) throw categoryNotFound()
    return answerComposed(c, category, [CATEGORIES])
  })

  return app
}
