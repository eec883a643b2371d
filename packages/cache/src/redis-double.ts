/**
 * Redis as the cache sees it, in this process, with the same answers and with faults on demand.
 *
 * Each `open` is one more process of the fleet. A command takes effect the moment it is sent, as the
 * scripts of redis/scripts.ts do, and its answer comes later; messages come in the order of publishing. The
 * same suite runs on this and on a real server, so that what is proven here holds there.
 */

import type { BusListener, BusMessage } from './bus.ts'
import { after, type Cancel, type Clock, type Millis, millis, type ServerMs } from './clock.ts'
import { identityOf } from './codec.ts'
import { remoteFailed, remoteTimeout, remoteUnavailable } from './errors.ts'
import type { Claim, LeaseEnd } from './lease.ts'
import { matches } from './pattern.ts'
import type { OpenRemote, Remote } from './remote.ts'
import type { Invalidated, Position, TagReading, TagState } from './tags.ts'
import type { ScanStep } from './tier.ts'
import { uniqueWords } from './unique.ts'

interface Lease {
  readonly token: string
  readonly endsAt: number
  readonly waiting: Set<ProcessDouble>
}

/** All that the server keeps. A snapshot of it is what a restart may bring back. */
interface Memory {
  entries: Map<string, { readonly bytes: Buffer; readonly expiresAt: number }>
  leases: Map<string, Lease>
  tags: Map<string, TagState & { readonly epoch: string }>
  state: { epoch: string; run: string; number: number } | undefined
}

const DEADLINE: Millis = millis(100)
const PROBE_EVERY: Millis = millis(50)

export class RedisDouble {
  readonly unique = uniqueWords()
  readonly processes: ProcessDouble[] = []
  memory: Memory = empty()
  run = 'run-1'
  state: 'up' | 'frozen' | 'dead' = 'up'
  /** Commands sent while frozen: they take effect on `thaw`. */
  readonly stalled: (() => void)[] = []
  /** How far the server's clock is from the processes' wall clocks. */
  skew = 0
  #runs = 1

  /** Opens one process: `createCache({ redis: double.open })`. */
  readonly open: OpenRemote = (_name, clock) => {
    const process = new ProcessDouble(this, clock)
    this.processes.push(process)
    return process
  }

  flushAll(): void {
    this.memory = empty()
  }

  evictTag(tag: string): void {
    this.memory.tags.delete(tag)
  }

  /** What FLUSHALL leaves is not all that can go: the eviction of this one key takes epoch and count together. */
  evictState(): void {
    this.memory.state = undefined
  }

  freeze(): void {
    this.state = 'frozen'
  }

  thaw(): void {
    this.state = 'up'
    for (const act of this.stalled.splice(0)) act()
  }

  kill(): void {
    this.state = 'dead'
    this.stalled.length = 0
    for (const process of this.processes) process.disconnect()
  }

  snapshot(): Memory {
    return copy(this.memory)
  }

  /** Another server process, with the memory of `snapshot`, or none. */
  restart(snapshot?: Memory): void {
    this.memory = snapshot ? copy(snapshot) : empty()
    this.run = `run-${++this.#runs}`
    this.state = 'up'
    for (const process of this.processes) process.connect()
  }

  position(): { epoch: string; number: number } {
    const held = this.memory.state
    if (held && held.run === this.run) return held
    this.memory.state = { epoch: this.unique(), run: this.run, number: (held?.number ?? 0) + 1 }
    return this.memory.state
  }

  publish(message: BusMessage): void {
    for (const process of this.processes) process.deliver(message)
  }

  now(clock: Clock): ServerMs {
    return (clock.wall() + this.skew) as ServerMs
  }
}

export class ProcessDouble implements Remote {
  readonly #server: RedisDouble
  readonly #clock: Clock
  #usable = false
  #closed = false
  #subscribed = false
  #listener: BusListener | undefined
  #nextProbe: Cancel | undefined
  /** Operations that the server refuses this process, as an access control list does. */
  readonly denied = new Set<string>()
  /** Commands sent so far; probes are not counted. */
  commands = 0
  /** The command of this number fails: it is refused, or it takes effect and its answer is lost. */
  failure: { readonly at: number; readonly how: 'refused' | 'answer lost' } | undefined
  /** Messages and answers that a test holds back, in order. */
  #heldMessages: BusMessage[] | undefined
  #heldAnswers: (() => void)[] | undefined

  constructor(server: RedisDouble, clock: Clock) {
    this.#server = server
    this.#clock = clock
  }

  get usable(): boolean {
    return this.#usable
  }

  /** The bus is lost, as when its connection is cut, until `hear`. */
  cutBus(): void {
    this.#subscribed = false
  }

  hear(): void {
    this.#subscribed = true
    this.#listener?.resumed()
    this.#probe()
  }

