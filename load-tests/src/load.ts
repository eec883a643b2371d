/**
 * `npm run load`: a private shop, a scenario on it, the same with each control, a verdict.
 *
 * The exit status is the verdict: 0 kept, 1 broken, 2 could not be run.
 */

import { join } from 'node:path'

import { writeReport } from '../report/index.ts'
import { commandOf, HELP, listOf, parseArguments } from './arguments.ts'
import { describeK6, obtainK6 } from './k6.ts'
import { grouped } from './numbers.ts'
import { watchPostgres } from './products-lock.ts'
import { keep, RESULTS, rawFolder, record, thisCommit, thisMachine } from './record.ts'
import type { RunFile, Size } from './run-file.ts'
import type { Played, Scenario, Scene } from './scenario.ts'
import { SCENARIOS } from './scenarios.ts'
import { openShop, type Shop } from './shop.ts'
import { compareRuns, formatVerdict } from './table.ts'
import type { Terminal } from './terminal.ts'
import { tracedRun } from './traced-run.ts'
import type { Variant } from './variant.ts'
import { type Verdict, verdictOf } from './verdict.ts'

export interface LoadOptions {
  readonly terminal: Terminal
  /** Aborted when the person has had enough: everything is stopped, and the promise rejects with the reason. */
  readonly signal: AbortSignal
  /**
   * Where the result goes.
   * @default load-tests/results
   */
  readonly results?: string
  /**
   * Where BASE_URL, and what belongs to it, is looked for.
   * @default process.env
   */
  readonly env?: Readonly<Record<string, string | undefined>>
}

export type Outcome = 'kept' | 'broken'

export async function load(argv: readonly string[], options: LoadOptions): Promise<Outcome> {
  const { terminal, signal, results = RESULTS, env = process.env } = options
  const args = parseArguments(argv, env)
  if (args.act === 'help') return tell(terminal, `${HELP}\n\n${listOf(SCENARIOS)}`)
  if (args.act === 'list') return tell(terminal, listOf(SCENARIOS))
  if (args.act === 'describe') return tell(terminal, descriptionOf(args.scenario))

  const { scenario, size } = args
  const startedAt = new Date().toISOString()
  const search = terminal.step('k6')
  const k6 = await obtainK6({ step: search, signal })
  search.done(describeK6(k6))

  await using stack = new AsyncDisposableStack()
  const place = args.elsewhere ?? (await ownShop(scenario, size, options, stack))
  const folder = rawFolder(results, scenario.name)
  const play = (variant: Variant): Promise<Played> => {
    const dashboard = variant === 'on' ? join(folder, 'k6-dashboard.html') : undefined
    const scene: Scene = { size, k6, place, terminal, signal, dashboard }
    return scenario.play(scene, variant)
  }
  const withTraces = async (played: Played): Promise<Played> => {
    const recorded = 'collector' in place ? place.collector.spans() : []
    if ('collector' in place) place.collector.clear()
    return { ...played, run: await tracedRun(played.run, recorded, { folder, env, warn: terminal.say }) }
  }
  const first = await withTraces(await play('on'))
  const played = [first]
  for (const variant of args.control ? scenario.controls : []) {
    const control = await play(variant)
    const compared = scenario.compare?.(first.run, control.run, variant, size) ?? []
    played.push({ ...control, judgements: [...control.judgements, ...compared] })
  }

  const verdict = verdictOf(scenario, played)
  const runs = played.flatMap(({ run, others = [] }) => [run, ...others])
  const table = [...(runs.length > 1 ? [compareRuns(runs), ''] : []), formatVerdict(verdict)].join('\n')
  terminal.say(`\n${table}\n`)
  if (first.generator.bottleneck) terminal.say(`The generator was the bottleneck. ${first.generator.note ?? ''}\n`)
  const versions = { node: process.versions.node, k6: k6.version, ...(await versionsOf(place)) }
  const run = runFileOf({ scenario, size, startedAt, command: commandOf(args), versions, verdict, played })
  terminal.say(`Kept in ${keep(results, run)}`)
  terminal.say(`A page of it: ${writeReport(run, folder)}`)
  if (args.record) terminal.say(`Recorded in ${record(results, run, table)}`)
  return verdict.kept ? 'kept' : 'broken'
}

function tell(terminal: Terminal, text: string): Outcome {
  terminal.say(text)
  return 'kept'
}

function descriptionOf({ name, title, question, workload, expectation }: Scenario): string {
  const sizes = Object.entries(workload).map(([size, text]) => `  ${size.padEnd(6)}   ${text}`)
  return [`${name}: ${title}`, '', `Question   ${question}`, ...sizes, `Expected   ${expectation}`].join('\n')
}

async function ownShop(
  scenario: Scenario,
  size: Size,
  { terminal, signal }: LoadOptions,
  stack: AsyncDisposableStack,
): Promise<Shop> {
  const start = terminal.step('shop')
  start.progress('starting, of its own')
  const shop = await openShop(signal, scenario.seed[size])
  stack.defer(() => shop.close())
  start.done(`of its own, with ${grouped(shop.products)} products, Redis ${shop.redisVersion}`)
  return shop
}

async function versionsOf(place: Scene['place']): Promise<Record<string, string>> {
  if (!('databaseUrl' in place)) return {}
  const watch = watchPostgres(place.databaseUrl)
  try {
    return { postgres: await watch.version(), redis: place.redisVersion }
  } finally {
    await watch.close()
  }
}

interface Facts {
  readonly scenario: Scenario
  readonly size: Size
  readonly startedAt: string
  readonly command: string
  readonly versions: RunFile['versions']
  readonly verdict: Verdict
  readonly played: readonly Played[]
}

function runFileOf({ scenario, size, startedAt, command, versions, verdict, played }: Facts): RunFile {
  const { name, title, question, workload, expectation } = scenario
  const commit = thisCommit()
  return {
    scenario: name,
    ...{ title, question, workload: workload[size], expectation, size, command, startedAt },
    kept: verdict.kept,
    conclusion: verdict.conclusion,
    ...(commit && { commit }),
    machine: thisMachine(),
    versions,
    generator: played[0]?.generator ?? { cpuShare: 0, bottleneck: false },
    judgements: verdict.sections.flatMap(({ title: run, judgements }) =>
      judgements.map((judgement) => ({ run, ...judgement })),
    ),
    runs: played.flatMap(({ run, others = [] }) => [run, ...others]),
  }
}
