/**
 * The process: configuration, telemetry, dependencies, jobs, a small server for health checks, and a drain when it is told
 * to stop. The only file that reads the environment or exits.
 */

import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { SCRIPTS } from '@shop/cache/redis'
import { isAbandonedTypeQuery } from '@shop/db'
import { createLogger, startTelemetry, traceRedis } from '@shop/telemetry'

import { type Config, ConfigError, readConfig } from './config.ts'
import { openDeps } from './deps.ts'
import { healthApp } from './health.ts'

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
const deps = await openDeps(config, log)
const server = createAdaptorServer({ fetch: healthApp({ lifecycle, ...deps.health }).fetch }) as Server

const url = await listenOrExit()
deps.startJobs()
log.info({ url, audited: config.auditUrls.length, tracing: telemetry.enabled }, 'listening')
process.send?.({ type: 'listening', url })

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
    server.listen({ port: config.port, host: config.host })
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
  // Whatever hangs, the process ends in time. What it held, it held by a transaction: another worker takes over.
  setTimeout(() => {
    log.warn({ limit_ms: config.shutdownTimeoutMs }, 'drain cut short')
    process.exit(0)
  }, config.shutdownTimeoutMs).unref()

  await settled('dependencies', deps.close())
  server.close()
  server.closeAllConnections()
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
