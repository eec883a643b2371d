/**
 * The process: configuration, telemetry, dependencies, listen, and a drain when it is told to stop. The only file that
 * reads the environment or exits.
 */

import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { SCRIPTS } from '@shop/cache/redis'
import { isAbandonedTypeQuery } from '@shop/db'
import { createLogger, startTelemetry, traceRedis } from '@shop/telemetry'

import { createApp } from './app.ts'
import { type Config, ConfigError, readConfig } from './config.ts'
import { openDeps } from './deps.ts'
import { drainServer } from './http/drain.ts'

/** The part of the shutdown time that requests in flight may take. The rest is for closing what they used. */
const IN_FLIGHT_SHARE = 0.8

/** Connections that may wait to be accepted: a sale begins with thousands at once. The system may allow fewer. */
const BACKLOG = 4096

/** How long a client may keep an idle connection: longer than the load balancers in front usually do. */
const KEEP_ALIVE_MS = 65_000

// Listened for from the first moment and for ever: a signal during the start drains too, and a second one does not
// cut the drain short.
const toldToStop = new Promise<string>((resolve) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve(signal))
  // The parent that started this process is gone and will not stop it.
  process.on('disconnect', () => resolve('disconnect'))
})

const config = readConfigOrExit()
const log = createLogger({ level: config.logLevel, service: config.serviceName })
const telemetry = startTelemetry({
  serviceName: config.serviceName,
  endpoint: config.tracesUrl,
  report: (message) => log.warn({}, message),
})
// Anything else that nobody handles ends the process, as it would without this.
process.on('unhandledRejection', (error) => {
  if (!isAbandonedTypeQuery(error)) throw error
  log.warn({ err: error }, 'a connection to postgres ended while it was being made')
})
const stopTracingRedis = traceRedis({ scripts: SCRIPTS })
const lifecycle = { draining: false }
const deps = await openDeps(config, log, lifecycle)
const server = createAdaptorServer({
  fetch: createApp(deps.app).fetch,
  serverOptions: { keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: 10_000, requestTimeout: 30_000 },
}) as Server

const url = await listenOrExit()
log.info({ url, cache: config.cache, redis: config.redisUrl !== undefined, tracing: telemetry.enabled }, 'listening')
process.send?.({ type: 'listening', url })
void deps.warmer?.start()

await drain(await toldToStop)

function readConfigOrExit(): Config {
  try {
    return readConfig(process.env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exit(1)
  }
}

async function listenOrExit(): Promise<string> {
  try {
    server.listen({ port: config.port, host: config.host, backlog: BACKLOG })
    await once(server, 'listening')
  } catch (error) {
    const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
    const cure = taken ? 'Set PORT to a free one, or to 0 for any.' : 'Set HOST and PORT to an address of this machine.'
    log.fatal({ err: error, host: config.host, port: config.port, cure }, 'cannot listen')
    process.exit(1)
  }
  const { address, family, port } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

async function drain(reason: string): Promise<never> {
  lifecycle.draining = true
  const startedAt = performance.now()
  log.info({ reason, limit_ms: config.shutdownTimeoutMs }, 'draining')
  // Whatever hangs, the process ends in time.
  setTimeout(() => {
    log.warn({ limit_ms: config.shutdownTimeoutMs }, 'drain cut short')
    process.exit(0)
  }, config.shutdownTimeoutMs).unref()

  const complete = await drainServer(server, config.shutdownTimeoutMs * IN_FLIGHT_SHARE)
  if (!complete) log.warn({}, 'requests cut off')
  await settled('dependencies', deps.close())
  stopTracingRedis()
  await settled('telemetry', telemetry.shutdown())
  log.info({ duration_ms: Math.round(performance.now() - startedAt) }, 'stopped')
  // The log is written in the background, and an exit does not wait for it.
  await new Promise((written) => log.flush(written))
  process.exit(0)
}

async function settled(part: string, closing: Promise<void>): Promise<void> {
  await closing.catch((error: unknown) => log.warn({ err: error, part }, 'did not close cleanly'))
}
