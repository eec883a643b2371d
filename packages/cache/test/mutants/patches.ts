/**
 * Mutants of the source: each rule of the protocol, broken on purpose, and the test that must turn red.
 *
 * `off` names the rules of the model (test/model/rules.ts) that the same fault switches off. `find` must occur exactly once
 * in its file. `test` is the full name of a test: the names of its blocks, and its own.
 */

import type { Rule } from '../model/rules.ts'

export interface Edit {
  /** From the root of the package. */
  readonly file: string
  readonly find: string
  readonly replace: string
}

export interface Mutant {
  readonly off: readonly Rule[]
  /** The fault in words. */
  readonly fault: string
  readonly caughtBy: { readonly file: string; readonly test: string }
  readonly edits: readonly Edit[]
}

const DOUBLE = 'src/redis-double.ts'
const SCRIPTS = 'src/redis/scripts.ts'
const ADAPTER = 'src/redis/index.ts'

const protocol = (test: string) => ({ file: 'test/protocol.test.ts', test })
const policies = (test: string) => ({ file: 'test/policies.test.ts', test })
const races = (test: string) => ({ file: 'test/races.test.ts', test })
const rules = (test: string) => ({ file: 'test/model/rules.test.ts', test })
const inTheHand = (test: string) => rules(`with answers, messages and time in the hand > ${test}`)

const edit = (file: string, find: string, replace = ''): Edit => ({ file, find, replace })

