/**
 * The ioredis client for commands: it sends those of one turn together, and each is traced under who asked for it.
 *
 * ioredis publishes a command on its tracing channel when it writes it, and a pipeline writes all of its
 * commands at once, in the context of whoever queued the first. So the context of each is remembered where
 * it is queued, and restored where it is written; and only while somebody listens to the channel.
 */

import { AsyncLocalStorage } from 'node:async_hooks'
import { tracingChannel } from 'node:diagnostics_channel'

import { type Command, Redis } from 'ioredis'

type Pipeline = ReturnType<Redis['pipeline']> & Pick<Redis, 'sendCommand'>

const channel = tracingChannel('ioredis:command')

export class Client extends Redis {
  readonly #callers = new WeakMap<Command, <R>(run: () => R) => R>()

  override pipeline(commands?: unknown[][]): ReturnType<Redis['pipeline']> {
    const pipeline = super.pipeline(commands) as Pipeline
    const queue = pipeline.sendCommand.bind(pipeline)
    pipeline.sendCommand = (command: Command) => {
      if (channel.hasSubscribers) this.#callers.set(command, AsyncLocalStorage.snapshot())
      return queue(command)
    }
    return pipeline
  }

  override sendCommand(command: Command, ...rest: never[]): unknown {
    const asItsCaller = this.#callers.get(command)
    const write = (): unknown => super.sendCommand(command, ...rest)
    return asItsCaller === undefined ? write() : asItsCaller(write)
  }
}
