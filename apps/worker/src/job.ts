/**
 * A job: turns of work, one after the other, with a pause between them, until it is stopped.
 *
 * A turn says how long the pause after it is. One that fails is told, and the pause after it doubles with each failure in
 * a row, up to a limit: a server that is away is asked about once a second, and nothing is lost by waiting, because what
 * a job has to do is in the database.
 */

import { setTimeout as delay } from 'node:timers/promises'

export interface JobOptions {
  /** Resolves to the pause before the next turn, in milliseconds. `stopping` is aborted when the job is to end. */
  turn(stopping: AbortSignal): Promise<number>
  /** Told of each turn that rejected; `failures` counts those in a row, this one included. */
  failed(error: unknown, failures: number): void
  /**
   * The pause after the first failure, in milliseconds.
   * @default 50
   */
  readonly leastBackoffMs?: number
  /**
   * The longest pause after failures, in milliseconds.
   * @default 1000
   */
  readonly mostBackoffMs?: number
}

export interface Job {
  /** Ends the pause, if there is one: there is something to do. */
  wake(): void
  /** Begins no further turn, and resolves when the one under way has ended. */
  stop(): Promise<void>
}

export const JOB_DEFAULTS = Object.freeze({ leastBackoffMs: 50, mostBackoffMs: 1_000 })

export function startJob(options: JobOptions): Job {
  const { turn, failed } = options
  const least = options.leastBackoffMs ?? JOB_DEFAULTS.leastBackoffMs
  const most = options.mostBackoffMs ?? JOB_DEFAULTS.mostBackoffMs
  const stopping = new AbortController()
  let pause = new AbortController()

  async function run(): Promise<void> {
    let failures = 0
    while (!stopping.signal.aborted) {
      pause = new AbortController()
      const pauseMs = await turn(stopping.signal).then(
        (asked) => {
          failures = 0
          return asked
        },
        (error: unknown) => {
          failures++
          failed(error, failures)
          return backoff(failures, least, most)
        },
      )
      await passed(pauseMs, AbortSignal.any([stopping.signal, pause.signal]))
    }
  }

  const ended = run()
  return {
    // A wake during a turn counts for the pause after it: what woke us may have come after the turn had looked.
    wake: () => pause.abort(),
    async stop() {
      stopping.abort()
      await ended
    },
  }
}

/** The pause after this many failures in a row. */
export function backoff(failures: number, least: number, most: number): number {
  return Math.min(most, least * 2 ** Math.min(failures - 1, 20))
}

/** Resolves when the time is up or the signal has come. */
function passed(pauseMs: number, signal: AbortSignal): Promise<void> {
  return delay(pauseMs, undefined, { signal }).catch(() => undefined)
}
