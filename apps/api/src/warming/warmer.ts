/**
 * The warmer: warms this process when it starts, and again when Redis has lost what it held.
 *
 *     start   ─ warming ──────────── done       /readyz: warming, 503 ── ready
 *               └─ limit ───────────────────▶   /readyz: ready, the rest is loaded when it is asked for
 *     loss    ─ pause up to 2 s ─ warming ─ done   /readyz: ready throughout
 *
 * A process that starts gets no traffic until it is warm, or the limit is over: warming helps, and must not be what keeps
 * a shop closed. After a loss all processes are cold at once. If they said so, nobody would be left to answer; so they
 * go on, and warm after a pause by chance, so that not all of them ask for the same at the same time.
 *
 * One runs at a time. A loss in the middle of it begins it anew: what was warmed by then is lost as well.
 */

import { setTimeout as delay } from 'node:timers/promises'

import { continueTrace } from '@shop/telemetry'

import type { EmitWarming, WarmingCause } from './events.ts'
import { type WarmProgress, type WarmSources, warm } from './warm.ts'

const JITTER_MS = 2_000

export interface WarmerOptions {
  readonly sources: WarmSources
  /** The longest a warming may take, in milliseconds; 0: there is none. */
  readonly limitMs: number
  readonly emit: EmitWarming
  /**
   * The longest pause after a loss, in milliseconds.
   * @default 2000
   */
  readonly jitterMs?: number
}

export interface Warmer {
  /** Whether this process should get no traffic yet: from its making until the warming of the start is over. */
  readonly warming: boolean
  /** Warms for the start. Resolves when that is over, however it ended; never rejects. */
  start(): Promise<void>
  /** Says that Redis has lost what it held. */
  lost(): void
  /** Begins nothing more. Does not wait for a question that is under way. */
  stop(): void
}

export function createWarmer({ sources, limitMs, emit, jitterMs = JITTER_MS }: WarmerOptions): Warmer {
  const stopping = new AbortController()
  let isWarming = limitMs > 0
  let turn = new AbortController()

  /** Begins by ending the one before it. */
  async function run(cause: WarmingCause, pauseMs: number): Promise<void> {
    turn.abort()
    turn = new AbortController()
    const ended = AbortSignal.any([stopping.signal, turn.signal])
    await delay(pauseMs, undefined, { signal: ended }).catch(() => undefined)
    if (!ended.aborted) await warmOnce(cause, ended)
  }

  async function warmOnce(cause: WarmingCause, ended: AbortSignal): Promise<void> {
    const startedAt = performance.now()
    const limit = AbortSignal.timeout(limitMs)
    const signal = AbortSignal.any([ended, limit])
    let progress: WarmProgress = { lists: 0, products: 0 }
    emit({ type: 'warming', cause, limitMs })
    const end = await continueTrace([], 'warming', { 'shop.warming.cause': cause }, async (note) => {
      const ending = await Promise.race([
        warm(sources, {
          signal,
          onProgress(now) {
            progress = now
            if (!signal.aborted) emit({ type: 'warming-progress', cause, ...now })
          },
        }).then(
          () => ({ outcome: 'done' as const }),
          (error: unknown) => ({ outcome: 'failed' as const, error }),
        ),
        // What hangs is not waited for.
        aborted(signal).then(() => ({ outcome: limit.aborted ? ('limit' as const) : ('interrupted' as const) })),
      ])
      const { lists, products } = progress
      note({ 'shop.warming.outcome': ending.outcome, 'shop.warming.lists': lists, 'shop.warming.products': products })
      return ending
    })
    emit({ type: 'warmed', cause, ...progress, durationMs: performance.now() - startedAt, ...end })
  }

  return {
    get warming() {
      return isWarming
    },
    async start() {
      if (limitMs > 0) await run('start', 0)
      isWarming = false
    },
    lost() {
      if (limitMs > 0 && !stopping.signal.aborted) void run('loss', Math.random() * jitterMs)
    },
    stop: () => stopping.abort(),
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
