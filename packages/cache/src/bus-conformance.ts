/** What a bus must do, and the probes on it (bus.ts, proof.ts), as cases. */

import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'

import { between, type Monotonic } from './clock.ts'
import {
  type AdapterUnderTest,
  type CaseFor,
  type ConformanceCase,
  fact,
  factGiven,
  filled,
  granted,
} from './conformance.ts'
import { BOUND, type Fleet, type Member, TOLERANCE, type Told } from './conformance-fleet.ts'
import type { Invalidated } from './tags.ts'

/** The cases of the contract `Bus`, and of what a remote says of itself to its listener. */
export function busConformance(adapter: AdapterUnderTest): readonly ConformanceCase[] {
  return CASES.map((caseFor) => caseFor(adapter))
}

const DAY = 86_400_000
const PROBES = 5

/** The numbers of the invalidations that a process has heard, which must ascend. */
function numbersHeard(member: Member): number[] {
  const numbers = member.messages('invalidated').map(({ number }) => number)
  const ascending = [...new Set(numbers)].sort((a, b) => a - b)
  assert.deepEqual(numbers, ascending, 'messages must come once, and in the order of publishing')
  return numbers
}

/**
 * That no echo proves more than is true: a probe that was sent after an invalidation was acknowledged has run after it,
 * and must have its number.
 */
function proveOnly(member: Member, { epoch, number }: Invalidated, acknowledgedAt: Monotonic): void {
  for (const { heardAt, message } of member.of('message')) {
    if (message.type !== 'echo') continue
    assert.ok(message.sentAt <= heardAt, 'an echo must have the instant in which its probe was sent, of the own clock')
    if (message.sentAt <= acknowledgedAt || message.epoch !== epoch) continue
    assert.ok(
      message.number >= number,
      'an echo must have the instant in which its probe was sent: one of a later instant would prove what it has not heard',
    )
  }
}

/** How often a usable(true) has come, each of which must come after an answered of its own. */
function timesUsable(member: Member): number {
  let times = 0
  let isAnswered = false
  for (const told of member.told) {
    if (told.type === 'answered') isAnswered = true
    if (told.type !== 'usable') continue
    assert.equal(told.isSo, told.usable, 'usable must be told when it is so')
    assert.ok(!told.usable || isAnswered, 'answered must come before usable(true): the epoch may be another')
    if (told.usable) times++
    isAnswered = false
  }
  return times
}

/** Waits for an echo that knows of this invalidation. */
function echoed(fleet: Fleet, member: Member, { epoch, number }: Invalidated, sentence: string): Promise<void> {
  return fleet.until(sentence, () =>
    member.messages('echo').some((echo) => echo.epoch === epoch && echo.number >= number),
  )
}

const isResumed = ({ type }: Told): boolean => type === 'resumed'
const isUsable = (told: Told): boolean => told.type === 'usable' && told.usable
const isUnusable = (told: Told): boolean => told.type === 'usable' && !told.usable

