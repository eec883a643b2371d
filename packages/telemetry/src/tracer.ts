/**
 * The tracer of this process, or nothing while tracing is off.
 *
 * Everything in this package asks here first. While tracing is off the answer
 * is `undefined` and the caller returns at once: no span, no context, no
 * attribute object is made. The API's own no-op tracer would still allocate a
 * span per call.
 */

import type { Tracer } from '@opentelemetry/api'

/** Which requests have a trace. */
export interface Sampling {
  /** Share of those that belong to no trace yet, from 0 to 1. */
  readonly ratio: number
  /** From how many milliseconds on a request that was not sampled leaves a span all the same. */
  readonly slowMs: number
}

export interface Tracing {
  readonly tracer: Tracer
  readonly sampling: Sampling
}

const EVERYTHING: Sampling = Object.freeze({ ratio: 1, slowMs: Number.POSITIVE_INFINITY })

let current: Tracing | undefined

export function currentTracing(): Tracing | undefined {
  return current
}

export function currentTracer(): Tracer | undefined {
  return current?.tracer
}

/** Only whoever starts or stops the SDK calls this. */
export function setTracer(tracer: Tracer | undefined, sampling: Sampling = EVERYTHING): void {
  current = tracer && { tracer, sampling }
}
