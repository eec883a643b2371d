/** Runs a piece of a test inside a span of its own. */

import { trace } from '@opentelemetry/api'

export function inside<T>(name: string, run: () => Promise<T>): Promise<T> {
  return trace.getTracer('test').startActiveSpan(name, async (span) => {
    try {
      return await run()
    } finally {
      span.end()
    }
  })
}
