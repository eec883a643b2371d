/** A violation as a person reads it: what was wrong, the timeline, and the faults that were on. */

import type { Read, Rule, Version, Violation } from './history.ts'
import { BEFORE_ALL, type Instant, plus } from './instant.ts'
import { nameOf } from './kinds.ts'
import type { Finding } from './ledger.ts'
import type { Schedule } from './schedule.ts'

/** Faults that ended so long before may still explain something. */
const AFTERMATH_MS = 3_000

export function explain(finding: Finding, bound: number, schedule: Schedule, startedAt: Instant): string[] {
  const { violation, how } = finding
  const { read, version, next } = violation
  const line = (at: Instant, text: string) => ({ at, text })
  const timeline = [
    ...(version ? [line(version.committedAt, `process ${version.by} commits version ${version.number}`)] : []),
    ...(next ? [line(next.committedAt, `process ${next.by} commits version ${next.number}`)] : []),
    ...(version?.endings ?? []).flatMap(({ by, askedAt, toldAt, acknowledged, what }) => [
      line(askedAt, `process ${by} invalidates ${what}`),
      line(toldAt, `process ${by} is told ${acknowledged}`),
    ]),
    ...(read.after ? [line(read.after.at, `process ${read.after.by} takes the position that the read names`)] : []),
    ...(read.unreachedSince ? [line(read.unreachedSince, `the last byte from Redis for process ${read.by}`)] : []),
    line(read.startedAt, `process ${read.by} begins to read (${how})`),
    line(read.endedAt, `process ${read.by} has version ${read.version ?? '(absent)'}`),
  ].sort((a, b) => a.at - b.at)
  const since = plus(version && version.endedAt < read.startedAt ? version.endedAt : read.startedAt, -AFTERMATH_MS)
  const faults = schedule.between(since, read.endedAt)
  return [
    `${violation.rule}: ${sentence(violation, bound)}`,
    ...timeline.map(({ at, text }) => `  ${seconds(at, startedAt)}  ${text}`),
    ...faults.map(
      ({ name, detail, from, until }) =>
        `  fault from ${seconds(from, startedAt)} to ${seconds(until, startedAt)}: ${name}${detail && ` (${detail})`}`,
    ),
  ]
}

function sentence({ rule, read, version }: Violation, bound: number): string {
  const what = `process ${read.by} read ${nameOf(read.key)} as ${read.version === undefined ? 'absent' : `version ${read.version}`}`
  return `${what}, ${REASONS[rule](read, version, bound)}`
}

const REASONS: Readonly<Record<Rule, (read: Read, version: Version | undefined, bound: number) => string>> = {
  'never written': (_read, version) =>
    version ? 'which was committed only after the read had ended' : 'which was never committed',
  stale: ({ startedAt }, version, bound) =>
    version
      ? `${(startedAt - version.endedAt).toFixed(1)} ms after its invalidation had been acknowledged; the bound is ${bound} ms`
      : 'which was invalidated so long ago that it is not remembered',
  'own write': () => 'which it had itself invalidated before',
  position: () => 'which had been invalidated before the position that it named',
  'cut off': (_read, _version, bound) =>
    `which had been replaced for more than ${bound} ms, when nothing from Redis had come for longer than that`,
}

function seconds(at: Instant, startedAt: Instant): string {
  return at === BEFORE_ALL ? '  before' : `${((at - startedAt) / 1_000).toFixed(4)} s`.padStart(12)
}
