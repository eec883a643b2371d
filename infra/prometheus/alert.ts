/**
 * What an alert is, and the files that Prometheus and promtool read.
 *
 * Each alert carries the cases that hold it: what the metrics look like when it must fire, and when it must not. Beside
 * them stands how promtool writes series: `0+5x10` is 0 and then ten times five more, `_` is a scrape without a value.
 */

import type { Yaml } from '../yaml.ts'

/** page: somebody gets up. ticket: somebody looks at it in the morning. */
export type Severity = 'page' | 'ticket'

export interface Case {
  /** By series, such as `up{job="api"}`; a value each 15 s. */
  readonly series: Readonly<Record<string, string>>
  readonly at: string
}

export interface Alert {
  readonly name: string
  readonly severity: Severity
  readonly expr: string
  /** How long it must hold. */
  readonly for: string
  readonly summary: string
  readonly fires: Case & {
    /** When it holds already, and not for long enough. Absent where it fires at once. */
    readonly waits?: string
    /**
     * How many fire at `at`.
     * @default 1
     */
    readonly times?: number
  }
  readonly rests: readonly Case[]
}

/** A series that the rules compute, so that an alert can ask for its past. */
export interface Recorded {
  readonly record: string
  readonly expr: string
}

export interface AlertGroup {
  readonly name: string
  readonly recorded?: readonly Recorded[]
  readonly alerts: readonly Alert[]
}

/** `CacheHitRateDrop` has the page `cache-hit-rate-drop`. */
export function pageOf({ name }: Pick<Alert, 'name'>): string {
  return name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()
}

export function ruleFile(groups: readonly AlertGroup[]): Yaml {
  return {
    groups: groups.map(({ name, recorded = [], alerts }) => ({
      name,
      rules: [
        ...recorded.map(({ record, expr }) => ({ record, expr })),
        ...alerts.map((alert) => ({
          alert: alert.name,
          expr: alert.expr,
          for: alert.for,
          labels: { severity: alert.severity },
          annotations: { summary: alert.summary, runbook_url: `docs/runbooks/${pageOf(alert)}.md` },
        })),
      ],
    })),
  }
}

/** What promtool runs. It is asked how many of the alert fire, so that a changed summary needs no changed case. */
export function caseFile(groups: readonly AlertGroup[], rules: string): Yaml {
  const alerts = groups.flatMap((group) => group.alerts)
  return {
    rule_files: [rules],
    evaluation_interval: '15s',
    tests: alerts.flatMap((alert) => [
      caseOf(`${alert.name} fires`, alert.fires, [
        ...(alert.fires.waits === undefined ? [] : [expected(alert, 'pending', alert.fires.waits, 1)]),
        expected(alert, 'firing', alert.fires.at, alert.fires.times ?? 1),
      ]),
      ...alert.rests.map((rests, n) =>
        caseOf(`${alert.name} rests, ${n + 1}`, rests, [expected(alert, 'firing', rests.at, 0)]),
      ),
    ]),
  }
}

function caseOf(name: string, { series }: Case, expectations: readonly Yaml[]): Yaml {
  return {
    name,
    interval: '15s',
    input_series: Object.entries(series).map(([one, values]) => ({ series: one, values })),
    promql_expr_test: expectations,
  }
}

function expected({ name }: Alert, state: 'pending' | 'firing', at: string, times: number): Yaml {
  return {
    expr: `count(ALERTS{alertname="${name}", alertstate="${state}"})${state === 'pending' ? ' > bool 0' : ''}`,
    eval_time: at,
    exp_samples: times === 0 ? [] : [{ labels: '{}', value: times }],
  }
}
