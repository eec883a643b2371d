/**
 * Invalidations: originating one, and applying one. Two operations, never one: what arrives on the bus is
 * applied and goes nowhere else.
 *
 * An invalidation that cannot reach Redis is applied here at once, kept, and sent again until Redis has it.
 * Until then this process believes no entry that it concerns, and the caller has been told `false`.
 * Invalidations commute and may be repeated, so the retry needs no order. What is kept is bounded: past it, the
 * retry is a new epoch, which invalidates everything.
 */

import type { BusMessage } from './bus.ts'
import { type Cancel, type Millis, millis } from './clock.ts'
import type { Engine, Pending } from './engine.ts'
import type { Stamp } from './entry.ts'
import { CacheError, closed } from './errors.ts'
import { matches } from './pattern.ts'
import type { Verdict } from './proof.ts'
import { orUndefined, type Remote } from './remote.ts'
import type { Noted } from './tags.ts'

type Invalidation = Extract<BusMessage, { type: 'invalidated' }>

const MOST_PENDING = 10_000
const RETRY_EVERY: Millis = millis(250)

/** One command stays short: Redis does nothing else while it runs. */
const BATCH = 500

export class PendingInvalidations implements Pending {
  /** Each with the turn in which it was added last. */
  readonly tags = new Map<string, number>()
  readonly keys = new Map<string, number>()
  /** The turn in which more was pending than can be kept; 0: all of it is kept. */
  everything = 0
  #turn = 0

  get size(): number {
    return this.everything > 0 ? MOST_PENDING : this.tags.size + this.keys.size
  }

  get turn(): number {
    return this.#turn
  }

  has(key: string, stamps: readonly Stamp[], since = 0): boolean {
    if (this.size === 0) return false
    const isSince = (turn: number | undefined): boolean => turn !== undefined && turn > since
    if (this.everything > since || isSince(this.keys.get(key))) return true
    return stamps.some(({ tag }) => isSince(this.tags.get(tag)))
  }

  add(tags: readonly string[], keys: readonly string[]): void {
    const turn = ++this.#turn
    if (this.everything === 0) {
      for (const tag of tags) this.tags.set(tag, turn)
      for (const key of keys) this.keys.set(key, turn)
      if (this.size <= MOST_PENDING) return
    }
    this.everything = turn
    this.tags.clear()
    this.keys.clear()
  }

  /**
   * Forgets what Redis has acknowledged, unless it was added again while the command was under way:
   *
   *     flush t ---- Redis: t done --------------------------- acknowledged: t must stay
   *                                 write, invalidate t fails: t added
   */
  done(sent: { readonly tags: readonly Turn[]; readonly keys: readonly Turn[]; readonly everything: number }): void {
    for (const [tag, turn] of sent.tags) if (this.tags.get(tag) === turn) this.tags.delete(tag)
    for (const [key, turn] of sent.keys) if (this.keys.get(key) === turn) this.keys.delete(key)
    if (this.everything === sent.everything) this.everything = 0
  }

  /** The next part to send. */
  part(): { readonly tags: readonly Turn[]; readonly keys: readonly Turn[]; readonly everything: number } {
    return { tags: [...this.tags].slice(0, BATCH), keys: [...this.keys].slice(0, BATCH), everything: this.everything }
  }
}

type Turn = readonly [name: string, turn: number]

export class Invalidator {
  readonly #engine: Engine
  readonly #pending: PendingInvalidations
  #retry: Cancel | undefined
  #flushing = false
  #closed = false

  constructor(engine: Engine, pending: PendingInvalidations) {
    this.#engine = engine
    this.#pending = pending
  }

