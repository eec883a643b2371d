/** Many callers at once for what nobody has, against the one load that all of them need. */

import { setTimeout as wait } from 'node:timers/promises'

import type { Case } from '../case.ts'
import { difference, largest, median, milliseconds, quantile } from '../figures.ts'
import { openFleet } from '../fleet.ts'
import { numbers, openGround, PRODUCT, products } from '../ground.ts'
import { LOAD_MS, machineMs } from '../orders.ts'

const CALLERS = 10_000
const PROCESSES = 4
const CALLERS_EACH = 500
const KEYS = 20
const AFTER_MS = 20
/** Orders reach all members before they are due. */
const AHEAD_MS = 30

/** The first are not counted. A round takes at least as long as its load, so there are not many. */
const WARM_UP = 3
const roundsOf = (rounds: number): number[] => numbers(WARM_UP + Math.min(rounds, 15))

export const STAMPEDE_CASES: readonly Case[] = [
  {
    name: '10 000 callers, one key: all done after the load',
    against: `a load of ${LOAD_MS} ms`,
    goal: `1 load, ≤ ${AFTER_MS} ms`,
    async measure({ rounds }, stack) {
      const { open } = await openGround(stack)
      let loads = 0
      let [beganAt, endedAt] = [0, 0]
      const load = async () => {
        loads++
        beganAt = performance.now()
        await wait(LOAD_MS)
        endedAt = performance.now()
        return PRODUCT
      }
      const resource = products(await open(), { load })
      const seen: { readonly loads: number; readonly took: number; readonly after: number }[] = []
      for (const round of roundsOf(rounds)) {
        loads = 0
        await Promise.all(numbers(CALLERS).map(() => resource.get(round)))
        if (round < WARM_UP) continue
        seen.push({ loads, took: endedAt - beganAt, after: performance.now() - endedAt })
      }
      const after = seen.map(({ after }) => after)
      const most = largest(seen.map(({ loads }) => loads))
      return {
        figure: `${most} load${most === 1 ? '' : 's'}, ${milliseconds(median(after))}`,
        kept: most === 1 && median(after) <= AFTER_MS,
        candidate: `worst ${milliseconds(largest(after))}`,
        baseline: milliseconds(median(seen.map(({ took }) => took))),
      }
    },
  },
  {
    name: `${PROCESSES} processes × ${CALLERS_EACH} callers, ${KEYS} keys: p99`,
    against: `a load of ${LOAD_MS} ms`,
    goal: `${KEYS} loads, ≤ + ${AFTER_MS} ms`,
    async measure({ rounds }, stack) {
      const { url } = await openGround(stack)
      const fleet = await openFleet(stack, url, PROCESSES)
      const seen: { readonly loads: number; readonly load: number; readonly p99: number }[] = []
      for (const round of roundsOf(rounds)) {
        const keys = numbers(KEYS).map((key) => `${round}-${key}`)
        const order = { type: 'read', at: machineMs() + AHEAD_MS, callers: CALLERS_EACH, keys } as const
        const answers = await Promise.all(fleet.map((member) => member.ask(order, 'read')))
        const loads = answers.flatMap((answer) => answer.loads)
        const waits = answers.flatMap((answer) => answer.waits)
        if (round < WARM_UP) continue
        seen.push({ loads: loads.length, load: median(loads), p99: quantile(waits, 0.99) })
      }
      const over = median(seen.map(({ load, p99 }) => p99 - load))
      const counts = seen.map(({ loads }) => loads)
      return {
        figure: `${largest(counts)} loads, ${difference(over)}`,
        kept: counts.every((loads) => loads === KEYS) && over <= AFTER_MS,
        candidate: milliseconds(median(seen.map(({ p99 }) => p99))),
        baseline: milliseconds(median(seen.map(({ load }) => load))),
      }
    },
  },
]
