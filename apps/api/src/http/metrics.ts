/**
 * `/metrics`: what this process has counted, for Prometheus. Not there while metrics are off.
 *
 * It is for the inside: an edge or a load balancer in front of the API must not pass it on (`docs/metrics.md`).
 */

import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { answerMetrics, type Metrics } from '@shop/telemetry'

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
  app.get(metricsRoute.path, answerMetrics(metrics))
  return app
}
