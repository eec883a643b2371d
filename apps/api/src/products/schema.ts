/**
 * What a product looks like from outside, and what a client may send: one schema for types, validation and OpenAPI.
 *
 * Money is an integer in minor units beside its currency. Instants are ISO strings, so that a product is plain JSON
 * and may be cached as it is.
 */

import { z } from '@hono/zod-openapi'

const MAX_AMOUNT = 2 ** 31 - 1
export const DEFAULT_LIMIT = 24
const MAX_LIMIT = 100

const productId = z.number().int().positive()

const Money = z
  .object({
    amount: z.number().int().openapi({ description: 'In minor units: 1999 is 19.99.' }),
    currency: z.string().openapi({ description: 'ISO 4217' }),
    compareAt: z.number().int().optional().openapi({ description: 'The price before a reduction, if it is reduced.' }),
  })
  .openapi('Money', { example: { amount: 1999, currency: 'EUR', compareAt: 2499 } })

const Variant = z
  .object({
    id: z.number().int(),
    sku: z.string(),
    title: z.string(),
    attributes: z.record(z.string(), z.string()),
    price: Money,
    inStock: z.boolean(),
  })
  .openapi('Variant')

/** Product 42 of the seed, so that the examples are true of the shop in front of the reader. */
const summaryExample = {
  id: 42,
  slug: 'inkwell-press-travel-ebonite-rollerball-zz-1616',
  name: 'Inkwell Press Travel Ebonite Rollerball ZZ-1616',
  brand: 'Inkwell Press',
  category: { id: 279, slug: 'ballpoints', name: 'Ballpoints' },
  price: { amount: 2100, currency: 'EUR', compareAt: 2499 },
  inStock: true,
  rating: { average: 4.13, count: 8 },
  status: 'active' as const,
  version: 3,
  updatedAt: '2026-11-20T09:30:00.000Z',
}

const summaryShape = {
  id: productId,
  slug: z.string(),
  name: z.string(),
  brand: z.string(),
  category: z.object({ id: z.number().int(), slug: z.string(), name: z.string() }),
  /** That of the cheapest variant. */
  price: Money,
  inStock: z.boolean().openapi({ description: 'Whether any variant can be bought.' }),
  rating: z.object({ average: z.number().nullable(), count: z.number().int() }),
  status: z.enum(['active', 'archived']).openapi({ description: 'An archived product is not found by any read.' }),
  version: z.number().int().openapi({ description: 'Grows with each change of the product itself.' }),
  updatedAt: z.iso.datetime(),
}

export const ProductSummary = z.object(summaryShape).openapi('ProductSummary', { example: summaryExample })

const productExample = {
  ...summaryExample,
  description: 'A quiet favourite of our buyers. It lies balanced in the hand and writes at once.',
  variants: [
    {
      id: 137,
      sku: 'ZZ-1616-03',
      title: 'Forest Green, Pack of 4',
      attributes: { colour: 'Forest Green', pack: 'Pack of 4' },
      price: { amount: 2100, currency: 'EUR', compareAt: 2499 },
      inStock: true,
    },
  ],
}

export const Product = z
  .object({ ...summaryShape, description: z.string(), variants: z.array(Variant) })
  .openapi('Product', { example: productExample })

export const PAGE_EXAMPLE = {
  items: [summaryExample],
  nextCursor: 'eyJ2IjoxLCJxIjoiUkZQMlRtZkpPZkp1IiwiYWZ0ZXIiOlsxOTk5LDQyXX0',
}

export const BATCH_EXAMPLE = { items: [productExample], missing: [4711] }

export const ProductPage = z
  .object({
    items: z.array(ProductSummary),
    nextCursor: z
      .string()
      .nullable()
      .openapi({ description: 'Send it as `cursor` for the next page; null on the last.' }),
  })
  .openapi('ProductPage', { example: PAGE_EXAMPLE })

export const ProductBatch = z
  .object({
    items: z.array(Product).openapi({ description: 'In the order of `ids`.' }),
    missing: z.array(productId).openapi({ description: 'The ids that no product has.' }),
  })
  .openapi('ProductBatch', { example: BATCH_EXAMPLE })

export type Product = z.infer<typeof Product>
export type ProductSummary = z.infer<typeof ProductSummary>

export const SORTS = ['popular', 'newest', 'price', '-price', 'rating'] as const
export type Sort = (typeof SORTS)[number]

const amount = z
  .string()
  .regex(/^\d{1,100}$/, 'Expected a whole number of minor units.')
  .transform(Number)
  .refine((value) => value <= MAX_AMOUNT, `At most ${MAX_AMOUNT}.`)
  .optional()

const id = z
  .string()
  .regex(/^[1-9]\d{0,15}$/, 'Expected a positive whole number.')
  .transform(Number)
  .refine(Number.isSafeInteger, 'Expected a positive whole number.')

const amountParameter = (description: string) =>
  amount.openapi({ description, type: 'integer', minimum: 0, maximum: MAX_AMOUNT })

