/** Each generated file, by its path below this folder. */

import { DASHBOARDS } from './grafana/dashboards.ts'
import { dashboardJson } from './grafana/json.ts'
import { paths } from './k6/paths.ts'
import { caseFile, ruleFile } from './prometheus/alert.ts'
import { ALERT_GROUPS } from './prometheus/alerts.ts'
import { yaml } from './yaml.ts'

/** Of the formatter. */
const LINE_WIDTH = 120

const HINT = '# Made by infra/make.ts from infra/prometheus/alerts*.ts.\n\n'

export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map([
    ['prometheus/alerts.yml', `${HINT}${yaml(ruleFile(ALERT_GROUPS))}`],
    ['prometheus/alerts.cases.yml', `${HINT}${yaml(caseFile(ALERT_GROUPS, 'alerts.yml'))}`],
    ...DASHBOARDS.map((dashboard): [string, string] => [
      `grafana/dashboards/${dashboard.uid}.json`,
      json(dashboardJson(dashboard)),
    ]),
    ['k6/paths.json', json(paths())],
  ])
}

/** As the formatter wants it: lists of plain values stand on one line where they fit. */
function json(value: unknown): string {
  const text = JSON.stringify(value, null, 2).replaceAll(
    /^(.*)\[\n([^[\]{}]*?)\n *\](,?)$/gm,
    (long, before, items, after) => {
      const short = `${before}[${items.replaceAll(/\n */g, ' ').trim()}]${after}`
      return short.length <= LINE_WIDTH ? short : long
    },
  )
  return `${text}\n`
}
