/**
 * A state as bytes, and back. Equal states have equal bytes: words are renamed in the order in which they are written, and of
 * the orders in which the processes can be written, the one with the smallest bytes is taken.
 */

import {
  type Acknowledged,
  type Asked,
  type Cell,
  type Entry,
  FIRST_WORD,
  type Flight,
  type Held,
  type LostFill,
  type Memory,
  type Message,
  type Pointer,
  type Process,
  type Reading,
  type State,
  type Step,
  type TagRecord,
  type Told,
  type Word,
} from './state.ts'

export interface Shape {
  readonly keys: number
  readonly tags: number
  readonly processes: number
  readonly slots: readonly unknown[]
  /** Orders in which the processes may be written; the first is their own. One only, if they have different parts. */
  readonly orders: readonly (readonly number[])[]
}

const STEPS: readonly Step[] = [
  'seize',
  'seized',
  'commit',
  'get',
  'got',
  'confirm',
  'confirmed',
  'claim',
  'claimed',
  'capture',
  'captured',
  'loading',
  'late',
  'lated',
  'fill',
  'filled',
  'local',
]
const ASKED: readonly Asked['step'][] = [
  'delete',
  'script',
  'acknowledged',
  'announce',
  'announced',
  'renew',
  'renewed',
]
const MESSAGES: readonly Message['type'][] = ['invalidated', 'echo']
const POINTERS: readonly Pointer[] = ['none', 'live', 'dead', 'frozen']

const codes = (names: readonly string[]): ReadonlyMap<string, number> => new Map(names.map((name, i) => [name, i + 1]))
const STEP_CODES = codes(STEPS)
const ASKED_CODES = codes(ASKED)
const MESSAGE_CODES = codes(MESSAGES)
const POINTER_CODES = codes(POINTERS)

const LONGEST = 1_024

/** More ticks than a clock steps back by. */
const STEP = 16

class Writer {
  bytes = new Uint8Array(LONGEST)
  length = 0
  readonly #names = new Uint8Array(256)
  #words = 0

  begin(): void {
    this.length = 0
    this.#words = 0
    this.#names.fill(0)
  }

  number(value: number): void {
    this.bytes[this.length++] = value
  }

  /** Versions and numbers of cells start at -1. */
  signed(value: number): void {
    this.bytes[this.length++] = value + 1
  }

  /** An age that the server's clock has told may be below 0. */
  age(value: number): void {
    this.bytes[this.length++] = value + STEP
  }

  code(of: ReadonlyMap<string, number>, name: string): void {
    this.bytes[this.length++] = of.get(name) ?? 0
  }

  word(word: Word): void {
    if (word < FIRST_WORD) {
      this.bytes[this.length++] = word
      return
    }
    const known = this.#names[word] || this.#name(word)
    this.bytes[this.length++] = known
  }

  #name(word: Word): number {
    const name = FIRST_WORD + this.#words++
    this.#names[word] = name
    return name
  }

  /** A list of unknown length. */
  list<T>(items: readonly T[], write: (item: T) => void): void {
    this.number(items.length)
    for (const item of items) write(item)
  }

  option<T>(item: T | undefined, write: (item: T) => void): void {
    this.number(item === undefined ? 0 : 1)
    if (item !== undefined) write(item)
  }
}

const w = new Writer()
const word = (item: Word): void => w.word(item)
const number = (item: number): void => w.number(item)
const pointer = (item: Pointer): void => w.code(POINTER_CODES, item)

function writeEntry(entry: Entry): void {
  w.word(entry.epoch)
  w.number(entry.version)
  w.age(entry.age)
  entry.nonces.forEach(word)
}

const optionalEntry = (entry: Entry | undefined): void => w.option(entry, writeEntry)

function writeTag(tag: TagRecord): void {
  w.word(tag.epoch)
  w.word(tag.nonce)
  w.number(tag.number)
}

const optionalTag = (tag: TagRecord | undefined): void => w.option(tag, writeTag)

function writeMemory(memory: Memory): void {
  memory.entries.forEach(optionalEntry)
  memory.leases.forEach(word)
  memory.tags.forEach(optionalTag)
  const { position } = memory
  w.number(position ? (position.own ? 2 : 1) : 0)
  if (position) {
    w.word(position.epoch)
    w.number(position.number)
  }
}

function writeFill(fill: LostFill): void {
  w.number(fill.key)
  w.word(fill.token)
  writeEntry(fill.entry)
}

function writeMessage(message: Message): void {
  w.code(MESSAGE_CODES, message.type)
  w.word(message.epoch)
  w.number(message.number)
  w.word(message.nonce)
  w.number(message.targets)
  w.number(message.age)
}

function writeCell(cell: Cell): void {
  w.word(cell.nonce)
  w.signed(cell.number)
  w.number(cell.local ? 1 : 0)
}

