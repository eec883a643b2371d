/**
 * Telemetry: traces and the log, and what connects them.
 *
 * `startTelemetry` switches tracing on; the other exports are what an
 * application hangs on its HTTP server, its database and its Redis. While
 * tracing is off each of them is one comparison.
 */

export { createLogger, type Logger, type LoggerOptions } from './logger.ts'
export { type QueryHook, traceQuery } from './queries.ts'
export { type TraceRedisOptions, traceRedis } from './redis.ts'
export { traceRequests } from './requests.ts'
export { startTelemetry, type Telemetry, type TelemetryOptions } from './telemetry.ts'
