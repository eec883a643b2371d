/** What Prometheus itself says of our files: they are valid, and each alert fires when it must and rests when it must. */

import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

import { DASHBOARDS } from '../grafana/dashboards.ts'
import { yaml } from '../yaml.ts'
import { findPromtool, WITHOUT_PROMTOOL } from './promtool.ts'

const PROMETHEUS = fileURLToPath(new URL('../prometheus', import.meta.url))
const promtool = findPromtool()
if (!promtool) console.log(WITHOUT_PROMTOOL)

test.skipIf(!promtool)('the configuration and the rules are valid', async () => {
  expect(await promtool?.(PROMETHEUS, 'check', 'config', 'prometheus.yml')).toContain('SUCCESS')
  expect(await promtool?.(PROMETHEUS, 'check', 'rules', '--lint=all', '--lint-fatal', 'alerts.yml')).toContain(
    'SUCCESS',
  )
})

test.skipIf(!promtool)('each alert fires in its case and rests in the others', async () => {
  expect(await promtool?.(PROMETHEUS, 'test', 'rules', 'alerts.cases.yml')).toContain('SUCCESS')
})

test.skipIf(!promtool)('each expression of a dashboard is one', async () => {
  const rules = DASHBOARDS.flatMap(({ rows }) =>
    rows.flatMap(({ panels }) => panels.flatMap(({ series }) => series)),
  ).map(({ expr }, n) => ({ record: `panel:${n}`, expr: expr.replaceAll('$__rate_interval', '1m') }))
  const folder = mkdtempSync(join(tmpdir(), 'shop-panels-'))
  writeFileSync(join(folder, 'panels.yml'), yaml({ groups: [{ name: 'panels', rules }] }))
  expect(await promtool?.(folder, 'check', 'rules', '--lint=none', 'panels.yml')).toContain(
    `${rules.length} rules found`,
  )
})