const CASES: readonly CaseFor[] = [
  fact('a probe is answered before the remote is usable', async (fleet) => {
    const member = await fleet.one()
    assert.ok(timesUsable(member) > 0, 'usable(true) must come when commands can be sent')
  }),

  fact('a start is told as an interruption is', async (fleet) => {
    const member = await fleet.one()
    await fleet.until('resumed must come after a start, too', () => member.told.some(isResumed))
  }),

  fact('messages come once and in the order of publishing, to every process', async (fleet) => {
    const [p1, p2, p3] = await fleet.three()
    const first = await p1.remote.invalidate([fleet.tag()], [])
    await Promise.all(
      Array.from({ length: 60 }, (_, i) => {
        const { remote } = [p1, p2][i % 2] as Member
        return i % 3 === 0 ? remote.announce([fleet.key()], []) : remote.invalidate([fleet.tag()], [])
      }),
    )
    const last = await p2.remote.invalidate([fleet.tag()], [])
    for (const member of [p1, p2, p3]) {
      await fleet.heard(member, last)
      const numbers = numbersHeard(member)
      const count = numbers.indexOf(last.number) - numbers.indexOf(first.number)
      assert.equal(count, last.number - first.number, 'each message must come to every process, while none is cut off')
    }
  }),

  fact('a trace travels with the message, and nothing in its place', async (fleet) => {
    const [p1, p2] = await fleet.two()
    const trace = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
    const without = await p1.remote.invalidate([fleet.tag()], [])
    await p1.remote.invalidate([fleet.tag()], [fleet.key()], trace)
    const last = await p1.remote.announce([fleet.key()], [fleet.key()], trace)
    await fleet.heard(p2, last)
    const traces = p2.messages('invalidated').flatMap((one) => (one.number < without.number ? [] : [one.trace]))
    assert.deepEqual(
      traces,
      [undefined, trace, trace],
      'a message must carry the trace it was given, and none if it was given none',
    )
  }),

  fact('a pattern travels with the message', async (fleet) => {
    const [p1, p2] = await fleet.two()
    const done = await p1.remote.announce([], [], undefined, 'conformance.1:*"\\')
    const { matching, trace } = await fleet.heard(p2, done)
    assert.deepEqual(
      [matching, trace],
      ['conformance.1:*"\\', undefined],
      'a message must carry the pattern as it was given',
    )
  }),

  fact('a process hears its own invalidations', async (fleet) => {
    const p1 = await fleet.one()
    await fleet.heard(p1, await p1.remote.invalidate([fleet.tag()], []))
  }),

  fact('a probe is echoed to the process that sent it, and to no other', async (fleet) => {
    const members = await fleet.three()
    for (const member of members) {
      await fleet.until('probes must be sent at a steady interval', () => member.messages('echo').length >= PROBES)
    }
    for (const member of members) {
      const answered = member.of('answered').length
      const echoes = member.messages('echo').length
      assert.ok(
        echoes <= answered + 1,
        `only the own probes must be echoed: ${echoes} echoes, ${answered} probes answered`,
      )
    }
  }),

  fact('probes come more often than the bound, one after the other', async (fleet) => {
    const p1 = await fleet.one()
    const steady = 'probes must be sent at a steady interval'
    await fleet.until(steady, () => p1.messages('echo').length > PROBES)
    const instants = p1.messages('echo').map(({ sentAt }) => sentAt)
    const gaps = instants.slice(1).map((sentAt, i) => between(instants[i] ?? sentAt, sentAt))
    assert.ok(Math.min(...gaps) >= 0, 'echoes must come in the order in which the probes were sent')
    // Of some, because a busy machine may be late with one.
    const usual = gaps.sort((a, b) => a - b)[PROBES >> 1] ?? BOUND
    assert.ok(usual < BOUND, `${steady}, shorter than the bound of ${BOUND} ms; it was ${usual} ms`)
  }),

  fact('a probe brings the present epoch and number', async (fleet) => {
    const [p1, p2] = await fleet.two()
    const done = await p1.remote.invalidate([fleet.tag()], [])
    const acknowledgedAt = fleet.clock.now()
    for (const member of [p1, p2]) {
      const present = { epoch: done.epoch, number: done.number }
      const later = () => member.messages('echo').find(({ sentAt }) => sentAt > acknowledgedAt)
      await fleet.until('a probe must be echoed', () => later() !== undefined)
      const { epoch, number } = later() ?? {}
      assert.deepEqual({ epoch, number }, present, 'an echo must have the present epoch and number')
      await fleet.until('answered must tell the present epoch and number', () => {
        const { type: _, ...answered } = member.of('answered').at(-1) ?? { type: 'answered' }
        return isDeepStrictEqual(answered, present)
      })
      proveOnly(member, done, acknowledgedAt)
    }
  }),

  // P1   probe sent at s .......................... echo: s and the number 7. With the instant of its arrival it would
  // store            | probe: 7 | inv 8 |  backlog                              prove that P1 has heard of 8
  // P2                     invalidate: 8 ▲
  factGiven('whileBacklogged', 'an echo that was long under way proves nothing new', async (fleet, whileBacklogged) => {
    const [p1, p2] = await fleet.two()
    let done: Invalidated | undefined
    let acknowledgedAt = fleet.clock.now()
    await whileBacklogged(async () => {
      await fleet.pass(BOUND)
      done = await p2.remote.invalidate([fleet.tag()], [])
      acknowledgedAt = fleet.clock.now()
      await fleet.pass(BOUND)
    })
    assert.ok(done)
    await echoed(fleet, p1, done, 'a probe must be echoed again when the backlog is over')
    numbersHeard(p1)
    proveOnly(p1, done, acknowledgedAt)
  }),

  fact('the time of the server is told within its uncertainty', async (fleet) => {
    const p1 = await fleet.one()
    await fleet.until('each probe must measure the time', () => p1.of('serverTime').length >= PROBES)
    const askedAt = fleet.clock.now()
    const { time: asked } = await p1.remote.announce([], [])
    const answeredAt = fleet.clock.now()
    const measures = p1.of('serverTime')
    const last = measures.at(-1)
    assert.ok(last)
    for (const { time, at, uncertainty, heardAt } of measures) {
      const told = `${time} at ${at} with an uncertainty of ${uncertainty}`
      const distance = Math.abs(time - fleet.clock.wall())
      assert.ok(distance < DAY, `the time must be in milliseconds since the Unix epoch; it was ${told}`)
      assert.ok(uncertainty >= 0 && at <= heardAt, `the time must be of an instant that has been; it was ${told}`)
      const drift = Math.abs(last.time - time - between(at, last.at))
      const allowed = uncertainty + last.uncertainty + TOLERANCE
      assert.ok(drift <= allowed, `the time must be right within its uncertainty; it was ${told}, and off by ${drift}`)
    }
    const allowed = last.uncertainty + TOLERANCE
    const [earliest, latest] = [askedAt, answeredAt].map((instant) => last.time + between(last.at, instant))
    assert.ok(
      asked >= (earliest ?? 0) - allowed && asked <= (latest ?? 0) + allowed,
      `announce must answer the time of the server as probes measure it; it was ${asked}, not ${earliest} to ${latest}`,
    )
  }),

  // P2   hears 7 | deaf:      8 | resumed   echo: 8, so one was lost
  // P1              invalidate ▲                     invalidate: 9, heard
  factGiven('whileDeaf', 'after an interruption the numbers show what was lost', async (fleet, whileDeaf) => {
    const [p1, p2] = await fleet.two()
    await fleet.caughtUp()
    const before = p2.told.length
    let lost: Invalidated | undefined
    await whileDeaf(async () => {
      lost = await p1.remote.invalidate([fleet.tag()], [])
    })
    assert.ok(lost)
    await fleet.until('resumed must come after an interruption', () => p2.told.slice(before).some(isResumed))
    await echoed(fleet, p2, lost, 'after an interruption, an echo must have the number of what was lost')
    const next = await p1.remote.invalidate([fleet.tag()], [])
    await fleet.heard(p2, next)
    numbersHeard(p2)
  }),

  factGiven('whileSilent', 'a store that does not answer is not usable until it does', async (fleet, whileSilent) => {
    await outage(fleet, whileSilent)
  }),

  factGiven('whileGone', 'a store that is gone is not usable until it is back', async (fleet, whileGone) => {
    await outage(fleet, whileGone)
  }),

  fact('a remote that is closed tells nothing, sends nothing and sets no timer', async (fleet) => {
    const [p1, p2] = await fleet.two()
    await p1.close()
    const told = p1.told.length
    assert.equal(p1.remote.usable, false, 'close must end the connections: nothing is worth sending')
    await fleet.pass(BOUND)
    const { timers } = p1
    await p2.remote.invalidate([fleet.tag()], [])
    await fleet.pass(BOUND)
    assert.deepEqual(p1.told.slice(told), [], 'close must end what the listener is told')
    assert.equal(p1.timers, timers, 'close must end the probes')
  }),

  fact('what a closed remote had stored and held stays, and the others go on', async (fleet) => {
    const [p1, p2] = await fleet.two()
    const [key, held] = [fleet.key(), fleet.key()]
    const bytes = await filled(p1, key)
    await granted(p1, held)
    await p1.close()
    assert.deepEqual(await p2.read(key), bytes, 'close must leave the entries')
    const claim = await p2.remote.claim(held, undefined, BOUND)
    assert.equal(claim.type, 'busy', 'leases that a closed remote holds must end by themselves, and not before')
    await fleet.heard(p2, await p2.remote.invalidate([fleet.tag()], []))
  }),
]

/** An outage is told, its end is told after a probe was answered, and then all is as before. */
async function outage(fleet: Fleet, during: (act: () => Promise<void>) => Promise<void>): Promise<void> {
  const [p1, p2] = await fleet.two()
  const [key, before] = [fleet.key(), p1.told.length]
  await during(() =>
    fleet.until('usable(false) must come when commands are not answered', () => {
      p1.read(key).catch(() => undefined) // Some adapters notice by it.
      return p1.told.slice(before).some(isUnusable)
    }),
  )
  const from = p1.told.findLastIndex(isUnusable)
  const again = 'usable(true) must come, without being asked for, when commands can be sent again'
  await fleet.until(again, () => p1.told.slice(from).some(isUsable))
  timesUsable(p1)
  await fleet.until('usable(true) must come to every process', () => p2.remote.usable)
  const echoes = p2.messages('echo').length
  await fleet.until('probes must be echoed again', () => p2.messages('echo').length > echoes)
  await fleet.heard(p2, await p1.remote.invalidate([fleet.tag()], []))
}
