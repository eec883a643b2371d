/** Baselines against themselves: how far the other figures of the run can be believed. */

import type { Case } from '../case.ts'
import { flying, openGround, PRODUCT_TEXT } from '../ground.ts'
import { atLeast, type Turn } from '../paired.ts'
import { awaitedHits, filledMap, HITS } from './memory.ts'

const READS = 10_000

export const NOISE_CASES: readonly Case[] = [
  atLeast(undefined, {
    name: 'noise: awaited lru-cache get',
    against: 'itself',
    open() {
      const [one, other] = [filledMap(), filledMap()]
      return { operations: HITS, alone: true, baseline: () => awaitedHits(one), candidate: () => awaitedHits(other) }
    },
  }),
  atLeast(undefined, {
    name: 'noise: GET and parse',
    against: 'itself',
    async open(stack) {
      const { bare } = await openGround(stack)
      await flying(READS, (id) => bare.set(`bare:${id}`, PRODUCT_TEXT))
      const turn: Turn = () => flying(READS, async (id) => JSON.parse((await bare.get(`bare:${id}`)) ?? ''))
      return { operations: READS, baseline: turn, candidate: turn }
    },
  }),
]
