/**
 * Telemetry: traces, metrics and the log, and what connects them.
 *
 * `startTelemetry` switches traces and metrics on; the other exports are what
 * an application hangs on its HTTP server, its database and its Redis. While
 * both are off each of them is one comparison.
 */

export { activeTraceParent, continueTrace, type Note, traceHeaders } from './context.ts'
export { beginEarly, type EarlyRequest } from './early.ts'
export { createLogger, type Logger, type LoggerOptions } from './logger.ts'
export { observePools, type Pool } from './metrics-pools.ts'
export { answerMetrics } from './metrics-route.ts'
export type { Metrics } from './metrics-sdk.ts'
export { type QueryHook, traceQuery } from './queries.ts'
export { type TraceRedisOptions, traceRedis } from './redis.ts'
export { routeOf, traceRequests } from './requests.ts'
export { startTelemetry, type Telemetry, type TelemetryOptions } from './telemetry.ts'
