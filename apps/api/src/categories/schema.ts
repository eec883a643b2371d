/** What the tree of categories looks like from outside. */

import { z } from '@hono/zod-openapi'

const categoryShape = {
  id: z.number().int(),
  slug: z.string(),
  name: z.string(),
  path: z.string().openapi({ description: 'The slugs from the root, with slashes between.' }),
}

const kettles = { id: 7, slug: 'kettles', name: 'Kettles', path: 'kitchen/kettles' }
const kitchen = { id: 2, slug: 'kitchen', name: 'Kitchen', path: 'kitchen' }

const CategoryLink = z.object(categoryShape).openapi('CategoryLink', { example: kitchen })

export interface CategoryNode {
  id: number
  slug: string
  name: string
  path: string
  children: CategoryNode[]
}

const CategoryNode: z.ZodType<CategoryNode> = z
  .object({
    ...categoryShape,
    children: z
      .lazy(() => z.array(CategoryNode))
      .openapi({
        type: 'array',
        items: { $ref: '#/components/schemas/CategoryNode' },
      }),
  })
  .openapi('CategoryNode', { example: { ...kitchen, children: [{ ...kettles, children: [] }] } })

export const CategoryTree = z
  .object({ items: z.array(CategoryNode).openapi({ description: 'The categories at the top, in their order.' }) })
  .openapi('CategoryTree', { example: { items: [{ ...kitchen, children: [{ ...kettles, children: [] }] }] } })

export const Category = z
  .object({
    ...categoryShape,
    ancestors: z.array(CategoryLink).openapi({ description: 'From the top down to the parent.' }),
    children: z.array(CategoryLink).openapi({ description: 'One level down, in their order.' }),
  })
  .openapi('Category', { example: { ...kettles, ancestors: [kitchen], children: [] } })

export type CategoryLink = z.infer<typeof CategoryLink>
export type Category = z.infer<typeof Category>

export const CategoryParams = z.object({
  slug: z
    .string()
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'Expected the slug of a category.')
    .max(80)
    .openapi({ example: 'kettles' }),
})
