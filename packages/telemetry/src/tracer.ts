/**
 * The tracer of this process, or nothing while tracing is off.
 *
 * Everything in this package asks here first. While tracing is off the answer
 * is `undefined` and the caller returns at once: no span, no context, no
 * attribute object is made. The API's own no-op tracer would still allocate a
 * span per call.
 */

import type { Tracer } from '@opentelemetry/api'

let current: Tracer | undefined

export function currentTracer(): Tracer | undefined {
  return current
}

/** Only whoever starts or stops the SDK calls this. */
export function setTracer(tracer: Tracer | undefined): void {
  current = tracer
}
