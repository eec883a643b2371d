/**
 * `/metrics`: what this process has counted, for Prometheus. Not there while metrics are off.
 *
 * It is for the inside. The edge does not pass it on, and who comes through any other cache or load balancer, which add
 * these fields, finds nothing here either, however the path was written (`docs/metrics.md`).
 */

import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { answerMetrics, type Metrics } from '@shop/telemetry'

import { renderProblem, routeNotFound } from './problem.ts'

/** What stands between adds one of them: RFC 9110 section 7.6.3, RFC 7239, and what was there before it. */
const cameThrough = ['Via', 'Forwarded', 'X-Forwarded-For'] as const

const text = z.string().openapi({ example: '# TYPE process_uptime_seconds gauge\nprocess_uptime_seconds 12.5\n' })

const metricsRoute = createRoute({
  method: 'get',
  path: '/metrics',
  tags: ['health'],
  summary: 'What this process has counted, as Prometheus reads it',
  responses: {
    200: {
      description: 'In the text format of Prometheus; as OpenMetrics, with exemplars, for who accepts that.',
      content: { 'text/plain': { schema: text }, 'application/openmetrics-text': { schema: text } },
    },
  },
})

export function metricsRoutes(metrics: Metrics | undefined): OpenAPIHono {
  const app = new OpenAPIHono()
  if (metrics === undefined) return app
  app.openAPIRegistry.registerPath(metricsRoute)
  const answer = answerMetrics(metrics)
  app.get(metricsRoute.path, (c) =>
    cameThrough.some((name) => c.req.header(name)) ? renderProblem(c, routeNotFound()) : answer(c),
  )
  return app
}
