/**
 * What every repository of products must do, as tests. It runs on the one in Postgres, on the cached one with memory
 * and with Redis, and on the double that the tests of the routes use: what is true of one is true of all.
 */

import { beforeEach, describe, expect, test } from 'vitest'

import type { ProductRepository, WriteResult } from '../src/products/repository.ts'
import { entityTagOf } from '../src/products/representation.ts'
import { Product, type ProductQuery, SORTS, summaryOf } from '../src/products/schema.ts'
import { CATEGORIES, fixtureId } from './fixture.ts'

const QUERY: ProductQuery = { sort: 'popular', inStock: false, limit: 24 }

/** `create` gives a repository over a fresh fixture. */
export function productRepositorySuite(name: string, create: () => Promise<ProductRepository>): void {
  describe(`${name} keeps the contract of ProductRepository`, () => {
    let products: ProductRepository

    beforeEach(async () => {
      products = await create()
    })

    async function read(slug: string): Promise<Product> {
      const product = await products.get(fixtureId(slug))
      if (product === undefined) throw new Error(`${slug} was not found`)
      return product
    }

    function writtenBy(result: WriteResult): Product {
      if (result.type !== 'written') throw new Error(`The write was refused: ${result.type}`)
      return result.product
    }

    async function slugs(query: Partial<ProductQuery>): Promise<readonly string[]> {
      return (await products.list({ ...QUERY, ...query })).items.map(({ slug }) => slug)
    }

    describe('get', () => {
      test('gives the whole product', async () => {
        const { version, updatedAt, ...product } = await read('kettle-glass')
        expect(version).toBeGreaterThan(0)
        expect(new Date(updatedAt).toISOString()).toBe(updatedAt)
        expect(product).toEqual({
          id: 2,
          slug: 'kettle-glass',
          name: 'kettle glass',
          description: 'All about kettle-glass.',
          brand: 'Nordic',
          category: { id: 5, slug: 'kettles', name: 'Kettles' },
          price: { amount: 1999, currency: 'EUR', compareAt: 2499 },
          inStock: true,
          rating: { average: 3, count: 1 },
          status: 'active',
          variants: [
            {
              id: 3,
              sku: 'KG-1',
              title: 'KG-1',
              attributes: {},
              price: { amount: 1999, currency: 'EUR', compareAt: 2499 },
              inStock: true,
            },
          ],
        })
      })

      test('what it gives is JSON, of the shape the API promises', async () => {
        const product = await read('speaker')
        expect(JSON.parse(JSON.stringify(product))).toEqual(product)
        expect(Product.strict().parse(product)).toEqual(product)
      })

      test('variants are in their order, each with its own price and stock', async () => {
        const { variants, price, inStock } = await read('kettle-steel')
        expect(variants.map((variant) => [variant.sku, variant.price.amount, variant.inStock])).toEqual([
          ['KS-1', 2999, true],
          ['KS-2', 3499, false],
        ])
        expect([price.amount, inStock]).toEqual([2999, true])
      })

      test('a product without a reduction has no compareAt, one without reviews no average', async () => {
        const product = await read('soundbar')
        expect(product.price).not.toHaveProperty('compareAt')
        expect(product.rating).toEqual({ average: null, count: 0 })
      })

      test('gives undefined for an id of no product, and for an archived one', async () => {
        expect(await products.get(4711)).toBeUndefined()
        expect(await products.get(fixtureId('walkman'))).toBeUndefined()
      })
    })

    describe('getMany', () => {
      test('keeps the order, with undefined where there is none', async () => {
        const found = await products.getMany([3, 4711, 1, fixtureId('walkman')])
        expect(found.map((product) => product?.id)).toEqual([3, undefined, 1, undefined])
      })

      test('gives what get gives', async () => {
        expect(await products.getMany([7])).toEqual([await products.get(7)])
      })

      test('of nothing is nothing', async () => {
        expect(await products.getMany([])).toEqual([])
      })
    })

    describe('list', () => {
      test('shows of each product what get shows of it', async () => {
        const { items } = await products.list(QUERY)
        const whole = await products.getMany(items.map(({ id }) => id))
        expect(items).toEqual(whole.map((product) => product && summaryOf(product)))
      })

      test.each([
        ['popular', ['kettle-steel', 'kettle-tin', 'kettle-glass', 'headphones-over']],
        ['newest', ['ladle', 'torch', 'soundbar', 'speaker']],
        ['price', ['ladle', 'kettle-tin', 'torch', 'kettle-glass']],
        ['-price', ['soundbar', 'headphones-over', 'speaker', 'headphones-on']],
        ['rating', ['headphones-over', 'speaker', 'kettle-steel', 'ladle']],
      ] as const)('sort %s begins with %j, ties in the order of ids', async (sort, expected) => {
        expect(await slugs({ sort, limit: 4 })).toEqual(expected)
      })

      test.each([
        [{ category: 'kitchen' }, ['kettle-steel', 'kettle-tin', 'kettle-glass', 'ladle']],
        [
          { category: 'audio', sort: 'price' },
          ['headphones-in', 'headphones-on', 'speaker', 'headphones-over', 'soundbar'],
        ],
        [{ category: 'no-such-category' }, []],
        [{ minPrice: 8999 }, ['headphones-over', 'speaker', 'soundbar']],
        [{ maxPrice: 999 }, ['kettle-tin', 'ladle']],
        [{ maxPrice: 0 }, ['ladle']],
        [{ minPrice: 1499, maxPrice: 1999 }, ['kettle-glass', 'torch']],
        [{ category: 'kettles', inStock: true }, ['kettle-steel', 'kettle-glass']],
        [
          { category: 'electronics', minPrice: 4999, maxPrice: 8999, inStock: true, sort: '-price' },
          ['speaker', 'headphones-on', 'headphones-in'],
        ],
      ] as const)('%j selects %j', async (query, expected) => {
        expect(await slugs(query)).toEqual(expected)
      })

      // kettle-glass and kettle-tin share a popularity, the headphones a price and a day, and three have no rating.
      test.each(SORTS.flatMap((sort) => [1, 2, 3].map((limit) => [sort, limit] as const)))(
        'pages of sort %s by %d show every product once, in the order of the whole list',
        async (sort, limit) => {
          const whole = await slugs({ sort })
          const seen: string[] = []
          let after: ProductQuery['after']
          for (let pages = 0; pages < 20; pages++) {
            const { items, next } = await products.list({ ...QUERY, sort, limit, after })
            expect(items.length).toBeLessThanOrEqual(limit)
            seen.push(...items.map(({ slug }) => slug))
            if (next === null) break
            after = next
          }
          expect(seen).toEqual(whole)
        },
      )

      test('a page goes on after its place with every filter at once', async () => {
        const query = { ...QUERY, category: 'electronics', minPrice: 1, maxPrice: 30_000, inStock: true, limit: 2 }
        const first = await products.list(query)
        const second = await products.list({ ...query, after: first.next ?? undefined })
        expect([...first.items, ...second.items].map(({ slug }) => slug)).toEqual([
          'headphones-over',
          'headphones-in',
          'headphones-on',
          'speaker',
        ])
      })

      test('the last page has no next and nothing ahead, even when it is full', async () => {
        expect(await products.list({ ...QUERY, category: 'kettles', limit: 3 })).toMatchObject({
          next: null,
          ahead: null,
        })
      })

      test.each([
        ['price', { value: 999, id: 3 }, 1499],
        ['-price', { value: 19_999, id: 4 }, 8999],
        ['newest', { value: Date.UTC(2026, 0, 9), id: 9 }, Date.UTC(2026, 0, 8)],
      ] as const)('a page of sort %s ends at %j and has %d ahead', async (sort, next, ahead) => {
        expect(await products.list({ ...QUERY, sort, limit: 2 })).toMatchObject({ next, ahead })
      })
    })

    describe('setPrice', () => {
      const id = fixtureId('kettle-steel')

      test('sets every variant, and the next read in detail, in a batch and in lists shows it', async () => {
        await products.list(QUERY)
        const before = await read('kettle-steel')
        const product = writtenBy(await products.setPrice(id, { amount: 500, currency: 'EUR' }))
        expect(product.variants.map(({ price }) => price.amount)).toEqual([500, 500])
        expect(product.price).toEqual({ amount: 500, currency: 'EUR' })
        expect(product.version).toBeGreaterThan(before.version)
        expect(await products.get(id)).toEqual(product)
        expect(await products.getMany([id])).toEqual([product])
        expect((await products.list(QUERY)).items.find((item) => item.id === id)).toEqual(summaryOf(product))
      })

      test('moves the product in lists by price, and in and out of those with a range', async () => {
        const dear = { minPrice: 25_000 }
        expect(await slugs({ sort: 'price', limit: 1 })).toEqual(['ladle'])
        expect(await slugs(dear)).toEqual(['soundbar'])
        writtenBy(await products.setPrice(fixtureId('soundbar'), { amount: 10, currency: 'EUR' }))
        writtenBy(await products.setPrice(fixtureId('ladle'), { amount: 30_000, currency: 'EUR' }))
        expect(await slugs({ sort: 'price', limit: 1 })).toEqual(['soundbar'])
        expect(await slugs(dear)).toEqual(['ladle'])
      })

      test('with a SKU sets that variant', async () => {
        const product = writtenBy(await products.setPrice(id, { amount: 500, currency: 'EUR', sku: 'KS-2' }))
        expect(product.variants.map(({ price }) => price.amount)).toEqual([2999, 500])
        expect(product.price.amount).toBe(500)
      })

      test.each([
        [2498, 2499],
        [2499, undefined],
        [2500, undefined],
      ])('a price of %d leaves a compareAt of %s', async (amount, compareAt) => {
        const product = writtenBy(await products.setPrice(2, { amount, currency: 'EUR' }))
        expect(product.price).toEqual({ amount, currency: 'EUR', ...(compareAt !== undefined && { compareAt }) })
      })

      test('to the price it has changes nothing', async () => {
        const before = await read('kettle-tin')
        expect(writtenBy(await products.setPrice(before.id, { amount: 999, currency: 'EUR' }))).toEqual(before)
      })

      test.each([
        [4711, { amount: 1, currency: 'EUR' }, { type: 'not-found' }],
        [id, { amount: 1, currency: 'USD' }, { type: 'currency-mismatch', currency: 'EUR' }],
        [id, { amount: 1, currency: 'EUR', sku: 'KG-1' }, { type: 'unknown-sku' }],
        [id, { amount: 1, currency: 'EUR', sku: 'NONE' }, { type: 'unknown-sku' }],
      ])('of product %d to %j is refused with %j', async (product, price, refusal) => {
        expect(await products.setPrice(product, price)).toEqual(refusal)
        expect((await read('kettle-steel')).price.amount).toBe(2999)
      })
    })

    describe('update', () => {
      const id = fixtureId('kettle-steel')

      test('changes what is named, and the next read shows it', async () => {
        const before = await read('kettle-steel')
        const product = writtenBy(await products.update(id, { name: 'Kettle', description: 'Hot.', brand: 'Southern' }))
        expect(product).toEqual({
          ...before,
          name: 'Kettle',
          description: 'Hot.',
          brand: 'Southern',
          version: product.version,
          updatedAt: product.updatedAt,
        })
        expect(product.version).toBeGreaterThan(before.version)
        expect(await products.get(id)).toEqual(product)
      })

      test('a new name shows in lists that were read before', async () => {
        await products.list(QUERY)
        writtenBy(await products.update(id, { name: 'Kettle' }))
        expect((await products.list(QUERY)).items[0]?.name).toBe('Kettle')
      })

      test('another category takes the product out of one list and puts it into the other', async () => {
        await Promise.all([slugs({ category: 'kettles' }), slugs({ category: 'headphones' })])
        const headphones = CATEGORIES.findIndex(({ slug }) => slug === 'headphones') + 1
        const product = writtenBy(await products.update(id, { categoryId: headphones }))
        expect(product.category).toEqual({ id: headphones, slug: 'headphones', name: 'Headphones' })
        expect(await slugs({ category: 'kettles' })).not.toContain('kettle-steel')
        expect(await slugs({ category: 'headphones' })).toContain('kettle-steel')
      })

      test('an archived product leaves every read and comes back', async () => {
        await slugs({})
        expect(writtenBy(await products.update(id, { status: 'archived' })).status).toBe('archived')
        expect(await products.get(id)).toBeUndefined()
        expect(await slugs({})).not.toContain('kettle-steel')
        writtenBy(await products.update(id, { status: 'active' }))
        expect((await read('kettle-steel')).status).toBe('active')
        expect(await slugs({})).toContain('kettle-steel')
      })

      test('a category that does not exist is refused, and nothing is changed', async () => {
        const before = await read('kettle-steel')
        expect(await products.update(id, { name: 'Lost', categoryId: 4711 })).toEqual({ type: 'unknown-category' })
        expect(await products.get(id)).toEqual(before)
      })

      test('of no product is refused', async () => {
        expect(await products.update(4711, { name: 'x' })).toEqual({ type: 'not-found' })
      })
    })

    test('its representation is the product, to the byte, and has its entity tag', async () => {
      const product = await read('kettle-steel')
      const found = await products.represent(fixtureId('kettle-steel'))
      expect(found?.bytes.toString()).toBe(JSON.stringify(product))
      expect(`"${found?.hash}"`).toBe(entityTagOf(product))
      expect(found?.tags).toEqual(expect.arrayContaining([`product:${product.id}`, `category:${product.category.id}`]))
      expect(found?.headers).toEqual({ 'Cache-Control': 'public, no-cache' })
      expect(await products.represent(4711)).toBeUndefined()
    })

    describe.each([
      ['update', (id: number, options: object) => products.update(id, { brand: 'Southern' }, options)],
      ['setPrice', (id: number, options: object) => products.setPrice(id, { amount: 7, currency: 'EUR' }, options)],
    ] as const)('%s on condition', (_name, write) => {
      const id = fixtureId('kettle-steel')

      test('is carried out on what it names', async () => {
        const entityTag = entityTagOf(await read('kettle-steel'))
        expect((await write(id, { ifMatch: ['"another"', entityTag] })).type).toBe('written')
      })

      test('is refused on anything else, with the entity tag there is', async () => {
        const before = await read('kettle-steel')
        const refused = { type: 'version-mismatch', entityTag: entityTagOf(before) }
        expect(await write(id, { ifMatch: ['"another"'] })).toEqual(refused)
        expect(await write(id, { ifMatch: [] })).toEqual(refused)
        expect(await products.get(id)).toEqual(before)
      })

      // A: lock the row, it is as read, write ----- commit
      //    B: waits for the row ----------------------- it is not any more
      test('of many at once on one condition exactly one is carried out', async () => {
        const ifMatch = [entityTagOf(await read('kettle-steel'))]
        const results = await Promise.all(Array.from({ length: 8 }, () => write(id, { ifMatch })))
        expect(results.map(({ type }) => type).toSorted()).toEqual([...Array(7).fill('version-mismatch'), 'written'])
      })
    })
  })
}
