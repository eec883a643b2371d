/**
 * The connection that listens to the bus.
 *
 * What is published while it is down is lost; the echo of the next probe shows it (proof.ts). A connection
 * that is open and no longer delivers is known by probes that are answered and never echoed, and replaced.
 */

import { Redis } from 'ioredis'

import type { BusMessage } from '../bus.ts'
import { type Clock, type Millis, millis } from '../clock.ts'
import { type CacheError, remoteFailed } from '../errors.ts'
import { bare, connectionOptions } from './link.ts'

/** After a subscription that was refused. */
const SUBSCRIBE_AGAIN: Millis = millis(1_000)

export class Subscription {
  readonly #client: Redis
  #listening = false

  constructor(
    url: string,
    clock: Clock,
    channels: readonly string[],
    deliver: (message: BusMessage) => void,
    onListening: () => void,
    onTrouble: (error: CacheError) => void,
  ) {
    this.#client = new Redis(url, connectionOptions())
    this.#client.on('ready', () => void this.#subscribe(clock, channels, onListening, onTrouble))
    this.#client.on('close', () => {
      this.#listening = false
    })
    this.#client.on('error', () => undefined) // 'close' follows; the link goes the same way, and says why.
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

  async #subscribe(
    clock: Clock,
    channels: readonly string[],
    onListening: () => void,
    onTrouble: (error: CacheError) => void,
  ): Promise<void> {
    try {
      await this.#client.subscribe(...channels)
      this.#listening = true
      onListening()
    } catch (error) {
      onTrouble(remoteFailed('subscribe', bare(error)))
      // A server that denies it will do so again: there is no hurry.
      clock.timer(SUBSCRIBE_AGAIN, () => this.replace())
    }
  }
}

/** Anyone may publish on a channel, and so may another release of this package: what is not a message of ours is not heard. */
export function parseMessage(text: string): BusMessage | undefined {
  let message: unknown
  try {
    message = JSON.parse(text)
  } catch {
    return undefined
  }
  return isMessage(message) ? message : undefined
}

type Check = (value: unknown) => boolean

const isText: Check = (value) => typeof value === 'string'
const isCount: Check = (value) => typeof value === 'number' && Number.isFinite(value)
const areTexts: Check = (value) => Array.isArray(value) && value.every(isText)
const mayBeText: Check = (value) => value === undefined || isText(value)
const isEnd: Check = (value) => fits(value, { type: isText, trace: mayBeText })

const SHAPES: Readonly<Record<BusMessage['type'], Readonly<Record<string, Check>>>> = {
  invalidated: {
    epoch: isText,
    number: isCount,
    nonce: isText,
    tags: areTexts,
    keys: areTexts,
    stale: areTexts,
    matching: mayBeText,
    trace: mayBeText,
  },
  echo: { epoch: isText, number: isCount, sentAt: isCount },
  'lease-ended': { key: isText, end: isEnd },
}

function isMessage(value: unknown): value is BusMessage {
  const type = fits(value, { type: isText }) ? (value as { type: string }).type : ''
  return Object.hasOwn(SHAPES, type) && fits(value, SHAPES[type as BusMessage['type']])
}

function fits(value: unknown, shape: Readonly<Record<string, Check>>): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(shape).every(([name, check]) => check((value as Record<string, unknown>)[name]))
}
