/**
 * Changes prices at a stated rate while visitors read them, and remembers when each change was made.
 *
 * Each product has a connection of its own and at most one change under way, so that the order of its prices is known. A
 * change that is due while all products are busy waits for the first of them, and is counted.
 */

import type { PriceChange } from './oracle.ts'
import type { OwnSite } from './site.ts'
import { Visitor } from './visitor.ts'

const TICK_MS = 5

interface Target {
  readonly id: number
  readonly visitor: Visitor
  readonly currency: string
  /** Of the processes, the one that is told its changes. */
  readonly process: number
  amount: number
  isBusy: boolean
}

export class PriceWriter {
  readonly changes: PriceChange[] = []
  /** What each product cost before the first change. */
  readonly before: ReadonlyMap<number, number>
  /** Changes that were refused, or got no answer. */
  failed = 0
  /** Changes that had to wait. */
  late = 0
  readonly #targets: readonly Target[]
  readonly #token: string
  #timer: NodeJS.Timeout | undefined
  readonly #underWay = new Set<Promise<void>>()

  private constructor(targets: readonly Target[], token: string) {
    this.#targets = targets
    this.#token = token
    this.before = new Map(targets.map(({ id, amount }) => [id, amount]))
  }

  /** Reads what the products cost. Nothing is changed yet. */
  static async open({ urls, api }: OwnSite, ids: readonly number[]): Promise<PriceWriter> {
    const targets = await Promise.all(
      ids.map(async (id, i) => {
        const process = i % urls.length
        const visitor = new Visitor(urls[process] as string)
        const { amount, currency } = await visitor.read(id)
        return { id, visitor, amount, currency, process, isBusy: false }
      }),
    )
    return new PriceWriter(targets, api.adminToken)
  }

  start(perSecond: number): void {
    const startedAt = performance.now()
    let [due, done] = [0, 0]
    this.#timer = setInterval(() => {
      due = Math.floor(((performance.now() - startedAt) / 1_000) * perSecond)
      while (done < due) {
        const target = this.#nextFree()
        if (!target) return void this.late++
        done++
        this.#follow(this.#change(target, target.amount + 1))
      }
    }, TICK_MS)
  }

  /** Waits for the changes that are under way. */
  async pause(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#underWay)
  }

  async close(): Promise<void> {
    await this.pause()
    for (const { visitor } of this.#targets) visitor.close()
  }

  #nextFree(): Target | undefined {
    const from = this.changes.length
    for (let i = 0; i < this.#targets.length; i++) {
      const target = this.#targets[(from + i) % this.#targets.length]
      if (target && !target.isBusy) return target
    }
    return undefined
  }

  async #change(target: Target, amount: number): Promise<void> {
    const { id, visitor, currency, process } = target
    target.isBusy = true
    target.amount = amount
    const sentAt = Date.now()
    const change = { id, amount, sentAt, answeredAt: undefined as number | undefined, process }
    this.changes.push(change)
    try {
      await visitor.setPrice(id, { amount, currency }, this.#token)
      change.answeredAt = Date.now()
    } catch {
      this.failed++
    } finally {
      target.isBusy = false
    }
  }

  #follow(change: Promise<void>): void {
    this.#underWay.add(change)
    void change.finally(() => this.#underWay.delete(change))
  }
}
