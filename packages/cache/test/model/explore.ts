/**
 * The explorer: visits the states breadth first, so the first wrong one it meets is reached on a shortest way.
 *
 * Of a state that was seen, 53 bits of a hash are kept. With ten million states, the chance that any two of them share one is
 * less than one in a hundred; then one state would not be visited.
 */

import type { Act } from './offer.ts'
import { pack, unpack } from './pack.ts'
import { judgeState, promise } from './property.ts'
import type { State } from './state.ts'
import { steps } from './steps.ts'
import { initialState, type World } from './world.ts'

export interface Explored {
  readonly states: number
  /** Steps from the first state to the last one that was visited. */
  readonly depth: number
  /** Every state that can be reached was visited. */
  readonly complete: boolean
  readonly seconds: number
  /** The way to the wrong state, or nothing is wrong. */
  readonly trace: Trace | undefined
}

export interface Trace {
  readonly wrong: string
  readonly steps: readonly string[]
}

/** Visits at most about so many states. */
export function explore(world: World, most: number): Explored {
  const startedAt = performance.now()
  const seen = new Seen()
  const ways = new Ways()
  const first = pack(firstState(world), world).bytes
  seen.add(first)
  let layer: Known[] = [{ id: ways.add(-1, 0), bytes: first }]
  let depth = 0

  const end = (complete: boolean, wrong?: number): Explored => ({
    states: ways.size,
    depth,
    complete,
    seconds: (performance.now() - startedAt) / 1_000,
    trace: wrong === undefined ? undefined : retrace(world, ways.to(wrong)),
  })

  while (layer.length > 0) {
    const next: Known[] = []
    depth++
    for (const { id, bytes } of layer) {
      let wrong: number | undefined
      expand(world, bytes, (state, _name, nth) => {
        if (state.wrong !== undefined) wrong ??= ways.add(id, nth)
        const packed = pack(state, world).bytes
        if (seen.add(packed)) next.push({ id: ways.add(id, nth), bytes: packed })
      })
      if (wrong !== undefined) return end(false, wrong)
      if (ways.size >= most) return end(false)
    }
    layer = next
  }
  return end(layer.length === 0)
}

interface Known {
  readonly id: number
  readonly bytes: Uint8Array
}

/** Every state one step further. */
function expand(world: World, bytes: Uint8Array, visit: (state: State, name: string, nth: number) => void): void {
  let nth = 0
  steps(world, unpack(bytes, world), (name, act) => {
    const state = unpack(bytes, world)
    act(state)
    if (state.wrong === undefined) {
      promise(world, state)
      judgeState(world, state)
    }
    visit(state, name, nth++)
  })
}

/** The state after the steps that the scenario begins with. */
function firstState(world: World): State {
  const state = initialState(world)
  const { left } = state
  state.left = left.map(() => 9)
  for (const wanted of world.scenario.first ?? []) {
    let taken: Act | undefined
    steps(world, state, (name, act) => {
      if (name === wanted) taken = act
    })
    if (!taken) throw new Error(`"${wanted}" cannot happen there in "${world.scenario.name}"`)
    taken(state)
    promise(world, state)
  }
  state.left = left
  return state
}

/** Takes the same steps again, for their names. A process keeps the name that it has in the first state. */
function retrace(world: World, way: readonly number[]): Trace {
  let { bytes, order: places } = pack(firstState(world), world)
  const renamed = (text: string): string => text.replaceAll(/\bP(\d)/g, (_, n) => `P${(places[n - 1] ?? 0) + 1}`)
  const names: string[] = []
  let wrong = ''
  for (const taken of way) {
    expand(world, bytes, (state, name, nth) => {
      if (nth !== taken) return
      const packed = pack(state, world)
      names.push(renamed(name))
      wrong = renamed(state.wrong ?? '')
      places = packed.order.map((i) => places[i] as number)
      bytes = packed.bytes
    })
  }
  return { wrong, steps: [...(world.scenario.first ?? []), ...names] }
}

/** From which state, and by which of its steps, each state was reached. */
class Ways {
  readonly #from: number[] = []
  readonly #steps: number[] = []

  get size(): number {
    return this.#from.length
  }

  add(from: number, step: number): number {
    this.#steps.push(step)
    return this.#from.push(from) - 1
  }

  /** The steps from the first state to this one. */
  to(last: number): number[] {
    const steps: number[] = []
    for (let id = last; id > 0; id = this.#from[id] as number) steps.unshift(this.#steps[id] as number)
    return steps
  }
}

/** A set of hashes; open addressing, 0 is free. */
class Seen {
  #slots = new Float64Array(1 << 16)
  #size = 0

  /** Whether it was not there before. */
  add(bytes: Uint8Array): boolean {
    if (this.#size * 2 > this.#slots.length) this.#grow()
    const hash = hashOf(bytes)
    const at = this.#find(hash)
    if (this.#slots[at] === hash) return false
    this.#slots[at] = hash
    this.#size++
    return true
  }

  #find(hash: number): number {
    const mask = this.#slots.length - 1
    let at = hash & mask
    while (this.#slots[at] !== 0 && this.#slots[at] !== hash) at = (at + 1) & mask
    return at
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new Float64Array(old.length * 2)
    for (const hash of old) if (hash !== 0) this.#slots[this.#find(hash)] = hash
  }
}

/** Two 32-bit hashes of different mixing, of which 53 bits are kept; never 0. */
function hashOf(bytes: Uint8Array): number {
  let a = 0x811c9dc5
  let b = 0x9e3779b9
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number
    a = Math.imul(a ^ byte, 0x01000193)
    b = Math.imul(b + byte, 0x85ebca6b)
    b ^= b >>> 13
  }
  a ^= a >>> 15
  return ((b >>> 0) & 0x1fffff) * 0x1_0000_0000 + (a >>> 0) + 1
}
