/**
 * The cache's operations as OpenTelemetry spans, and what it counts as metrics.
 *
 * Only the API is used: without an SDK every call here is a no-op. Attributes and metrics start with `shop.cache.`;
 * OpenTelemetry has no convention for caches yet (semantic-conventions#1747), and `cache.` may become one. No key, no tag and
 * no value is ever an attribute. All names are in docs/watching.md.
 */

import type { Hooks } from './hooks.ts'
import { metering } from './otel-metrics.ts'
import { note, propagate, spanning } from './otel-spans.ts'

/**
 * Hooks for `createCache({ hooks: otel() })`; each cache needs its own. Call it after the SDK has started: metrics are those of
 * the provider there is then.
 */
export function otel(): Hooks {
  const { measure, watch } = metering()
  return {
    ...spanning(),
    propagate,
    watch,
    onEvent: (event) => {
      note(event)
      measure(event)
    },
  }
}
