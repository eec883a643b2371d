/** The events of a warming as metrics. */

import { metrics } from '@opentelemetry/api'

import type { EmitWarming } from './events.ts'

/** Call it after the SDK has started: metrics are those of the provider there is then. */
export function measureWarming(): EmitWarming {
  const meter = metrics.getMeter('@shop/api')
  const duration = meter.createHistogram('shop.warming.duration', {
    unit: 's',
    description: 'From the begin of a warming to its end',
  })
  const reads = meter.createCounter('shop.warming.reads', {
    unit: '{read}',
    description: 'First pages of lists, and products, that were read',
  })
  return (event) => {
    if (event.type !== 'warmed') return
    const cause = { 'shop.warming.cause': event.cause }
    duration.record(event.durationMs / 1_000, { ...cause, 'shop.warming.outcome': event.outcome })
    reads.add(event.lists, { ...cause, 'shop.warming.kind': 'list' })
    reads.add(event.products, { ...cause, 'shop.warming.kind': 'product' })
  }
}
