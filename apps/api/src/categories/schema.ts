/** What the tree of categories looks like from outside. */

import { z } from '@hono/zod-openapi'

const categoryShape = {
  id: z.number().int(),
  slug: z.string(),
  name: z.string(),
  path: z.string().openapi({ description: 'The slugs from the root, with slashes between.' }),
}

/** Of the seed, in each of its sizes, so that the examples are true of the shop in front of the reader. */
const electronics = { id: 1, slug: 'electronics', name: 'Electronics', path: 'electronics' }
const audio = { id: 2, slug: 'audio', name: 'Audio', path: 'electronics/audio' }
const headphones = { id: 3, slug: 'headphones', name: 'Headphones', path: 'electronics/audio/headphones' }

const CategoryLink = z.object(categoryShape).openapi('CategoryLink', { example: electronics })

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
  .openapi('CategoryNode', { example: { ...audio, children: [{ ...headphones, children: [] }] } })

export const CategoryTree = z
  .object({ items: z.array(CategoryNode).openapi({ description: 'The categories at the top, in their order.' }) })
  .openapi('CategoryTree', {
    example: { items: [{ ...electronics, children: [{ ...audio, children: [{ ...headphones, children: [] }] }] }] },
  })

export const Category = z
  .object({
    ...categoryShape,
    ancestors: z.array(CategoryLink).openapi({ description: 'From the top down to the parent.' }),
    children: z.array(CategoryLink).openapi({ description: 'One level down, in their order.' }),
  })
  .openapi('Category', { example: { ...headphones, ancestors: [electronics, audio], children: [] } })

export type CategoryLink = z.infer<typeof CategoryLink>
export type Category = z.infer<typeof Category>

export const CategoryParams = z.object({
  slug: z
    .string()
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'Expected the slug of a category.')
    .max(80)
    .openapi({ example: 'headphones' }),
})