  /** Messages stay on their way until `deliverMessages`. */
  holdMessages(): void {
    this.#heldMessages ??= []
  }

  get messagesHeld(): number {
    return this.#heldMessages?.length ?? 0
  }

  /** Delivers all that is held, and holds no more; or the first `count`, and goes on holding. */
  deliverMessages(count?: number): void {
    const held = this.#heldMessages ?? []
    const some = held.splice(0, count ?? held.length)
    if (count === undefined) this.#heldMessages = undefined
    for (const message of some) this.#listener?.message(message)
  }

  /** Answers stay on their way until `deliverAnswers`; commands take effect at once. */
  holdAnswers(): void {
    this.#heldAnswers ??= []
  }

  deliverAnswers(): void {
    const held = this.#heldAnswers ?? []
    this.#heldAnswers = undefined
    for (const answer of held) answer()
  }

  listen(listener: BusListener): void {
    this.#listener = listener
    queueMicrotask(() => this.connect())
    this.#probeLater()
  }

  connect(): void {
    if (this.#closed || this.#server.state === 'dead') return
    const { epoch, number } = this.#server.position()
    this.#subscribed = true
    this.#listener?.resumed()
    this.#listener?.answered(epoch, number)
    this.#become(true)
    this.#probe()
  }

  disconnect(): void {
    this.#subscribed = false
    this.#become(false)
  }

  deliver(message: BusMessage): void {
    if (!this.#subscribed) return
    if (this.#heldMessages) this.#heldMessages.push(message)
    else queueMicrotask(() => this.#listener?.message(message))
  }

  read(keys: readonly string[]): Promise<readonly (Buffer | undefined)[]> {
    return this.#send('read', () => keys.map((key) => this.#entry(key)))
  }

  /** In the order of the keys; the cursor is the last one that was looked at. */
  scan(pattern: string, cursor: string | undefined, count: number): Promise<ScanStep> {
    return this.#send('scan', () => {
      const left = [...this.#server.memory.entries.keys()].sort().filter((key) => cursor === undefined || key > cursor)
      const seen = left.slice(0, count)
      return {
        keys: seen.filter((key) => matches(pattern, key)),
        next: seen.length < left.length ? seen.at(-1) : undefined,
      }
    })
  }

  claim(key: string, rejected: Buffer | undefined, duration: Millis): Promise<Claim> {
    return this.#send('claim', (): Claim => {
      const bytes = this.#entry(key)
      if (bytes && !(rejected && identityOf(bytes).equals(rejected))) return { type: 'found', bytes }
      const now = this.#clock.now()
      const lease = this.#server.memory.leases.get(key)
      if (lease && lease.endsAt > now) {
        lease.waiting.add(this)
        return { type: 'busy', endsIn: millis(lease.endsAt - now) }
      }
      const token = this.#server.unique()
      this.#server.memory.leases.set(key, { token, endsAt: now + duration, waiting: new Set() })
      return { type: 'granted', token }
    })
  }

  seize(key: string, duration: Millis): Promise<string> {
    return this.#send('seize', () => {
      const token = this.#server.unique()
      const waiting = this.#server.memory.leases.get(key)?.waiting ?? new Set()
      this.#server.memory.leases.set(key, { token, endsAt: this.#clock.now() + duration, waiting })
      return token
    })
  }

  replace(key: string, identity: Buffer, bytes: Buffer): Promise<boolean> {
    return this.#send('replace', () => {
      const held = this.#server.memory.entries.get(key)
      if (!held || !identityOf(held.bytes).equals(identity)) return false
      this.#server.memory.entries.set(key, { ...held, bytes })
      return true
    })
  }

  fill(key: string, token: string, bytes: Buffer, lifetime: Millis, trace?: string): Promise<boolean> {
    return this.#send('fill', () => {
      if (!this.#holds(key, token)) return false
      this.#server.memory.entries.set(key, { bytes, expiresAt: this.#clock.now() + lifetime })
      this.#endLease(key, { type: 'stored', ...traced(trace) })
      return true
    })
  }

  release(key: string, token: string, end: LeaseEnd): Promise<void> {
    return this.#send('release', () => {
      if (this.#holds(key, token)) this.#endLease(key, end)
    })
  }

  tags(names: readonly string[], mint: boolean): Promise<TagReading> {
    return this.#send('tags', () => {
      const { epoch, number } = this.#server.position()
      const nonce = this.#server.unique()
      const states = names.map((name) => {
        const held = this.#server.memory.tags.get(name)
        if (held?.epoch === epoch) return held
        if (!mint) return undefined
        const state = { epoch, nonce, number }
        this.#server.memory.tags.set(name, state)
        return state
      })
      return { epoch, states }
    })
  }

  invalidate(tags: readonly string[], keys: readonly string[], trace?: string): Promise<Invalidated> {
    return this.#send('invalidate', () => {
      for (const key of keys) {
        this.#server.memory.entries.delete(key)
        this.#server.memory.leases.delete(key)
      }
      const { epoch } = this.#server.position()
      const number = this.#countUp()
      const nonce = this.#server.unique()
      for (const tag of tags) this.#server.memory.tags.set(tag, { epoch, nonce, number })
      this.#server.publish({ type: 'invalidated', epoch, number, nonce, tags, keys, stale: [], ...traced(trace) })
      return { epoch, number, nonce }
    })
  }

  announce(changed: readonly string[], stale: readonly string[], trace?: string, matching?: string): Promise<Position> {
    return this.#send('announce', () => {
      const { epoch } = this.#server.position()
      const number = this.#countUp()
      const said = {
        epoch,
        number,
        nonce: '',
        tags: [],
        keys: changed,
        stale,
        ...traced(trace),
        ...(matching !== undefined && { matching }),
      }
      this.#server.publish({ type: 'invalidated', ...said })
      return { epoch, number, time: this.#server.now(this.#clock) }
    })
  }

  renew(): Promise<Position> {
    return this.#send('renew', () => {
      this.#server.position()
      const number = this.#countUp()
      const epoch = this.#server.unique()
      this.#server.memory.state = { epoch, run: this.#server.run, number }
      return { epoch, number, time: this.#server.now(this.#clock) }
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#nextProbe?.()
    this.#listener = undefined
    this.disconnect()
  }

  #entry(key: string): Buffer | undefined {
    const held = this.#server.memory.entries.get(key)
    return held && held.expiresAt > this.#clock.now() ? held.bytes : undefined
  }

  #holds(key: string, token: string): boolean {
    const lease = this.#server.memory.leases.get(key)
    return lease !== undefined && lease.token === token && lease.endsAt > this.#clock.now()
  }

  #endLease(key: string, end: LeaseEnd): void {
    const lease = this.#server.memory.leases.get(key)
    this.#server.memory.leases.delete(key)
    for (const process of lease?.waiting ?? []) process.deliver({ type: 'lease-ended', key, end })
  }

  #countUp(): number {
    const position = this.#server.memory.state
    if (!position) throw new Error('counted up without a position')
    position.number++
    return position.number
  }

  #send<R>(operation: string, act: () => R): Promise<R> {
    if (!this.#usable) return Promise.reject(remoteUnavailable(operation))
    if (this.denied.has(operation)) return Promise.reject(remoteFailed(operation, new Error('NOPERM')))
    const fails = this.failure?.at === this.commands++ ? this.failure.how : undefined
    if (fails === 'refused') return Promise.reject(remoteFailed(operation, new Error('refused')))
    if (fails === 'answer lost') {
      this.#execute(act)
      return Promise.reject(remoteTimeout(operation, DEADLINE))
    }
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.timer(DEADLINE, () => {
        this.#become(false)
        reject(remoteTimeout(operation, DEADLINE))
      })
      this.#execute(() => {
        const result = act()
        this.#answer(() => {
          cancel()
          resolve(result)
        })
      })
    })
  }

  #execute(act: () => void): void {
    if (this.#server.state === 'up') act()
    else if (this.#server.state === 'frozen') this.#server.stalled.push(act)
  }

  #answer(give: () => void): void {
    if (this.#heldAnswers) this.#heldAnswers.push(give)
    else queueMicrotask(give)
  }

  #probe(): void {
    const sentAt = this.#clock.now()
    this.#execute(() => {
      const { epoch, number } = this.#server.position()
      this.deliver({ type: 'echo', epoch, number, sentAt })
      const time = this.#server.now(this.#clock)
      this.#answer(() => {
        if (this.#server.state !== 'up' || this.#closed) return
        const halfWay = millis((this.#clock.now() - sentAt) / 2)
        this.#listener?.answered(epoch, number)
        this.#listener?.serverTime(time, after(sentAt, halfWay), halfWay)
        this.#become(true)
      })
    })
  }

  #probeLater(): void {
    if (this.#closed) return
    this.#nextProbe = this.#clock.timer(PROBE_EVERY, () => {
      this.#probe()
      this.#probeLater()
    })
  }

  #become(usable: boolean): void {
    if (this.#usable === usable) return
    this.#usable = usable
    this.#listener?.usable(usable)
  }
}

/** What a message says of it: nothing, where there is none. */
function traced(trace: string | undefined): { readonly trace?: string } {
  return trace === undefined ? {} : { trace }
}

function empty(): Memory {
  return { entries: new Map(), leases: new Map(), tags: new Map(), state: undefined }
}

function copy(memory: Memory): Memory {
  return {
    entries: new Map(memory.entries),
    leases: new Map(memory.leases),
    tags: new Map(memory.tags),
    state: memory.state && { ...memory.state },
  }
}
