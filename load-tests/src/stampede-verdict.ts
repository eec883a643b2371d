/**
 * What a stampede has shown.
 *
 * A promise counts only if the herd was there. That is a promise too, and is checked twice, from outside before the query
 * is let go and afterwards by what the answers say of themselves.
 */

import { grouped } from './numbers.ts'
import { atLeast, exactly } from './promises.ts'
import type { Judgement } from './run-file.ts'
import type { Stampede } from './stampede.ts'

/** Of the shop as it is. */
export function judgeStampede(seen: Stampede): readonly Judgement[] {
  return [herdWasThere(seen), oneLoadForAll(seen), oneQuery(seen), everyoneIsAnswered(seen), newPriceForAll(seen)]
}

export function herdWasThere({ visitors, herd, crossed }: Stampede): Judgement {
  const answered = herd.answered > 0 ? `, ${grouped(herd.answered)} had an answer` : ''
  return {
    promise: 'everybody is waiting when the query is let go',
    threshold: `= ${grouped(visitors)}`,
    measured: `${grouped(herd.waiting)}${answered}`,
    kept: herd.complete && herd.waiting === visitors && !crossed.includes('stampede_asked'),
  }
}

/** What the answers say of themselves. Whoever came too late for the load had the entry it left: a hit. */
function oneLoadForAll({ visitors, hits }: Stampede): Judgement {
  const fromCache = hits.memory + hits.redis + hits.stale
  const others = fromCache > 0 ? `, ${grouped(fromCache)} from the cache` : ''
  return {
    promise: 'one of them loads it, all others wait for that load',
    threshold: `1 + ${grouped(visitors - 1)}`,
    measured: `${grouped(hits.load)} + ${grouped(hits.collapsed)}${others}`,
    kept: hits.load === 1 && hits.collapsed === visitors - 1,
  }
}

function oneQuery({ queries }: Stampede): Judgement {
  return exactly('Postgres sees one query for the product', 1, queries)
}

/** Without a lease between the processes each of them loads; without any flight each visitor does. */
export function manyQueries(queries: number, least: number): Judgement {
  return atLeast('Postgres sees many queries for the product', least, queries, grouped)
}

function everyoneIsAnswered({ visitors, succeeded, failures, crossed }: Stampede): Judgement {
  const judgement = exactly('no visit fails', 0, visitors - succeeded)
  const why = failures.length === 0 ? '' : `: ${failures.join(', ')}`
  const k6Agrees = !crossed.includes('visits_failed') && !crossed.includes('stampede_answered')
  return { ...judgement, measured: `${judgement.measured}${why}`, kept: judgement.kept && k6Agrees }
}

function newPriceForAll({ visitors, newPrice }: Stampede): Judgement {
  return exactly('every answer carries the new price', visitors, newPrice)
}