  /** Resolves `true` once no process can read an older value later than the bound; `false` when Redis could not be told yet. */
  async originate(tags: readonly string[], keys: readonly string[]): Promise<boolean> {
    if (this.#closed) throw closed()
    return this.#engine.hooks.around({ name: 'invalidate' }, async () => {
      const acknowledged = await this.#send(tags, keys)
      if (!acknowledged) {
        this.#pending.add(tags, keys)
        this.#forget(tags, keys)
        this.#retryLater()
      }
      this.#originated(tags.length, keys.length, acknowledged)
      return acknowledged
    })
  }

  /** As `originate`, where there is no Redis: it is done when this returns, and nothing comes between it and what follows. */
  originateHere(key: string): true {
    if (this.#closed) throw closed()
    this.#forget([], [key])
    this.#originated(0, 1, true)
    return true
  }

  /** Tells every process that the entry of each key in Redis is another now, as `originate` tells that it is gone. */
  async announce(keys: readonly string[]): Promise<boolean> {
    const { remote, hooks } = this.#engine
    const trace = hooks.propagate?.()
    const done = remote && (await orUndefined(this.#engine.emit, 'announce', () => remote.announce(keys, [], trace)))
    if (!done) return this.originate([], keys)
    this.#saw(done)
    this.#drop(keys)
    this.#originated(0, keys.length, true)
    return true
  }

  /**
   * Tells every process to let go of what it holds, or loads, whose key matches. What Redis holds stays: that is the
   * sweep's (sweep.ts). Rejects when Redis could not be told; it is applied here all the same.
   */
  async originateMatching(pattern: string): Promise<void> {
    if (this.#closed) throw closed()
    const { remote, hooks } = this.#engine
    const keys = this.#dropMatching(pattern)
    const done = await remote?.announce([], [], hooks.propagate?.(), pattern)
    if (done) this.#saw(done)
    this.#originated(0, keys, true)
  }

  /** Tells every process that an entry may be served no longer than its policy serves stale ones. */
  async age(key: string): Promise<boolean> {
    const { remote, hooks, emit } = this.#engine
    this.#age(key)
    if (!remote) return true
    return (await orUndefined(emit, 'announce', () => remote.announce([], [key], hooks.propagate?.()))) !== undefined
  }

  /** A message of the bus. */
  receive(message: BusMessage): void {
    const { proof, waiters } = this.#engine
    switch (message.type) {
      case 'invalidated':
        if (message.trace === undefined) this.#invalidated(message)
        else this.#invalidatedIn(message.trace, message)
        return
      case 'echo':
        this.#stands(proof.echoed(message.epoch, message.number, message.sentAt))
        return
      case 'lease-ended':
        waiters.wake(message.key, message.end)
        return
      default:
        message satisfies never
    }
  }

  #invalidated({ epoch, number, nonce, tags, keys, stale, matching }: Invalidation): void {
    const { proof, waiters } = this.#engine
    if (this.#stands(proof.invalidated(epoch, number))) {
      this.#apply(tags, keys, nonce, number)
      for (const key of stale) this.#age(key)
      if (matching !== undefined) this.#dropMatching(matching)
    }
    for (const key of keys) waiters.wake(key, { type: 'not-stored' })
  }

  /** As part of the trace of whoever invalidated. A hook that is late does not make the message late: the next one comes after it. */
  #invalidatedIn(parent: string, message: Invalidation): void {
    let isApplied = false
    const apply = async (): Promise<void> => {
      if (isApplied) return
      isApplied = true
      this.#invalidated(message)
    }
    try {
      void this.#engine.hooks.around({ name: 'apply', parent }, apply)
    } finally {
      void apply()
    }
  }

  /** Redis answered a probe, before anything else is asked of it on this connection, or an invalidation: another epoch voids all at once. */
  answered(epoch: string, number: number): void {
    const { proof } = this.#engine
    if (proof.epoch !== undefined && proof.epoch !== epoch) this.#stands(proof.mentioned(epoch, number))
  }

  /** Sends what is pending. Called when Redis has become usable, and from time to time. */
  async flush(): Promise<void> {
    const { remote } = this.#engine
    if (!remote || this.#flushing || this.#pending.size === 0) return
    this.#flushing = true
    try {
      const part = this.#pending.part()
      if (part.everything > 0) {
        const { epoch, number } = await remote.renew()
        this.#stands(this.#engine.proof.mentioned(epoch, number))
      } else {
        await this.#originateNow(remote, names(part.tags), names(part.keys))
      }
      this.#pending.done(part)
    } catch (error) {
      this.#engine.emit({ type: 'remote-error', operation: 'invalidate', error })
    } finally {
      this.#flushing = false
      if (this.#pending.size > 0) this.#retryLater()
    }
  }

  close(): void {
    this.#closed = true
    this.#retry?.()
  }

  async #send(tags: readonly string[], keys: readonly string[]): Promise<boolean> {
    const { remote } = this.#engine
    if (!remote) {
      this.#forget(tags, keys)
      return true
    }
    try {
      await this.#originateNow(remote, tags, keys)
      return true
    } catch (error) {
      if (!(error instanceof CacheError)) throw error
      this.#engine.emit({ type: 'remote-error', operation: 'invalidate', error })
      return false
    }
  }

  /** Tells Redis, and applies the answer here: whoever called reads its own write (the bus may still be on its way). */
  async #originateNow(remote: Remote, tags: readonly string[], keys: readonly string[]): Promise<void> {
    const { proof, hooks } = this.#engine
    const trace = hooks.propagate?.()
    for (let at = 0; at < Math.max(tags.length, keys.length); at += BATCH) {
      const [someTags, someKeys] = [tags.slice(at, at + BATCH), keys.slice(at, at + BATCH)]
      const done = await remote.invalidate(someTags, someKeys, trace)
      this.answered(done.epoch, done.number)
      proof.saw(done.epoch, done.number)
      if (done.epoch === proof.epoch) this.#apply(someTags, someKeys, done.nonce, done.number)
      else this.#forget(someTags, someKeys)
    }
  }

  /** Redis counted one up for this process. */
  #saw({ epoch, number }: Noted): void {
    this.answered(epoch, number)
    this.#engine.proof.saw(epoch, number)
  }

  #originated(tags: number, keys: number, acknowledged: boolean): void {
    this.#engine.ownInvalidations++
    this.#engine.emit({ type: 'invalidate', tags, keys, acknowledged })
  }

  #apply(tags: readonly string[], keys: readonly string[], nonce: string, number: number): void {
    for (const tag of tags) this.#engine.cells.change(tag, nonce, number)
    this.#drop(keys)
    this.#engine.emit({ type: 'applied', tags: tags.length, keys: keys.length })
  }

  /** Applies an invalidation that has no number in this process's epoch. */
  #forget(tags: readonly string[], keys: readonly string[]): void {
    for (const tag of tags) this.#engine.cells.kill(tag)
    this.#drop(keys)
    this.#engine.emit({ type: 'applied', tags: tags.length, keys: keys.length })
  }

  #age(key: string): void {
    const { memory, clock } = this.#engine
    const held = memory.get(key)
    const now = clock.now()
    if (held && now < held.staleAt) memory.set(key, { ...held, staleAt: now })
  }

  #drop(keys: readonly string[]): void {
    for (const key of keys) {
      this.#engine.memory.delete(key)
      this.#engine.drops.note(key)
      this.#engine.flights.supersede(key)
    }
  }

  /** Returns how many there were. */
  #dropMatching(pattern: string): number {
    const { memory, flights } = this.#engine
    const keys = new Set([...memory.keys(), ...flights.keys()].filter((key) => matches(pattern, key)))
    this.#drop([...keys])
    // A look that is on its way may be for one of them.
    this.#engine.drops.noteAll()
    return keys.size
  }

  #stands(verdict: Verdict): boolean {
    if (verdict.type === 'apply') return true
    const { memory, cells, drops, flights, waiters } = this.#engine
    flights.supersedeAll()
    drops.noteAll()
    memory.clear()
    cells.clear()
    waiters.wakeAll()
    this.#engine.emit({ type: 'reset', reason: verdict.reason })
    return false
  }

  #retryLater(): void {
    if (this.#closed) return
    // Not moved by each failure: under a steady stream of them it would never come.
    this.#retry ??= this.#engine.clock.timer(RETRY_EVERY, () => {
      this.#retry = undefined
      void this.flush()
    })
  }
}

function names(turns: readonly Turn[]): string[] {
  return turns.map(([name]) => name)
}
