/** What a tag store must do (tags.ts), as cases. */

import assert from 'node:assert/strict'

import { identityOf } from './codec.ts'
import {
  type AdapterUnderTest,
  type CaseFor,
  type ConformanceCase,
  entryOf,
  fact,
  factGiven,
  filled,
  granted,
  LONG,
  rejections,
} from './conformance.ts'
import type { Fleet, Member } from './conformance-fleet.ts'
import type { TagState } from './tags.ts'

/** The cases of the contract `TagStore`. */
export function tagsConformance(adapter: AdapterUnderTest): readonly ConformanceCase[] {
  return CASES.map((caseFor) => caseFor(adapter))
}

/** Who is quick sees what is removed too late: some of many, when many are removed at once. */
const ROUNDS = 3
const AT_ONCE = 60

/** The state of one tag, which must be there after minting. */
async function minted({ remote }: Member, tag: string): Promise<TagState> {
  const { states } = await remote.tags([tag], true)
  assert.equal(states.length, 1, 'tags must answer for each tag that is asked for')
  assert.ok(states[0]?.nonce, 'tags with mint must give each missing tag a nonce')
  return states[0]
}

async function stateOf({ remote }: Member, tag: string): Promise<TagState | undefined> {
  const { states } = await remote.tags([tag], false)
  return plain(states[0])
}

/** The two facts of a state, without what else an adapter keeps there. */
function plain(state: TagState | undefined): TagState | undefined {
  return state && { nonce: state.nonce, number: state.number }
}

/** The words of the present epoch: its own, and the nonces of a tag that is minted and then invalidated in it. */
async function words({ remote }: Member, tag: string): Promise<string[]> {
  const { epoch, states } = await remote.tags([tag], true)
  const { nonce } = await remote.invalidate([tag], [])
  return [epoch, states[0]?.nonce ?? '', nonce]
}

/** That no word of before comes again when the store has forgotten something. `forget` adds the words of meanwhile. */
async function noWordAgain(
  fleet: Fleet,
  forget: (member: Member, tag: string, used: string[]) => Promise<void>,
): Promise<void> {
  const member = await fleet.one()
  const tag = fleet.tag()
  const used = await words(member, tag)
  await forget(member, tag, used)
  let after: string[] | undefined
  await fleet.until('commands must be possible again', async () => {
    after = await words(member, tag).catch(() => undefined)
    return after !== undefined
  })
  const again = after?.filter((word) => used.includes(word))
  assert.deepEqual(again, [], 'what the store forgets must begin another epoch, and bring no nonce again')
}

