/** What is committed is what is made; alerts and their pages are the same list; dashboards are of one piece. */

import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

import { generatedFiles } from '../generated-files.ts'
import type { Panel } from '../grafana/dashboard.ts'
import { DASHBOARDS } from '../grafana/dashboards.ts'
import { dashboardJson } from '../grafana/json.ts'
import { pageOf } from '../prometheus/alert.ts'
import { ALERT_GROUPS } from '../prometheus/alerts.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const read = (file: string) => readFileSync(ROOT + file, 'utf8')
const alerts = ALERT_GROUPS.flatMap((group) => group.alerts)
const panels = DASHBOARDS.flatMap(({ uid, rows }) =>
  rows.flatMap((row) => row.panels.map((panel): [string, Panel] => [`${uid}: ${panel.title}`, panel])),
)

test.each([...generatedFiles()])('%s is what infra/make.ts makes', (file, text) => {
  expect(read(`infra/${file}`)).toBe(text)
})

test('each alert that waits has a case in which it does', () => {
  expect(alerts.filter((alert) => (alert.for === '0s') !== (alert.fires.waits === undefined))).toEqual([])
})

test('each alert has a page, and each page an alert', () => {
  const pages = globSync('*.md', { cwd: `${ROOT}docs/runbooks` }).sort()
  expect(pages).toEqual(alerts.map((alert) => `${pageOf(alert)}.md`).sort())
  expect(new Set(alerts.map(({ name }) => name)).size).toBe(alerts.length)
})

test.each(alerts.map((alert) => [alert.name, alert] as const))(
  'the page of %s says what it means and what to do',
  (name, alert) => {
    const page = read(`docs/runbooks/${pageOf(alert)}.md`)
    const headings = [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading)
    const sections = ['What it means', 'What users notice', 'How to look', 'What to do', 'What not to do']
    expect(headings).toEqual([name, ...sections])
  },
)

test('the table of alerts in the documentation is the alerts', () => {
  const rows = [...read('docs/observability.md').matchAll(/^\| \[(\w+)\]\(runbooks\/([\w-]+)\.md\) \| (\w+) \|/gm)]
  expect(rows.map(([, name, page, severity]) => [name, page, severity])).toEqual(
    alerts.map((alert) => [alert.name, pageOf(alert), alert.severity]),
  )
})

test.each(panels)('%s says what to conclude, in a sentence', (_name, { title, says, series }) => {
  expect(says).toMatch(/^[A-Z0-9].{15,}\.$/s)
  expect(title).toMatch(/^[A-Z]/)
  const legends = series.map(({ legend }) => legend)
  expect(new Set(legends).size).toBe(legends.length)
})

test('one word has one colour on all dashboards', () => {
  const meanings = new Map<string, Set<string>>()
  for (const [, { series }] of panels) {
    for (const { legend, is } of series) if (is) meanings.set(legend, (meanings.get(legend) ?? new Set()).add(is))
  }
  expect([...meanings].filter(([, colours]) => colours.size > 1)).toEqual([])
})

test.each(DASHBOARDS.map((dashboard) => [dashboard.title, dashboard] as const))(
  'panels of %s do not cover each other',
  (_title, dashboard) => {
    interface Placed {
      readonly id: number
      readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
    }
    const { panels: placed } = dashboardJson(dashboard) as unknown as { readonly panels: readonly Placed[] }
    const squares = placed.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, n) => `${x + (n % w)},${y + Math.floor(n / w)}`),
    )
    expect(new Set(squares).size).toBe(squares.length)
    expect(placed.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true)
    expect(new Set(placed.map(({ id }) => id)).size).toBe(placed.length)
    const titles = dashboard.rows.flatMap((row) => row.panels.map(({ title }) => title))
    expect(new Set(titles).size).toBe(titles.length)
  },
)

test('dashboards ask the servers that Grafana is given', () => {
  const given = [...read('infra/grafana/provisioning/datasources/shop.yml').matchAll(/^ {4}uid: (\w+)$/gm)].map(
    ([, uid]) => uid,
  )
  const asked = [...generatedFiles()]
    .filter(([file]) => file.startsWith('grafana/'))
    .flatMap(([, text]) =>
      [...text.matchAll(/"datasource": \{\s*"type": "prometheus",\s*"uid": "(\w+)"/g)].map(([, uid]) => uid),
    )
  expect(given).toEqual(['prometheus', 'jaeger'])
  expect(new Set(asked)).toEqual(new Set(['prometheus']))
})

test('every variable of docker-compose.yml is in .env.example with its default, and no other', () => {
  const used = new Map(
    [...read('docker-compose.yml').matchAll(/\$\{([A-Z0-9_]+):?-([^}]*)\}/g)].map(([, name = '', value = '']) => [
      name,
      value,
    ]),
  )
  const listed = new Map(
    [...read('.env.example').matchAll(/^#([A-Z0-9_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
  )
  expect([...listed.keys()].sort()).toEqual([...used.keys()].sort())
  const filled = [...used].filter(([, value]) => value !== '')
  expect(filled.map(([name]) => [name, listed.get(name)])).toEqual(filled)
})