/**
 * The filters and the order of a list. With `ids` there is nothing to filter, so nothing else may be given.
 *
 * No example and no default is in the document, only in the descriptions: `/docs` would fill them in and send them all.
 */
export const ProductListQuery = z
  .strictObject({
    category: z
      .string()
      .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'Expected the slug of a category.')
      .max(80)
      .optional()
      .openapi({
        description: 'The slug of a category, such as `headphones`: its products and those of every category below.',
      }),
    minPrice: amountParameter('Cheapest, in minor units: `1000` is 10.00.'),
    maxPrice: amountParameter('Dearest, in minor units. Not below `minPrice`.'),
    inStock: z
      .enum(['true', 'false'])
      .optional()
      .openapi({ description: '`true` leaves out what is sold out; `false`, or nothing, does not.' }),
    sort: z
      .enum(SORTS)
      .optional()
      .openapi({ description: '`popular` if absent. `price` is cheapest first, `-price` dearest first.' }),
    limit: z
      .string()
      .regex(/^[1-9]\d{0,2}$/, `Expected a whole number from 1 to ${MAX_LIMIT}.`)
      .transform(Number)
      .refine((value) => value <= MAX_LIMIT, `Expected a whole number from 1 to ${MAX_LIMIT}.`)
      .optional()
      .openapi({
        description: `Products on a page: ${DEFAULT_LIMIT} if absent.`,
        type: 'integer',
        minimum: 1,
        maximum: MAX_LIMIT,
      }),
    cursor: z
      .string()
      .max(500)
      .optional()
      .openapi({ description: 'The `nextCursor` of the page before, with the same filters and the same sort.' }),
    ids: z
      .string()
      .regex(/^[1-9]\d{0,15}(,[1-9]\d{0,15})*$/, 'Expected ids with commas between them, such as 1,2,3.')
      .transform((text) => [...new Set(text.split(',').map(Number))])
      .refine((ids) => ids.every(Number.isSafeInteger), 'Expected ids with commas between them, such as 1,2,3.')
      .refine((ids) => ids.length <= MAX_LIMIT, `At most ${MAX_LIMIT} ids.`)
      .optional()
      .openapi({
        type: 'string',
        description:
          'Read these products instead of a list, whole and in this order, such as `1,2,3`. Not together with any other parameter.',
      }),
  })
  .check(({ value, issues }) => {
    const refuse = (parameter: string, message: string) =>
      issues.push({ code: 'custom', path: [parameter], message, input: undefined })
    if (value.minPrice !== undefined && value.maxPrice !== undefined && value.minPrice > value.maxPrice) {
      refuse('minPrice', 'At most maxPrice.')
    }
    if (value.ids === undefined) return
    for (const parameter of Object.keys(value)) {
      if (parameter !== 'ids') refuse(parameter, 'Not together with ids.')
    }
  })

export const ProductParams = z.object({ id: id.openapi({ type: 'integer', minimum: 1, example: 42 }) })

/** Postgres stores no NUL in a text. */
const text = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .refine((value) => !value.includes('\0'), 'Expected text without NUL characters.')

export const ProductChange = z
  .strictObject({
    name: text(200).optional(),
    description: z
      .string()
      .max(10_000)
      .refine((value) => !value.includes('\0'), 'Expected text without NUL characters.')
      .optional(),
    brand: text(80).optional(),
    categoryId: z.number().min(1).int().optional(),
    status: z.enum(['active', 'archived']).optional(),
  })
  .refine((change) => Object.keys(change).length > 0, {
    error: 'Expected at least one field to change.',
    // Not beside an unknown field, which is the better answer.
    when: ({ issues }) => issues.length === 0,
  })
  .openapi('ProductChange', { example: { description: 'Lies balanced in the hand and writes at once.' } })

export const PriceChange = z
  .strictObject({
    amount: z.number().min(0).max(MAX_AMOUNT).int().openapi({ description: 'In minor units: 1999 is 19.99.' }),
    currency: z.string().regex(/^[A-Z]{3}$/, 'Expected three capital letters, such as EUR.'),
    sku: z
      .string()
      .max(60)
      .regex(/^[A-Z0-9]+(-[A-Z0-9]+)*$/, 'Expected a SKU: capital letters and digits, with hyphens between.')
      .optional()
      .openapi({ description: 'One variant. Without it every variant of the product gets this price.' }),
  })
  .openapi('PriceChange', { example: { amount: 1899, currency: 'EUR' } })

export type ProductChange = z.infer<typeof ProductChange>
export type PriceChange = z.infer<typeof PriceChange>

/** The place after which a page begins: the sort key of the last product before it, and its id to break ties. */
export interface Position {
  readonly value: number
  readonly id: number
}

export interface ProductQuery {
  readonly category?: string | undefined
  readonly minPrice?: number | undefined
  readonly maxPrice?: number | undefined
  readonly inStock: boolean
  readonly sort: Sort
  readonly limit: number
  readonly after?: Position | undefined
}

/** What a list shows of a product. */
export function summaryOf(product: Product): ProductSummary {
  const { description: _, variants: __, ...summary } = product
  return summary
}
