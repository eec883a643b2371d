/**
 * What browse, ramp, spike, soak and crawler have in common: one site from cold, one load, one run.
 *
 * They differ in the shape of the load, in what is asked for, and in what is judged. None of them does anything to the shop
 * but visit it, so they can be played on one that runs already.
 */

import { requestMix } from './mix.ts'
import { grouped, milliseconds } from './numbers.ts'
import { play, type Stage } from './play.ts'
import { countsAgree, fewArrivalsAreDropped, generatorOf, noVisitFails } from './promises.ts'
import type { Judgement, Run, Size } from './run-file.ts'
import type { Played, Scenario, Scene } from './scenario.ts'
import { type Catalogue, type OwnSite, openSite } from './site.ts'
import { type Observed, runOf } from './timeline.ts'
import { CONTROLS, NAMES, type Variant } from './variant.ts'

/** The exponent of Zipf's law, see mix.ts. */
export const S = 0.99
const PATIENCE_MS = 10_000
const SEED = 1

export interface Shape
  extends Pick<Scenario, 'name' | 'title' | 'question' | 'workload' | 'expectation' | 'conclude' | 'compare'> {
  readonly stages: Readonly<Record<Size, readonly Stage[]>>
  /**
   * What is asked for next.
   * @default the mix of mix.ts
   */
  readonly paths?: (catalogue: Catalogue) => () => string
  /** Whether a visit may be refused because it makes no sense. */
  readonly mayBeRefused?: boolean
  /** For the processes of a shop of its own. */
  readonly env?: NodeJS.ProcessEnv
  /** Whether the load may be more than can be answered, because that is the question. */
  readonly mayOverload?: boolean
  /** On top of what is judged of each. */
  judge(run: Run, observed: Observed, size: Size): readonly Judgement[]
  /** Looks at a shop of its own when the load is over. */
  inspect?(site: OwnSite): Promise<readonly Judgement[]>
  /** For the report. */
  extra?(run: Run, observed: Observed, size: Size): Run['extra']
}

export function trafficScenario(shape: Shape): Scenario {
  const { name, title, question, workload, expectation, conclude, compare } = shape
  return {
    ...{ name, title, question, workload, expectation, conclude },
    ...(compare && { compare }),
    seed: { smoke: 'tiny', laptop: 'demo', full: 'demo' },
    controls: CONTROLS,
    play: (scene, variant) => playShape(shape, scene, variant),
  }
}

async function playShape(shape: Shape, scene: Scene, variant: Variant): Promise<Played> {
  const { size, terminal } = scene
  await using site = await openSite(scene, variant, { env: shape.env })
  const stages = shape.stages[size]
  const next = (shape.paths ?? mixOf)(site.catalogue)
  const step = terminal.step(NAMES[variant])
  const observed = await play(
    site,
    {
      stages,
      paths: Array.from({ length: stages.reduce((sum, { rate, seconds }) => sum + rate * seconds, 0) }, next),
      patienceMs: PATIENCE_MS,
      ...(shape.mayBeRefused && { settings: { REFUSALS: 'expected' } }),
      async meanwhile({ at, mark }) {
        let begin = 0
        for (const stage of stages) {
          await at(begin * 1_000)
          if (stages.length > 1) mark(`${grouped(stage.rate)} visits/s`, 'phase')
          begin += stage.seconds
        }
      },
    },
    scene,
    step,
  )
  const plain = runOf(NAMES[variant], observed)
  const extra = shape.extra?.(plain, observed, size)
  const run: Run = { ...plain, ...(extra && { extra }) }
  const { p50, p99 } = run.latency
  const queries = run.queries === undefined ? '' : `, ${grouped(run.queries)} queries`
  step.done(`${grouped(run.requests)} answers${queries}, p50 ${milliseconds(p50)}, p99 ${milliseconds(p99)}`)
  const judgements = [
    ...(shape.mayOverload ? [] : [noVisitFails(run, observed), fewArrivalsAreDropped(run, observed, size)]),
    ...countsAgree(run, observed),
    ...shape.judge(run, observed, size),
    ...('api' in site ? ((await shape.inspect?.(site)) ?? []) : []),
  ]
  return { run, judgements: variant === 'on' ? judgements : [], generator: generatorOf(run, observed) }
}

function mixOf({ products, categories }: Catalogue): () => string {
  return requestMix({ products, categories, s: S, seed: SEED })
}
