/** Browse: an ordinary day from cold, the shape of which is a straight line. */

import { grouped } from './numbers.ts'
import { atLeast } from './promises.ts'
import type { Judgement, Run, Size } from './run-file.ts'
import { trafficScenario } from './traffic-scenario.ts'
import { NAMES } from './variant.ts'

/** What the shop promises (README.md). Each page has to be loaded once, so a short run shows less. */
const LEAST_HITS = 0.97
const LEAST_SAVED: Readonly<Record<Size, number>> = { smoke: 0.2, laptop: 0.92, full: 0.92 }

const MIX = '80 % ask for a product, 12 % for a list, 5 % for ten products, 3 % for categories, facets and best sellers'

export const browse = trafficScenario({
  name: 'browse',
  title: 'an ordinary day from cold: hit rate, and queries spared',
  question: 'How many visits are answered without a load of their own, and how many queries does the cache spare?',
  workload: {
    smoke: `100 visits/s for 10 s over 500 products, by Zipf's law with s = 0.99: ${MIX}.`,
    laptop: `1 200 visits/s for 240 s over 10 000 products, by Zipf's law with s = 0.99: ${MIX}.`,
    full: `2 000 visits/s for 300 s over 10 000 products, by Zipf's law with s = 0.99: ${MIX}.`,
  },
  expectation: '97 % without a load of their own; 92 % fewer queries than without the cache.',
  stages: {
    smoke: [{ rate: 100, seconds: 10 }],
    laptop: [{ rate: 1_200, seconds: 240 }],
    full: [{ rate: 2_000, seconds: 300 }],
  },
  judge: (run, _, size) =>
    size === 'smoke' ? [] : [atLeast('visits answered without a load of their own', LEAST_HITS, hitRate(run), percent)],
  compare: (run, control, variant, size) => (variant === 'off' ? [spares(run, control, size)] : []),
  extra: (run) => [
    { label: 'without a load of their own', value: percent(hitRate(run)) },
    ...(run.queries === undefined
      ? []
      : [{ label: 'queries of 1 000 visits', value: grouped(queriesPerVisit(run) * 1_000, 1) }]),
  ],
  conclude([run, ...controls]) {
    const hits = `${percent(run ? hitRate(run) : 0)} of the visits needed no load of their own.`
    const counted = [...(run ? [run] : []), ...controls].filter(({ queries }) => queries !== undefined)
    if (counted.length === 0) return hits
    const each = counted.map((one) => `${grouped(queriesPerVisit(one) * 1_000, 1)} ${one.name}`)
    return `${hits} Queries of 1 000 visits: ${each.join(', ')}.`
  },
})

function spares(run: Run, control: Run, size: Size): Judgement {
  const spared = 1 - queriesPerVisit(run) / queriesPerVisit(control)
  return atLeast(`queries that are spared ${NAMES.on}`, LEAST_SAVED[size], spared, percent)
}

/** A visit that waited for the load of another has needed none. */
export function hitRate({ requests, hits }: Run): number {
  return requests === 0 ? 0 : 1 - (hits.load + hits.bypass) / requests
}

function queriesPerVisit({ queries = 0, requests }: Run): number {
  return requests === 0 ? 0 : queries / requests
}

export function percent(share: number): string {
  return `${grouped(share * 100, 1)} %`
}
