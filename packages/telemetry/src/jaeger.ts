/**
 * A real Jaeger for tests: started on ports of its own, asked through its query API.
 *
 * The binary is looked for in the variable JAEGER, on the PATH, and where our
 * CI keeps its own build. Where there is none, a test skips and says so.
 */

import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '@shop/local-stack'
import type { RecordedSpan } from './recorded-span.ts'

/** The configuration that `docker compose up` uses too. */
const CONFIG = fileURLToPath(new URL('../../../infra/jaeger/jaeger.yaml', import.meta.url))

const START_TIMEOUT = 20_000
const POLL = 50

export interface Jaeger {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly endpoint: string
  /** The page and the query API. */
  readonly url: string
  /** The newest traces of a service, each as its spans. */
  traces(service: string): Promise<RecordedSpan[][]>
  /** Asks until a trace of the service satisfies `wanted`. Rejects with what there is when the time is up. */
  find(service: string, wanted: (spans: readonly RecordedSpan[]) => boolean, timeout?: number): Promise<RecordedSpan[]>
  stop(): Promise<void>
}

/** The path of a Jaeger v2 binary, or undefined when this machine has none. */
export function findJaeger(): string | undefined {
  const onPath = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'jaeger'))
  return [process.env.JAEGER, ...onPath, join(homedir(), '.cache/shop/jaeger')].find(
    (path) => path !== undefined && isExecutable(path),
  )
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Resolves once Jaeger takes spans and answers queries. */
export async function startJaeger(binary: string): Promise<Jaeger> {
  const [otlp, query, queryGrpc, health] = await Promise.all([freePort(), freePort(), freePort(), freePort()])
  const server = spawn(binary, ['--config', `file:${CONFIG}`], {
    env: {
      JAEGER_OTLP_PORT: `${otlp}`,
      JAEGER_QUERY_PORT: `${query}`,
      JAEGER_QUERY_GRPC_PORT: `${queryGrpc}`,
      JAEGER_HEALTH_PORT: `${health}`,
      JAEGER_MAX_TRACES: '1000',
      OTEL_TRACES_SAMPLER: 'always_off',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let output = ''
  server.stderr.on('data', (chunk) => {
    output = (output + chunk).slice(-4_000)
  })
  const exited = new Promise<void>((resolve) => {
    server.once('exit', () => resolve())
    server.once('error', () => resolve())
  })
  const killWithUs = (): void => void server.kill('SIGKILL')
  process.once('exit', killWithUs)

  const stop = async (): Promise<void> => {
    process.off('exit', killWithUs)
    server.kill('SIGKILL')
    await exited
  }
  const url = `http://127.0.0.1:${query}`
  const isUp = async (): Promise<boolean> => {
    if (server.exitCode !== null) throw new Error(`Jaeger ended while starting: ${output}`)
    return (await answers(`http://127.0.0.1:${health}/status`)) && (await answers(`${url}/api/services`))
  }
  try {
    await until(isUp, START_TIMEOUT, () => `Jaeger is not ready after ${START_TIMEOUT} ms: ${output}`)
  } catch (error) {
    await stop()
    throw error
  }

  const traces = (service: string): Promise<RecordedSpan[][]> => readTraces(url, service)
  return {
    endpoint: `http://127.0.0.1:${otlp}`,
    url,
    traces,
    async find(service, wanted, timeout = 15_000) {
      let seen: RecordedSpan[][] = []
      let found: RecordedSpan[] | undefined
      await until(
        async () => {
          seen = await traces(service)
          found = seen.find(wanted)
          return found !== undefined
        },
        timeout,
        () => `No such trace of ${service} in Jaeger after ${timeout} ms, only: ${namesOf(seen)}`,
      )
      return found ?? []
    },
    stop,
  }
}

function namesOf(traces: readonly (readonly RecordedSpan[])[]): string {
  return traces.map((spans) => `[${spans.map(({ name }) => name).join(', ')}]`).join(' ')
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(1_000) })).ok
  } catch {
    return false
  }
}

async function until(condition: () => Promise<boolean>, timeout: number, message: () => string): Promise<void> {
  const deadline = performance.now() + timeout
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(message())
    await wait(POLL)
  }
}

/** What `/api/traces` answers, as far as it is used here. */
interface JaegerAnswer {
  readonly data: readonly JaegerTrace[] | null
}

interface JaegerTrace {
  readonly spans: readonly JaegerSpan[]
  readonly processes: Readonly<Record<string, { readonly serviceName: string } | undefined>>
}

interface JaegerSpan {
  readonly traceID: string
  readonly spanID: string
  readonly operationName: string
  readonly processID: string
  readonly references: readonly { readonly refType: string; readonly traceID: string; readonly spanID: string }[]
  readonly startTime: number
  readonly duration: number
  readonly tags: readonly JaegerTag[]
  readonly logs: readonly { readonly fields: readonly JaegerTag[] }[]
}

interface JaegerTag {
  readonly key: string
  readonly value: unknown
}

/** Reads the newest traces of a service from the query API at `url`. */
export async function readTraces(url: string, service: string): Promise<RecordedSpan[][]> {
  const response = await fetch(`${url}/api/traces?service=${encodeURIComponent(service)}&limit=200&lookback=1h`)
  const { data } = (await response.json()) as JaegerAnswer
  return (data ?? []).map((trace) => trace.spans.map((span) => recorded(span, trace.processes)))
}

/** Jaeger keeps links as references, the parent first, and the name of an event as a field of it. */
function recorded(span: JaegerSpan, processes: JaegerTrace['processes']): RecordedSpan {
  const attributes = attributesOf(span.tags)
  const parent = span.references.find(({ refType }) => refType === 'CHILD_OF')
  return {
    name: span.operationName,
    kind: (attributes['span.kind'] ?? 'internal') as RecordedSpan['kind'],
    service: processes[span.processID]?.serviceName ?? '',
    traceId: span.traceID,
    spanId: span.spanID,
    parentSpanId: parent?.spanID,
    links: span.references
      .filter((reference) => reference !== parent)
      .map(({ traceID, spanID }) => ({ traceId: traceID, spanId: spanID })),
    failed: attributes['otel.status_code'] === 'ERROR',
    startedAt: span.startTime,
    duration: span.duration,
    attributes,
    events: span.logs.map(({ fields }) => {
      const { event, ...rest } = attributesOf(fields)
      return { name: String(event), attributes: rest }
    }),
  }
}

function attributesOf(tags: readonly JaegerTag[]): Record<string, unknown> {
  return Object.fromEntries(tags.map(({ key, value }) => [key, value]))
}
