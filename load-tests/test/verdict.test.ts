import { describe, expect, test } from 'vitest'

import type { Judgement, Run } from '../src/run-file.ts'
import type { Played, Scenario } from '../src/scenario.ts'
import { SCENARIOS } from '../src/scenarios.ts'
import { compareRuns, formatVerdict } from '../src/table.ts'
import { verdictOf } from '../src/verdict.ts'

const scenario: Scenario = { ...(SCENARIOS[0] as Scenario), conclude: (runs) => `${runs.length} runs, all is well.` }

const run: Run = {
  name: 'with the cache',
  events: [],
  seconds: [],
  latency: { p50: 1, p95: 1, p99: 1, p999: 1, max: 1 },
  requests: 100,
  failed: 0,
  dropped: 0,
  queries: 1,
  hits: { memory: 0, redis: 0, load: 1, collapsed: 99, stale: 0, bypass: 0 },
}
const generator = { cpuShare: 0.1, bottleneck: false }
const kept: Judgement = { promise: 'no visit fails', threshold: '= 0', measured: '0', kept: true }
const broken: Judgement = { ...kept, measured: '3', kept: false }

const played = (name: string, ...judgements: Judgement[]): Played => ({ run: { ...run, name }, judgements, generator })

describe('the verdict', () => {
  test('is kept when every promise is, and the scenario says what that means', () => {
    expect(verdictOf(scenario, [played('with the cache', kept), played('cache off', kept)])).toMatchObject({
      kept: true,
      conclusion: '2 runs, all is well.',
    })
  })

  test('is broken by one promise among many', () => {
    expect(verdictOf(scenario, [played('with the cache', kept, broken, kept)])).toMatchObject({
      kept: false,
      conclusion: 'The shop has not kept its promises.',
    })
  })

  test('a control that shows nothing takes the proof from a run that looks good', () => {
    const verdict = verdictOf(scenario, [played('with the cache', kept), played('cache off', broken)])
    expect(verdict).toMatchObject({ kept: false, conclusion: expect.stringContaining('proves nothing') })
  })

  test('a control does not excuse a broken promise', () => {
    expect(verdictOf(scenario, [played('with the cache', broken), played('cache off', kept)]).kept).toBe(false)
  })

  test('a control of which nothing is expected is shown and not judged', () => {
    expect(verdictOf(scenario, [played('with the cache', kept), played('naive get/set')]).kept).toBe(true)
  })
})

test('the table shows each promise with its threshold, what was measured, and whether it was kept', () => {
  const verdict = verdictOf(scenario, [played('with the cache', kept, broken), played('cache off', kept)])
  expect(formatVerdict(verdict)).toBe(
    `
promise            threshold   measured
───────────────────────────────────────────
with the cache
  no visit fails   = 0         0          ✔
  no visit fails   = 0         3          ✘
control: cache off
  no visit fails   = 0         0          ✔
───────────────────────────────────────────
The shop has not kept its promises.`.trimStart(),
  )
})

test('a control of which nothing is expected has no lines in the table', () => {
  const verdict = verdictOf(scenario, [played('with the cache', kept), played('naive get/set')])
  expect(formatVerdict(verdict)).not.toContain('naive')
})

test('runs stand below each other, with what each has measured', () => {
  const staleness = { buckets: [], p50: 0, p99: 3, max: 12.5 }
  expect(compareRuns([run, { ...run, name: 'cache off', queries: 100, failed: 2, staleness }])).toBe(
    `
                 visits   failed   dropped   queries   of 1 000 visits   p50      p99      oldest price
with the cache   100      0        0         1         10.0              1.0 ms   1.0 ms
cache off        100      2        0         100       1 000.0           1.0 ms   1.0 ms   12.5 ms`.slice(1),
  )
})
