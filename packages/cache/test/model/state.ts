/**
 * The state of the model: one Redis, some processes, what is under way between them, and what readers may expect.
 *
 * What it abstracts from, and why no wrong read is lost by it:
 *
 * - *A value* is the number of the latest write when its load began. A loader that looks later sees more, never less.
 * - *A write and its invalidation* begin in one step. A load between the two brings the new value, which nobody forbids. Only
 *   a write-through has its commit apart.
 * - *Readers* are not in the state. A reader changes nothing but by starting a flight, which is a step; of those who joined
 *   a flight it matters what the last of them is entitled to, and that is kept with the flight (`promise`).
 * - *Time* is counted in ticks, and the bound is one tick. Every comparison of the protocol is "not older than the bound", and
 *   a wrong read is later than the bound: instants can be rounded to ticks so that all that were served are, and all that
 *   came too late do. An age past the bound is just that. A ttl is not there: an entry may be stale, or gone, at any time.
 * - *The server's clock* is the only one that may step; that two hosts agree on it is for other tests.
 * - *A process is one thread*: what it does on one message or answer is one step. A command is sent in the step that asks for
 *   it, takes effect in a step of Redis, and is answered in a third. Answers may overtake each other and messages, which
 *   is more than one connection allows. A probe is sent and takes effect at once: sent earlier, it would prove less.
 * - *A superseded flight* leaves the model: it can store and keep nothing any more, except by a fill that is already sent, which
 *   stays under way (`wire`). Those who joined it are judged when it leaves; what it had not yet begun to load when
 *   it left can only be newer.
 * - *Who waits for a lease* asks again when it is free. A lease whose holder is gone ends at any time.
 * - *Words* (nonces, epochs, tokens) are equal or not, and nothing else. They are numbered in the order in which the packed
 *   state names them, so states that differ in the words alone are one; so are states that differ in who is called P1.
 *
 * What bounds the search, and may hide a longer way to a wrong read: two processes, one key or two, one tag of each kind, few
 * writes and faults (the scenario's `budget`), three messages under way to a process, one probe among them, one
 * invalidation and one retry of a process at a time. Left out: batches, `withoutProofFor`, the codec, the bulkhead.
 */

/** A word that is used once; 0: none. Below FIRST_WORD it is a counter of a mutant, which is what it says. */
export type Word = number

export const FIRST_WORD = 16

/** A tag of every key: known before the load, or computed from the value. */
export type TagKind = 'known' | 'late'

/** Bits of a set of targets: one for each key, then one for each tag. */
export type Targets = number

// Redis

export interface Entry {
  readonly epoch: Word
  readonly version: number
  /** As the server's clock tells: below 0 after that clock has stepped back. Not kept where nothing depends on it. */
  age: number
  readonly nonces: readonly Word[]
}

export interface TagRecord {
  readonly epoch: Word
  readonly nonce: Word
  readonly number: number
}

/** Epoch and number; `own` is whether it was made on the server that holds it (the run id). */
export interface Position {
  readonly epoch: Word
  readonly own: boolean
  readonly number: number
}

export interface Memory {
  readonly entries: (Entry | undefined)[]
  readonly leases: Word[]
  readonly tags: (TagRecord | undefined)[]
  position: Position | undefined
}

/** A fill whose sender does not wait for it any more. */
export interface LostFill {
  readonly key: number
  readonly token: Word
  readonly entry: Entry
}

// A process

/** `age` is that of the sending of an echo's probe; `targets` what was invalidated. */
export interface Message {
  readonly type: 'invalidated' | 'echo'
  readonly epoch: Word
  readonly number: number
  readonly nonce: Word
  readonly targets: Targets
  age: number
}

export interface Cell {
  nonce: Word
  number: number
  /** The nonce is one of this process's own making. */
  local: boolean
}

/** What an entry in memory or a flight has of a cell: the one in the table, or one that has left it. */
export type Pointer = 'none' | 'live' | 'dead' | 'frozen'

export interface Held {
  readonly version: number
  age: number
  readonly nonces: readonly Word[]
  pointers: Pointer[]
}

/** Where a flight is: a question is on its way to Redis, or its answer on its way back, or the loader runs. */
export type Step =
  | 'seize'
  | 'seized'
  | 'get'
  | 'got'
  | 'confirm'
  | 'confirmed'
  | 'claim'
  | 'claimed'
  | 'capture'
  | 'captured'
  | 'loading'
  | 'commit'
  | 'late'
  | 'lated'
  | 'fill'
  | 'filled'
  | 'local'

/** Tags as Redis answered them: nonce 0 is missing. */
export interface Reading {
  readonly epoch: Word
  readonly nonces: readonly Word[]
  readonly numbers: readonly number[]
}

