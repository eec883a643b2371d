/** Redis dead or frozen, memory cold, the source well: what readers wait, against the source alone. */

import { setTimeout as wait } from 'node:timers/promises'

import type { RunningServer } from '@shop/local-stack'

import { createCache } from '../../src/index.ts'
import { redis } from '../../src/redis/index.ts'
import type { Case } from '../case.ts'
import { difference, largest, milliseconds, quantile } from '../figures.ts'
import { numbers, openGround, PRODUCT, products } from '../ground.ts'

const SOURCE_MS = 20
/** As many as the cache lets to the source at once by default: nobody queues for it, here or there. */
const READERS = 32
const OVER_MS = 60
/** Who waits for longer is stuck. The deadline of a command is 250 ms by default. */
const STUCK_MS = 1_000
/** Before the breaker is open, at most. */
const LONGEST_OPENING_MS = 10_000

const source = async () => {
  await wait(SOURCE_MS)
  return PRODUCT
}

/** How long each of the readers waited. */
async function wave(read: (reader: number) => Promise<unknown>): Promise<readonly number[]> {
  return Promise.all(
    numbers(READERS).map(async (reader) => {
      const startedAt = performance.now()
      if ((await read(reader)) === undefined) throw new Error('a reader had no answer')
      return performance.now() - startedAt
    }),
  )
}

function outage(name: string, strike: (server: RunningServer) => void): Case {
  return {
    name: `${name}, L1 cold: p99 once the breaker is open`,
    against: `a source of ${SOURCE_MS} ms alone`,
    goal: `≤ + ${OVER_MS} ms, none stuck`,
    async measure({ rounds }, stack) {
      const { url, server } = await openGround(stack)
      // Every option as it comes.
      const cache = stack.adopt(createCache({ name: 'bench', redis: redis({ url }) }), (opened) => opened.close())
      if (!(await cache.ready({ timeout: 10_000 }))) throw new Error('the cache did not become ready')
      const resource = products(cache, { load: source })
      let id = 0
      const readNext = () => resource.get(id++)
      for (let warm = 0; warm < 3; warm++) await wave(readNext)

      strike(server)
      const [opening, open, alone]: [number[], number[], number[]] = [[], [], []]
      for (const struckAt = performance.now(); cache.health().redis !== 'down'; ) {
        opening.push(...(await wave(readNext)))
        if (performance.now() - struckAt > LONGEST_OPENING_MS) throw new Error('the breaker did not open')
      }
      for (let round = 0; round < rounds; round++) {
        alone.push(...(await wave(source)))
        open.push(...(await wave(readNext)))
      }
      if (cache.health().redis !== 'down') throw new Error('the breaker did not stay open')
      const over = quantile(open, 0.99) - quantile(alone, 0.99)
      const longest = largest([...opening, ...open])
      return {
        figure: `${difference(over)}, longest ${milliseconds(longest)}`,
        kept: over <= OVER_MS && longest <= STUCK_MS,
        candidate: milliseconds(quantile(open, 0.99)),
        baseline: milliseconds(quantile(alone, 0.99)),
      }
    },
  }
}

export const OUTAGE_CASES: readonly Case[] = [
  outage('Redis dead', (server) => server.kill('SIGKILL')),
  outage('Redis frozen', (server) => server.kill('SIGSTOP')),
]
