/**
 * What aggregates look like from outside. Each says when it was computed: it may be minutes old, and the products that
 * it shows are not.
 *
 * The examples are those of the seed that `npm start` brings.
 */

import { z } from '@hono/zod-openapi'

import { DEFAULT_LIMIT, ProductListQuery, ProductSummary } from '../products/schema.ts'

/** In days. */
export type Period = 7 | 30

const refreshedAt = z.iso.datetime().openapi({
  description: 'When this was computed from all rows. What has changed since is not in it.',
  example: '2026-11-20T09:30:00.000Z',
})

const count = z.number().int()

/** In minor units whatever the currency, as the filters of a list are. */
const prices = { from: count, to: count }

const FACETS_EXAMPLE = {
  slug: 'headphones',
  products: 36,
  inStock: 30,
  priceRange: { from: 5595, to: 28_099 },
  brands: [
    { brand: 'Helix Labs', products: 7 },
    { brand: 'Pixelsmith', products: 5 },
    { brand: 'Tessera', products: 5 },
    { brand: 'Auralis', products: 4 },
    { brand: 'Sonara', products: 4 },
    { brand: 'Voltera', products: 4 },
    { brand: 'Kinoto', products: 3 },
    { brand: 'Lumenar', products: 3 },
    { brand: 'Nordwave', products: 1 },
  ],
  priceBands: [
    { from: 5595, to: 7499, products: 5 },
    { from: 9095, to: 15_999, products: 18 },
    { from: 17_499, to: 28_099, products: 13 },
  ],
  ratings: [
    { stars: 5, products: 5 },
    { stars: 4, products: 16 },
    { stars: 3, products: 8 },
    { stars: 2, products: 3 },
    { stars: 1, products: 1 },
  ],
  refreshedAt: '2026-11-20T09:30:00.000Z',
}

export const CategoryFacets = z
  .object({
    slug: z.string(),
    products: count,
    inStock: count,
    priceRange: z.object(prices).nullable().openapi({
      description: 'In minor units: what `minPrice` and `maxPrice` of a list would just let in. Null without products.',
    }),
    brands: z
      .array(z.object({ brand: z.string(), products: count }))
      .openapi({ description: 'Most products first, a hundred at most.' }),
    priceBands: z.array(z.object({ ...prices, products: count })).openapi({
      description:
        'Cheapest first, each from the lowest to the highest price in it. A band is twice as wide as the one below.',
    }),
    ratings: z
      .array(z.object({ stars: count, products: count }))
      .openapi({ description: 'By whole stars of the average, best first. What has no reviews is in none.' }),
    refreshedAt,
  })
  .openapi('CategoryFacets', { example: FACETS_EXAMPLE })

const BEST_SELLERS_EXAMPLE = {
  days: 7 as const,
  items: [
    {
      rank: 1,
      product: {
        id: 8934,
        slug: 'mirepoix-heritage-crystal-tumbler-ca-7207',
        name: 'Mirepoix Heritage Crystal Tumbler CA-7207',
        brand: 'Mirepoix',
        category: { id: 74, slug: 'wine-glasses', name: 'Wine Glasses' },
        price: { amount: 5395, currency: 'EUR' },
        inStock: true,
        rating: { average: 3.21, count: 3218 },
        status: 'active' as const,
        version: 1,
        updatedAt: '2023-05-04T22:39:00.000Z',
      },
    },
  ],
  refreshedAt: '2026-11-20T09:30:00.000Z',
}

export const BestSellers = z
  .object({
    days: z.union([z.literal(7), z.literal(30)]),
    items: z
      .array(z.object({ rank: count, product: ProductSummary }))
      .openapi({ description: 'Most units first. A rank is missing whose product is no longer for sale.' }),
    refreshedAt,
  })
  .openapi('BestSellers', { example: BEST_SELLERS_EXAMPLE })

const RELATED_EXAMPLE = {
  productId: 42,
  items: [
    {
      id: 1603,
      slug: 'montane-row-weekend-vegan-leather-messenger-bag-tv-2219',
      name: 'Montane Row Weekend Vegan Leather Messenger Bag TV-2219',
      brand: 'Montane Row',
      category: { id: 111, slug: 'messenger-bags', name: 'Messenger Bags' },
      price: { amount: 7899, currency: 'EUR' },
      inStock: true,
      rating: { average: 4.07, count: 1433 },
      status: 'active' as const,
      version: 1,
      updatedAt: '2024-04-27T12:33:00.000Z',
    },
  ],
  refreshedAt: '2026-11-20T09:30:00.000Z',
}

export const RelatedProducts = z
  .object({
    productId: count,
    items: z
      .array(ProductSummary)
      .openapi({ description: 'Most often bought together first, eight at most. Without what is no longer for sale.' }),
    refreshedAt,
  })
  .openapi('RelatedProducts', { example: RELATED_EXAMPLE })

const RATINGS_EXAMPLE = {
  productId: 42,
  average: 4.13,
  count: 8,
  stars: { 1: 0, 2: 2, 3: 0, 4: 1, 5: 5 },
  refreshedAt: '2026-11-20T09:30:00.000Z',
}

export const ProductRatings = z
  .object({
    productId: count,
    average: z.number().nullable().openapi({ description: 'With two decimals; null without reviews.' }),
    count,
    stars: z
      .object({ 1: count, 2: count, 3: count, 4: count, 5: count })
      .openapi({ description: 'How many reviews gave one star, two, … five.' }),
    refreshedAt,
  })
  .openapi('ProductRatings', { example: RATINGS_EXAMPLE })

/** The examples, for the test that holds them against their schemas. */
export const EXAMPLES = [
  [CategoryFacets, FACETS_EXAMPLE],
  [BestSellers, BEST_SELLERS_EXAMPLE],
  [RelatedProducts, RELATED_EXAMPLE],
  [ProductRatings, RATINGS_EXAMPLE],
] as const

export type CategoryFacets = z.infer<typeof CategoryFacets>
export type BestSellers = z.infer<typeof BestSellers>
export type RelatedProducts = z.infer<typeof RelatedProducts>
export type ProductRatings = z.infer<typeof ProductRatings>

/** Without defaults and examples, which `/docs` would fill in and send. */
export const BestSellersQuery = z.strictObject({
  days: z
    .enum(['7', '30'])
    .optional()
    .openapi({ description: 'Of the last 7 days or the last 30, up to the newest order: 7 if absent.' }),
  limit: ProductListQuery.shape.limit.openapi({ description: `The ranks from 1 to this: ${DEFAULT_LIMIT} if absent.` }),
})
