/**
 * What a run has shown: each promise with its threshold and what was measured.
 *
 * With the cache the shop keeps its promises. A control must show what they guard against: a test that looks the same
 * whatever is tested proves nothing, so a control that shows nothing is a broken promise of the test itself.
 */

import type { Judgement, Run } from './run-file.ts'
import type { Played, Scenario } from './scenario.ts'
import { NAMES } from './variant.ts'

export interface Section {
  readonly title: string
  readonly judgements: readonly Judgement[]
}

export interface Verdict {
  readonly sections: readonly Section[]
  readonly kept: boolean
  /** One sentence that says what is proven, or what is not. */
  readonly conclusion: string
}

/** Of the shop as it is, and of the controls after it. */
export function verdictOf(scenario: Scenario, [first, ...controls]: readonly Played[]): Verdict {
  if (first === undefined) throw new Error('Nothing was played')
  const sections = [first, ...controls].map(({ run, judgements }) => ({
    title: run.name === NAMES.on ? NAMES.on : `control: ${run.name}`,
    judgements,
  }))
  const runs = [first, ...controls].flatMap(({ run, others = [] }) => [run, ...others])
  return { sections, kept: sections.every(isKept), conclusion: conclusionOf(scenario, sections, runs) }
}

function isKept({ judgements }: Section): boolean {
  return judgements.every(({ kept }) => kept)
}

function conclusionOf(scenario: Scenario, sections: readonly Section[], runs: readonly Run[]): string {
  const [own, ...controls] = sections
  if (controls.some((control) => !isKept(control)))
    return 'A control does not show what it must, so this run proves nothing.'
  if (!own || !isKept(own)) return 'The shop has not kept its promises.'
  return scenario.conclude(runs)
}
