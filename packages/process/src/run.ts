/**
 * The life of a process: configuration, telemetry, what it needs, listen, and a drain when it is told to stop.
 *
 *     SIGTERM ── draining ── requests in flight end ── what they used is closed ── last traces ── exit 0
 *                   └ SHUTDOWN_TIMEOUT_MS later at the latest: exit 0
 *
 * The only module that reads the environment or exits.
 */

import { once } from 'node:events'
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import {
  createLogger,
  type Logger,
  type Metrics,
  startTelemetry,
  type TraceRedisOptions,
  traceRedis,
} from '@shop/telemetry'

import { drainServer, type Lifecycle } from './drain.ts'
import { ConfigError, type ProcessConfig } from './environment.ts'

/**
 * How long a client may keep an idle connection: longer than load balancers and scrapers usually do, or they send a request
 * just when it is closed.
 */
const KEEP_ALIVE_MS = 65_000

/** The part of the shutdown time that requests in flight may take. The rest is for closing what they used. */
const IN_FLIGHT_SHARE = 0.8

/** What a process has made of its configuration. */
export interface Opened {
  fetch(request: Request): Response | Promise<Response>
  /** Asked before `fetch`: whether it has answered. */
  answerEarly?: (...request: Parameters<RequestListener>) => boolean
  readonly serverOptions?: ServerOptions
  /** Connections that may wait to be accepted. The system may allow fewer. */
  readonly backlog?: number
  /** Fields of the line that says that it listens. */
  readonly about: Readonly<Record<string, unknown>>
  /** Called once it listens. */
  listening(): void
  /** Whatever hangs in here, the process ends in time. */
  close(): Promise<void>
}

/** What is there before anything is opened. */
export interface Running {
  readonly lifecycle: Lifecycle
  /** Absent while metrics are off. */
  readonly metrics: Metrics | undefined
}

export interface Program<C extends ProcessConfig> {
  /** Throws a `ConfigError`: the process says what is wrong and ends with 1. */
  readConfig(environment: NodeJS.ProcessEnv): C
  /** Names for the scripts in the traces of Redis. */
  readonly scripts: NonNullable<TraceRedisOptions['scripts']>
  /** Rejections that nobody handles and that end no process. Any other does, as it would without this. */
  isHarmless(error: unknown): boolean
  /** A server that is down must stop no start. */
  open(config: C, log: Logger, running: Running): Promise<Opened>
}

/** Never resolves: the process ends inside. */
export async function runProcess<C extends ProcessConfig>(program: Program<C>): Promise<never> {
  // Listened for from the first moment and for ever: a signal during the start drains too, and a second one does not
  // cut the drain short.
  const toldToStop = new Promise<string>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve(signal))
    // The parent that started this process is gone and will not stop it.
    process.on('disconnect', () => resolve('disconnect'))
  })

  const config = readConfigOrExit(program)
  const log = createLogger({ level: config.logLevel, service: config.serviceName })
  const telemetry = startTelemetry({
    serviceName: config.serviceName,
    endpoint: config.tracesUrl,
    sampleRatio: config.traceSampleRatio,
    slowMs: config.traceSlowMs,
    metrics: config.metrics === 'on',
    report: (message) => log.warn({}, message),
  })
  process.on('unhandledRejection', (error) => {
    if (!program.isHarmless(error)) throw error
    log.warn({ err: error }, 'a failure that harms nobody')
  })
  const stopTracingRedis = traceRedis({ scripts: program.scripts })
  const lifecycle = { draining: false }
  const opened = await program.open(config, log, { lifecycle, metrics: telemetry.metrics })
  const server = createServer(
    { keepAliveTimeout: KEEP_ALIVE_MS, ...opened.serverOptions },
    askedFirst(opened, getRequestListener(opened.fetch)),
  )

  const url = await listenOrExit(server, config, log, opened.backlog)
  log.info({ url, ...opened.about, tracing: telemetry.enabled }, 'listening')
  process.send?.({ type: 'listening', url })
  opened.listening()

  const reason = await toldToStop
  lifecycle.draining = true
  const startedAt = performance.now()
  log.info({ reason, limit_ms: config.shutdownTimeoutMs }, 'draining')
  setTimeout(() => {
    log.warn({ limit_ms: config.shutdownTimeoutMs }, 'drain cut short')
    process.exit(0)
  }, config.shutdownTimeoutMs).unref()

  const settled = (part: string, closing: Promise<void>): Promise<void> =>
    closing.catch((error: unknown) => log.warn({ err: error, part }, 'did not close cleanly'))
  const complete = await drainServer(server, config.shutdownTimeoutMs * IN_FLIGHT_SHARE)
  if (!complete) log.warn({}, 'requests cut off')
  await settled('dependencies', opened.close())
  stopTracingRedis()
  await settled('telemetry', telemetry.shutdown())
  log.info({ duration_ms: Math.round(performance.now() - startedAt) }, 'stopped')
  // The log is written in the background, and an exit does not wait for it.
  await new Promise((written) => log.flush(written))
  process.exit(0)
}

function askedFirst({ answerEarly }: Opened, listener: RequestListener): RequestListener {
  if (answerEarly === undefined) return listener
  return (request, response) => {
    if (!answerEarly(request, response)) listener(request, response)
  }
}

function readConfigOrExit<C extends ProcessConfig>({ readConfig }: Program<C>): C {
  try {
    return readConfig(process.env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exit(1)
  }
}

async function listenOrExit(
  server: Server,
  { host, port }: ProcessConfig,
  log: Logger,
  backlog: number | undefined,
): Promise<string> {
  try {
    server.listen({ port, host, ...(backlog !== undefined && { backlog }) })
    await once(server, 'listening')
  } catch (error) {
    const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
    const cure = taken ? 'Set PORT to a free one, or to 0 for any.' : 'Set HOST and PORT to an address of this machine.'
    log.fatal({ err: error, host, port, cure }, 'cannot listen')
    process.exit(1)
  }
  const { address, family, port: actual } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${actual}`
}
