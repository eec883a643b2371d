/**
 * The metrics of this process: one provider, and one reader that is asked and never sends.
 *
 * The only module that imports the metrics SDK; it is loaded only when metrics are on (`telemetry.ts`). Traces have
 * their own (`sdk.ts`), and neither needs the other.
 */

import { metrics, ValueType } from '@opentelemetry/api'
import { hrTime, millisToHrTime } from '@opentelemetry/core'
import type { Resource } from '@opentelemetry/resources'
import {
  AggregationTemporality,
  AggregationType,
  type CollectionResult,
  DataPointType,
  InstrumentType,
  MeterProvider,
  type MetricData,
  type MetricProducer,
  MetricReader,
  type ViewOptions,
} from '@opentelemetry/sdk-metrics'
import {
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  METRIC_HTTP_SERVER_REQUEST_DURATION,
} from '@opentelemetry/semantic-conventions'
import { DURATION_BOUNDS, type RequestMetrics } from './metrics-requests.ts'
import { observeProcess } from './process-metrics.ts'
import { describeProcess } from './process-resource.ts'
import { type ExemplarPoint, type Format, serialize } from './prometheus.ts'

/** What one scrape waits for values that have to be asked for, such as the age of a view. Late ones are left out. */
const COLLECT_LIMIT_MS = 1_000

/** The metrics as they are now. */
export interface Metrics {
  /** Scrapes at one time share one collection. Never rejects because of a value that cannot be had. */
  scrape(format: Format): Promise<string>
}

export interface MetricsSdk extends Metrics {
  shutdown(): Promise<void>
}

/** Collects what `requests` counts as well. */
export function startMetrics(serviceName: string, requests: RequestMetrics): MetricsSdk {
  const resource = describeProcess(serviceName)
  const reader = new PulledReader({ metricProducers: [producerOf(requests, resource)] })
  const provider = new MeterProvider({ resource, readers: [reader], views: [durationsOfTheShop] })
  metrics.setGlobalMeterProvider(provider)
  observeActive(requests)
  const stopObserving = observeProcess()

  let collecting: Promise<CollectionResult> | undefined
  return {
    async scrape(format) {
      collecting ??= reader.collect({ timeoutMillis: COLLECT_LIMIT_MS }).finally(() => {
        collecting = undefined
      })
      return serialize((await collecting).resourceMetrics, format)
    },
    async shutdown() {
      metrics.disable()
      stopObserving()
      await provider.shutdown()
    },
  }
}

/**
 * One set of bounds for every duration of the shop, so that they can be laid over each other; those of the SDK are for
 * milliseconds. What refreshes a view or waits in the outbox may take longer than a request.
 */
const durationsOfTheShop: ViewOptions = {
  instrumentName: 'shop.*',
  instrumentUnit: 's',
  instrumentType: InstrumentType.HISTOGRAM,
  aggregation: {
    type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM,
    options: { boundaries: [...DURATION_BOUNDS, 30, 60, 300], recordMinMax: false },
  },
}

/** It has nothing to send, so nothing to flush or to close. */
class PulledReader extends MetricReader {
  protected onForceFlush(): Promise<void> {
    return Promise.resolve()
  }

  protected onShutdown(): Promise<void> {
    return Promise.resolve()
  }
}

function observeActive(requests: RequestMetrics): void {
  metrics
    .getMeter('@shop/telemetry')
    .createObservableUpDownCounter('http.server.active_requests', {
      unit: '{request}',
      description: 'Requests without an answer yet',
    })
    .addCallback((result) => {
      for (const { method, active } of requests.methods) result.observe(active, { [ATTR_HTTP_REQUEST_METHOD]: method })
    })
}

/** Hands over what `RequestMetrics` counted, in the form of a histogram of the SDK. */
function producerOf(requests: RequestMetrics, resource: Resource): MetricProducer {
  return {
    async collect() {
      const scope = { name: '@shop/telemetry' }
      return { resourceMetrics: { resource, scopeMetrics: [{ scope, metrics: [histogramOf(requests)] }] }, errors: [] }
    },
  }
}

function histogramOf({ series, since }: RequestMetrics): MetricData {
  const startTime = millisToHrTime(since.getTime())
  const endTime = hrTime()
  return {
    descriptor: {
      name: METRIC_HTTP_SERVER_REQUEST_DURATION,
      description: 'From the first middleware to the answer',
      unit: 's',
      valueType: ValueType.DOUBLE,
    },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPointType: DataPointType.HISTOGRAM,
    dataPoints: series.map(
      ({ method, route, status, counts, exemplars, sum }): ExemplarPoint => ({
        startTime,
        endTime,
        attributes: {
          [ATTR_HTTP_REQUEST_METHOD]: method,
          ...(route !== undefined && { [ATTR_HTTP_ROUTE]: route }),
          ...(status !== undefined && { [ATTR_HTTP_RESPONSE_STATUS_CODE]: status }),
        },
        value: {
          buckets: { boundaries: [...DURATION_BOUNDS], counts: [...counts] },
          count: counts.reduce((total, count) => total + count, 0),
          sum,
        },
        exemplars: [...exemplars],
      }),
    ),
  }
}
