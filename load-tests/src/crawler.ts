/** Crawler: a machine reads everything and asks for what never was, beside people who look at what is hot. */

import { percent } from './browse.ts'
import { ask } from './client.ts'
import { requestMix } from './mix.ts'
import { grouped } from './numbers.ts'
import { atLeast, atMost } from './promises.ts'
import type { Judgement } from './run-file.ts'
import type { Catalogue, OwnSite } from './site.ts'
import { hitsOf, type Observed } from './timeline.ts'
import { S, trafficScenario } from './traffic-scenario.ts'

/** Small, so that the crawler would push everything out of it that is not used. */
const MEMORY_BYTES = 4 * 2 ** 20
/** What people look at. */
const HOT = { products: 50, categories: 3 } as const
/** Of the visits of people in the second half, which came when all of that had been loaded. */
const LEAST_HITS = 0.97

/** Every other visit is one of people, the others are the crawler's. */
const isOfPeople = ({ turn }: { readonly turn: number }): boolean => turn % 2 === 0

export const crawler = trafficScenario({
  name: 'crawler',
  title: 'a machine reads everything, and what never was, beside people',
  question: 'Does it push out of the cache what people look at, or fill it with what nobody needs?',
  workload: {
    smoke: workloadOf('100 visits/s for 10 s over 500 products'),
    laptop: workloadOf('400 visits/s for 60 s over 10 000 products'),
    full: workloadOf('1 000 visits/s for 180 s over 10 000 products'),
  },
  expectation:
    '97 % of the visits of people are hits in the second half; the memory of each process stays in its bound.',
  stages: {
    smoke: [{ rate: 100, seconds: 10 }],
    laptop: [{ rate: 400, seconds: 60 }],
    full: [{ rate: 1_000, seconds: 180 }],
  },
  env: { CACHE_L1_MAX_BYTES: String(MEMORY_BYTES) },
  mayBeRefused: true,
  paths,
  judge: (_run, observed, size) =>
    // In seconds not even what people look at is loaded.
    size === 'smoke' ? [] : [atLeast('hits of people in the second half', LEAST_HITS, hitsOfPeople(observed), percent)],
  inspect: memoryIsBounded,
  extra: (_, observed) => [{ label: 'hits of people in the second half', value: percent(hitsOfPeople(observed)) }],
  conclude: ([run]) => `${run?.extra?.[0]?.value} of the visits of people were hits, whatever the crawler asked for.`,
})

function workloadOf(load: string): string {
  return (
    `${load}. Half are of people: ${HOT.products} products and their lists. Half are of a crawler: any product, ids that ` +
    `never were, parameters that mean nothing. Memory of ${MEMORY_BYTES / 2 ** 20} MiB in each of 3 processes.`
  )
}

function paths({ products, categories }: Catalogue): () => string {
  const people = requestMix({
    products: products.slice(0, HOT.products),
    categories: categories.slice(0, HOT.categories),
    s: S,
    seed: 1,
  })
  const beyond = Math.max(...products) + 1
  let turn = 0
  return () => {
    const nth = Math.floor(turn / 2)
    if (turn++ % 2 === 0) return people()
    if (nth % 4 === 0) return `/products/${beyond + nth}`
    if (nth % 4 === 1) return `/products?sort=popular&session=${nth}`
    if (nth % 4 === 2) return `/products?minPrice=${nth}&maxPrice=${nth + 5_000}&limit=${1 + (nth % 100)}`
    return `/products/${products[nth % products.length]}`
  }
}

function hitsOfPeople({ answers }: Observed): number {
  const ofPeople = answers.filter(isOfPeople)
  const later = ofPeople.slice(Math.floor(ofPeople.length / 2))
  const { load, bypass } = hitsOf(later)
  return later.length === 0 ? 0 : 1 - (load + bypass) / later.length
}

/** As each process says itself. */
async function memoryIsBounded({ api, urls }: OwnSite): Promise<readonly Judgement[]> {
  const bytes = await Promise.all(
    urls.map(async (url) => {
      const { body } = await ask(`${url}/admin/cache`, { token: api.adminToken })
      return (body as { readonly health?: { readonly bytes?: number } }).health?.bytes ?? Number.NaN
    }),
  )
  return [atMost('bytes in the memory of the largest process', MEMORY_BYTES, Math.max(...bytes), grouped)]
}
