/**
 * What a dashboard is here: rows of panels, each with a question it answers, written as data.
 *
 * A colour has one meaning on all dashboards. Series that are told apart by a label, such as routes, take Grafana's own.
 */

/** What a series is about. */
export const COLOURS = {
  /** Everything together. */
  all: '#CCCCDC',
  memory: '#73BF69',
  redis: '#5794F2',
  /** Postgres, and what is loaded from it. */
  source: '#FF9830',
  collapsed: '#B877D9',
  stale: '#FADE2A',
  failure: '#F2495C',
  /** What something may at most be; drawn dashed. */
  limit: '#808080',
  median: '#B2F5EA',
  p95: '#4FD1C5',
  p99: '#2C9A93',
  worst: '#1D6F6A',
  /** k6, which sees what a visitor sees. */
  visitor: '#FF78C8',
} as const

export type Meaning = keyof typeof COLOURS

/** Units of Grafana, and no others, so that one thing is never shown in two. */
export type Unit = 's' | 'reqps' | 'ops' | 'percentunit' | 'bytes' | 'Bps' | 'short' | 'cps'

export interface Series {
  readonly expr: string
  /** May name labels, such as `{{http_route}}`. */
  readonly legend: string
  readonly is?: Meaning
  /** Points of single requests, each a link to its trace. */
  readonly exemplars?: true
}

export interface Panel {
  readonly title: string
  /** What to conclude from it. */
  readonly says: string
  readonly unit: Unit
  /** @default 'lines' */
  readonly kind?: 'lines' | 'stacked' | 'number' | 'heatmap'
  readonly series: readonly Series[]
  /** Of 24. @default 8, a number 4 */
  readonly width?: 4 | 6 | 8 | 12 | 24
  readonly max?: number
  /** From here on a number is bad: red, or red below when `good` is 'high'. */
  readonly bad?: number
  /** @default 'low' */
  readonly good?: 'low' | 'high'
}

export interface Row {
  readonly title: string
  readonly panels: readonly Panel[]
}

/** A choice above the dashboard: of one label of one metric. */
export interface Variable {
  readonly name: string
  readonly label: string
  readonly metric: string
  readonly of: string
}

export interface Dashboard {
  /** Also the name of its file. */
  readonly uid: string
  readonly title: string
  readonly says: string
  readonly variables: readonly Variable[]
  readonly rows: readonly Row[]
}