const optionalCell = (cell: Cell | undefined): void => w.option(cell, writeCell)

function writeHeld(held: Held): void {
  w.number(held.version)
  w.age(held.age)
  held.nonces.forEach(word)
  held.pointers.forEach(pointer)
}

const optionalHeld = (held: Held | undefined): void => w.option(held, writeHeld)

function writeReading(reading: Reading): void {
  w.word(reading.epoch)
  reading.nonces.forEach(word)
  reading.numbers.forEach(number)
}

function writeFlight(flight: Flight): void {
  w.code(STEP_CODES, flight.step)
  w.number(flight.age)
  w.number(flight.promise)
  w.number((flight.closed ? 1 : 0) + (flight.filled ? 2 : 0) + (flight.superseded ? 4 : 0))
  flight.pointers.forEach(pointer)
  w.option(flight.entry, writeEntry)
  w.option(flight.reading, writeReading)
  w.word(flight.token)
  w.number(flight.noted ? 1 : 0)
  if (flight.noted) {
    w.word(flight.noted.epoch)
    w.number(flight.noted.number)
  }
  w.word(flight.epoch)
  flight.nonces.forEach(word)
  w.signed(flight.version)
  w.number(flight.loadAge)
  w.number(flight.changed)
  w.number(flight.refused)
  w.option(flight.fallback, writeHeld)
}

const optionalFlight = (flight: Flight | undefined): void => w.option(flight, writeFlight)

function writeAsked(asked: Asked): void {
  w.code(ASKED_CODES, asked.step)
  w.number(asked.targets)
  w.number(asked.version)
  w.word(asked.epoch)
  w.number(asked.number)
  w.word(asked.nonce)
}

function writeProcess(process: Process): void {
  w.number((process.usable ? 1 : 0) + (process.listening ? 2 : 0))
  w.list(process.inbox, writeMessage)
  w.word(process.epoch)
  w.number(process.applied)
  w.number(process.answered)
  w.number(process.proofAge)
  process.cells.forEach(optionalCell)
  process.memory.forEach(optionalHeld)
  process.flights.forEach(optionalFlight)
  w.option(process.asked, writeAsked)
  w.option(process.retry, writeAsked)
  process.pending.forEach(number)
  w.number(process.everything)
  process.own.forEach(number)
  w.option(process.told, writeTold)
}

function writeTold({ epoch, number, version }: Told): void {
  w.word(epoch)
  w.number(number)
  w.number(version)
}

function writeAcknowledged(acknowledged: Acknowledged): void {
  w.number(acknowledged.version)
  w.number(acknowledged.keys)
  w.number(acknowledged.age)
}

function write(state: State, order: readonly number[]): void {
  w.begin()
  w.number(state.source)
  writeMemory(state.redis)
  w.option(state.snapshot, writeMemory)
  w.list(state.wire, writeFill)
  for (const i of order) writeProcess(state.processes[i] as Process)
  state.due.forEach(number)
  w.list(state.acknowledged, writeAcknowledged)
  state.left.forEach(number)
  if (w.length > LONGEST) throw new Error(`a state has ${w.length} bytes; the model was given room for ${LONGEST}`)
}

/** The bytes of the state, and the order in which its processes are in them. */
export function pack(state: State, shape: Shape): { readonly bytes: Uint8Array; readonly order: readonly number[] } {
  let best: Uint8Array | undefined
  let bestOrder: readonly number[] = []
  for (const order of shape.orders) {
    write(state, order)
    if (best && !isSmaller(w.bytes, best)) continue
    best = w.bytes.slice(0, w.length)
    bestOrder = order
  }
  return { bytes: best as Uint8Array, order: bestOrder }
}

function isSmaller(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < b.length; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference < 0
  }
  return false
}

class Reader {
  readonly #bytes: Uint8Array
  readonly #shape: Shape
  #at = 0
  #highest = FIRST_WORD - 1

  constructor(bytes: Uint8Array, shape: Shape) {
    this.#bytes = bytes
    this.#shape = shape
  }

  state(): State {
    const { keys, processes } = this.#shape
    return {
      source: this.#number(),
      redis: this.#memory(),
      snapshot: this.#option(() => this.#memory()),
      wire: this.#list(() => this.#fill()),
      processes: this.#times(processes, () => this.#process()),
      due: this.#numbers(keys),
      acknowledged: this.#list(() => this.#acknowledged()),
      left: this.#numbers(this.#bytes.length - this.#at),
      fresh: this.#highest + 1,
      wrong: undefined,
    }
  }

