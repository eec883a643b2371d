/**
 * Starts and stops traces and metrics, each without the other.
 *
 * With an endpoint, spans go to that collector in batches. Without one there
 * are none: their SDK is not even loaded, and the functions of this package
 * that wrap requests, statements and commands make no span. Metrics are on
 * unless they are switched off; they go nowhere until somebody scrapes them.
 *
 * Call it before anything that should be traced or counted is made. Nothing is
 * patched and no loader hook is installed, so the order of imports does not
 * matter.
 */

import { createRequire } from 'node:module'
import { RequestMetrics, setRequestMetrics } from './metrics-requests.ts'
import type { Metrics } from './metrics-sdk.ts'
import { setTracer } from './tracer.ts'

export interface TelemetryOptions {
  /** The name of this service in every trace. */
  readonly serviceName: string
  /**
   * Base URL of an OTLP collector that takes protobuf over HTTP, such as `http://127.0.0.1:4318`.
   * @default undefined (tracing is off)
   */
  readonly endpoint?: string | undefined
  /**
   * Share of new traces to keep, from 0 to 1. A request that already belongs to a trace follows its caller's decision.
   * @default 1
   */
  readonly sampleRatio?: number | undefined
  /**
   * A request that was not sampled leaves a span if it fails, or takes this many milliseconds.
   * @default 500
   */
  readonly slowMs?: number | undefined
  /**
   * Whether this process has metrics.
   * @default true
   */
  readonly metrics?: boolean | undefined
  /**
   * Told when delivery begins to fail and when it works again.
   * @default undefined (failed deliveries are silent)
   */
  readonly report?: ((message: string) => void) | undefined
}

export interface Telemetry {
  /** Whether there are traces. */
  readonly enabled: boolean
  /** Absent while metrics are off. */
  readonly metrics: Metrics | undefined
  /**
   * Delivers the spans that are still queued and stops traces and metrics. Resolves within 2.5 seconds and never rejects,
   * whatever the collector does. A second call returns the first one's promise.
   */
  shutdown(): Promise<void>
}

/** The longest a shutdown takes, in milliseconds. Above the exporter's own limit, so that this one is the second line. */
const SHUTDOWN_LIMIT = 2_500

const OFF: Telemetry = Object.freeze({ enabled: false, metrics: undefined, shutdown: () => Promise.resolve() })

let running = false

export function startTelemetry(options: TelemetryOptions): Telemetry {
  const { serviceName, endpoint, sampleRatio = 1, slowMs = 500, metrics = true, report = () => undefined } = options
  if (running) throw new Error('Telemetry is already started in this process: call shutdown() on it first')
  if (!(sampleRatio >= 0 && sampleRatio <= 1)) {
    throw new TypeError(`Expected sampleRatio to be from 0 to 1, got ${sampleRatio}`)
  }
  if (!(slowMs >= 0)) throw new TypeError(`Expected slowMs to be 0 or more, got ${slowMs}`)
  const url = endpoint ? tracesUrl(endpoint) : undefined

  if (url === undefined && !metrics) return OFF

  const requests = metrics ? new RequestMetrics() : undefined
  const measuring = requests && loadMetrics().startMetrics(serviceName, requests)
  const tracing = url ? loadSdk().startSdk({ serviceName, sampleRatio, destination: { url, report } }) : undefined
  setRequestMetrics(requests)
  setTracer(tracing?.tracer, { ratio: sampleRatio, slowMs })
  running = true

  let stopping: Promise<void> | undefined
  function stop(): Promise<void> {
    setTracer(undefined)
    setRequestMetrics(undefined)
    running = false
    return Promise.all([tracing?.shutdown(), measuring?.shutdown()]).then(() => undefined)
  }
  return {
    enabled: tracing !== undefined,
    metrics: measuring,
    shutdown() {
      stopping ??= within(SHUTDOWN_LIMIT, stop(), report)
      return stopping
    },
  }
}

/** Synchronous as well. Metrics alone cost less than half of what traces do, of the start and of the memory. */
function loadMetrics(): typeof import('./metrics-sdk.ts') {
  return createRequire(import.meta.url)('./metrics-sdk.ts')
}

/** Synchronous, so that tracing is on before the caller's next line, and lazy, so that being off costs nothing. */
function loadSdk(): typeof import('./sdk.ts') {
  return createRequire(import.meta.url)('./sdk.ts')
}

function tracesUrl(endpoint: string): string {
  const base = URL.parse(endpoint.endsWith('/') ? endpoint : `${endpoint}/`)
  if (base === null || !/^https?:$/.test(base.protocol)) {
    throw new TypeError(
      `Expected the OTLP endpoint to be a URL such as http://127.0.0.1:4318, got ${JSON.stringify(endpoint)}`,
    )
  }
  return new URL('v1/traces', base).href
}

async function within(limit: number, work: Promise<void>, report: (message: string) => void): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not delivered within ${limit} ms`)), limit)
  })
  try {
    await Promise.race([work, tooLate])
  } catch (error) {
    report(`The last traces were lost: ${error instanceof Error ? error.message : String(error)}`)
  } finally {
    clearTimeout(timer)
  }
}