export interface Flight {
  step: Step
  age: number
  /** The newest version that a reader is entitled to who may still have what this flight brings without being clean. */
  promise: number
  /** Who starts now takes no more than a clean answer from it. */
  closed: boolean
  /** Only in mutants: otherwise a superseded flight has left. */
  superseded: boolean
  pointers: Pointer[]
  /** In hand, or rejected and named in the claim, or sent in a fill. */
  entry: Entry | undefined
  reading: Reading | undefined
  token: Word
  /** The fill was accepted. */
  filled: boolean
  noted: { readonly epoch: Word; readonly number: number } | undefined
  /** The epoch in which the entry of this load will be; 0: it will not be stored. */
  epoch: Word
  /** Of each tag as captured. */
  nonces: Word[]
  /** Of the value, once its load has begun; -1 before. */
  version: number
  loadAge: number
  /** Of a load without Redis: tags that changed since it began, the last bit for those without a cell. */
  changed: number
  /** Tags whose invalidation failed here since the load began. */
  refused: Targets
  /** What may be served if the load fails. */
  fallback: Held | undefined
}

/** An invalidation that this process has asked for. */
export interface Asked {
  step: 'delete' | 'script' | 'acknowledged' | 'announce' | 'announced' | 'renew' | 'renewed'
  readonly targets: Targets
  readonly version: number
  epoch: Word
  number: number
  nonce: Word
}

export interface Process {
  /** Commands can be sent. */
  usable: boolean
  /** The subscription stands. */
  listening: boolean
  inbox: Message[]
  /** What was applied last; epoch 0: nothing was heard yet. */
  epoch: Word
  applied: number
  /** The highest number that Redis answered here in this epoch; 0: none above what was applied. */
  answered: number
  /** Since the sending of the latest proven probe; past the bound: no proof. */
  proofAge: number
  cells: (Cell | undefined)[]
  memory: (Held | undefined)[]
  /** One for each slot of the world: reads that are joined, then a write-through, then a read that nobody joins. */
  flights: (Flight | undefined)[]
  /** The invalidation that a writer waits for, and the retry of those that failed. */
  asked: Asked | undefined
  retry: Asked | undefined
  /** Per target the version that has not reached Redis; 0: none. */
  pending: number[]
  /** More was pending than can be kept: this version; 0: no. */
  everything: number
  /** Per key the newest version whose invalidation this process was told to have happened, or to be applied here. */
  own: number[]
  /** The position that this process last handed out, and the version of k0 that it stands for. */
  told: Told | undefined
}

export interface Told {
  readonly epoch: Word
  readonly number: number
  readonly version: number
}

/** Redis had it `age` ticks ago. */
export interface Acknowledged {
  readonly version: number
  /** Bits of keys. */
  readonly keys: number
  age: number
}

export interface State {
  /** The latest write. */
  source: number
  redis: Memory
  snapshot: Memory | undefined
  wire: LostFill[]
  processes: Process[]
  /** Per key the newest version acknowledged longer ago than the bound. */
  due: number[]
  acknowledged: Acknowledged[]
  /** How often each event may still happen, in the order of EVENTS. */
  left: number[]
  /** The next word. */
  fresh: Word
  /** What is wrong, in words; not part of the state. */
  wrong: string | undefined
}

/** What happens only so often in one run. */
export const EVENTS = [
  'write',
  'update',
  'stale',
  'fail',
  'disconnect',
  'deaf',
  'evict entry',
  'evict tag',
  'evict lease',
  'evict state',
  'flush',
  'restart',
  'crash',
  'forget cell',
  'forget value',
  'overflow',
  'clock',
] as const

export type EventName = (typeof EVENTS)[number]

export function emptyMemory(keys: number, tags: number): Memory {
  return {
    entries: Array.from({ length: keys }, () => undefined),
    leases: Array.from({ length: keys }, () => 0),
    tags: Array.from({ length: tags }, () => undefined),
    position: undefined,
  }
}

export function newFlight(step: Step, promise: number, tags: number): Flight {
  return {
    step,
    age: 0,
    promise,
    closed: false,
    superseded: false,
    pointers: Array.from({ length: tags }, () => 'none'),
    entry: undefined,
    reading: undefined,
    token: 0,
    filled: false,
    noted: undefined,
    epoch: 0,
    nonces: Array.from({ length: tags }, () => 0),
    version: -1,
    loadAge: 0,
    changed: 0,
    refused: 0,
    fallback: undefined,
  }
}

/** A process that has just been started, connected and perhaps subscribed; it has heard nothing. */
export function newProcess(keys: number, tags: number, slots: number, bound: number, listening: boolean): Process {
  return {
    usable: true,
    listening,
    inbox: [],
    epoch: 0,
    applied: 0,
    answered: 0,
    proofAge: bound + 1,
    cells: Array.from({ length: tags }, () => undefined),
    memory: Array.from({ length: keys }, () => undefined),
    flights: Array.from({ length: slots }, () => undefined),
    asked: undefined,
    retry: undefined,
    pending: Array.from({ length: keys + tags }, () => 0),
    everything: 0,
    own: Array.from({ length: keys }, () => 0),
    told: undefined,
  }
}
