import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { createDatabase } from '../../test/database.ts'
import { fixtureId } from '../../test/fixture.ts'
import { insertSales, SOLD } from '../../test/sales.ts'
import { createTestApp } from '../../test/test-app.ts'
import { postgresProducts } from '../products/repository.ts'
import { postgresAggregates } from './repository.ts'
import { BestSellers, CategoryFacets, EXAMPLES, ProductRatings, RelatedProducts } from './schema.ts'

const database = await createDatabase()
const products = postgresProducts(database.db)
beforeAll(() => insertSales(database))
afterAll(() => database.close())

const { request } = createTestApp({ aggregates: postgresAggregates(database.db), products })
const kettle = fixtureId('kettle-steel')

async function read(path: string): Promise<unknown> {
  const response = await request(path)
  expect(response.status).toBe(200)
  expect(response.headers.get('Cache-Control')).toBe('public, no-cache')
  return response.json()
}

test('the facets of a category are of everything below it', async () => {
  const facets = CategoryFacets.strict().parse(await read('/categories/electronics/facets'))
  expect(facets).toMatchObject({ slug: 'electronics', products: 6, inStock: 6, priceRange: { from: 1499, to: 29_999 } })
})

describe('best sellers', () => {
  test.each([
    ['', 7],
    ['?days=7', 7],
    ['?days=30', 30],
  ] as const)('%s are ranks with their products', async (query, days) => {
    const answer = BestSellers.strict().parse(await read(`/best-sellers${query}`))
    expect(answer.days).toBe(days)
    expect(answer.items.map(({ rank, product }) => [rank, product.id])).toEqual(SOLD[days].map((id, i) => [i + 1, id]))
  })

  test('show of a product what a list shows', async () => {
    const { items } = BestSellers.parse(await read('/best-sellers'))
    const list = await products.list({ sort: 'popular', inStock: false, limit: 100 })
    for (const { product } of items) expect(product).toEqual(list.items.find(({ id }) => id === product.id))
  })

  test('are as many as were asked for', async () => {
    const { items } = BestSellers.parse(await read('/best-sellers?days=30&limit=2'))
    expect(items.map(({ rank }) => rank)).toEqual([1, 2])
    expect(BestSellers.parse(await read('/best-sellers?limit=100')).items).toHaveLength(3)
  })
})

test('related products are summaries, most often bought together first', async () => {
  const answer = RelatedProducts.strict().parse(await read(`/products/${kettle}/related`))
  expect(answer.productId).toBe(kettle)
  expect(answer.items.map(({ slug }) => slug)).toEqual(['kettle-glass', 'speaker'])
})

test('a product that was never bought with another has no related ones', async () => {
  expect(await read(`/products/${fixtureId('ladle')}/related`)).toMatchObject({ items: [] })
})

test('ratings are stars and their average', async () => {
  const answer = ProductRatings.strict().parse(await read(`/products/${kettle}/ratings`))
  expect(answer).toMatchObject({ productId: kettle, average: 4.5, count: 2, stars: { 1: 0, 2: 0, 3: 0, 4: 1, 5: 1 } })
})

test('a product without reviews has ratings of zero', async () => {
  expect(await read(`/products/${fixtureId('torch')}/ratings`)).toMatchObject({
    average: null,
    count: 0,
    stars: { 5: 0 },
  })
})

test.each([
  '/categories/garden/facets',
  '/products/4711/related',
  '/products/4711/ratings',
  `/products/${fixtureId('walkman')}/related`,
  `/products/${fixtureId('walkman')}/ratings`,
])('%s is 404', async (path) => {
  const response = await request(path)
  expect(response.status).toBe(404)
  expect(await response.json()).toMatchObject({ type: '/problems/not-found' })
})

test.each([
  ['/categories/Audio/facets', 'slug'],
  ['/categories/audio/facets?brand=Nordic', 'brand'],
  ['/best-sellers?days=8', 'days'],
  ['/best-sellers?days=', 'days'],
  ['/best-sellers?days=7&days=30', 'days'],
  ['/best-sellers?limit=0', 'limit'],
  ['/best-sellers?limit=101', 'limit'],
  ['/best-sellers?limit=ten', 'limit'],
  ['/best-sellers?category=audio', 'category'],
  ['/products/one/related', 'id'],
  [`/products/${kettle}/related?limit=2`, 'limit'],
  ['/products/0/ratings', 'id'],
  [`/products/${kettle}/ratings?stars=5`, 'stars'],
])('%s is refused for its %s', async (path, parameter) => {
  const response = await request(path)
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({ errors: [{ parameter, detail: expect.any(String) }] })
})

test('the examples are what the schemas say', () => {
  for (const [schema, example] of EXAMPLES) expect(schema.strict().safeParse(example).error).toBeUndefined()
})
