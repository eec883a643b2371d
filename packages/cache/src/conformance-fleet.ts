/**
 * The processes that a case of the conformance suites plays with, on the one store of the adapter under test.
 *
 * Each is a remote, opened as a cache opens it, with a listener that writes down all it is told. Keys and tags are words
 * that no other case uses. Time passes only as the adapter's author says, so that a manual clock will do.
 */

import assert from 'node:assert/strict'

import type { BusMessage } from './bus.ts'
import { between, type Clock, type Millis, type Monotonic, millis, type ServerMs, systemClock } from './clock.ts'
import { CacheError } from './errors.ts'
import type { OpenRemote, Remote } from './remote.ts'
import type { Invalidated } from './tags.ts'
import { uniqueWords } from './unique.ts'

/** Time as the adapter has it, and a way to let it pass. */
export interface ConformanceTime {
  readonly clock: Clock
  /** Resolves when so many milliseconds have passed on the clock, and what fell due has been done. */
  readonly pass: (duration: number) => Promise<void>
}

const NAME = 'conformance'
/** `maxStaleness`, of which probes must prove something in time. */
export const BOUND: Millis = millis(500)
/** How exactly durations are kept: clocks of two hosts do not run in step, and a store may count whole milliseconds. */
export const TOLERANCE: Millis = millis(25)
/** Longest wait for anything: below the limit that test runners set. */
const PATIENCE: Millis = millis(4_000)
const STEP: Millis = millis(5)

const SYSTEM_TIME: ConformanceTime = {
  clock: systemClock,
  pass: (duration) => new Promise((resolve) => void systemClock.timer(millis(duration), resolve)),
}

/** What a listener was told. */
export type Told =
  | { readonly type: 'message'; readonly message: BusMessage; readonly heardAt: Monotonic }
  | { readonly type: 'resumed' }
  | { readonly type: 'answered'; readonly epoch: string; readonly number: number }
  | {
      readonly type: 'serverTime'
      readonly time: ServerMs
      readonly at: Monotonic
      readonly uncertainty: Millis
      readonly heardAt: Monotonic
    }
  /** `isSo`: what the remote said of itself in that instant. */
  | { readonly type: 'usable'; readonly usable: boolean; readonly isSo: boolean }

type OfType<U extends { readonly type: string }, T extends U['type']> = Extract<U, { readonly type: T }>

/** One process: its remote, and what that has told its listener. */
export class Member {
  readonly remote: Remote
  /** All that the listener was told, in order. */
  readonly told: Told[] = []
  /** Timers that the adapter has set so far. */
  timers = 0
  /** Called with each message, in the instant in which it is heard. */
  onMessage: (message: BusMessage) => void = () => undefined
  #closed: Promise<void> | undefined

  constructor(open: OpenRemote, clock: Clock) {
    const counted: Clock = {
      now: () => clock.now(),
      wall: () => clock.wall(),
      timer: (delay, act) => {
        this.timers++
        return clock.timer(delay, act)
      },
      soon: (act) => clock.soon(act),
    }
    const { told } = this
    this.remote = open(NAME, counted, BOUND)
    this.remote.listen({
      message: (message) => {
        told.push({ type: 'message', message, heardAt: clock.now() })
        this.onMessage(message)
      },
      resumed: () => void told.push({ type: 'resumed' }),
      answered: (epoch, number) => void told.push({ type: 'answered', epoch, number }),
      serverTime: (time, at, uncertainty) =>
        void told.push({ type: 'serverTime', time, at, uncertainty, heardAt: clock.now() }),
      trouble: () => undefined,
      usable: (usable) => void told.push({ type: 'usable', usable, isSo: this.remote.usable }),
    })
  }

  async read(key: string): Promise<Buffer | undefined> {
    const [bytes] = await this.remote.read([key])
    return bytes
  }

  of<T extends Told['type']>(type: T): OfType<Told, T>[] {
    return this.told.filter((told): told is OfType<Told, T> => told.type === type)
  }

  messages<T extends BusMessage['type']>(type: T): OfType<BusMessage, T>[] {
    const all = this.of('message').map(({ message }) => message)
    return all.filter((message): message is OfType<BusMessage, T> => message.type === type)
  }

  /** Closes the remote, once. */
  close(): Promise<void> {
    this.#closed ??= this.remote.close()
    return this.#closed
  }
}

