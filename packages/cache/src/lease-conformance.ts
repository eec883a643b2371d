/** What leases must do (lease.ts), as cases. */

import assert from 'node:assert/strict'

import { millis } from './clock.ts'
import { identityOf } from './codec.ts'
import {
  type AdapterUnderTest,
  type CaseFor,
  type ConformanceCase,
  entryOf,
  fact,
  filled,
  granted,
  LONG,
  rejections,
} from './conformance.ts'
import type { Fleet, Member } from './conformance-fleet.ts'
import type { LeaseEnd } from './lease.ts'

/** The cases of the contract `Leases`. */
export function leaseConformance(adapter: AdapterUnderTest): readonly ConformanceCase[] {
  return CASES.map((caseFor) => caseFor(adapter))
}

const SHORT = millis(150)
/** More than anyone would send as one command. */
const MANY = 300
const TRACE = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
const STORED: LeaseEnd = { type: 'stored' }
const ENDS: readonly LeaseEnd[] = [
  STORED,
  { type: 'unshared', trace: TRACE },
  { type: 'not-stored' },
  { type: 'failed', errorName: 'TypeError' },
]
const NO_IDENTITY = Buffer.alloc(4)

/** That a token does not stand: nothing can be stored under it, and nothing is. */
async function refused(member: Member, key: string, token: string): Promise<void> {
  const before = await member.read(key)
  const stored = await member.remote.fill(key, token, entryOf(key, 'refused'), LONG)
  assert.equal(stored, false, 'fill must answer false when its token does not stand')
  assert.deepEqual(await member.read(key), before, 'fill must store only while its token stands')
}

/** That a token stands. */
async function stands(member: Member, key: string, token: string): Promise<void> {
  const bytes = entryOf(key, 'the holder loaded this')
  assert.equal(await member.remote.fill(key, token, bytes, LONG), true, 'a token must stand until its lease ends')
  assert.deepEqual(await member.read(key), bytes, 'fill must store the bytes that it is given')
}

/** Notes a process as waiting for the lease of a key. */
async function waits({ remote }: Member, key: string, rejected?: Buffer): Promise<void> {
  const claim = await remote.claim(key, rejected, LONG)
  assert.equal(claim.type, 'busy', 'claim must say that another process has the lease, while one has it')
}

function endsHeard(member: Member, key: string): LeaseEnd[] {
  const all = member.messages('lease-ended').filter((message) => message.key === key)
  return all.map(({ end }) => end)
}

/** That of a lease's end `waiting` hear `end`, once, and others nothing. */
async function toldTo(fleet: Fleet, key: string, end: LeaseEnd, waiting: Member[], others: Member[]): Promise<void> {
  for (const member of waiting) {
    await fleet.until('who waits for a lease must be told of its end', () => endsHeard(member, key).length > 0)
  }
  await fleet.caughtUp()
  for (const member of waiting) {
    assert.deepEqual(endsHeard(member, key), [end], 'who waits must be told the end as it was given, and once')
  }
  for (const member of others) {
    assert.deepEqual(endsHeard(member, key), [], 'the end of a lease must be told only to who was noted as waiting')
  }
}

