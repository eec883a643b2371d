/**
 * Plays one load against an open shop: k6 on one side, samples of the shop on the other, and what happens in the meantime.
 *
 *     k6          start ── visitors at the stated rate ──────────────────────────▶ end
 *     sampler     │ each second
 *     meanwhile   │         at 4 s: redis killed    at 8 s: restarted
 */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from '@shop/local-stack'

import { AnswerLog } from './answers.ts'
import { k6Failed } from './errors.ts'
import { startK6 } from './k6-run.ts'
import { grouped } from './numbers.ts'
import { droppedAtMost } from './promises.ts'
import type { RunEvent } from './run-file.ts'
import { startSampler } from './sampler.ts'
import type { Scene } from './scenario.ts'
import type { Site } from './site.ts'
import type { Step } from './terminal.ts'
import type { Observed } from './timeline.ts'
import { sleepUntil, unlessAborted } from './waiting.ts'

/** From the start of k6 until its load begins: it makes its VUs one after the other. */
const START_LIMIT_MS = 120_000
const PROGRESS_EVERY_MS = 500

/** Visitors who can wait at once: as many as come in so many seconds. Each takes k6 some memory. */
const ROOM_S = 3
const MOST_VISITORS = 4_000

export interface Stage {
  /** Visits a second. */
  readonly rate: number
  readonly seconds: number
}

export interface Load {
  readonly stages: readonly Stage[]
  /** In the order in which they are asked for, from the beginning again when there are no more. */
  readonly paths: readonly string[]
  /** How long each waits for it. */
  readonly patienceMs: number
  /** Whether what products cost is read from each answer. */
  readonly readsPrices?: boolean
  /** @default traffic */
  readonly script?: 'traffic' | 'flash-sale' | 'rate-limit'
  readonly settings?: Readonly<Record<string, string>>
  /** Settings that are lists, and too long for a command line. */
  readonly files?: Readonly<Record<string, readonly string[]>>
  meanwhile?(clock: Clock): Promise<void>
}

/** Of the load. */
export interface Clock {
  /** Resolves so many milliseconds after the load began. */
  at(ms: number): Promise<void>
  /** Notes on the axis of the report that something happens now. */
  mark(label: string, kind: RunEvent['kind']): void
}

export async function play(site: Site, load: Load, scene: Scene, step: Step): Promise<Observed> {
  const { k6: program, dashboard, signal } = scene
  await using stack = new AsyncDisposableStack()
  const folder = 'databaseUrl' in scene.place ? scene.place.folder : await temporaryFolder(stack)
  const log = new AnswerLog()
  const planned = load.stages.reduce((sum, { rate, seconds }) => sum + rate * seconds, 0)
  step.progress('starting k6')
  const k6 = await startK6({
    k6: program,
    script: `scenarios/${load.script ?? 'traffic'}.ts`,
    folder,
    dashboard,
    settings: {
      SHOPS: site.urls.join(','),
      STAGES: JSON.stringify(load.stages),
      VISITORS: String(visitorsFor(load.stages)),
      DROPPED: String(droppedAtMost(planned, scene.size)),
      PATIENCE: `${load.patienceMs}ms`,
      PRICES: load.readsPrices ? 'read' : 'leave',
      ...filesIn(folder, { PATHS: load.paths, ...load.files }),
      ...load.settings,
    },
    onAnswer: (line) => log.read(line),
  })
  stack.defer(() => k6.stop())
  const overBeforeIt = k6.finished.then(() => Promise.reject(k6Failed('ended before its load began', '')))
  const limit = AbortSignal.any([signal, AbortSignal.timeout(START_LIMIT_MS)])
  const startedAt = await unlessAborted(Promise.race([log.started, overBeforeIt]), limit)

  const sampler = await startSampler({
    startedAt,
    watch: site.watch,
    urls: site.urls,
    pids: site.pids,
    generators: [k6],
  })
  const length = load.stages.reduce((sum, { seconds }) => sum + seconds, 0)
  const progress = setInterval(() => {
    const at = Math.min(length, Math.floor((Date.now() - startedAt) / 1_000))
    step.progress(`${at} of ${length} s, ${grouped(log.answers.length)} answers`)
  }, PROGRESS_EVERY_MS)
  stack.defer(() => clearInterval(progress))

  const events: RunEvent[] = []
  const clock: Clock = {
    at: (ms) => sleepUntil(startedAt + ms, signal),
    mark: (label, kind) => void events.push({ atMs: Date.now() - startedAt, label, kind }),
  }
  const [figures] = await unlessAborted(Promise.all([k6.finished, load.meanwhile?.(clock)]), signal)
  return {
    startedAt,
    isOwnShop: 'shop' in site,
    paths: load.paths,
    planned,
    answers: log.answers,
    samples: await sampler.stop(),
    events,
    figures: [figures],
  }
}

function visitorsFor(stages: readonly Stage[]): number {
  return Math.min(MOST_VISITORS, ROOM_S * Math.max(...stages.map(({ rate }) => rate)))
}

async function temporaryFolder(stack: AsyncDisposableStack): Promise<string> {
  const directory = await temporaryDirectory('load-test')
  stack.defer(() => directory.remove())
  return directory.path
}

function filesIn(folder: string, lists: Readonly<Record<string, readonly string[]>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(lists).map(([name, list]) => {
      const file = join(folder, `${name.toLowerCase()}.json`)
      // Any k6 may read it, also one in a container.
      writeFileSync(file, JSON.stringify(list), { mode: 0o644 })
      return [name, file]
    }),
  )
}