  #number(): number {
    return this.#bytes[this.#at++] as number
  }

  #word(): Word {
    const word = this.#bytes[this.#at++] as number
    if (word > this.#highest) this.#highest = word
    return word
  }

  #age(): number {
    return this.#number() - STEP
  }

  #name<N extends string>(names: readonly N[]): N {
    return names[(this.#bytes[this.#at++] as number) - 1] as N
  }

  #times<T>(count: number, read: () => T): T[] {
    const items: T[] = []
    for (let i = 0; i < count; i++) items.push(read())
    return items
  }

  #list<T>(read: () => T): T[] {
    return this.#times(this.#number(), read)
  }

  #option<T>(read: () => T): T | undefined {
    return this.#number() === 0 ? undefined : read()
  }

  #numbers(count: number): number[] {
    const items: number[] = []
    for (let i = 0; i < count; i++) items.push(this.#number())
    return items
  }

  #words(count: number): Word[] {
    const items: Word[] = []
    for (let i = 0; i < count; i++) items.push(this.#word())
    return items
  }

  #pointers(): Pointer[] {
    return this.#times(this.#shape.tags, () => this.#name(POINTERS))
  }

  #entry(): Entry {
    return { epoch: this.#word(), version: this.#number(), age: this.#age(), nonces: this.#words(this.#shape.tags) }
  }

  #memory(): Memory {
    const { keys, tags } = this.#shape
    return {
      entries: this.#times(keys, () => this.#option(() => this.#entry())),
      leases: this.#words(keys),
      tags: this.#times(tags, () =>
        this.#option(() => ({ epoch: this.#word(), nonce: this.#word(), number: this.#number() })),
      ),
      position: this.#position(),
    }
  }

  #position(): Memory['position'] {
    const kind = this.#number()
    return kind === 0 ? undefined : { own: kind === 2, epoch: this.#word(), number: this.#number() }
  }

  #fill(): LostFill {
    return { key: this.#number(), token: this.#word(), entry: this.#entry() }
  }

  #message(): Message {
    return {
      type: this.#name(MESSAGES),
      epoch: this.#word(),
      number: this.#number(),
      nonce: this.#word(),
      targets: this.#number(),
      age: this.#number(),
    }
  }

  #cell(): Cell {
    return { nonce: this.#word(), number: this.#number() - 1, local: this.#number() === 1 }
  }

  #held(): Held {
    return {
      version: this.#number(),
      age: this.#age(),
      nonces: this.#words(this.#shape.tags),
      pointers: this.#pointers(),
    }
  }

  #reading(): Reading {
    const { tags } = this.#shape
    return { epoch: this.#word(), nonces: this.#words(tags), numbers: this.#numbers(tags) }
  }

  #flight(): Flight {
    const step = this.#name(STEPS)
    const age = this.#number()
    const promise = this.#number()
    const bits = this.#number()
    return {
      step,
      age,
      promise,
      closed: (bits & 1) !== 0,
      filled: (bits & 2) !== 0,
      superseded: (bits & 4) !== 0,
      pointers: this.#pointers(),
      entry: this.#option(() => this.#entry()),
      reading: this.#option(() => this.#reading()),
      token: this.#word(),
      noted: this.#option(() => ({ epoch: this.#word(), number: this.#number() })),
      epoch: this.#word(),
      nonces: this.#words(this.#shape.tags),
      version: this.#number() - 1,
      loadAge: this.#number(),
      changed: this.#number(),
      refused: this.#number(),
      fallback: this.#option(() => this.#held()),
    }
  }

  #asked(): Asked {
    return {
      step: this.#name(ASKED),
      targets: this.#number(),
      version: this.#number(),
      epoch: this.#word(),
      number: this.#number(),
      nonce: this.#word(),
    }
  }

  #process(): Process {
    const { keys, tags } = this.#shape
    const bits = this.#number()
    return {
      usable: (bits & 1) !== 0,
      listening: (bits & 2) !== 0,
      inbox: this.#list(() => this.#message()),
      epoch: this.#word(),
      applied: this.#number(),
      answered: this.#number(),
      proofAge: this.#number(),
      cells: this.#times(tags, () => this.#option(() => this.#cell())),
      memory: this.#times(keys, () => this.#option(() => this.#held())),
      flights: this.#times(this.#shape.slots.length, () => this.#option(() => this.#flight())),
      asked: this.#option(() => this.#asked()),
      retry: this.#option(() => this.#asked()),
      pending: this.#numbers(keys + tags),
      everything: this.#number(),
      own: this.#numbers(keys),
      told: this.#option(() => ({ epoch: this.#word(), number: this.#number(), version: this.#number() })),
    }
  }

  #acknowledged(): Acknowledged {
    return { version: this.#number(), keys: this.#number(), age: this.#number() }
  }
}

export function unpack(bytes: Uint8Array, shape: Shape): State {
  return new Reader(bytes, shape).state()
}
