/**
 * How the shop stops: in the reverse order of its start, each part waited for, whatever the reason.
 *
 * One Ctrl-C arrives up to three times: from the terminal, from npm, and from run.mjs. Those within a second are one. A
 * later one means that somebody does not want to wait, and ends everything at once.
 */

const SAME_PRESS_MS = 1_000

export interface Part {
  readonly name: string
  /** In order. May be called while the part is still starting. */
  stop(): Promise<void>
  /** At once, whatever is lost by it. */
  force(): void
}

export interface Shutdown {
  readonly isStopping: boolean
  add(part: Part): void
  /** Stops all parts and exits. Called again while that runs, it changes nothing. */
  run(exitCode: number): Promise<void>
}

export interface ShutdownHooks {
  /** A signal asks for the stop, or the parent is gone. */
  onBegin(reason: string): void
  onForce(): void
  onProblem(part: string, error: unknown): void
  /** The last act before the exit; with 0 all was stopped in order and on demand. */
  onEnd(exitCode: number): void
}

export function createShutdown(hooks: ShutdownHooks): Shutdown {
  const parts: Part[] = []
  let running: Promise<void> | undefined
  let beganAt = 0

  const stopAll = async (exitCode: number) => {
    let code = exitCode
    for (const part of parts.toReversed()) {
      try {
        await part.stop()
      } catch (error) {
        hooks.onProblem(part.name, error)
        part.force()
        code = 1
      }
    }
    hooks.onEnd(code)
    process.exit(code)
  }
  const force = () => {
    hooks.onForce()
    for (const part of parts.toReversed()) part.force()
    hooks.onEnd(1)
    process.exit(1)
  }
  const ask = (reason: string) => {
    if (running) {
      if (performance.now() - beganAt > SAME_PRESS_MS) force()
      return
    }
    hooks.onBegin(reason)
    void shutdown.run(0)
  }

  const shutdown: Shutdown = {
    get isStopping() {
      return running !== undefined
    },
    add: (part) => void parts.push(part),
    run(exitCode) {
      if (!running) {
        beganAt = performance.now()
        running = stopAll(exitCode)
      }
      return running
    },
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ask(signal))
  // A driver may throw from the depths of its event loop, as postgres.js does when its server goes in the middle of a
  // COPY. While stopping, that is the stop itself; else it is a reason to stop, and servers must not stay behind.
  process.on('uncaughtException', (error) => {
    if (running) return
    hooks.onProblem('error', error)
    void shutdown.run(1)
  })
  // run.mjs was killed and cannot tell us anything any more.
  process.on('disconnect', () => ask('disconnect'))
  return shutdown
}
