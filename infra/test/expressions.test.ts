/** Every expression of the dashboards and the rules names metrics that are really exported, with labels that they have. */

import { readFileSync } from 'node:fs'
import { readMetricsPage } from '@shop/telemetry/testing'
import { afterAll, expect, test } from 'vitest'

import { type Named, namedIn, shownLabels } from '../expression.ts'
import { DASHBOARDS } from '../grafana/dashboards.ts'
import { ALERT_GROUPS } from '../prometheus/alerts.ts'
import { FOREIGN_METRICS } from '../prometheus/foreign-metrics.ts'
import { openWatchedShop, type Scraped } from './watched-shop.ts'

/**
 * What takes a misfortune that no test can bring about in a moment: a source that fails while something stale is served,
 * a refresh that fails. They are on the page of metrics, which tests of the API and the worker hold against the code.
 */
const MISFORTUNES = [
  'shop_cache_memory_evictions_total',
  'shop_cache_rejections_total',
  'shop_cache_reloads_dropped_total',
  'shop_cache_reloads_failed_total',
  'shop_cache_remote_errors_total',
  'shop_cache_stale_duration_seconds_bucket',
  'shop_worker_relay_failures_total',
  'shop_worker_view_refresh_failures_total',
]

/** Prometheus adds them to whatever it scrapes. */
const OF_THE_TARGET = ['job', 'instance']

interface Expression extends Named {
  readonly where: string
  readonly shown: readonly string[]
}

const recorded = new Set(ALERT_GROUPS.flatMap(({ recorded = [] }) => recorded.map(({ record }) => record)))
const page = readMetricsPage(readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8'))
const documented = new Map(
  page.flatMap(({ inPrometheus, kind, attributes }) => {
    const labels = attributes.map((attribute) => attribute.replaceAll('.', '_'))
    const names = kind === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => inPrometheus + end) : [inPrometheus]
    return names.map((name): [string, ReadonlySet<string>] => [
      name,
      new Set([...labels, ...(kind === 'histogram' ? ['le'] : [])]),
    ])
  }),
)

const expressions: readonly Expression[] = [
  ...DASHBOARDS.flatMap(({ title: dashboard, rows, variables }) => [
    ...rows.flatMap(({ panels }) =>
      panels.flatMap(({ title, series }) =>
        series.map(({ expr, legend }) => ({
          where: `${dashboard}, ${title}`,
          shown: shownLabels(legend),
          ...namedIn(expr),
        })),
      ),
    ),
    ...variables.map(({ name, metric, of }) => ({
      where: `${dashboard}, $${name}`,
      shown: [],
      grouped: new Set<string>(),
      selected: new Map([[metric, new Set([of])]]),
    })),
  ]),
  ...ALERT_GROUPS.flatMap(({ name: group, alerts, recorded = [] }) => [
    ...alerts.map(({ name, expr, summary }) => ({ where: name, shown: shownLabels(summary), ...namedIn(expr) })),
    ...recorded.map(({ record, expr }) => ({ where: `${group}, ${record}`, shown: [], ...namedIn(expr) })),
  ]),
]

const shop = await openWatchedShop()
afterAll(() => shop.stop())

test('they name nothing that is not exported, and no label that is not there', async () => {
  await expect
    .poll(
      async () => {
        await shop.visit()
        return problems(await shop.scrape())
      },
      { timeout: 45_000, interval: 500 },
    )
    .toEqual([])
  expect(expressions.length).toBeGreaterThan(100)
})

test('what is taken on trust is on the page of metrics', () => {
  expect(MISFORTUNES.filter((name) => !documented.has(name))).toEqual([])
})

function problems(scraped: Scraped): readonly string[] {
  const labelsOf = (metric: string): ReadonlySet<string> | undefined =>
    scraped.get(metric) ??
    (MISFORTUNES.includes(metric) ? documented.get(metric) : undefined) ??
    (FOREIGN_METRICS[metric] && new Set(FOREIGN_METRICS[metric]))
  return expressions.flatMap(({ where, selected, grouped, shown }) => {
    const metrics = [...selected.keys()].filter((metric) => !recorded.has(metric))
    const missing = metrics.filter((metric) => labelsOf(metric) === undefined)
    if (missing.length > 0) return missing.map((metric) => `${where}: ${metric} is not exported`)
    const wrong = metrics.flatMap((metric) =>
      [...(selected.get(metric) ?? [])]
        .filter((label) => !OF_THE_TARGET.includes(label) && !labelsOf(metric)?.has(label))
        .map((label) => `${where}: ${metric} has no label ${label}`),
    )
    const known = new Set([...OF_THE_TARGET, ...metrics.flatMap((metric) => [...(labelsOf(metric) ?? [])])])
    const unknown = [...grouped, ...shown].filter((label) => !known.has(label))
    return [...wrong, ...unknown.map((label) => `${where}: nothing in it has a label ${label}`)]
  })
}