/** All processes of one case. */
export class Fleet {
  readonly clock: Clock
  readonly #open: OpenRemote
  readonly #time: ConformanceTime
  readonly #members: Member[] = []
  readonly #word = uniqueWords()

  constructor(open: OpenRemote, time: ConformanceTime = SYSTEM_TIME) {
    this.#open = open
    this.#time = time
    this.clock = time.clock
  }

  /** A process that can send commands and hears the bus. */
  async one(): Promise<Member> {
    const [member] = await this.#ready([this.#another()])
    return member
  }

  two(): Promise<[Member, Member]> {
    return this.#ready([this.#another(), this.#another()])
  }

  three(): Promise<[Member, Member, Member]> {
    return this.#ready([this.#another(), this.#another(), this.#another()])
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.close()))
  }

  /** A key of which nothing is known. */
  key(): string {
    return `conformance.1:${this.#word()}`
  }

  /** A tag of which nothing is known. It may be any text. */
  tag(): string {
    return `"${this.#word()}" {ü/\\\n%😀}`
  }

  pass(duration: number): Promise<void> {
    return this.#time.pass(duration)
  }

  /** Waits until it is so; fails with the sentence if it takes too long. One wait at a time: each lets time pass. */
  async until(sentence: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    const from = this.clock.now()
    while (!(await isSo())) {
      assert.ok(between(from, this.clock.now()) < PATIENCE, `${sentence}. It was not so within ${PATIENCE} ms`)
      await this.pass(STEP)
    }
  }

  /** What `begin` began must be over when `duration` has passed since, and not before. */
  async ends(
    sentence: string,
    duration: Millis,
    begin: () => Promise<unknown>,
    isOver: () => Promise<boolean>,
  ): Promise<void> {
    const from = this.clock.now()
    await begin()
    const to = this.clock.now()
    for (;;) {
      const askedAt = this.clock.now()
      if (await isOver()) break
      const late = between(to, askedAt) - duration
      assert.ok(late <= TOLERANCE, `${sentence}. It had not ended ${late} ms after its ${duration} ms`)
      await this.pass(STEP)
    }
    const lasted = between(from, this.clock.now())
    assert.ok(lasted >= duration - TOLERANCE, `${sentence}. It ended after ${lasted} of its ${duration} ms`)
  }

  /** Each of these calls must reject in finite time, with a `CACHE_REMOTE_*` error. */
  async reject(calls: ReadonlyMap<string, Promise<unknown>>): Promise<void> {
    const outcomes = new Map<string, unknown>()
    for (const [method, call] of calls) {
      call.then(
        () => outcomes.set(method, 'an answer'),
        (error: unknown) => outcomes.set(method, error),
      )
    }
    const sentence = `${[...calls.keys()].join(', ')} must reject in finite time when their work cannot be done`
    await this.until(sentence, () => outcomes.size === calls.size)
    for (const [method, outcome] of outcomes) {
      const isRight = outcome instanceof CacheError && outcome.code.startsWith('CACHE_REMOTE_')
      assert.ok(
        isRight,
        `${method} must reject with a CACHE_REMOTE_* error when it cannot do its work; it gave ${outcome}`,
      )
    }
  }

  /** Resolves when every process has heard all that was published before: messages come in order. */
  async caughtUp(): Promise<void> {
    const mark = await this.#members[0]?.remote.announce([], [])
    if (mark) for (const member of this.#members) await this.heard(member, mark)
  }

  /** The message of an invalidation, when it has been heard. */
  async heard(
    member: Member,
    { epoch, number }: Pick<Invalidated, 'epoch' | 'number'>,
  ): Promise<OfType<BusMessage, 'invalidated'>> {
    let found: OfType<BusMessage, 'invalidated'> | undefined
    await this.until('an invalidation must be published to every process, its own included', () => {
      found = member.messages('invalidated').find((message) => message.epoch === epoch && message.number === number)
      return found !== undefined
    })
    assert.ok(found)
    return found
  }

  #another(): Member {
    const member = new Member(this.#open, this.clock)
    this.#members.push(member)
    return member
  }

  async #ready<M extends Member[]>(members: M): Promise<M> {
    for (const member of members) {
      await this.until('a process must become usable when it can send commands', () => member.remote.usable)
      await this.until('the probe of a process must be echoed', () => member.messages('echo').length > 0)
    }
    return members
  }
}
