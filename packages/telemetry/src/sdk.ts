/**
 * The OpenTelemetry SDK for traces, with every part named.
 *
 * This is the only module that imports the SDK of traces, and it is loaded only
 * when tracing is on: see `loadSdk` in telemetry.ts. Nothing is left to the
 * defaults of `NodeSDK`: they would read the process owner and the command line
 * into every trace, and open exporters for metrics and logs from the environment.
 */

import { context, propagation, type Tracer, trace } from '@opentelemetry/api'
import { ExportResultCode, W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { NodeSDK } from '@opentelemetry/sdk-node'
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  type SpanExporter,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace'
import { describeProcess } from './process-resource.ts'
import { exactStarts } from './span-clock.ts'
import { isDecided } from './tail.ts'

/**
 * How long one batch may take to deliver, in milliseconds. It is also the longest that a collector which accepts
 * connections and never answers can hold back a shutdown.
 */
const EXPORT_TIMEOUT = 2_000

/** How long finished spans wait for company, in milliseconds. */
const BATCH_DELAY = 1_000

const BATCH_SPANS = 512

/** Spans kept while the collector is slow. More are dropped: a trace is never worth a request. */
const QUEUE_SPANS = 8_192

export interface Sdk {
  readonly tracer: Tracer
  /** Delivers what is queued. Rejects when that fails. */
  shutdown(): Promise<void>
}

/** A collector's `/v1/traces`, and who is told when it cannot be reached. */
interface Collector {
  readonly url: string
  readonly report: (message: string) => void
}

export interface SdkOptions {
  readonly serviceName: string
  readonly sampleRatio: number
  readonly destination: Collector | SpanProcessor
}

/** Makes spans go to the destination and contexts follow the flow of control. */
export function startSdk({ serviceName, sampleRatio, destination }: SdkOptions): Sdk {
  const sdk = new NodeSDK({
    autoDetectResources: false,
    resource: describeProcess(serviceName),
    sampler: samplerOf(sampleRatio),
    spanProcessors: [exactStarts(), 'url' in destination ? deliverTo(destination) : destination],
    textMapPropagator: new W3CTraceContextPropagator(),
    instrumentations: [],
    metricReaders: [],
    logRecordProcessors: [],
  })
  sdk.start()

  return {
    tracer: trace.getTracer('@shop/telemetry'),
    async shutdown() {
      trace.disable()
      propagation.disable()
      context.disable()
      await sdk.shutdown()
    },
  }
}

/** Requests are decided on before they get here; the ratio is for traces that begin otherwise, such as those of jobs. */
function samplerOf(ratio: number): Sampler {
  const others = new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) })
  return {
    shouldSample: (parent, ...rest) =>
      isDecided(parent) ? { decision: SamplingDecision.RECORD_AND_SAMPLED } : others.shouldSample(parent, ...rest),
    toString: () => `Decided(${ratio})`,
  }
}

/** Batches to a collector by OTLP: protobuf over HTTP. */
function deliverTo({ url, report }: Collector): SpanProcessor {
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: EXPORT_TIMEOUT })
  return new BatchSpanProcessor({
    exporter: reporting(exporter, { url, report }),
    scheduledDelayMillis: BATCH_DELAY,
    exportTimeoutMillis: EXPORT_TIMEOUT,
    maxExportBatchSize: BATCH_SPANS,
    maxQueueSize: QUEUE_SPANS,
  })
}

/** Says once that delivery fails and once that it works again. Without this a missing collector is silent. */
function reporting(exporter: SpanExporter, { url, report }: Collector): SpanExporter {
  let delivered = true
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const succeeded = result.code === ExportResultCode.SUCCESS
        if (succeeded && !delivered) report(`Traces are delivered to ${url} again`)
        if (!succeeded && delivered) {
          report(`Traces cannot be delivered to ${url} (${reasonOf(result.error)}): they are dropped until it answers`)
        }
        delivered = succeeded
        done(result)
      })
    },
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    shutdown: () => exporter.shutdown(),
  }
}

function reasonOf(error: Error | undefined): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  return String(code ?? error?.message ?? 'no reason given')
}
