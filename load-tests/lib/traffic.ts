/**
 * Visitors who come at a stated rate, whether or not those before them have their answer.
 *
 * An open model: with a fixed number of users slow answers slow the arrivals too, and a shop in trouble would look as if
 * nobody came. An arrival for which no VU is free is dropped, and counted: a threshold keeps that at none.
 */

import { scenario } from 'k6/execution'
import type { RampingArrivalRateScenario } from 'k6/options'

import { fileSetting, numberSetting, setting } from './settings.ts'
import { visit } from './visit.ts'

interface Stage {
  readonly rate: number
  readonly seconds: number
}

const stages = JSON.parse(setting('STAGES')) as readonly Stage[]
const vus = numberSetting('VISITORS')
const paths = fileSetting('PATHS')
const params = { timeout: setting('PATIENCE'), tags: { name: 'visit' } }

/** Each stage begins at once with its rate. */
export const visitors: RampingArrivalRateScenario = {
  executor: 'ramping-arrival-rate',
  exec: 'visitor',
  startRate: stages[0]?.rate ?? 0,
  timeUnit: '1s',
  preAllocatedVUs: vus,
  maxVUs: vus,
  stages: stages.flatMap(({ rate, seconds }) => [
    { target: rate, duration: '0s' },
    { target: rate, duration: `${seconds}s` },
  ]),
  gracefulStop: setting('PATIENCE'),
}

/** Who makes a visit. */
interface Visitor {
  readonly act: 'visit' | 'insist'
  readonly headers?: Readonly<Record<string, string>>
}

const anybody = (): Visitor => ({ act: 'visit' })

/** The n-th visitor takes the n-th path, so that each run asks for the same in the same order. */
export function visitNext(whoIs: (turn: number) => Visitor = anybody): void {
  const turn = scenario.iterationInTest
  const { act, headers = {} } = whoIs(turn)
  visit(turn, paths[turn % paths.length] as string, { ...params, headers }, act)
}
