/**
 * What visitors of the load profile ask for: 1 000 pages drawn by Zipf's law over the 10 000 products of the seed `demo`.
 * With a smaller seed some of them are not there, which is an answer too (404).
 */

import { requestMix } from '../../load-tests/src/mix.ts'
import { slugify } from '../../packages/db/src/seed/catalogue.ts'
import { TAXONOMY } from '../../packages/db/src/seed/words.ts'

const PAGES = 1_000
const PRODUCTS = 10_000

export function paths(): readonly string[] {
  const next = requestMix({
    products: Array.from({ length: PRODUCTS }, (_, n) => n + 1),
    categories: TAXONOMY.map(({ name }) => slugify(name)),
    s: 0.99,
    seed: 1,
  })
  return Array.from({ length: PAGES }, next)
}
