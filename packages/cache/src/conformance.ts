/**
 * What the conformance suites are made of. How to use them is in docs/adapters.md.
 *
 * A case is a name and a function, so any test runner will do. It fails with the sentence of the contract that the adapter
 * has broken. What only the author of an adapter can do to its store is a lever, and a case that needs a lever that is not
 * given says in its name that it is left out.
 */

import assert from 'node:assert/strict'

import { type Millis, millis, type ServerMs } from './clock.ts'
import { contentHash, encodeEntry } from './codec.ts'
import { type ConformanceTime, Fleet, type Member } from './conformance-fleet.ts'
import type { OpenRemote, Remote } from './remote.ts'

/** One fact about an adapter. */
export interface ConformanceCase {
  /** The fact; and that it is left out, where it is. */
  readonly name: string
  /** The lever that the adapter does not give: then `run` does nothing. Absent when the case is played. */
  readonly omitted?: keyof Levers
  /** Resolves when the fact holds. Rejects, in finite time, with the sentence of the contract that is broken. */
  readonly run: () => Promise<void>
}

/** What befalls a store. Each resolves when it has happened; one with an `act` also ends when the act rejects, and rejects then. */
export interface Levers {
  /** The store forgets everything: entries, leases, tags, epoch and count. Connections stay. */
  readonly loseEverything: () => Promise<void>
  /** The store forgets one tag, as when it evicts it. */
  readonly evictTag: (tag: string) => Promise<void>
  /** What `act` changes is undone afterwards, as by a restart from an older snapshot. */
  readonly rollBack: (act: () => Promise<void>) => Promise<void>
  /** No process hears the bus while `act` runs; what is published meanwhile may be lost. They hear again by themselves. */
  readonly whileDeaf: (act: () => Promise<void>) => Promise<void>
  /** What is published while `act` runs reaches every process only afterwards, in order. Commands are answered. */
  readonly whileBacklogged: (act: () => Promise<void>) => Promise<void>
  /** The store keeps its connections and answers nothing while `act` runs. */
  readonly whileSilent: (act: () => Promise<void>) => Promise<void>
  /** The store is not there while `act` runs: connections break, and none can be made. It may come back empty. */
  readonly whileGone: (act: () => Promise<void>) => Promise<void>
}

export interface AdapterUnderTest extends Partial<Levers> {
  /** Opens one more process on the one store. It is always called with the name `conformance` and a bound of 500 ms. */
  readonly open: OpenRemote
  /**
   * A `ManualClock` makes the suites fast, for a store that lives in the process of the test.
   * @default the system clock
   */
  readonly time?: ConformanceTime
}

/** Makes a case of an adapter. */
export type CaseFor = (adapter: AdapterUnderTest) => ConformanceCase

/** A duration of which no case sees the end. */
export const LONG: Millis = millis(60_000)

/** A case for every adapter. */
export function fact(name: string, run: (fleet: Fleet) => Promise<void>): CaseFor {
  return ({ open, time }) => ({
    name,
    async run() {
      const fleet = new Fleet(open, time)
      try {
        await run(fleet)
      } finally {
        await fleet.close()
      }
    },
  })
}

/** A case for adapters with this lever. */
export function factGiven<L extends keyof Levers>(
  lever: L,
  name: string,
  run: (fleet: Fleet, pull: Levers[L]) => Promise<void>,
): CaseFor {
  return (adapter) => {
    const pull = adapter[lever] as Levers[L] | undefined
    if (pull) return fact(name, (fleet) => run(fleet, pull))(adapter)
    return { name: `${name} (left out: no ${lever})`, omitted: lever, run: async () => undefined }
  }
}

/** That methods reject with a `CACHE_REMOTE_*` error, in finite time, when they cannot do their work (remote.ts). */
export function rejections(calls: Readonly<Record<string, (remote: Remote) => Promise<unknown>>>): readonly CaseFor[] {
  const names = Object.keys(calls).join(', ')
  const allReject = (fleet: Fleet, { remote }: Member): Promise<void> =>
    fleet.reject(new Map(Object.entries(calls).map(([name, call]) => [name, call(remote)])))
  return [
    fact(`after close these reject: ${names}`, async (fleet) => {
      const [member] = await fleet.two() // The other keeps the test's process alive: timers of the system clock do not.
      await member.close()
      await allReject(fleet, member)
    }),
    factGiven('whileGone', `without a store these reject in finite time: ${names}`, async (fleet, whileGone) => {
      const member = await fleet.one()
      await whileGone(() => allReject(fleet, member))
    }),
    factGiven(
      'whileSilent',
      `with a silent store these reject in finite time: ${names}`,
      async (fleet, whileSilent) => {
        const member = await fleet.one()
        await whileSilent(() => allReject(fleet, member))
      },
    ),
  ]
}

/** Bytes of an entry, as the cache makes them. */
export function entryOf(key: string, value: Buffer | string): Buffer {
  const payload = Buffer.from(value)
  const instant = 0 as ServerMs
  return encodeEntry(key, {
    absent: false,
    epoch: 'epoch',
    loadedAt: instant,
    staleAt: instant,
    expiresAt: instant,
    loadMs: 0,
    stamps: [],
    hash: contentHash(payload),
    payload,
  })
}

/** The token of a claim that must be granted. */
export async function granted(
  { remote }: Member,
  key: string,
  rejected: Buffer | undefined = undefined,
  duration: Millis = LONG,
): Promise<string> {
  const claim = await remote.claim(key, rejected, duration)
  assert.ok(
    claim.type === 'granted',
    `claim must grant the lease when there is no entry and nobody holds it; it said ${claim.type}`,
  )
  return claim.token
}

/** The bytes of an entry that was stored, as it must be under a lease. */
export async function filled(
  member: Member,
  key: string,
  value: Buffer | string = 'value',
  lifetime: Millis = LONG,
): Promise<Buffer> {
  const bytes = entryOf(key, value)
  const token = await granted(member, key)
  assert.equal(await member.remote.fill(key, token, bytes, lifetime), true, 'fill must store while the token stands')
  return bytes
}
