/**
 * A dashboard as Grafana reads it.
 *
 * Grafana lays panels out on a grid of 24 columns. A row begins a new line, and panels follow each other until a line is
 * full; those of a line have one height.
 */

import { COLOURS, type Dashboard, type Panel, type Series, type Variable } from './dashboard.ts'

const PROMETHEUS = { type: 'prometheus', uid: 'prometheus' }
const COLUMNS = 24
const HEIGHTS = { number: 4, lines: 8, stacked: 8, heatmap: 8 } as const
const SCHEMA_VERSION = 41

type Json = Readonly<Record<string, unknown>>

export function dashboardJson({ uid, title, says, variables, rows }: Dashboard): Json {
  return {
    uid,
    title,
    description: says,
    tags: ['shop'],
    schemaVersion: SCHEMA_VERSION,
    editable: true,
    graphTooltip: 1, // One crosshair for all panels.
    refresh: '5s',
    time: { from: 'now-15m', to: 'now' },
    timezone: 'browser',
    templating: { list: variables.map(variableJson) },
    annotations: { list: [firingAlerts] },
    links: [{ type: 'dashboards', title: 'Shop', tags: ['shop'], asDropdown: false, keepTime: true }],
    panels: layOut(rows),
  }
}

const firingAlerts: Json = {
  name: 'Alerts',
  datasource: PROMETHEUS,
  enable: true,
  iconColor: COLOURS.failure,
  expr: 'ALERTS{alertstate="firing"}',
  titleFormat: '{{alertname}}',
  textFormat: '{{severity}}',
}

function variableJson({ name, label, metric, of }: Variable): Json {
  const query = `label_values(${metric}, ${of})`
  return {
    type: 'query',
    name,
    label,
    datasource: PROMETHEUS,
    query: { query, refId: name },
    definition: query,
    refresh: 2, // When the time changes: a process of an hour ago may be gone.
    sort: 1,
    multi: true,
    includeAll: true,
    allValue: '.*',
    current: { text: 'All', value: '$__all' },
  }
}

function layOut(rows: Dashboard['rows']): Json[] {
  const laidOut: Json[] = []
  let y = 0
  for (const { title, panels } of rows) {
    laidOut.push({
      id: laidOut.length + 1,
      type: 'row',
      title,
      collapsed: false,
      panels: [],
      gridPos: { x: 0, y, w: COLUMNS, h: 1 },
    })
    y += 1
    let x = 0
    let lineHeight = 0
    for (const panel of panels) {
      const w = panel.width ?? (panel.kind === 'number' ? 4 : 8)
      const h = HEIGHTS[panel.kind ?? 'lines']
      if (x + w > COLUMNS) {
        x = 0
        y += lineHeight
        lineHeight = 0
      }
      laidOut.push({ id: laidOut.length + 1, ...panelJson(panel), gridPos: { x, y, w, h } })
      x += w
      lineHeight = Math.max(lineHeight, h)
    }
    y += lineHeight
  }
  return laidOut
}

function panelJson(panel: Panel): Json {
  const { title, says, series, kind = 'lines' } = panel
  return {
    type: kind === 'number' ? 'stat' : kind === 'heatmap' ? 'heatmap' : 'timeseries',
    title,
    description: says,
    datasource: PROMETHEUS,
    targets: series.map((one, n) => targetJson(one, n, kind)),
    fieldConfig: { defaults: defaultsOf(panel), overrides: series.flatMap(overrideOf) },
    options: optionsOf(panel),
  }
}

function targetJson({ expr, legend, exemplars }: Series, n: number, kind: Panel['kind']): Json {
  return {
    refId: String.fromCharCode('A'.charCodeAt(0) + n),
    datasource: PROMETHEUS,
    expr,
    legendFormat: kind === 'heatmap' ? '{{le}}' : legend,
    format: kind === 'heatmap' ? 'heatmap' : 'time_series',
    range: kind !== 'number',
    instant: kind === 'number',
    exemplar: exemplars === true,
  }
}

function defaultsOf({ kind = 'lines', unit, max, bad, good = 'low' }: Panel): Json {
  const isNumber = kind === 'number'
  const [below, above] = good === 'low' ? [COLOURS.memory, COLOURS.failure] : [COLOURS.failure, COLOURS.memory]
  const steps =
    bad === undefined
      ? [{ color: COLOURS.all, value: null }]
      : [
          { color: below, value: null },
          { color: above, value: bad },
        ]
  return {
    unit,
    min: 0,
    ...(max !== undefined && { max }),
    color: { mode: isNumber ? 'thresholds' : 'palette-classic-by-name' },
    thresholds: { mode: 'absolute', steps },
    ...((kind === 'lines' || kind === 'stacked') && {
      custom: {
        drawStyle: 'line',
        lineWidth: 1,
        fillOpacity: kind === 'stacked' ? 40 : 8,
        showPoints: 'never',
        spanNulls: false,
        stacking: { mode: kind === 'stacked' ? 'normal' : 'none', group: 'A' },
        // A line that an alert looks at as well.
        thresholdsStyle: { mode: bad === undefined ? 'off' : 'dashed' },
      },
    }),
  }
}

function overrideOf({ legend, is }: Series): Json[] {
  if (is === undefined) return []
  const dashed = { id: 'custom.lineStyle', value: { fill: 'dash', dash: [8, 6] } }
  return [
    {
      matcher: { id: 'byName', options: legend },
      properties: [
        { id: 'color', value: { mode: 'fixed', fixedColor: COLOURS[is] } },
        ...(is === 'limit' ? [dashed, { id: 'custom.fillOpacity', value: 0 }] : []),
      ],
    },
  ]
}

function optionsOf({ kind, series, unit }: Panel): Json {
  if (kind === 'number') {
    return {
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      colorMode: 'value',
      graphMode: 'none',
    }
  }
  if (kind === 'heatmap') {
    return {
      calculate: false,
      color: { mode: 'scheme', scheme: 'Oranges', steps: 64 },
      exemplars: { color: COLOURS.visitor },
      yAxis: { unit },
      cellGap: 1,
      tooltip: { mode: 'single', yHistogram: true },
      legend: { show: true },
    }
  }
  return {
    legend: {
      displayMode: series.length > 4 ? 'table' : 'list',
      placement: 'bottom',
      showLegend: true,
      calcs: ['lastNotNull'],
    },
    tooltip: { mode: 'multi', sort: 'desc' },
  }
}
