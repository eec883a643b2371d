/**
 * The rules of the protocol, each a switch.
 *
 * With all of them on, the model is the protocol. With one off it is a mutant, and the explorer has to find a wrong read, or
 * the rule is not needed. The sentence says what holds while the rule is on.
 */

export const RULES = {
  // Redis: the fence and the lease
  tokenChecked: 'a fill is stored only while its token stands',
  tokensUnique: 'a lease token is never used twice, not even after an eviction',
  deleteTakesLease: 'invalidating a key removes its lease along with its entry',
  deletedFirst: 'entry and lease are gone before the invalidation is published',
  // Redis: tags
  noncesUnique: 'a tag nonce is never used twice, not even after an eviction',
  nonceIsWord: 'a tag nonce is a word of its own, and not the number of the invalidation',
  mintedAtPresent: 'a missing tag is minted with the number of the latest invalidation of any tag',
  tagsHaveEpoch: 'a tag of an earlier epoch counts as missing',
  // Redis: the epoch
  runChecked: 'an epoch made on another server is not taken over',
  oneRecord: 'epoch and number are one record, lost together or not at all',
  countGoesOn: 'the number goes on from the old one when a new epoch begins',
  // the proof
  proofNeeded: 'memory, cells and late joiners are served only under proof',
  provenAtSending: 'the proof is dated at the sending of the probe, not at the arrival of its echo',
  gapsFound: 'a number that skips one is a loss',
  resetClearsMemory: 'a reset empties memory',
  resetClearsCells: 'a reset kills the cells',
  resetSupersedes: 'a reset supersedes the flights',
  answersTellEpoch: 'the answer to a probe tells of another epoch before any other command is sent',
  ownAnswersTellEpoch: 'so does the answer to an invalidation',
  // cells
  higherOnly: 'a cell takes no number lower than its own',
  cellBeforeRequest: 'the cell is there before the question is sent',
  deadNeverMatches: 'a cell that leaves the table matches nothing any more',
  learntInEpoch: 'an answer of another epoch teaches the cells nothing',
  messagesTeachKnown: 'a message changes a cell that an answer has filled, but makes no empty one known',
  // flights
  supersededNotJoined: 'a flight whose key was invalidated is not joined any more',
  supersededNotKept: 'what a superseded flight brings is not put into memory',
  lateJoinersAskAgain: 'who joined later than the bound after the start of a flight takes only a clean answer',
  ownInvalidationCloses: 'who reads after an invalidation of this process does not join an earlier flight',
  positionCloses: 'who reads after a position does not join a flight that began before it was reached',
  cleanIsCurrent: 'an answer is clean only if its tags are current when it is given',
  cleanIsProven: 'an answer is clean only under proof',
  copiesNeedProof: 'the age of a copy from Redis, which another clock has told, does not stand for proof',
  fallbackVouched: 'a value kept in case the load fails is judged anew when it is served',
  // lookup
  epochCompared: 'an entry of another epoch is not believed',
  tagsConfirmed: 'tags that the cells do not vouch for are compared at Redis',
  strictConfirmed: 'who reads after a position that was not reached has the tags compared at Redis in any case',
  pendingChecked: 'an entry that waits for its invalidation to reach Redis is not believed',
  // load
  captureRule: 'a tag read after the load counts only if its number is not higher than the one noted',
  notedBeforeLoad: 'that number is noted before the load begins',
  capturedInOneEpoch: 'that number and that tag must be of one epoch',
  localCaptureRule: 'without Redis, a tag that changed during the load keeps the value out of memory',
  pendingNotStored: 'a value whose tag was invalidated here during the load is not stored while Redis does not know',
  deadNotStored: 'a value that is already invalidated here is not sent to Redis',
  datedAtBegin: 'a value is as old as the beginning of its load',
  // invalidation
  ownApplied: 'an acknowledged invalidation is applied here at once, without waiting for the bus',
  failedApplied: 'one that did not reach Redis is applied here all the same',
  // write-through
  seizedBeforeCommit: 'a write takes the lease, and reads the tags, before it commits',
  refusedInvalidates: 'a write that could not be stored invalidates its key',
  storedAnnounced: 'a write that was stored is told to every process',
} as const

export type Rule = keyof typeof RULES

/** Rules without which the explorer found no wrong read either, and what they are for. */
export const SPARE: Partial<Record<Rule, string>> = {
  nonceIsWord: 'the number of the invalidation would do: it never comes again in one epoch, and entries carry theirs',
  countGoesOn: 'numbers are compared only within one epoch',
  resetClearsMemory: 'every entry has a tag, and its cell is dead; an entry without tags would need it',
  learntInEpoch: 'cells are cleared on the way to another epoch, and those of a flight that began before are dead',
  epochCompared:
    'every entry has a tag, and tags of another epoch count as missing; an entry without tags would need it',
  deadNotStored: 'spares Redis and the next reader an entry that nobody would believe',
}
export type Rules = Readonly<Record<Rule, boolean>>

const NAMES = Object.keys(RULES) as Rule[]

/** Every rule on, but these. */
export function rulesWithout(...off: readonly Rule[]): Rules {
  return Object.fromEntries(NAMES.map((rule) => [rule, !off.includes(rule)])) as Record<Rule, boolean>
}
