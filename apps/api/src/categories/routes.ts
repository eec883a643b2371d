/** The routes of categories: schema in, one call of the repository, schema out. */

import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'

import { CACHE_STATUS_HEADER } from '../http/docs.ts'
import { categoryNotFound, problemResponses, READ_PROBLEMS } from '../http/problem.ts'
import { refuseInvalid } from '../http/validation.ts'
import type { CategoryRepository } from './repository.ts'
import { Category, CategoryParams, CategoryTree } from './schema.ts'

const NoQuery = z.strictObject({})

const REVALIDATE = { 'Cache-Control': 'no-cache' } as const

const listRoute = createRoute({
  method: 'get',
  path: '/categories',
  tags: ['categories'],
  summary: 'The tree of categories',
  request: { query: NoQuery },
  responses: {
    200: {
      description: 'The whole tree.',
      headers: CACHE_STATUS_HEADER,
      content: { 'application/json': { schema: CategoryTree } },
    },
    ...problemResponses(...READ_PROBLEMS),
  },
})

const getRoute = createRoute({
  method: 'get',
  path: '/categories/{slug}',
  tags: ['categories'],
  summary: 'One category, with what is above it and directly below',
  request: { params: CategoryParams, query: NoQuery },
  responses: {
    200: {
      description: 'The category.',
      headers: CACHE_STATUS_HEADER,
      content: { 'application/json': { schema: Category } },
    },
    ...problemResponses(...READ_PROBLEMS, 'not-found'),
  },
})

export function categoryRoutes(categories: CategoryRepository): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: refuseInvalid })

  app.openapi(listRoute, async (c) => c.json({ items: [...(await categories.list())] }, 200, REVALIDATE))

  app.openapi(getRoute, async (c) => {
    const category = await categories.get(c.req.valid('param').slug)
    if (category === undefined) throw categoryNotFound()
    return c.json(category, 200, REVALIDATE)
  })

  return app
}
