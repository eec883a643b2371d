/** What every scenario of `npm run load` is: what it asks, how it is played, and what it promises. */

import type { SeedSize } from '@shop/db'

import type { K6 } from './k6.ts'
import type { Generator, Judgement, Run, Size } from './run-file.ts'
import type { Shop } from './shop.ts'
import type { Terminal } from './terminal.ts'
import type { Variant } from './variant.ts'

export interface Scenario {
  readonly name: string
  /** In a few words, for the list. */
  readonly title: string
  readonly question: string
  readonly workload: Readonly<Record<Size, string>>
  readonly expectation: string
  /** What the shop is filled with. */
  readonly seed: Readonly<Record<Size, SeedSize>>
  /** Why it cannot be played on the shop of BASE_URL. Absent: it can. */
  readonly needsOwnShop?: string
  /** Why, on the shop of BASE_URL, it needs the credentials of that shop. Absent: it is a visitor like any other. */
  readonly needsCredentials?: string
  /** What it is repeated with under --control. None where a control has nothing to say. */
  readonly controls: readonly Variant[]
  play(scene: Scene, variant: Variant): Promise<Played>
  /** What a control must show, or the test proves nothing. */
  compare?(run: Run, control: Run, variant: Variant, size: Size): readonly Judgement[]
  /** In one sentence, when every promise was kept. */
  conclude(runs: readonly Run[]): string
}

/** Where it is played. */
export interface Scene {
  readonly size: Size
  readonly k6: K6
  readonly place: Shop | ShopElsewhere
  readonly terminal: Terminal
  readonly signal: AbortSignal
  /** Where k6 leaves its own page of this run. */
  readonly dashboard: string | undefined
}

/** A shop that runs already. */
export interface ShopElsewhere {
  /** Of its processes. */
  readonly urls: readonly string[]
  /** Absent where nothing is done to it. */
  readonly credentials?: Credentials
}

/** What it takes to do something to a shop. */
export interface Credentials {
  readonly databaseUrl: string
  readonly adminToken: string
  /** What tokens of customers are signed with. */
  readonly customerTokenSecret: string
}

export interface Played {
  readonly run: Run
  /** Played beside it, to compare with. */
  readonly others?: readonly Run[]
  /** Of the shop as it is: what it promises. Of a control: only whether it was a test at all. */
  readonly judgements: readonly Judgement[]
  readonly generator: Generator
}

export function ownShop({ place }: Scene): Shop {
  if ('databaseUrl' in place) return place
  throw new Error('The scenario was not to be played on a shop of somebody else')
}
