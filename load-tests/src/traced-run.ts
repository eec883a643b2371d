/**
 * The example traces of a run, where people look at traces: in its report, in a file that Jaeger's page opens, and in the
 * collector that `OTEL_EXPORTER_OTLP_ENDPOINT` names.
 */

import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type RecordedSpan, writeSpans } from '@shop/telemetry/testing'

import { exampleTraces } from './example-traces.ts'
import type { Run } from './run-file.ts'

const DELIVERY_LIMIT_MS = 5_000
const JAEGER = 'http://127.0.0.1:16686'

export interface TracedRunOptions {
  readonly folder: string
  /** `OTEL_EXPORTER_OTLP_ENDPOINT`: who gets the traces too; `JAEGER_URL`: where a person then finds them. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Is told what went wrong with a delivery: the run is as good without it. */
  readonly warn: (text: string) => void
}

/** The run with its traces, if there are any. */
export async function tracedRun(
  run: Run,
  recorded: readonly RecordedSpan[],
  { folder, env, warn }: TracedRunOptions,
): Promise<Run> {
  const { traces, spans, among } = exampleTraces(recorded)
  const file = join(folder, 'traces.json')
  rmSync(file, { force: true }) // Of the run before.
  if (traces.length === 0) return run
  const message = writeSpans(spans)
  writeFileSync(file, message)
  const endpoint = env.OTEL_EXPORTER_OTLP_ENDPOINT
  const isDelivered = endpoint ? await deliver(endpoint, message, warn) : false
  const linked = traces.map((trace) => ({ ...trace, url: `${env.JAEGER_URL || JAEGER}/trace/${trace.traceId}` }))
  return { ...run, traced: among, traces: isDelivered ? linked : traces }
}

async function deliver(endpoint: string, body: string, warn: TracedRunOptions['warn']): Promise<boolean> {
  try {
    const response = await fetch(`${endpoint.replace(/\/$/, '')}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal: AbortSignal.timeout(DELIVERY_LIMIT_MS),
    })
    if (!response.ok) throw new Error(`it answered ${response.status}`)
    return true
  } catch (error) {
    const { cause, message } = error as Error
    warn(
      `The example traces could not be delivered to ${endpoint}: ${cause instanceof Error ? cause.message : message}`,
    )
    return false
  }
}
