/**
 * What a warming tells: that it began, how far it is, and how it ended. The log is a function of it.
 */

/** `loss`: Redis lost what it held. */
export type WarmingCause = 'start' | 'loss'

/** `limit`: the time was up. `interrupted`: by a loss, which begins it anew, or because the process stops. */
export type WarmingOutcome = 'done' | 'limit' | 'failed' | 'interrupted'

export type WarmingEvent =
  | { readonly type: 'warming'; readonly cause: WarmingCause; readonly limitMs: number }
  | {
      readonly type: 'warming-progress'
      readonly cause: WarmingCause
      readonly lists: number
      readonly products: number
    }
  | {
      readonly type: 'warmed'
      readonly cause: WarmingCause
      readonly outcome: WarmingOutcome
      /** First pages of lists, and products, that were read. */
      readonly lists: number
      readonly products: number
      readonly durationMs: number
      readonly error?: unknown
    }

export type EmitWarming = (event: WarmingEvent) => void

export function describeWarming(event: WarmingEvent): WarmingLine {
  const { cause } = event
  switch (event.type) {
    case 'warming':
      return { level: 'info', message: 'warming', fields: { cause, limit_ms: event.limitMs } }
    case 'warming-progress':
      return { level: 'debug', message: 'warming goes on', fields: { cause, ...countsOf(event) } }
    case 'warmed': {
      const fields = { cause, ...countsOf(event), duration_ms: Math.round(event.durationMs) }
      switch (event.outcome) {
        case 'done':
          return { level: 'info', message: 'warm', fields }
        case 'interrupted':
          return { level: 'info', message: 'warming interrupted', fields }
        case 'limit':
          return { level: 'warn', message: 'warming ended by its limit: the rest is loaded when asked for', fields }
        case 'failed':
          return {
            level: 'warn',
            message: 'warming failed: the rest is loaded when asked for',
            fields: { ...fields, err: event.error },
          }
        default:
          return event.outcome satisfies never
      }
    }
    default:
      return event satisfies never
  }
}

interface WarmingLine {
  readonly level: 'debug' | 'info' | 'warn'
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

function countsOf({ lists, products }: { readonly lists: number; readonly products: number }) {
  return { lists, products }
}