const CASES: readonly CaseFor[] = [
  fact('of many that claim at once, one is granted the lease', async (fleet) => {
    const members = await fleet.three()
    const key = fleet.key()
    const claims = await Promise.all(members.map(({ remote }) => remote.claim(key, undefined, LONG)))
    const types = claims.map(({ type }) => type).sort()
    assert.deepEqual(types, ['busy', 'busy', 'granted'], 'claim must grant the lease to one, and say so to the others')
    for (const claim of claims) {
      if (claim.type !== 'busy') continue
      assert.ok(claim.endsIn > 0 && claim.endsIn <= LONG, `busy must say when the lease ends; it said ${claim.endsIn}`)
    }
  }),

  fact('leases of two keys know nothing of each other', async (fleet) => {
    const [p1, p2] = await fleet.two()
    const [one, two] = [fleet.key(), fleet.key()]
    const token = await granted(p1, one)
    await stands(p2, two, await granted(p2, two))
    await refused(p2, two, token)
    await stands(p1, one, token)
  }),

  fact('what one process asks for at once is answered each for itself', async (fleet) => {
    const [p1, p2] = await fleet.two()
    const [free, there, held] = [fleet.key(), fleet.key(), fleet.key()]
    await filled(p1, there)
    await granted(p2, held)
    const asked = [free, there, free, held]
    const claims = await Promise.all(asked.map((key) => p1.remote.claim(key, undefined, LONG)))
    const types = claims.map(({ type }) => type)
    assert.deepEqual(types, ['granted', 'found', 'busy', 'busy'], 'claim must answer each call for its own key')

    const keys = Array.from({ length: MANY }, () => fleet.key())
    const tokens = await Promise.all(keys.map((key) => granted(p1, key)))
    const bytes = keys.map((key) => entryOf(key, key))
    const fills = keys.map((key, i) => {
      const token = i % 2 === 0 ? tokens[i] : tokens[i - 1]
      return p1.remote.fill(key, token ?? '', bytes[i] ?? NO_IDENTITY, LONG)
    })
    const expected = bytes.map((_, i) => i % 2 === 0)
    assert.deepEqual(await Promise.all(fills), expected, 'fill must answer each call for its own key')
    const stored = bytes.map((entry, i) => (i % 2 === 0 ? entry : undefined))
    assert.deepEqual([...(await p2.remote.read(keys))], stored, 'fill must store each value under its own key')
  }),

  fact('a claim finds the entry, and takes no lease', async (fleet) => {
    const [p1, p2] = await fleet.two()
    const key = fleet.key()
    const bytes = await filled(p1, key)
    const found = { type: 'found', bytes }
    for (const rejected of [undefined, NO_IDENTITY, identityOf(entryOf(key, 'another'))]) {
      const claim = await p2.remote.claim(key, rejected, LONG)
      assert.deepEqual(claim, found, 'claim must return the entry, unless its identity is the rejected one')
    }
    await granted(p1, key, identityOf(bytes))
  }),

  fact('an entry whose identity is rejected counts as absent', async (fleet) => {
    const [p1, p2] = await fleet.two()
    const key = fleet.key()
    const old = await filled(p1, key, 'old')
    const token = await granted(p2, key, identityOf(old))
    await waits(p1, key, identityOf(old))
    const claim = await p1.remote.claim(key, undefined, LONG)
    const found = { type: 'found', bytes: old }
    assert.deepEqual(claim, found, 'claim must return the entry to who does not reject it, whoever has the lease')
    await stands(p2, key, token)
  }),

  fact('no token is granted twice', async (fleet) => {
    const members = await fleet.two()
    const key = fleet.key()
    const tokens: string[] = []
    for (const member of [...members, ...members, ...members]) {
      const token = await granted(member, key)
      await member.remote.release(key, token, { type: 'not-stored' })
      tokens.push(token, await member.remote.seize(key, LONG))
      await member.remote.release(key, tokens.at(-1) ?? '', { type: 'not-stored' })
    }
    assert.equal(new Set(tokens).size, tokens.length, `a token must be a word that is never used twice: ${tokens}`)
  }),

  ...(['claim', 'seize'] as const).map((how) =>
    fact(`a lease ends by itself after its duration: ${how}`, async (fleet) => {
      const [p1, p2] = await fleet.two()
      const key = fleet.key()
      let token = ''
      const takes = async (): Promise<void> => {
        token = how === 'claim' ? await granted(p1, key, undefined, SHORT) : await p1.remote.seize(key, SHORT)
      }
      const isOver = async (): Promise<boolean> => {
        const claim = await p2.remote.claim(key, undefined, LONG)
        if (claim.type === 'busy') assert.ok(claim.endsIn <= SHORT, 'busy must say when the lease ends')
        return claim.type === 'granted'
      }
      await fleet.ends(`${how} must give the lease for its duration; then it must end by itself`, SHORT, takes, isOver)
      await refused(p1, key, token)
    }),
  ),

  fact('the duration of a lease need not be whole', async (fleet) => {
    const p1 = await fleet.one()
    const [claimed, seized] = [fleet.key(), fleet.key()]
    const duration = millis(LONG + 0.25)
    await stands(p1, claimed, await granted(p1, claimed, undefined, duration))
    await stands(p1, seized, await p1.remote.seize(seized, duration))
  }),

  fact('a holder that stood still past its lease stores nothing, though nobody came after it', async (fleet) => {
    const p1 = await fleet.one()
    const key = fleet.key()
    const token = await granted(p1, key, undefined, SHORT)
    await fleet.pass(2 * SHORT)
    await refused(p1, key, token)
  }),

  // P1   claim a ------------------------------ fill a: refused
  // P2             seize b --- write -------------------------- fill b: stored
  fact('seize takes the lease from its holder, and leaves the entry', async (fleet) => {
    const [p1, p2] = await fleet.two()
    const key = fleet.key()
    const old = await filled(p1, key, 'old')
    const token = await granted(p1, key, identityOf(old))
    const earlier = await p1.remote.seize(key, LONG)
    const later = await p2.remote.seize(key, LONG)
    assert.deepEqual(await p1.read(key), old, 'seize must leave the entry where it is')
    await waits(p1, key, identityOf(old))
    await refused(p1, key, token)
    await refused(p1, key, earlier)
    await stands(p2, key, later)
  }),

  fact('a fill under a foreign token is refused, and the lease stands', async (fleet) => {
    const [p1, p2] = await fleet.two()
    const key = fleet.key()
    await refused(p2, key, 'a word that nobody was given')
    const token = await granted(p1, key)
    await waits(p2, key)
    await refused(p2, key, 'a word that nobody was given')
    assert.deepEqual(endsHeard(p2, key), [], 'a fill that is refused must wake nobody')
    await stands(p1, key, token)
  }),

  // P1   claim a ----- load (old) ----------------------------- fill a: refused
  // P2                    invalidate: entry and lease gone
  // P3                        claim b --- load (new) ------------------- fill b: stored
  fact('a fill after its key was invalidated is refused', async (fleet) => {
    const [p1, p2, p3] = await fleet.three()
    const key = fleet.key()
    const old = await granted(p1, key)
    await p2.remote.invalidate([], [key])
    await refused(p1, key, old)
    const current = await granted(p3, key)
    await refused(p1, key, old)
    await stands(p3, key, current)
  }),

  fact('a fill ends the lease: its token stores once', async (fleet) => {
    const [p1, p2] = await fleet.two()
    const key = fleet.key()
    const token = await granted(p1, key)
    await stands(p1, key, token)
    await refused(p1, key, token)
    const bytes = await p2.read(key)
    await stands(p2, key, await granted(p2, key, bytes && identityOf(bytes)))
  }),

  fact('a fill stores for its lifetime', async (fleet) => {
    const [p1, p2] = await fleet.two()
    const key = fleet.key()
    const lifetime = millis(SHORT + 0.25) // What is left of a ttl is seldom whole.
    const fills = (): Promise<Buffer> => filled(p1, key, 'value', lifetime)
    const isGone = async (): Promise<boolean> => (await p2.read(key)) === undefined
    await fleet.ends('fill must store the bytes for their lifetime', lifetime, fills, isGone)
    await granted(p2, key)
  }),

  fact('a fill wakes who waits, and nobody else', async (fleet) => {
    const [p1, p2, p3, p4] = [...(await fleet.three()), await fleet.one()]
    const key = fleet.key()
    const token = await granted(p1, key)
    await waits(p2, key)
    await waits(p3, key)
    await stands(p1, key, token)
    await toldTo(fleet, key, STORED, [p2, p3], [p1, p4])
  }),

  fact('a fill tells its trace to who waits', async (fleet) => {
    const [p1, p2, p3] = await fleet.three()
    const key = fleet.key()
    const token = await granted(p1, key)
    await waits(p2, key)
    await p1.remote.fill(key, token, entryOf(key, 'traced'), LONG, TRACE)
    await toldTo(fleet, key, { ...STORED, trace: TRACE }, [p2], [p1, p3])
  }),

  fact('who waits for a lease that is seized is woken by its new holder', async (fleet) => {
    const [p1, p2, p3] = await fleet.three()
    const key = fleet.key()
    await granted(p1, key)
    await waits(p2, key)
    await stands(p3, key, await p3.remote.seize(key, LONG))
    await toldTo(fleet, key, STORED, [p2], [p1, p3])
  }),

  ...ENDS.map((end) =>
    fact(`a release ends the lease, and tells who waits: ${end.type}`, async (fleet) => {
      const [p1, p2, p3] = await fleet.three()
      const key = fleet.key()
      const token = await granted(p1, key)
      await waits(p2, key)
      await p1.remote.release(key, token, end)
      assert.equal(await p1.read(key), undefined, 'release must end the lease without storing')
      await refused(p1, key, token)
      const next = await granted(p3, key)
      await p3.remote.release(key, next, { type: 'not-stored' })
      await toldTo(fleet, key, end, [p2], [p1, p3])
    }),
  ),

  fact('a release under a foreign token does nothing', async (fleet) => {
    const [p1, p2] = await fleet.two()
    const key = fleet.key()
    const ended = await granted(p2, key)
    await p2.remote.release(key, ended, { type: 'not-stored' })
    const token = await granted(p1, key)
    await waits(p2, key)
    await p2.remote.release(key, ended, { type: 'not-stored' })
    await toldTo(fleet, key, STORED, [], [p1, p2])
    await stands(p1, key, token)
  }),

  fact('replace puts bytes in place of those with its identity, and of no others', async (fleet) => {
    const [p1, p2] = await fleet.two()
    const [key, empty] = [fleet.key(), fleet.key()]
    const one = await filled(p1, key, 'one')
    const two = entryOf(key, 'two')
    const only = 'replace must put bytes only in place of those with this identity'
    assert.equal(await p2.remote.replace(empty, NO_IDENTITY, two), false, `${only}; here there were none`)
    assert.equal(await p2.read(empty), undefined, `${only}; here there were none`)
    assert.equal(await p2.remote.replace(key, identityOf(two), two), false, `${only}; here there were others`)
    assert.deepEqual(await p1.read(key), one, `${only}; here there were others`)
    assert.equal(await p2.remote.replace(key, identityOf(one), two), true, 'replace must say when it has replaced')
    assert.deepEqual(await p1.read(key), two, 'replace must put the bytes that it is given')
    assert.equal(await p1.remote.replace(key, identityOf(one), one), false, `${only}; these had been replaced`)
  }),

  fact('what is put in place of bytes lives only as long as those had left', async (fleet) => {
    const [p1, p2] = await fleet.two()
    const key = fleet.key()
    const lifetime = millis(4 * SHORT)
    let old: Buffer | undefined
    const fills = async (): Promise<void> => {
      old = await filled(p1, key, 'one', lifetime)
    }
    const isGone = async (): Promise<boolean> => {
      if (old) {
        await fleet.pass(SHORT)
        const replaced = await p2.remote.replace(key, identityOf(old), entryOf(key, 'two'))
        assert.equal(replaced, true, 'replace must put bytes in place of those with this identity')
        old = undefined
      }
      return (await p2.read(key)) === undefined
    }
    await fleet.ends('replace must leave the bytes as long as those before had left', lifetime, fills, isGone)
  }),

  ...rejections({
    claim: (remote) => remote.claim('conformance.1:unclaimed', undefined, SHORT),
    seize: (remote) => remote.seize('conformance.1:unclaimed', SHORT),
    fill: (remote) => remote.fill('conformance.1:unclaimed', 'none', entryOf('', ''), SHORT),
    replace: (remote) => remote.replace('conformance.1:unclaimed', NO_IDENTITY, entryOf('', '')),
    release: (remote) => remote.release('conformance.1:unclaimed', 'none', { type: 'not-stored' }),
  }),
]