export const MUTANTS: readonly Mutant[] = [
  // the fence and the lease
  {
    off: ['tokenChecked'],
    fault: 'no token check, in the double',
    caughtBy: races('clocks > a holder that stood still past its lease does not overwrite what came after it'),
    edits: [edit(DOUBLE, 'if (!this.#holds(key, token)) return false')],
  },
  {
    off: ['tokenChecked'],
    fault: 'no token check, in the script',
    caughtBy: protocol(
      'on real Redis > an invalidation during a load > by key that the loading process has not heard of keeps it out as well',
    ),
    edits: [edit(SCRIPTS, "if redis.call('HGET', lease, 't') ~= token then return {'refused'} end")],
  },
  {
    off: ['tokensUnique'],
    fault: 'a token that comes again, in the double',
    caughtBy: rules('on the double > the token of a lease that has ended does not stand under the next one'),
    edits: [
      edit(
        DOUBLE,
        'const token = this.#server.unique()\n      this.#server.memory.leases.set(key, { token, endsAt: now ',
        "const token = '1'\n      this.#server.memory.leases.set(key, { token, endsAt: now ",
      ),
    ],
  },
  {
    off: ['tokensUnique'],
    fault: 'a token that comes again, in Redis',
    caughtBy: rules('on real Redis > the token of a lease that has ended does not stand under the next one'),
    edits: [edit(ADAPTER, 'token: this.#unique() })', "token: '1' })")],
  },
  {
    off: ['deleteTakesLease'],
    fault: 'delete without fence, in the double',
    caughtBy: protocol(
      'on the double > an invalidation during a load > by key that the loading process has not heard of keeps it out as well',
    ),
    edits: [
      edit(DOUBLE, '        this.#server.memory.leases.delete(key)\n      }\n      const', '      }\n      const'),
    ],
  },
  {
    off: ['deleteTakesLease'],
    fault: 'delete without fence, in Redis',
    caughtBy: protocol(
      'on real Redis > an invalidation during a load > by key that the loading process has not heard of keeps it out as well',
    ),
    edits: [
      edit(
        ADAPTER,
        'keys.flatMap((key) => [this.#at.entry(key), this.#at.lease(key)])',
        'keys.map((key) => this.#at.entry(key))',
      ),
    ],
  },
  {
    off: ['deletedFirst'],
    fault: 'published before it is deleted',
    caughtBy: rules('in a real server > entry and lease are deleted before the invalidation is published'),
    edits: [
      edit(ADAPTER, '    if (keys.length > 0) await this.#link.delete(', '    const drop = () => this.#link.delete('),
      edit(
        ADAPTER,
        '    return { ...(await this.#publish(nonce, tags, keys, [], trace)), nonce }',
        '    const done = await this.#publish(nonce, tags, keys, [], trace)\n    if (keys.length > 0) await drop()\n    return { ...done, nonce }',
      ),
    ],
  },

  // tags
  {
    off: ['noncesUnique'],
    fault: 'a counter for each tag, in the double',
    caughtBy: rules('on the double > a tag that is minted anew brings no entry back'),
    edits: [
      edit(DOUBLE, 'const state = { epoch, nonce, number }', "const state = { epoch, nonce: nonce && '1', number }"),
      edit(
        DOUBLE,
        'for (const tag of tags) this.#server.memory.tags.set(tag, { epoch, nonce, number })',
        `for (const tag of tags) {
          const counter = String(Number(this.#server.memory.tags.get(tag)?.nonce ?? 0) + 1)
          this.#server.memory.tags.set(tag, { epoch, nonce: counter, number })
        }`,
      ),
    ],
  },
  {
    off: ['noncesUnique'],
    fault: 'a counter for each tag, in the script',
    caughtBy: rules('on real Redis > a tag that is minted anew brings no entry back'),
    edits: [
      edit(SCRIPTS, "latest .. ' ' .. ARGV[3]", "latest .. ' 1'"),
      edit(
        SCRIPTS,
        "  redis.call('SET', KEYS[i], epoch .. ' ' .. number .. ' ' .. ARGV[3], 'PX', ARGV[4])",
        `  local counter = tonumber(string.match(redis.call('GET', KEYS[i]) or '', ' (%d+)$')) or 0
  redis.call('SET', KEYS[i], epoch .. ' ' .. number .. ' ' .. (counter + 1), 'PX', ARGV[4])`,
      ),
    ],
  },
  {
    off: ['mintedAtPresent'],
    fault: 'mint at 0, in the double',
    caughtBy: protocol(
      'on the double > absence fails safe > a tag evicted during the load that would capture it keeps the value out',
    ),
    edits: [edit(DOUBLE, 'const state = { epoch, nonce, number }', 'const state = { epoch, nonce, number: 0 }')],
  },
  {
    off: ['mintedAtPresent'],
    fault: 'mint at 0, in the script',
    caughtBy: protocol(
      'on real Redis > absence fails safe > a tag evicted during the load that would capture it keeps the value out',
    ),
    edits: [edit(SCRIPTS, 'local minted = now .. latest', "local minted = now .. '0'")],
  },
  {
    off: ['tagsHaveEpoch'],
    fault: 'tags of an earlier epoch taken over, in the double',
    caughtBy: rules('on the double > a tag of an earlier epoch counts as missing'),
    edits: [edit(DOUBLE, 'if (held?.epoch === epoch) return held', 'if (held) return held')],
  },
  {
    off: ['tagsHaveEpoch'],
    fault: 'tags of an earlier epoch taken over, in the script',
    caughtBy: rules('on real Redis > a tag of an earlier epoch counts as missing'),
    edits: [
      edit(
        SCRIPTS,
        "if type(held) ~= 'string' or string.sub(held, 1, #now) ~= now then",
        "if type(held) ~= 'string' then",
      ),
      edit(ADAPTER, 'return of === epoch && nonce ?', 'return nonce ?'),
    ],
  },

  // the epoch
  {
    off: ['runChecked'],
    fault: 'run id ignored, in the double',
    caughtBy: protocol('on the double > absence fails safe > a restart from an old snapshot brings nothing back'),
    edits: [edit(DOUBLE, 'if (held && held.run === this.run) return held', 'if (held) return held')],
  },
  {
    off: ['runChecked'],
    fault: 'run id ignored, in the script',
    caughtBy: protocol('on real Redis > absence fails safe > a restart from an old snapshot brings nothing back'),
    edits: [edit(SCRIPTS, 'if held[1] and held[2] == run and held[3] then', 'if held[1] and held[3] then')],
  },
  {
    off: ['oneRecord'],
    fault: 'epoch and number in records evicted apart',
    caughtBy: rules('in a real server > the loss of any one record brings nothing back'),
    edits: [
      edit(
        SCRIPTS,
        "local held = redis.call('HMGET', state, 'e', 'r', 'n')",
        "local held = redis.call('HMGET', state, 'e', 'r')\n  held[3] = redis.call('GET', state .. ':n') or (held[1] and '0')",
      ),
      edit(
        SCRIPTS,
        "redis.call('HSET', state, 'e', epoch, 'r', run, 'n', number)",
        "redis.call('HSET', state, 'e', epoch, 'r', run)\n  redis.call('SET', state .. ':n', number)",
      ),
      edit(
        SCRIPTS,
        "local epoch = position(KEYS[1], ARGV[1], ARGV[2])\nlocal number = redis.call('HINCRBY', KEYS[1], 'n', 1)",
        "local epoch = position(KEYS[1], ARGV[1], ARGV[2])\nlocal number = redis.call('INCR', KEYS[1] .. ':n')",
      ),
    ],
  },
  {
    off: ['epochCompared', 'tagsHaveEpoch'],
    fault: 'epoch ignored, of entries and of tags',
    caughtBy: protocol('on the double > a restart from an old snapshot brings no entry without tags back either'),
    edits: [
      edit('src/judge.ts', ' && entry.epoch === proof.epoch'),
      edit('src/judge.ts', "if (epoch !== entry.epoch) return 'epoch'"),
      edit(DOUBLE, 'if (held?.epoch === epoch) return held', 'if (held) return held'),
    ],
  },
  {
    off: ['answersTellEpoch'],
    fault: 'a new connection does not tell of its epoch',
    caughtBy: inTheHand('a restart that is quicker than the bound brings nothing back'),
    edits: [
      edit(
        'src/cache.ts',
        'answered: (epoch, number) => this.#invalidator.answered(epoch, number),',
        'answered: () => undefined,',
      ),
    ],
  },

  {
    off: ['ownAnswersTellEpoch'],
    fault: 'the answer to an invalidation does not tell of its epoch',
    caughtBy: inTheHand('a position after an invalidation that was answered from another epoch is of that epoch'),
    edits: [edit('src/invalidate.ts', '      this.answered(done.epoch, done.number)\n')],
  },

  // the proof
  {
    off: ['proofNeeded'],
    fault: 'no proof, in memory',
    caughtBy: protocol('on the double > a lost bus message is not served past the bound'),
    edits: [edit('src/decide.ts', 'return proof.covers(value.loadedHereAt, now, withoutProofFor)', 'return true')],
  },
  {
    off: ['proofNeeded'],
    fault: 'no proof, in the cells',
    caughtBy: protocol('on the double > a lost bus message is not served past the bound'),
    edits: [edit('src/judge.ts', '!strict && proof.holds(now) && ', '!strict && ')],
  },
  {
    off: ['provenAtSending'],
    fault: "echo's arrival as proof",
    caughtBy: races('a subscriber with a backlog > is not trusted because an old echo arrives at last'),
    edits: [
      edit(
        'src/invalidate.ts',
        'proof.echoed(message.epoch, message.number, message.sentAt)',
        'proof.echoed(message.epoch, message.number, this.#engine.clock.now())',
      ),
    ],
  },
  {
    off: ['gapsFound'],
    fault: 'trust the bus: an echo finds no gap',
    caughtBy: protocol('on the double > a lost deletion of an entry without tags is not served once proof is back'),
    edits: [
      edit(
        'src/proof.ts',
        'if (this.#applied?.epoch !== epoch || number > this.#applied.number) return',
        'if (this.#applied?.epoch !== epoch) return',
      ),
    ],
  },
  {
    off: ['gapsFound'],
    fault: 'trust the bus: an invalidation finds no gap',
    caughtBy: { file: 'src/proof.test.ts', test: 'what a number tells > a skipped one is a gap' },
    edits: [edit('src/proof.ts', 'if (number > this.#applied.number + 1) return this.#reset(epoch, number)')],
  },
  {
    off: ['resetClearsMemory', 'resetClearsCells'],
    fault: 'reset keeps memory',
    caughtBy: protocol('on the double > a lost deletion of an entry without tags is not served once proof is back'),
    edits: [edit('src/invalidate.ts', '    memory.clear()\n    cells.clear()\n')],
  },
  {
    off: ['resetClearsCells'],
    fault: 'reset keeps the cells',
    caughtBy: rules('on the double > after a gap the cells of tags are void as well'),
    edits: [edit('src/invalidate.ts', '    cells.clear()\n')],
  },
  {
    off: ['resetSupersedes'],
    fault: 'reset lets flights go on',
    caughtBy: inTheHand('a reset supersedes the flights'),
    // Two lines hold this rule: either alone would do here.
    edits: [
      edit('src/invalidate.ts', '    flights.supersedeAll()\n'),
      edit('src/invalidate.ts', '    drops.noteAll()\n'),
    ],
  },
  {
    off: ['resetSupersedes'],
    fault: 'reset lets looks go on',
    caughtBy: inTheHand('a reset overtakes the looks'),
    edits: [edit('src/invalidate.ts', '    drops.noteAll()\n')],
  },

  // cells
  {
    off: ['higherOnly'],
    fault: 'a cell takes lower numbers',
    caughtBy: races('an answer that its invalidation has overtaken > of a question for tags is not kept in memory'),
    edits: [edit('src/cells.ts', 'if (cell.dead || number < cell.number) return', 'if (cell.dead) return')],
  },
  {
    off: ['cellBeforeRequest'],
    fault: 'cell acquired after the request, on lookup',
    caughtBy: races('an answer that its invalidation has overtaken > of a question for tags is not kept in memory'),
    edits: [
      edit(
        'src/judge.ts',
        'const cells = entry.stamps.map(({ tag }) => engine.cells.acquire(tag))',
        'const cells: Cell[] = []',
      ),
      edit(
        'src/judge.ts',
        '  learn(engine, epoch, cells, states)\n',
        '  for (const { tag } of entry.stamps) (cells as Cell[]).push(engine.cells.acquire(tag))\n  learn(engine, epoch, cells, states)\n',
      ),
    ],
  },
  {
    off: ['cellBeforeRequest'],
    fault: 'cell acquired after the request, after a load',
    caughtBy: inTheHand('a tag computed from the value has its cell before it is asked for'),
    edits: [
      edit(
        'src/capture.ts',
        `  const cells = tags.map((tag) => engine.cells.acquire(tag))
  const reading = await orUndefined(engine.emit, 'tags', () => remote.tags(tags, true))
  if (!reading) return
  const { epoch, states } = reading
  learn(engine, epoch, cells, states)
  if (!noted`,
        `  const reading = await orUndefined(engine.emit, 'tags', () => remote.tags(tags, true))
  if (!reading) return
  const { epoch, states } = reading
  const cells = tags.map((tag) => engine.cells.acquire(tag))
  learn(engine, epoch, cells, states)
  if (!noted`,
      ),
    ],
  },
  {
    off: ['deadNeverMatches'],
    fault: 'tags are compared at the first hit only',
    caughtBy: protocol('on the double > a write is read by its own process at once, and by another within the bound'),
    edits: [edit('src/decide.ts', 'value.currentAt !== cells.changes', 'value.currentAt === -1')],
  },
  {
    off: ['deadNeverMatches'],
    fault: 'a dead cell still matches',
    caughtBy: races('a cell that was forgotten does not hide the invalidation of an entry that is still held'),
    edits: [edit('src/cells.ts', '    this.nonce = UNKNOWN\n'), edit('src/decide.ts', 'cell.dead || ')],
  },

  {
    off: ['messagesTeachKnown'],
    fault: 'an old message makes an empty cell known',
    caughtBy: inTheHand('a message that an own invalidation has overtaken makes no empty cell known'),
    edits: [edit('src/cells.ts', 'else if (cell.fromRedis) this.offer', 'else if (cell) this.offer')],
  },

  // flights
  {
    off: ['supersededNotJoined'],
    fault: 'a superseded flight is joined',
    caughtBy: { file: 'src/flight.test.ts', test: 'a superseded flight is not joined, and knows it' },
    edits: [
      edit(
        'src/flight.ts',
        '    flight.superseded = true\n    this.#running.delete(key)\n',
        '    flight.superseded = true\n',
      ),
    ],
  },
  {
    off: ['supersededNotKept'],
    fault: 'what a superseded flight brings is kept',
    caughtBy: races('an answer that its invalidation has overtaken > of a read is not kept in memory'),
    edits: [edit('src/install.ts', 'overtaken || ')],
  },
  {
    off: ['lateJoinersAskAgain'],
    fault: 'a late joiner shares',
    caughtBy: protocol(
      'on the double > an invalidation during a load > is not hidden from a reader that joins the flight after it',
    ),
    edits: [
      edit(
        'src/resource.ts',
        'if (answer.clean || between(flight.startedAt, startedAt) <= options.maxStaleness)',
        'if (answer || options)',
      ),
    ],
  },
  {
    off: ['ownInvalidationCloses'],
    fault: 'a flight is joined after an own invalidation of its tag',
    caughtBy: protocol(
      'on the double > a read after the own invalidation of product:1 does not join a load that began before',
    ),
    edits: [
      edit(
        'src/resource.ts',
        'running.ownInvalidations !== ownInvalidations',
        'running.ownInvalidations > ownInvalidations',
      ),
    ],
  },
  {
    off: ['positionCloses'],
    fault: 'a flight is joined after a position',
    caughtBy: inTheHand('a read after a position does not join a flight that began before it was reached'),
    edits: [
      edit(
        'src/resource.ts',
        `if (!vouched && position && this.#engine.flights.running(key))
      return () => this.#fly(key, now, argument, company, undefined, undefined, position)`,
      ),
    ],
  },
  {
    off: ['cleanIsCurrent'],
    fault: 'what is not current is clean',
    caughtBy: inTheHand('an answer that P1 has heard to be overtaken is not for who joined late'),
    edits: [edit('src/install.ts', ' || !isCurrent(held.cells, held.nonces)')],
  },
  {
    off: ['cleanIsProven'],
    fault: 'what has no proof is clean, from Redis',
    caughtBy: inTheHand('an answer that P1 could not have heard to be overtaken is not for who joined late'),
    edits: [edit('src/weigh.ts', ' && proof.holds(now)')],
  },
  {
    off: ['cleanIsProven'],
    fault: 'what has no proof is clean, from a load',
    caughtBy: inTheHand('a fill that is answered without proof is not for who joined late'),
    edits: [edit('src/load.ts', 'clean: clean && engine.proof.holds(now)', 'clean')],
  },
  {
    off: ['supersededNotJoined'],
    fault: 'a look is joined after it was sent',
    caughtBy: races('an answer that its invalidation has overtaken > of a read is not for who asks after it was sent'),
    edits: [edit('src/lookup.ts', '      this.#open = new Map()\n')],
  },
  {
    off: ['supersededNotKept'],
    fault: 'a drop is forgotten',
    caughtBy: races('an answer that its invalidation has overtaken > of a read is not kept in memory'),
    edits: [edit('src/drops.ts', 'return mark < this.#count && mark', 'return false && mark')],
  },
  {
    off: ['copiesNeedProof'],
    fault: "a copy's age stands for proof",
    caughtBy: races('clocks > a value from Redis is not taken for young by a clock that stepped back'),
    edits: [
      edit(
        'src/weigh.ts',
        'loadedHereAt: Number.NEGATIVE_INFINITY as Monotonic,',
        'loadedHereAt: proof.toMonotonic(entry.loadedAt),',
      ),
    ],
  },
  {
    off: ['fallbackVouched'],
    fault: 'a fallback is not judged anew',
    caughtBy: policies(
      'on the double > fail-safe > an invalidation during the load that fails leaves nothing to fall back on',
    ),
    edits: [
      edit('src/read.ts', '    if (!isVouched(answer.held, cells, proof, now, this.#policy.withoutProofFor)) return\n'),
    ],
  },

  {
    off: ['fallbackVouched'],
    fault: 'a fallback outlives its key',
    caughtBy: {
      file: 'test/fallbacks.test.ts',
      test: 'nothing that was invalidated is fallen back on > nor what memory had before the look',
    },
    edits: [edit('src/read.ts', 'drops.since(mark, this.#flight.key) || ')],
  },

  // lookup
  {
    off: ['tagsConfirmed'],
    fault: 'tags are not compared at Redis',
    caughtBy: protocol('on the double > a write is read by its own process at once, and by another within the bound'),
    edits: [edit('src/judge.ts', ' && isStampedAs(entry, cells))', ')')],
  },
  {
    off: ['strictConfirmed'],
    fault: 'own knowledge counts after a position',
    caughtBy: policies(
      'on the double > a read with the position of a write in another process sees it, whatever its own process has heard',
    ),
    edits: [edit('src/judge.ts', '!strict && proof.holds', 'proof.holds')],
  },
  {
    off: ['pendingChecked'],
    fault: 'pending ignored',
    caughtBy: races('an invalidation that has not reached Redis is believed by its own process all the same'),
    edits: [
      edit(
        'src/judge.ts',
        "if (pending.has(key, entry.stamps)) return refuse(engine, resource, key, 'pending', bytes)",
        'void pending',
      ),
    ],
  },

  // load
  {
    off: ['captureRule'],
    fault: 'capture rule dropped',
    caughtBy: protocol(
      'on the double > an invalidation during a load > by a tag computed from the value that the loading process has not heard of keeps it out as well',
    ),
    edits: [edit('src/capture.ts', 'if (!state || state.number > noted.number) return', 'if (!state) return')],
  },
  {
    off: ['notedBeforeLoad'],
    fault: 'capture after the load',
    caughtBy: protocol(
      'on the double > an invalidation during a load > by a tag computed from the value keeps the loaded value out of every tier',
    ),
    edits: [
      edit(
        'src/load.ts',
        'captureLate(engine, remote, before, brought.tags, noted)',
        'captureLate(engine, remote, before, brought.tags, noted && engine.proof.noted)',
      ),
    ],
  },
  {
    off: ['capturedInOneEpoch'],
    fault: 'captured across epochs',
    caughtBy: inTheHand('a number noted in an earlier epoch captures nothing'),
    edits: [
      edit(
        'src/capture.ts',
        'if (!noted || noted.epoch !== before.epoch || epoch !== before.epoch) return',
        'if (!noted) return',
      ),
    ],
  },
  {
    off: ['localCaptureRule'],
    fault: 'capture rule dropped, without Redis',
    caughtBy: races(
      'without Redis > a tag computed from the value and invalidated during the load keeps it out of memory',
    ),
    edits: [edit('src/load.ts', 'clean: captured && keeps', 'clean: keeps')],
  },
  {
    off: ['localCaptureRule'],
    fault: 'a write that was overtaken is kept, without Redis',
    caughtBy: races('without Redis > of writes that overlap none is kept'),
    edits: [edit('src/write.ts', 'const overtaken = drops.since(mark, key)', 'const overtaken = false')],
  },
  {
    off: ['pendingNotStored'],
    fault: 'stored although its invalidation is pending',
    caughtBy: races('a load that began before an invalidation that Redis refused is not stored'),
    edits: [edit('src/load.ts', 'if (engine.pending.has(flight.key, stamps, turn)) return')],
  },
  {
    off: ['datedAtBegin'],
    fault: 'dated when the load ends',
    caughtBy: inTheHand('a value is as old as the beginning of its load'),
    edits: [edit('src/bring.ts', 'previous, loadedAt, loadMs)', 'previous, engine.clock.now(), loadMs)')],
  },

  // invalidation
  {
    off: ['ownApplied'],
    fault: 'own invalidation not applied here',
    caughtBy: inTheHand('an own invalidation is applied before the bus brings it'),
    edits: [
      edit(
        'src/invalidate.ts',
        `if (done.epoch === proof.epoch) this.#apply(someTags, someKeys, done.nonce, done.number)
      else this.#forget(someTags, someKeys)`,
        'void [someTags, someKeys]',
      ),
    ],
  },
  {
    off: ['failedApplied'],
    fault: 'failed invalidation not applied here',
    caughtBy: races('an invalidation that has not reached Redis is believed by its own process all the same'),
    edits: [
      edit(
        'src/invalidate.ts',
        '        this.#pending.add(tags, keys)\n        this.#forget(tags, keys)\n',
        '        this.#pending.add(tags, keys)\n',
      ),
    ],
  },

  // write-through
  {
    off: ['seizedBeforeCommit'],
    fault: 'a write takes the lease after it commits',
    caughtBy: policies('on the double > write-through > an invalidation between its commit and its fill keeps it out'),
    edits: [
      edit(
        'src/write.ts',
        '  const lease = millis(policy.loadTimeout + LEASE_MARGIN)\n',
        '  const committed = await commit()\n  commit = async () => committed\n  const lease = millis(policy.loadTimeout + LEASE_MARGIN)\n',
      ),
    ],
  },
  {
    off: ['refusedInvalidates'],
    fault: 'a write that was refused invalidates nothing',
    caughtBy: inTheHand('a write-through that is refused invalidates its key'),
    edits: [
      edit(
        'src/write.ts',
        'return filled ? invalidator.announce([key]) : invalidator.originate([], [key])',
        'return filled ? invalidator.announce([key]) : true',
      ),
    ],
  },
  {
    off: ['storedAnnounced'],
    fault: 'a write that was stored is told to nobody',
    caughtBy: policies(
      'on the double > write-through > what was written is read here at once, elsewhere soon, and nobody loads it',
    ),
    edits: [
      edit(
        'src/write.ts',
        'return filled ? invalidator.announce([key]) : invalidator.originate([], [key])',
        'return filled ? true : invalidator.originate([], [key])',
      ),
    ],
  },
]
