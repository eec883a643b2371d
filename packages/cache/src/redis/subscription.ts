/**
 * The connection that listens to the bus.
 *
 * What is published while it is down is lost; the echo of the next probe shows it (proof.ts). A connection
 * that is open and no longer delivers is known by probes that are answered and never echoed, and replaced.
 */

import { Redis } from 'ioredis'

import type { BusMessage } from '../bus.ts'
import { connectionOptions } from './link.ts'

export class Subscription {
  readonly #client: Redis
  #listening = false

  constructor(
    url: string,
    channels: readonly string[],
    deliver: (message: BusMessage) => void,
    onListening: () => void,
  ) {
    this.#client = new Redis(url, connectionOptions())
    this.#client.on('ready', () => void this.#subscribe(channels, onListening))
    this.#client.on('close', () => {
      this.#listening = false
    })
    this.#client.on('error', () => undefined) // 'close' follows.
    this.#client.on('message', (_channel, text) => {
      const message = parseMessage(text)
      if (message) deliver(message)
    })
  }

  /** Whether Redis has confirmed the subscription on this connection. */
  get listening(): boolean {
    return this.#listening
  }

  replace(): void {
    if (this.#client.status === 'ready' || this.#client.status === 'connect') this.#client.disconnect(true)
  }

  close(): void {
    this.#client.disconnect()
  }

  async #subscribe(channels: readonly string[], onListening: () => void): Promise<void> {
    try {
      await this.#client.subscribe(...channels)
      this.#listening = true
      onListening()
    } catch {
      this.#client.disconnect(true)
    }
  }
}

const TYPES: ReadonlySet<unknown> = new Set(['invalidated', 'minted', 'echo', 'lease-ended'])

/** Anyone may publish on a channel: what is not a message of ours is not heard. */
function parseMessage(text: string): BusMessage | undefined {
  try {
    const message = JSON.parse(text)
    return TYPES.has(message?.type) ? message : undefined
  } catch {
    return undefined
  }
}
