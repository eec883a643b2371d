/**
 * A repository of products without a database. It keeps the contract that `product-repository.suite.ts` checks. It has no
 * outbox, so what it writes invalidates nothing.
 */

import type {
  ProductPage,
  ProductRepository,
  WriteOptions,
  WriteRefusal,
  WriteResult,
} from '../src/products/repository.ts'
import { entityTagOf, type Representation, represent } from '../src/products/representation.ts'
import {
  type PriceChange,
  type Product,
  type ProductChange,
  type ProductQuery,
  type Sort,
  summaryOf,
} from '../src/products/schema.ts'
import { CATEGORIES, PRODUCTS } from './fixture.ts'

interface Row {
  product: Product
  readonly popularity: number
  readonly createdAt: number
}

export class MemoryProducts implements ProductRepository {
  readonly #rows = new Map<number, Row>()

  constructor() {
    let variantId = 0
    for (const [index, entry] of PRODUCTS.entries()) {
      const { slug, name, brand, description, status, ratings, currency } = entry
      const variants = entry.variants.map(({ sku, title, attributes, amount, compareAt, quantity }) => ({
        id: ++variantId,
        sku,
        title,
        attributes: { ...attributes },
        price: { amount, currency, ...(compareAt !== undefined && { compareAt }) },
        inStock: quantity > 0,
      }))
      const product: Product = {
        id: index + 1,
        slug,
        name,
        brand,
        category: categoryBySlug(entry.category),
        price: lowest(variants),
        inStock: variants.some(({ inStock }) => inStock),
        rating: {
          average: ratings.length === 0 ? null : ratings.reduce((sum, rating) => sum + rating, 0) / ratings.length,
          count: ratings.length,
        },
        status,
        version: 1,
        updatedAt: entry.createdAt,
        description,
        variants,
      }
      this.#rows.set(product.id, { product, popularity: entry.popularity, createdAt: Date.parse(entry.createdAt) })
    }
  }

  async list({ category, minPrice, maxPrice, inStock, sort, limit, after }: ProductQuery): Promise<ProductPage> {
    const { keyOf, direction } = ORDERS[sort]
    const place = (row: Row): readonly [number, number] => [keyOf(row) * direction, row.product.id * direction]
    const start = after && ([after.value * direction, after.id * direction] as const)
    const rows = [...this.#rows.values()]
      .filter(({ product }) => product.status === 'active')
      .filter(({ product }) => category === undefined || isWithin(product.category.slug, category))
      .filter(({ product }) => minPrice === undefined || product.price.amount >= minPrice)
      .filter(({ product }) => maxPrice === undefined || product.price.amount <= maxPrice)
      .filter(({ product }) => !inStock || product.inStock)
      .toSorted((a, b) => compare(place(a), place(b)))
      .filter((row) => start === undefined || compare(place(row), start) > 0)
    const page = rows.slice(0, limit)
    const ahead = rows[limit]
    const last = ahead && page.at(-1)
    return {
      items: page.map(({ product }) => summaryOf(product)),
      next: last === undefined ? null : { value: keyOf(last), id: last.product.id },
      ahead: ahead === undefined ? null : keyOf(ahead),
    }
  }

  async get(id: number): Promise<Product | undefined> {
    const product = this.#rows.get(id)?.product
    return product?.status === 'active' ? product : undefined
  }

  async represent(id: number): Promise<Representation | undefined> {
    const product = await this.get(id)
    return product && represent(product)
  }

  async getMany(ids: readonly number[]): Promise<(Product | undefined)[]> {
    return Promise.all(ids.map((id) => this.get(id)))
  }

  async update(id: number, { categoryId, ...change }: ProductChange, options: WriteOptions = {}): Promise<WriteResult> {
    return this.#write(id, options, (product) => {
      const category = categoryId === undefined ? product.category : categoryById(categoryId)
      if (category === undefined) return { type: 'unknown-category' }
      const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
      return { ...product, ...given, category }
    })
  }

  async setPrice(id: number, { amount, currency, sku }: PriceChange, options: WriteOptions = {}): Promise<WriteResult> {
    return this.#write(id, options, (product) => {
      if (product.price.currency !== currency) return { type: 'currency-mismatch', currency: product.price.currency }
      if (sku !== undefined && !product.variants.some((variant) => variant.sku === sku)) return { type: 'unknown-sku' }
      const variants = product.variants.map((variant) => {
        if (sku !== undefined && variant.sku !== sku) return variant
        const { compareAt } = variant.price
        const reduced = compareAt !== undefined && compareAt > amount
        return { ...variant, price: { amount, currency, ...(reduced && { compareAt }) } }
      })
      return { ...product, variants, price: lowest(variants) }
    })
  }

  #write(id: number, { ifMatch }: WriteOptions, change: (product: Product) => Product | WriteRefusal): WriteResult {
    const row = this.#rows.get(id)
    if (row === undefined) return { type: 'not-found' }
    const { product: before } = row
    const entityTag = entityTagOf(before)
    if (ifMatch !== undefined && !ifMatch.includes(entityTag)) return { type: 'version-mismatch', entityTag }
    const after = change(before)
    if ('type' in after) return after
    if (JSON.stringify(after) !== JSON.stringify(before)) {
      row.product = { ...after, version: before.version + 1, updatedAt: new Date().toISOString() }
    }
    return { type: 'written', product: row.product }
  }
}

const ORDERS: Readonly<Record<Sort, { keyOf(row: Row): number; direction: 1 | -1 }>> = {
  popular: { keyOf: (row) => row.popularity, direction: -1 },
  newest: { keyOf: (row) => row.createdAt, direction: -1 },
  price: { keyOf: (row) => row.product.price.amount, direction: 1 },
  '-price': { keyOf: (row) => row.product.price.amount, direction: -1 },
  rating: { keyOf: (row) => row.product.rating.average ?? 0, direction: -1 },
}

function compare(a: readonly [number, number], b: readonly [number, number]): number {
  return a[0] - b[0] || a[1] - b[1]
}

function lowest(variants: Product['variants']): Product['price'] {
  const [cheapest] = variants.toSorted((a, b) => a.price.amount - b.price.amount)
  if (cheapest === undefined) throw new Error('A product of the fixture has a variant')
  return cheapest.price
}

function categoryById(id: number): Product['category'] | undefined {
  const category = CATEGORIES[id - 1]
  return category && { id, slug: category.slug, name: category.name }
}

function categoryBySlug(slug: string): Product['category'] {
  const category = categoryById(CATEGORIES.findIndex((entry) => entry.slug === slug) + 1)
  if (category === undefined) throw new Error(`The fixture has no category ${slug}`)
  return category
}

function isWithin(slug: string | undefined, top: string): boolean {
  if (slug === undefined) return false
  return slug === top || isWithin(CATEGORIES.find((entry) => entry.slug === slug)?.parent, top)
}
