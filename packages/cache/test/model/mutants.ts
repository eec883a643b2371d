/**
 * The protocol with a rule switched off, and the scenario in which that shows.
 */

import { type Explored, explore } from './explore.ts'
import { type Rule, rulesWithout } from './rules.ts'
import { type ScenarioName, scenario } from './scenarios.ts'
import { world } from './world.ts'

export interface ModelMutant {
  readonly off: readonly Rule[]
  readonly fault: string
  readonly scenario: ScenarioName
  /** In place of those of the scenario. */
  readonly first?: readonly string[]
}

/** No mutant needs more. */
const MOST_STATES = 20_000

export const MODEL_MUTANTS: readonly ModelMutant[] = [
  // the fence and the lease
  { off: ['tokenChecked'], fault: 'no token check', scenario: 'one process and a key' },
  { off: ['tokensUnique'], fault: 'counted tokens that restart after an eviction', scenario: 'two loaders' },
  { off: ['deleteTakesLease'], fault: 'delete without fence', scenario: 'one process and a key' },
  { off: ['deletedFirst'], fault: 'published before it is deleted', scenario: 'a reader, a writer and a key' },

  // tags
  { off: ['noncesUnique'], fault: 'tag counters that restart after an eviction', scenario: 'a tag is evicted' },
  { off: ['mintedAtPresent'], fault: 'mint at 0', scenario: 'a tag is evicted during a load' },
  { off: ['tagsHaveEpoch'], fault: 'tags of an earlier epoch taken over', scenario: 'a tag of an earlier epoch' },

  // the epoch
  { off: ['runChecked'], fault: 'run id ignored', scenario: 'a restart, with a tag' },
  { off: ['oneRecord'], fault: 'epoch and number in records evicted apart', scenario: 'the epoch is evicted' },
  {
    off: ['epochCompared', 'tagsHaveEpoch'],
    fault: 'epoch ignored, of entries and of tags',
    scenario: 'a restart, with a key',
  },
  {
    off: ['answersTellEpoch'],
    fault: 'a new connection does not tell of its epoch',
    scenario: 'a restart, with a key',
  },
  {
    off: ['ownAnswersTellEpoch'],
    fault: 'the answer to an invalidation does not tell of its epoch',
    scenario: 'positions of another epoch',
  },

  // the proof
  { off: ['proofNeeded'], fault: 'no proof', scenario: 'deaf, with a key' },
  { off: ['provenAtSending'], fault: "echo's arrival as proof", scenario: 'a reader, a writer and a key' },
  { off: ['gapsFound'], fault: 'trust the bus', scenario: 'deaf, with a key' },
  { off: ['resetClearsMemory', 'resetClearsCells'], fault: 'reset keeps memory', scenario: 'deaf, with a tag' },
  { off: ['resetClearsCells'], fault: 'reset keeps the cells', scenario: 'deaf, with a tag' },
  { off: ['resetSupersedes'], fault: 'reset lets flights go on', scenario: 'deaf, with a key' },

  // cells
  { off: ['higherOnly'], fault: 'a cell takes lower numbers', scenario: 'a reader, a writer and a late tag' },
  { off: ['cellBeforeRequest'], fault: 'cell acquired after the request', scenario: 'one process and a late tag' },
  { off: ['deadNeverMatches'], fault: 'a dead cell still matches', scenario: 'memory forgets' },
  {
    off: ['messagesTeachKnown'],
    fault: 'an old message makes an empty cell known',
    scenario: 'a backlog after an own invalidation',
  },

  // flights
  { off: ['supersededNotJoined'], fault: 'a superseded flight is joined', scenario: 'one process and a key' },
  { off: ['supersededNotKept'], fault: 'what it brings is kept', scenario: 'a reader, a writer and a key' },
  { off: ['lateJoinersAskAgain'], fault: 'a late joiner shares', scenario: 'one process and a key' },
  {
    off: ['ownInvalidationCloses'],
    fault: 'a flight is joined after an own invalidation of its tag',
    scenario: 'one process and a known tag',
  },
  { off: ['positionCloses'], fault: 'a flight is joined after a position', scenario: 'positions' },
  { off: ['cleanIsCurrent'], fault: 'what is not current is clean', scenario: 'a reader, a writer and a late tag' },
  { off: ['cleanIsProven'], fault: 'what has no proof is clean', scenario: 'deaf, with a tag' },
  { off: ['copiesNeedProof'], fault: "a copy's age stands for proof", scenario: 'the clock of Redis steps back' },
  { off: ['fallbackVouched'], fault: 'a fallback is not judged anew', scenario: 'stale values' },

  // lookup
  { off: ['tagsConfirmed'], fault: 'tags are not compared at Redis', scenario: 'one process and a known tag' },
  { off: ['strictConfirmed'], fault: 'own knowledge counts after a position', scenario: 'positions' },
  { off: ['pendingChecked'], fault: 'pending ignored', scenario: 'an invalidation fails' },

  // load
  { off: ['captureRule'], fault: 'capture rule dropped', scenario: 'one process and a late tag' },
  { off: ['notedBeforeLoad'], fault: 'capture after the load', scenario: 'one process and a late tag' },
  { off: ['capturedInOneEpoch'], fault: 'captured across epochs', scenario: 'an epoch that ends during a load' },
  { off: ['localCaptureRule'], fault: 'capture rule dropped, without Redis', scenario: 'no command goes through' },
  {
    off: ['pendingNotStored'],
    fault: 'stored although its invalidation is pending',
    scenario: 'an invalidation fails during a load',
  },
  { off: ['datedAtBegin'], fault: 'dated when the load ends', scenario: 'slow loads without commands' },

  // invalidation
  { off: ['ownApplied'], fault: 'own invalidation not applied here', scenario: 'one process and a known tag' },
  { off: ['failedApplied'], fault: 'failed invalidation not applied here', scenario: 'an invalidation fails' },

  // write-through
  {
    off: ['seizedBeforeCommit'],
    fault: 'a write takes the lease after it commits',
    scenario: 'a write-through and an invalidation',
    first: [
      'P2 begins to write k0 through',
      'P2 update k0: version 1 is committed',
      'P1 writes version 2 and invalidates the known tag',
      'P1 invalidation: Redis counts it and publishes',
      'P1 invalidation: it is acknowledged',
      'P2 update k0: Redis gives it the lease',
      'P2 update k0: the lease is answered',
    ],
  },
  {
    off: ['refusedInvalidates'],
    fault: 'a write that was refused invalidates nothing',
    scenario: 'a write-through is refused',
  },
  {
    off: ['storedAnnounced'],
    fault: 'a write that was stored is told to nobody',
    scenario: 'a write-through and an invalidation',
  },
]

export function exploreMutant({ off, scenario: name, first }: ModelMutant): Explored {
  const where = { ...scenario(name), ...(first && { first }) }
  return explore(world(where, rulesWithout(...off)), MOST_STATES)
}
