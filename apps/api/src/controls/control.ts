/**
 * A control of a load test: the shop as it would be with less than its cache, so that a run beside it shows what that is
 * worth. Never for production, where the configuration refuses it.
 *
 * Every read of the repositories goes through one function, which a control decides, by a key that says what was asked
 * for. None says anything in `Cache-Status`: what the header means is the cache's to say.
 */

import type { AggregateRepository } from '../aggregates/repository.ts'
import type { CategoryRepository } from '../categories/repository.ts'
import { keyOf } from '../products/cached-repository.ts'
import type { ProductRepository, WriteResult } from '../products/repository.ts'
import { represent } from '../products/representation.ts'

export interface Control {
  /** The value of a key, from wherever it is. */
  read<T>(key: string, load: () => Promise<T>): Promise<T>
  /** After a write, of what it has changed. */
  forget(key: string): Promise<void>
  close(): Promise<void>
}

interface Repositories {
  readonly products: ProductRepository
  readonly categories: CategoryRepository
  readonly aggregates: AggregateRepository
}

export function controlled({ products, categories, aggregates }: Repositories, control: Control): Repositories {
  const get = (id: number) => control.read(`product:${id}`, () => products.get(id))
  const thenForget = async (id: number, write: Promise<WriteResult>): Promise<WriteResult> => {
    const result = await write
    await control.forget(`product:${id}`)
    return result
  }
  return {
    products: {
      get,
      async represent(id) {
        const product = await get(id)
        return product && represent(product)
      },
      list: (query) => control.read(`products:${keyOf(query).join('&')}`, () => products.list(query)),
      getMany: (ids) => control.read(`products:ids=${ids.join()}`, () => products.getMany(ids)),
      update: (id, change, options) => thenForget(id, products.update(id, change, options)),
      setPrice: (id, price, options) => thenForget(id, products.setPrice(id, price, options)),
    },
    categories: {
      list: () => control.read('categories', () => categories.list()),
      get: (slug) => control.read(`category:${slug}`, () => categories.get(slug)),
    },
    aggregates: {
      facets: (slug) => control.read(`facets:${slug}`, () => aggregates.facets(slug)),
      bestSellers: (days) => control.read(`best-sellers:${days}`, () => aggregates.bestSellers(days)),
      related: (id) => control.read(`related:${id}`, () => aggregates.related(id)),
      ratings: (id) => control.read(`ratings:${id}`, () => aggregates.ratings(id)),
    },
  }
}
