/** What the figures of a run add up to: the rows of the table that compares runs, on the page and in Markdown. */

import type { Run } from '../src/run-file.ts'
import { count, figure, NOTHING, percent } from './format.ts'

export interface Figure {
  readonly label: string
  readonly of: (run: Run) => string
}

export const FIGURES: readonly Figure[] = [
  { label: 'requests', of: ({ requests }) => count(requests) },
  { label: 'database queries', of: ({ queries }) => (queries === undefined ? NOTHING : count(queries)) },
  { label: 'queries per 1 000 requests', of: (run) => figure(queriesPerThousand(run)) },
  { label: 'hit rate', of: (run) => percent(hitRate(run)) },
  { label: 'p50, ms', of: (run) => latencyOf(run, 'p50') },
  { label: 'p99, ms', of: (run) => latencyOf(run, 'p99') },
  { label: 'p99.9, ms', of: (run) => latencyOf(run, 'p999') },
  { label: 'max, ms', of: (run) => latencyOf(run, 'max') },
  { label: 'failed', of: ({ failed }) => count(failed) },
  { label: 'dropped', of: ({ dropped }) => count(dropped) },
]

/** How the answers divide, by their Cache-Status. */
export const ANSWERS: readonly Figure[] = (
  [
    ['memory', 'from memory'],
    ['redis', 'from Redis'],
    ['collapsed', 'by the load of another'],
    ['load', 'by a load of their own'],
    ['stale', 'stale'],
    ['bypass', 'past the cache'],
  ] as const
).map(([kind, label]) => ({ label, of: ({ hits }) => count(hits[kind]) }))

export function queriesPerThousand({ queries, requests }: Run): number | undefined {
  return queries !== undefined && requests > 0 ? (queries / requests) * 1_000 : undefined
}

/** Of the answers that asked the cache, the share that needed no load of their own. */
export function hitRate({ hits: { memory, redis, collapsed, stale, load } }: Run): number | undefined {
  const without = memory + redis + collapsed + stale
  return without + load > 0 ? without / (without + load) : undefined
}

/** The share of its queries that a control would have been spared. */
export function saved(run: Run, control: Run): number | undefined {
  const [queries, without] = [queriesPerThousand(run), queriesPerThousand(control)]
  return queries === undefined || without === undefined || without === 0 ? undefined : 1 - queries / without
}

/** A run in which nothing was answered has no latencies, whatever stands in their place. */
export function latencyOf(run: Run, quantile: keyof Run['latency']): string {
  return run.requests > run.failed ? figure(run.latency[quantile]) : NOTHING
}
