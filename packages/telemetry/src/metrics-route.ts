/**
 * The answer of `/metrics`: OpenMetrics for who asks for it, as Prometheus does, and Prometheus's own text for everyone
 * else. There is no secret in it, but figures that are nobody else's business: it is for the inside (`docs/metrics.md`).
 */

import type { Context } from 'hono'
import { accepts } from 'hono/accepts'
import type { Metrics } from './metrics-sdk.ts'

const TEXT = 'text/plain'
const OPENMETRICS = 'application/openmetrics-text'

const TYPES: Readonly<Record<string, string>> = {
  [TEXT]: `${TEXT}; version=0.0.4; charset=utf-8`,
  [OPENMETRICS]: `${OPENMETRICS}; version=1.0.0; charset=utf-8`,
}

export function answerMetrics(metrics: Metrics): (c: Context) => Promise<Response> {
  return async (c) => {
    const wanted = accepts(c, { header: 'Accept', supports: [TEXT, OPENMETRICS], default: TEXT })
    const text = await metrics.scrape(wanted === OPENMETRICS ? 'openmetrics' : 'text')
    return c.body(text, 200, { 'Content-Type': TYPES[wanted] ?? TEXT, 'Cache-Control': 'no-store', Vary: 'Accept' })
  }
}
