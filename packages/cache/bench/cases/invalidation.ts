/** What an invalidation costs who asks for it, and how soon it is everywhere. */

import type { Case } from '../case.ts'
import { milliseconds, quantile } from '../figures.ts'
import { type Member, openFleet } from '../fleet.ts'
import { numbers, openGround } from '../ground.ts'
import { BARE_CHANNEL, HELD_TAG, machineMs } from '../orders.ts'
import { atMost } from '../paired.ts'

const TAGGED = 100_000
const INVALIDATIONS = 40
const PROCESSES = 4
const PROPAGATION_GOAL = 3
/** Sent one after another in each round, of each kind in turn. */
const SENT = 10

/** When each member has heard of what `send` sent, after it was sent. Nothing else is under way. */
async function heardAfter(fleet: readonly Member[], send: () => Promise<unknown>): Promise<readonly number[]> {
  await Promise.all(fleet.map((member) => member.ask({ type: 'hold' }, 'holding')))
  const sentAt = machineMs()
  await send()
  const heard = await Promise.all(fleet.map((member) => member.ask({ type: 'hear' }, 'heard')))
  return heard.map(({ at }) => at - sentAt)
}

export const INVALIDATION_CASES: readonly Case[] = [
  atMost(2, {
    name: 'invalidate a tag on 100 000 keys',
    against: 'the round trip of a script that does nothing',
    async open(stack) {
      const { bare, open } = await openGround(stack)
      const cache = await open()
      let loads = 0
      const tagged = cache.resource({
        name: 'tagged',
        version: 1,
        ttl: 3_600_000,
        key: (id: number) => [id],
        tags: () => ['all'],
        load: async (id) => {
          loads++
          return { id }
        },
      })
      await tagged.warm(numbers(TAGGED), { concurrent: 32 })
      const { entries } = cache.health()
      await cache.invalidateTags(['all'])
      loads = 0
      for (const id of numbers(100)) await tagged.get(id * 1_000)
      if (entries !== TAGGED || loads !== 100) throw new Error(`${entries} entries, ${loads} of 100 were void`)

      const nothing = String(await bare.script('LOAD', 'return 1'))
      return {
        operations: INVALIDATIONS,
        baseline: async () => {
          for (let i = 0; i < INVALIDATIONS; i++) await bare.evalsha(nothing, 0)
        },
        candidate: async () => {
          for (let i = 0; i < INVALIDATIONS; i++) await cache.invalidateTags(['all'])
        },
      }
    },
  }),
  {
    name: `propagation to ${PROCESSES} processes: p99`,
    against: 'PUBLISH to bare subscribers in the same processes',
    goal: `≤ ${PROPAGATION_GOAL} ×`,
    async measure({ rounds }, stack) {
      const { url, bare, open } = await openGround(stack)
      const cache = await open()
      const fleet = await openFleet(stack, url, PROCESSES)
      const [own, other]: [number[], number[]] = [[], []]
      for (let sent = -SENT; sent < rounds * SENT; sent++) {
        const published = await heardAfter(fleet, () => bare.publish(BARE_CHANNEL, ''))
        const invalidated = await heardAfter(fleet, () => cache.invalidateTags([HELD_TAG]))
        if (sent < 0) continue
        own.push(...invalidated)
        other.push(...published)
      }
      const [p99, bareP99] = [quantile(own, 0.99), quantile(other, 0.99)]
      const describe = (values: readonly number[]): string => milliseconds(quantile(values, 0.99))
      return {
        figure: `${(p99 / bareP99).toFixed(2)} × (p50 ${(quantile(own, 0.5) / quantile(other, 0.5)).toFixed(2)} ×)`,
        kept: p99 <= PROPAGATION_GOAL * bareP99,
        candidate: describe(own),
        baseline: describe(other),
      }
    },
  },
]
