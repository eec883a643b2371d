/**
 * What is warmed, in the order in which its absence would hurt: the tree of categories, which every page shows; the first
 * pages of the lists people come in by; then the products of the warm list.
 *
 * All of it is read through the cached repositories, exactly as a visitor would, so it is cached as it will be looked for.
 * No process is elected to do it. Each warms its own memory, and what several miss at once is loaded by the one that has
 * the lease of its key; the others are given the value (packages/cache/docs/stampede.md). Where the first has finished,
 * the next reads from Redis alone.
 */

import type { CategoryRepository } from '../categories/repository.ts'
import type { ProductRepository } from '../products/repository.ts'
import { DEFAULT_LIMIT, type ProductQuery, SORTS } from '../products/schema.ts'

/** Of one question to the database. */
const BATCH = 100
/** Of the connections to the database most are left to those who are waiting for an answer. */
const AT_ONCE = 2

export interface WarmSources {
  readonly products: Pick<ProductRepository, 'list' | 'getMany'>
  readonly categories: Pick<CategoryRepository, 'list'>
  /** Asked when it is needed. */
  warmList(): Promise<readonly number[]>
}

export interface WarmProgress {
  readonly lists: number
  readonly products: number
}

/**
 * Resolves when everything is warm, or when `signal` is aborted: then it begins nothing more and does not wait for what
 * is under way. Rejects with the first failure, because the next question would meet the same database.
 */
export async function warm(
  { products, categories, warmList }: WarmSources,
  { signal, onProgress }: { readonly signal: AbortSignal; onProgress(progress: WarmProgress): void },
): Promise<void> {
  let progress: WarmProgress = { lists: 0, products: 0 }
  const advance = (by: Partial<WarmProgress>) => {
    progress = {
      lists: progress.lists + (by.lists ?? 0),
      products: progress.products + (by.products ?? 0),
    }
    onProgress(progress)
  }

  const tree = await categories.list()
  await atOnce(hotLists(tree.map(({ slug }) => slug)), signal, async (query) => {
    await products.list(query)
    advance({ lists: 1 })
  })
  if (signal.aborted) return
  await atOnce(batchesOf(await warmList()), signal, async (ids) => {
    await products.getMany(ids)
    advance({ products: ids.length })
  })
}

/** The first page of the whole shop in each order, and of each category at the top in the order it opens in. */
export function hotLists(topCategories: readonly string[]): readonly ProductQuery[] {
  const first = { inStock: false, limit: DEFAULT_LIMIT } as const
  return [
    ...SORTS.map((sort) => ({ ...first, sort })),
    ...topCategories.map((category) => ({ ...first, category, sort: 'popular' as const })),
  ]
}

function batchesOf(ids: readonly number[]): readonly (readonly number[])[] {
  return Array.from({ length: Math.ceil(ids.length / BATCH) }, (_, n) => ids.slice(n * BATCH, (n + 1) * BATCH))
}

/** Stops all at the first failure. */
async function atOnce<T>(all: readonly T[], signal: AbortSignal, each: (one: T) => Promise<void>): Promise<void> {
  const left = all.values()
  let isFailed = false
  const worker = async () => {
    for (const one of left) {
      if (signal.aborted || isFailed) return
      await each(one).catch((error: unknown) => {
        isFailed = true
        throw error
      })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}