const CASES: readonly CaseFor[] = [
  fact('a missing tag that is not minted is undefined, and stays missing', async (fleet) => {
    const [p1, p2] = await fleet.two()
    const tag = fleet.tag()
    for (const member of [p1, p2, p1]) {
      assert.equal(await stateOf(member, tag), undefined, 'tags without mint must give undefined for a missing tag')
    }
  }),

  fact('tags are answered in the order asked for', async (fleet) => {
    const [p1, p2] = await fleet.two()
    const [one, missing, two] = [fleet.tag(), fleet.tag(), fleet.tag()]
    const first = await minted(p1, one)
    await p1.remote.invalidate([fleet.tag()], [])
    const second = await minted(p1, two)
    const [all, some] = await Promise.all([
      p2.remote.tags([two, missing, one], false),
      p2.remote.tags([one, two], false),
    ])
    const expected = [second, undefined, first, first, second].map(plain)
    const states = [...all.states, ...some.states].map(plain)
    assert.deepEqual(
      states,
      expected,
      'tags must answer each call in the order asked for, with what others have minted',
    )
  }),

  fact('a missing tag is minted with the number of the latest invalidation of any tag', async (fleet) => {
    const [p1, p2] = await fleet.two()
    for (let i = 0; i < 3; i++) await p1.remote.invalidate([fleet.tag()], [])
    const { number } = await p2.remote.invalidate([fleet.tag()], [fleet.key()])
    const state = await minted(p1, fleet.tag())
    assert.equal(state.number, number, 'tags with mint must give a missing tag the present number')
  }),

  fact('two that mint one tag at once are given the same nonce', async (fleet) => {
    const [p1, p2] = await fleet.two()
    const tag = fleet.tag()
    const states = await Promise.all([p1, p1, p2].map((member) => minted(member, tag)))
    const state = await stateOf(p2, tag)
    assert.deepEqual(states.map(plain), [state, state, state], 'a tag must be minted only while it is missing')
  }),

  fact('minting leaves the tags that are there as they are', async (fleet) => {
    const p1 = await fleet.one()
    const [known, missing] = [fleet.tag(), fleet.tag()]
    const { number, nonce } = await p1.remote.invalidate([known], [])
    const { states } = await p1.remote.tags([known, missing], true)
    assert.deepEqual(plain(states[0]), { nonce, number }, 'tags with mint must give a nonce to missing tags only')
    assert.notEqual(states[1]?.nonce, nonce, 'tags with mint must give a missing tag a new nonce')
  }),

  fact('each invalidation counts one up, whoever asks for it and whatever it names', async (fleet) => {
    const [p1, p2] = await fleet.two()
    const tag = fleet.tag()
    const done = [
      await p1.remote.invalidate([tag], []),
      await p2.remote.invalidate([fleet.tag()], []),
      await p1.remote.invalidate([], [fleet.key()]),
      await p1.remote.announce([fleet.key()], []),
      await p2.remote.invalidate([tag, fleet.tag()], [fleet.key()]),
      await p2.remote.announce([], [fleet.key()]),
    ]
    const from = done[0]?.number ?? 0
    const numbers = done.map(({ number }) => number)
    const expected = done.map((_, i) => from + i)
    assert.deepEqual(numbers, expected, 'invalidate and announce must count one up: one count for all, without gaps')
    assert.equal(new Set(done.map(({ epoch }) => epoch)).size, 1, 'an epoch must last until something is lost')
  }),

  fact('an invalidation gives each of its tags a new nonce with its number', async (fleet) => {
    const [p1, p2] = await fleet.two()
    const [known, missing, other] = [fleet.tag(), fleet.tag(), fleet.tag()]
    const [before, untouched] = [await minted(p1, known), await minted(p1, other)]
    const { epoch, number, nonce } = await p1.remote.invalidate([known, missing], [])
    assert.notEqual(nonce, before.nonce, 'invalidate must give each tag a new nonce')
    const reading = await p2.remote.tags([known, missing, other], false)
    assert.deepEqual(
      reading.states.map(plain),
      [{ nonce, number }, { nonce, number }, plain(untouched)],
      'invalidate must give each of its tags the nonce and the number that it answers, before it resolves, and no other',
    )
    assert.equal(reading.epoch, epoch, 'invalidate must answer the epoch in which it counted')
    const again = await p2.remote.invalidate([known], [])
    assert.ok(![before.nonce, nonce].includes(again.nonce), 'invalidate must give each tag a new nonce')
  }),

  fact('an invalidation removes entry and lease of each of its keys, and of no others', async (fleet) => {
    const [p1, p2] = await fleet.two()
    const [one, two, other] = [fleet.key(), fleet.key(), fleet.key()]
    const held = new Map<string, Buffer>()
    for (const key of [one, two, other]) {
      held.set(key, await filled(p1, key))
      await granted(p1, key, identityOf(held.get(key) as Buffer))
    }
    await p2.remote.invalidate([fleet.tag()], [one, two])
    for (const key of [one, two]) {
      assert.equal(await p1.read(key), undefined, 'invalidate must remove the entry of each key')
      await granted(p2, key)
    }
    assert.deepEqual(await p2.read(other), held.get(other), 'invalidate must leave the entries of other keys')
    const claim = await p2.remote.claim(other, identityOf(held.get(other) as Buffer), LONG)
    assert.equal(claim.type, 'busy', 'invalidate must leave the leases of other keys')
  }),

  // P1   invalidate k: entry and lease gone, message published
  // P2                                          heard: reads k, and fills it under the token of before
  fact('entry and lease are gone before the message is heard', async (fleet) => {
    const members = await fleet.three()
    const [p1] = members
    const looks: Promise<[Buffer | undefined, boolean]>[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const tokens = new Map<string, string>()
      const keys = Array.from({ length: AT_ONCE }, () => fleet.key())
      const hold = async (key: string): Promise<void> => {
        tokens.set(key, await granted(p1, key, identityOf(await filled(p1, key))))
      }
      await Promise.all(keys.map(hold))
      for (const member of members) {
        member.onMessage = (message) => {
          for (const key of message.type === 'invalidated' ? message.keys : []) {
            const fill = member.remote.fill(key, tokens.get(key) ?? '', entryOf(key, 'old'), LONG)
            const look = Promise.all([member.read(key), fill])
            look.catch(() => undefined) // It is awaited below.
            looks.push(look)
          }
        }
      }
      await Promise.all(keys.map((key) => p1.remote.invalidate([], [key])))
      await fleet.caughtUp()
    }
    for (const [bytes, isStored] of await Promise.all(looks)) {
      assert.equal(bytes, undefined, 'invalidate must remove the entry, then publish')
      assert.equal(isStored, false, 'invalidate must remove the lease, then publish')
    }
  }),

  fact('an invalidation is told to every process as it was asked for', async (fleet) => {
    const [p1, p2] = await fleet.two()
    const [tags, keys] = [
      [fleet.tag(), fleet.tag()],
      [fleet.key(), fleet.key()],
    ]
    const done = await p1.remote.invalidate(tags, keys)
    const { epoch, number, nonce } = done
    for (const member of [p1, p2]) {
      const expected = { type: 'invalidated', epoch, number, nonce, tags, keys, stale: [] }
      assert.deepEqual(await fleet.heard(member, done), expected, 'invalidate must publish what it did')
    }
  }),

  fact('an announcement is told to every process, and removes nothing', async (fleet) => {
    const [p1, p2] = await fleet.two()
    const [changed, stale, tag] = [fleet.key(), fleet.key(), fleet.tag()]
    const state = await minted(p1, tag)
    const old = await filled(p1, changed, 'old')
    const aged = await filled(p1, stale, 'aged')
    const token = await granted(p1, changed, identityOf(old))
    const done = await p2.remote.announce([changed], [stale])
    for (const member of [p1, p2]) {
      const { nonce: _, ...message } = await fleet.heard(member, done)
      const { epoch, number } = done
      const expected = { type: 'invalidated', epoch, number, tags: [], keys: [changed], stale: [stale] }
      assert.deepEqual(message, expected, 'announce must publish which entries have changed, and which are stale')
    }
    assert.deepEqual(await p1.read(changed), old, 'announce must remove no entry')
    assert.deepEqual(await p1.read(stale), aged, 'announce must remove no entry')
    assert.deepEqual(await stateOf(p1, tag), plain(state), 'announce must leave the tags as they are')
    assert.equal(await p1.remote.fill(changed, token, old, LONG), true, 'announce must remove no lease')
  }),

  fact('renew begins another epoch, in which the count goes on and the tags are missing', async (fleet) => {
    const [p1, p2] = await fleet.two()
    const tag = fleet.tag()
    const before = await p1.remote.invalidate([tag], [])
    const renewed = await p1.remote.renew()
    assert.notEqual(renewed.epoch, before.epoch, 'renew must begin another epoch')
    assert.ok(
      renewed.number > before.number,
      'renew must count on: a number that came down would look older than it is',
    )
    const { epoch, states } = await p2.remote.tags([tag], false)
    assert.equal(epoch, renewed.epoch, 'renew must begin another epoch for every process, before it resolves')
    assert.equal(states[0], undefined, 'a tag of an earlier epoch must count as missing: its number says nothing here')
    const after = await p2.remote.invalidate([tag], [])
    assert.equal(after.epoch, renewed.epoch, 'an epoch must last until something is lost')
    assert.equal(after.number, renewed.number + 1, 'invalidate must count one up')
    assert.notEqual(after.nonce, before.nonce, 'no nonce may come again')
  }),

  factGiven('evictTag', 'a tag that was lost is missing, and is minted as another', async (fleet, evictTag) => {
    const [p1, p2] = await fleet.two()
    const tag = fleet.tag()
    const first = await minted(p1, tag)
    const { nonce } = await p1.remote.invalidate([tag], [])
    const { number } = await p2.remote.invalidate([fleet.tag()], [])
    await evictTag(tag)
    assert.equal(await stateOf(p2, tag), undefined, 'tags without mint must give undefined for a missing tag')
    const again = await minted(p2, tag)
    assert.ok(![first.nonce, nonce].includes(again.nonce), 'a tag that was lost must not be given an earlier nonce')
    assert.equal(again.number, number, 'nobody knows when a missing tag was invalidated: it has the present number')
  }),

  factGiven('loseEverything', 'after everything was lost another epoch begins', (fleet, loseEverything) =>
    noWordAgain(fleet, () => loseEverything()),
  ),

  // tag is a | snapshot | tag is b | the snapshot again: tag is a, or counted on to b, and entries with a or b are believed
  factGiven('rollBack', 'after a restart from an older snapshot another epoch begins', (fleet, rollBack) =>
    noWordAgain(fleet, (member, tag, used) =>
      rollBack(async () => {
        used.push(...(await words(member, tag)))
      }),
    ),
  ),

  ...rejections({
    tags: (remote) => remote.tags(['unread'], true),
    invalidate: (remote) => remote.invalidate(['unread'], ['conformance.1:unread']),
    announce: (remote) => remote.announce([], []),
    renew: (remote) => remote.renew(),
  }),
]
