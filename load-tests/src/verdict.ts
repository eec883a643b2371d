/**
 * What a run has shown: each promise with its threshold and what was measured.
 *
 * With the cache the shop keeps its promises. Without it the same run must show the stampede: a test that shows one query
 * whatever is tested proves nothing, so a control without a stampede is a broken promise of the test itself.
 *
 * A promise counts only if the herd was there. That is a promise too, and is checked twice, from outside before the query
 * is let go and afterwards by what the answers say of themselves.
 */

import { grouped } from './numbers.ts'
import type { Stampede } from './stampede.ts'

export interface Judgement {
  readonly promise: string
  readonly threshold: string
  readonly measured: string
  readonly kept: boolean
}

export interface Section {
  readonly title: string
  readonly judgements: readonly Judgement[]
}

export interface Verdict {
  readonly sections: readonly Section[]
  readonly kept: boolean
  /** One sentence that says what is proven, or what is not. */
  readonly conclusion: string
}

export function judge(cached: Stampede, control?: Stampede): Verdict {
  const sections = [
    { title: 'with the cache', judgements: withCache(cached) },
    ...(control ? [{ title: 'control: the same without the cache', judgements: withoutCache(control) }] : []),
  ]
  const kept = sections.every(isKept)
  return { sections, kept, conclusion: conclusionOf(sections, cached, control) }
}

function withCache(run: Stampede): Judgement[] {
  return [herdWasThere(run), oneLoadForAll(run), oneQuery(run), noRequestFails(run), newPriceForAll(run)]
}

function withoutCache(run: Stampede): Judgement[] {
  return [herdWasThere(run), manyQueries(run)]
}

function herdWasThere({ vus, herd, crossed }: Stampede): Judgement {
  const answered = herd.answered > 0 ? `, ${grouped(herd.answered)} had an answer` : ''
  return {
    promise: 'everybody is waiting when the query is let go',
    threshold: `= ${grouped(vus)}`,
    measured: `${grouped(herd.waiting)}${answered}`,
    kept: herd.complete && herd.waiting === vus && !crossed.includes('stampede_asked'),
  }
}

/** What the answers say of themselves. Whoever came too late for the load had the entry it left: a hit. */
function oneLoadForAll({ vus, answers: { fromLoad, fromLoadOfAnother, fromCache } }: Stampede): Judgement {
  const hits = fromCache > 0 ? `, ${grouped(fromCache)} from the cache` : ''
  return {
    promise: 'one of them loads it, all others wait for that load',
    threshold: `1 + ${grouped(vus - 1)}`,
    measured: `${grouped(fromLoad)} + ${grouped(fromLoadOfAnother)}${hits}`,
    kept: fromLoad === 1 && fromLoadOfAnother === vus - 1,
  }
}

function oneQuery({ queries }: Stampede): Judgement {
  return {
    promise: 'Postgres sees one query for the product',
    threshold: '= 1',
    measured: grouped(queries),
    kept: queries === 1,
  }
}

function manyQueries({ queries }: Stampede): Judgement {
  return {
    promise: 'Postgres sees many queries for the product',
    threshold: '> 1',
    measured: grouped(queries),
    kept: queries > 1,
  }
}

function noRequestFails({ vus, answers, crossed }: Stampede): Judgement {
  const failed = vus - answers.succeeded
  const k6Agrees = !crossed.includes('http_req_failed') && !crossed.includes('stampede_answered')
  return { promise: 'no request fails', threshold: '= 0', measured: grouped(failed), kept: failed === 0 && k6Agrees }
}

function newPriceForAll({ vus, answers, crossed }: Stampede): Judgement {
  return {
    promise: 'every answer carries the new price',
    threshold: `= ${grouped(vus)}`,
    measured: grouped(answers.newPrice),
    kept: answers.newPrice === vus && !crossed.includes('checks'),
  }
}

function isKept({ judgements }: Section): boolean {
  return judgements.every(({ kept }) => kept)
}

function conclusionOf(sections: readonly Section[], cached: Stampede, control: Stampede | undefined): string {
  const [first, second] = sections
  if (second && !isKept(second)) return 'The control shows no stampede, so this run proves nothing.'
  if (!first || !isKept(first)) return 'The shop has not kept its promises.'
  const visitors = `${grouped(cached.vus)} visitors`
  if (!control) return `${visitors}, one query. Add --control to see the same run without the cache.`
  return `${visitors}: one query with the cache, ${grouped(control.queries)} without.`
}
