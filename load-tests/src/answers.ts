/** The answers of a run, as k6 tells them line by line (lib/visit.ts). */

import type { Hits } from './run-file.ts'

export interface Answer {
  /** Milliseconds since 1970, of the one clock of this machine. */
  readonly askedAt: number
  readonly tookMs: number
  /** From 1000 on k6's number for what went wrong before there was one: 1050 nobody answered, 12xx the connection. */
  readonly status: number
  /** Whether it may be answered like that, see lib/expected-answers.ts. */
  readonly isExpected: boolean
  readonly source: keyof Hits
  /** The how-manieth visit, from 0; of a flash sale also the how-manieth buyer. */
  readonly turn: number
  /** What it says that products cost. */
  readonly prices: readonly ShownPrice[]
}

export interface ShownPrice {
  readonly id: number
  readonly amount: number
}

export class AnswerLog {
  readonly answers: Answer[] = []
  #startedAt: number | undefined
  #resolveStart: (at: number) => void = () => undefined

  /** Resolves to the instant at which the load began. */
  readonly started = new Promise<number>((resolve) => {
    this.#resolveStart = resolve
  })

  /** Of several generators the first begins. */
  get startedAt(): number {
    return this.#startedAt ?? Number.NaN
  }

  read(line: string): void {
    const [first = '', second = '', status = '', source = 'bypass', turn = '', prices = ''] = line.split(' ')
    if (first === 'start') {
      this.#startedAt ??= Number(second)
      this.#resolveStart(this.#startedAt)
      return
    }
    this.answers.push({
      askedAt: Number(first),
      tookMs: Number(second),
      status: Number(status.replace('!', '')),
      isExpected: !status.startsWith('!'),
      source: source as keyof Hits,
      turn: Number(turn),
      prices: prices === '' ? NONE : prices.split(',').map(priceOf),
    })
  }
}

const NONE: readonly ShownPrice[] = []

function priceOf(text: string): ShownPrice {
  const [id, amount] = text.split(':')
  return { id: Number(id), amount: Number(amount) }
}
